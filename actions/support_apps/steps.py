"""The steps of a review: remove one assignment, make it again, and sign off."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec

from actions.cloud import versions
from actions.cloud.data import ResourceId
from actions.guard.model import Request, Risk, Step
from actions.support_apps.state import Held, Kept, SupportAppsGoal

REMOVE, RESTORE, SIGN = "remove", "restore", "sign-off"
_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_RESTORE_RIGHT = f"{_ASSIGNMENTS}/write"


def remove(held: Held, title: str) -> Step:
    """Remove one role assignment; the step itself carries the export, which the journal keeps before it is sent."""
    return Step(
        id=f"{REMOVE}:{held.name}", kind=REMOVE, subject=held.scope, title=f"Remove {title}",
        arguments={"export": _export(held)},
        request=Request(
            method="DELETE", path=held.id, api_version=versions.AUTHORIZATION, scope=held.scope,
            permission=f"{_ASSIGNMENTS}/delete",
        ),
        risk=Risk.DISRUPTIVE,
        breaks="whatever signs in as this app loses the role within about ten minutes",
        undo="amlkeys plan support-apps --undo RUN makes exactly this assignment again, under its own name",
        before="the review is complete, no old Kubernetes service is attached, the assignment is as it was exported",
        proof="the role assignment is not there any more",
        az=f"az role assignment delete --ids {shlex.quote(held.id)}",
    )  # fmt: skip


def restore(held: Held) -> Step:
    """Make a removed assignment again: same name, scope, role, principal, condition and description."""
    role = held.role_name or held.role
    return Step(
        id=f"{RESTORE}:{held.name}", kind=RESTORE, subject=held.scope,
        title=f"Make again {role} at {ResourceId(held.scope).name} for {held.principal[:8]}",
        arguments={"export": _export(held)},
        request=Request(
            method="PUT", path=held.id, api_version=versions.AUTHORIZATION, scope=held.scope, permission=_RESTORE_RIGHT
        ),
        risk=Risk.DISRUPTIVE,
        breaks="nothing; the app has its role again within about ten minutes",
        undo="a new review removes it again",
        before="the assignment is missing",
        proof="the role assignment is read back with every property that was exported",
        az=_az_create(held),
    )  # fmt: skip


def sign_off(goal: SupportAppsGoal, kept: tuple[Kept, ...], removed: dict[Held, str], left: tuple[Held, ...]) -> Step:
    """Close the review: what was visible, decided and why, and left goes into the record; nothing is asked of Azure."""
    told = {f"kept {item.what}": f"until {item.until}: {item.reason}" for item in kept}
    told |= {f"removed {goal.titles[held.name]}": f"{held.id}: {why}" for held, why in removed.items()}
    told |= {f"left open {goal.titles[held.name]}": "not decided in this review" for held in left}
    commands = enumerate(for_owners(goal, {held.name for held in removed}), start=1)
    told |= {f"for the directory's owners, {number:02}": text for number, text in commands}
    return Step(
        id=f"{SIGN}:{ResourceId(goal.subscription).subscription}", kind=SIGN, subject=goal.subscription,
        title=f"Sign off the review: {len(kept)} kept, {len(removed)} removed, {len(left)} left open",
        arguments={
            "visible": goal.visible,
            "complete": "no: " + "; ".join(goal.problems) if goal.problems else "yes",
            "told": msgspec.json.encode(told, order="sorted").decode(),
            "removed": msgspec.json.encode(sorted(held.id for held in removed)).decode(),
        },
        undo="not needed: nothing changes",
        before="every assignment of a possible support app here is decided about, or left open on purpose",
        proof="what was removed is still gone",
    )  # fmt: skip


def for_owners(goal: SupportAppsGoal, removed: set[str]) -> list[str]:
    """What the directory's owners do afterwards, in this order, with the apps that hold nothing any more."""
    done = [app for app in goal.owed if removed.issuperset(app.held)]
    free = [app for app in done if not app.elsewhere]
    lines = [
        f"az ad sp update --id {shlex.quote(app.principal)} --set accountEnabled=false  # {app.name}" for app in free
    ]
    gone = [app for app in free if not app.suspect]
    if gone:
        lines.append("observe for a working cycle: jobs, deployments, old clusters; then delete, which is last")
    lines += [f"az ad sp delete --id {shlex.quote(app.principal)}  # {app.name}" for app in gone]
    waiting = [app for app in done if app.held and app.elsewhere]
    lines += [f"not yet {app.name}: it holds roles at {', '.join(app.elsewhere)}" for app in waiting]
    return lines


def export(held: Held) -> dict[str, Any]:
    """The assignment as Azure would be asked to make it; its role is named in the subscription of its scope."""
    base = f"/subscriptions/{ResourceId(held.scope).subscription}/providers/Microsoft.Authorization/roleDefinitions"
    wanted = {
        "roleDefinitionId": f"{base}/{held.role}",
        "principalId": held.principal,
        "principalType": held.principal_type,
        "condition": held.condition,
        "conditionVersion": held.condition_version,
        "description": held.description,
        "delegatedManagedIdentityResourceId": held.delegated,
    }
    return {name: value for name, value in wanted.items() if value}


def exported(step: Step) -> Held:
    """Read the export of a step back."""
    return msgspec.json.decode(step.arguments["export"], type=Held)


def _export(held: Held) -> str:
    return msgspec.json.encode(held, order="sorted").decode()


def _az_create(held: Held) -> str:
    words = [
        "az", "role", "assignment", "create", "--name", held.name, "--role", held.role, "--scope", held.scope,
        "--assignee-object-id", held.principal, "--assignee-principal-type", held.principal_type or "ServicePrincipal",
    ]  # fmt: skip
    words += ["--condition", held.condition, "--condition-version", held.condition_version] if held.condition else []
    words += ["--description", held.description] if held.description else []
    return shlex.join(words)
