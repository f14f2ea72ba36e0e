"""From the table to the steps that remain: pure, so that the same state always gives the same plan."""

from __future__ import annotations

from actions.guard.model import Outcome, Progress, Step, Steps
from actions.guard.text import many
from actions.identity_access import steps
from actions.identity_access.state import (
    Access,
    Added,
    IdentityAccessGoal,
    IdentityAccessInspection,
    IdentityAccessOptions,
)


def goal_of(inspection: IdentityAccessInspection, options: IdentityAccessOptions) -> IdentityAccessGoal:
    """Freeze the rows to restore, or what to take away again."""
    rows = tuple(_row_id(row) for row in inspection.missing())
    text = f"every expected access of {inspection.name}'s identities is there ({len(rows)} to restore)"
    if options.undo:
        text = f"what the run added to {inspection.name}'s identities is gone again ({len(options.undo)})"
    return IdentityAccessGoal(
        text=text, workspace=inspection.workspace, name=inspection.name, rows=rows if not options.undo else (),
        resync=options.resync, propagation=options.propagation, undo=options.undo,
    )  # fmt: skip


def plan_of(goal: IdentityAccessGoal, inspection: IdentityAccessInspection, progress: Progress) -> Steps:
    """Give the steps that remain; nothing beyond the rows of the goal is ever granted."""
    leases = (goal.workspace,)
    if unseen := _unseen(goal, inspection):
        return Steps(
            outcome=Outcome.BLOCKED, summary="what is to be restored cannot be seen", reasons=unseen, leases=leases
        )
    remaining = _undo_steps(goal, inspection) if goal.undo else _restoring_steps(goal, inspection, progress)
    if remaining:
        return Steps(outcome=Outcome.READY, summary=many(len(remaining), "step"), steps=remaining, leases=leases)
    unknown = [row for row in inspection.table if row.state == "unknown"]
    if unknown and not goal.undo:
        reasons = tuple(f"{row.identity}, {row.what}: {row.detail}" for row in unknown)
        return Steps(
            outcome=Outcome.NO_CHANGES, summary=f"nothing that can be restored; {len(unknown)} rows could not be read",
            reasons=reasons, leases=leases,
        )  # fmt: skip
    if goal.undo and (unread := _unread(goal, inspection)):
        return Steps(
            outcome=Outcome.BLOCKED, summary="what the run added cannot be seen", reasons=unread, leases=leases
        )
    done = "nothing is left as the run left it" if goal.undo else "every expected access is there"
    return Steps(outcome=Outcome.NO_CHANGES, summary=done, leases=leases)


def _unseen(goal: IdentityAccessGoal, inspection: IdentityAccessInspection) -> tuple[str, ...]:
    """What hides whether a row of the goal is restored: not seen is not the same as there."""
    rows = (row for row in inspection.table if row.state == "unknown" and _row_id(row) in goal.rows)
    return tuple(f"{row.identity}, {row.what}: {row.detail}" for row in rows)


def _restoring_steps(
    goal: IdentityAccessGoal, inspection: IdentityAccessInspection, progress: Progress
) -> tuple[Step, ...]:
    wanted = set(goal.rows)
    missing = [row for row in inspection.missing() if _row_id(row) in wanted]
    resync = steps.resync(goal.workspace)
    found: list[Step] = []
    if missing and goal.resync and not progress.finished(resync.id):
        found.append(resync)
    grants = [step for row in missing if (step := _restore(inspection, row)) is not None]
    found += grants
    wait = steps.propagation(goal.workspace, goal.propagation)
    if goal.propagation and not progress.finished(wait.id) and (_grants(grants) or _granted(progress)):
        found.append(wait)
    return tuple(found)


def _restore(inspection: IdentityAccessInspection, row: Access) -> Step | None:
    identity = next((item for item in inspection.identities if item.name == row.identity), None)
    if identity is None:
        return None
    return steps.policy(identity, row, inspection.tenant) if row.words else steps.grant(identity, row)


def _grants(found: list[Step]) -> bool:
    return any(step.kind == steps.GRANT for step in found)


def _granted(progress: Progress) -> bool:
    return any(record.id.startswith(f"{steps.GRANT}:") and record.finished for record in progress.records)


def _undo_steps(goal: IdentityAccessGoal, inspection: IdentityAccessInspection) -> tuple[Step, ...]:
    """Remove what is still as the run left it; what was changed since is left alone."""
    return tuple(steps.take(added) for added in goal.undo if _still_there(added, inspection))


def _unread(goal: IdentityAccessGoal, inspection: IdentityAccessInspection) -> tuple[str, ...]:
    """What hides whether something that was added is still there."""
    places = {(item.id if item.kind == "policy" else item.scope).casefold() for item in goal.undo}
    unknown = (row for row in inspection.table if row.state == "unknown" and row.scope.casefold() in places)
    return tuple(dict.fromkeys(f"{row.what}: {row.detail}" for row in unknown))


def _still_there(added: Added, inspection: IdentityAccessInspection) -> bool:
    if added.kind == "role":
        return any(
            grant.id.casefold() == added.id.casefold()
            and grant.principal == added.principal
            and grant.role == added.role.casefold()
            and not grant.condition
            for grant in inspection.seen
        )
    vault = inspection.vault
    if vault is None or vault.id.casefold() != added.id.casefold():
        return False
    held = vault.policies.get(added.principal.casefold(), {})
    return any(
        word.casefold() in {have.casefold() for have in held.get(kind, ())}
        for kind, words in added.permissions.items()
        for word in words
    )


def _row_id(row: Access) -> str:
    return f"{row.identity} {row.key}"
