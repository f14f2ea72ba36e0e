"""From the review and its decisions to the steps that remain: pure, so that the same state gives the same plan."""

from __future__ import annotations

import msgspec

from actions.cloud.data import ResourceId
from actions.guard.model import Outcome, Progress, Steps
from actions.guard.text import many, plain
from actions.support_apps import steps
from actions.support_apps.answers import KEEP, REMOVE, WHY, kept, question, why_removed
from actions.support_apps.naming import MICROSOFT
from actions.support_apps.rubric import forbidding, told_of
from actions.support_apps.since import reviewed, standing
from actions.support_apps.state import (
    App,
    Held,
    Kept,
    Owed,
    SupportAppsGoal,
    SupportAppsInspection,
    SupportAppsOptions,
)


def goal_of(found: SupportAppsInspection, options: SupportAppsOptions) -> SupportAppsGoal:
    """Freeze what was seen and what is to be decided, or what to make again."""
    if options.undo:
        text = f"the {len(options.undo)} role assignments that the run removed in {found.name} are there again"
        return SupportAppsGoal(
            text=text, subscription=found.subscription, name=found.name, as_of=found.as_of, undo=options.undo
        )
    held = found.decidable()
    owed = tuple(_owed(found, app) for app in found.apps if app.reviewed and app.kind != "own")
    seen = f"{len(found.visible) - len(found.unread)} of {len(found.visible)} visible subscriptions"
    text = f"the {len(held)} role assignments of possible support apps in {found.name} are decided about"
    return SupportAppsGoal(
        text=text, subscription=found.subscription, name=found.name, as_of=found.as_of, apps=reviewed(found),
        held=held, titles={item.name: _title(found, item) for item in held},
        standing=() if options.again else standing(found),
        visible=f"{seen}, {many(found.workspaces, 'workspace')} and {many(len(found.apps), 'principal')}",
        problems=found.problems,
        owed=() if blocks(found) else owed, leave=options.leave,
    )  # fmt: skip


def _title(found: SupportAppsInspection, held: Held) -> str:
    app = found.app(held.principal)
    place = ResourceId(held.scope)
    where = found.name if held.scope.rstrip("/").casefold() == found.subscription.casefold() else place.name
    limited = " (conditioned)" if held.condition else ""
    return plain(f"{held.role_name or held.role} of {app.name if app else held.principal} at {where}{limited}")


def _owed(found: SupportAppsInspection, app: App) -> Owed:
    held = found.of(app)
    foreign = bool(app.owner) and app.owner.casefold() not in {*MICROSOFT, found.tenant.casefold()}
    return Owed(
        principal=app.principal, name=plain(app.name), held=tuple(item.name for item in held if found.here(item)),
        elsewhere=tuple(sorted({item.scope for item in held if not found.here(item)})),
        suspect=app.kind == "look-alike" or foreign,
    )  # fmt: skip


def blocks(found: SupportAppsInspection) -> tuple[str, ...]:
    """Why nothing can be removed now; no flag lifts any of it."""
    return (
        *(f"{told_of(item)}; delete and re-create the cluster first" for item in forbidding(found)),
        *(f"the review is incomplete: {problem}" for problem in found.problems),
    )


def plan_of(goal: SupportAppsGoal, found: SupportAppsInspection, decided: dict[str, str], progress: Progress) -> Steps:
    """Give the steps that remain; without a decision about each assignment there is none."""
    leases = (goal.subscription,)
    if goal.undo:
        return _undo(goal, found, leases)
    against = blocks(found)
    wrong: dict[str, str] = {}
    keeps = {item.assignment: item for item in goal.standing}
    reasons: dict[str, str] = {}
    for held in goal.held:
        answer = decided.get(held.name, "")
        if answer.partition(":")[0] == KEEP:
            read = kept(held, goal.titles[held.name], answer, goal.as_of)
            if isinstance(read, Kept):
                keeps[held.name] = read
            else:
                wrong[held.name] = read
        elif answer.partition(":")[0] == REMOVE:
            if why := why_removed(answer):
                reasons[held.name] = why
            else:
                wrong[held.name] = f"to remove it takes {WHY}"
    removed = tuple(held for held in goal.held if held.name in reasons)
    there = {item.name: item for item in found.held}
    left = tuple(held for held in goal.held if held not in removed and held.name not in keeps)
    decisions = tuple(question(held, goal.titles[held.name], against, wrong.get(held.name, "")) for held in left)
    if decisions and (wrong or not goal.leave):
        summary = f"{len(decisions)} role assignments to decide about"
        return Steps(outcome=Outcome.NEEDS_DECISION, summary=summary, decisions=decisions, leases=leases)
    remaining = [steps.remove(there[held.name], goal.titles[held.name]) for held in removed if held.name in there]
    unseen = removed and ResourceId(goal.subscription).subscription.casefold() in {
        each.casefold() for each in found.unread
    }
    if (remaining and against) or unseen:
        return Steps(outcome=Outcome.BLOCKED, summary="nothing can be removed now", reasons=against, leases=leases)
    kept_here = tuple(keeps[held.name] for held in goal.held if held.name in keeps)
    signed = steps.sign_off(goal, kept_here, {held: reasons[held.name] for held in removed}, left)
    if not progress.finished(signed.id):
        remaining.append(signed)
    if not remaining:
        return Steps(outcome=Outcome.NO_CHANGES, summary="the review is signed off", leases=leases)
    return Steps(
        outcome=Outcome.READY, summary=many(len(remaining), "step"), steps=tuple(remaining), decisions=decisions,
        leases=leases,
    )  # fmt: skip


def _undo(goal: SupportAppsGoal, found: SupportAppsInspection, leases: tuple[str, ...]) -> Steps:
    """Make again what is missing; what somebody made again meanwhile, under any name, is there."""
    if found.unread:
        return Steps(
            outcome=Outcome.BLOCKED,
            summary="the role assignments cannot be seen",
            reasons=found.problems,
            leases=leases,
        )
    there = {_triple(item) for item in found.held}
    remaining = tuple(steps.restore(held) for held in goal.undo if _triple(held) not in there)
    if not remaining:
        return Steps(outcome=Outcome.NO_CHANGES, summary="every removed assignment is there again", leases=leases)
    return Steps(outcome=Outcome.READY, summary=f"{len(remaining)} to make again", steps=remaining, leases=leases)


def _triple(held: Held) -> tuple[str, str, str]:
    return held.scope.rstrip("/").casefold(), held.role, held.principal.casefold()


def same(one: Held, other: Held) -> bool:
    """Whether two assignments agree in all that can be asked of Azure; who made them and when cannot."""
    blank = {"made_by": "", "made_at": "", "role_name": "", "assigns": None}

    def bare(held: Held) -> Held:
        given = {"id": held.id.casefold(), "scope": held.scope.rstrip("/").casefold()}
        return msgspec.structs.replace(held, **blank, **given, principal=held.principal.casefold())

    return bare(one) == bare(other)
