"""Review the support apps of a subscription: who they are, what they hold, and what is decided about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from actions.cloud.data import ResourceId, Subscription
from actions.cloud.protocol import Cloud
from actions.guard.contract import Description, Hand
from actions.guard.history import RunHistory
from actions.guard.model import Progress, Proof, Risk, Severity, Step, Steps
from actions.support_apps import describing, doing, people, planning, reading, since, steps
from actions.support_apps.answers import kept as kept_until
from actions.support_apps.rubric import findings
from actions.support_apps.state import (
    Earlier,
    Held,
    Kept,
    SupportAppsGoal,
    SupportAppsInspection,
    SupportAppsOptions,
)


class SupportApps:
    """The guarded action `support-apps`."""

    name = "support-apps"
    title = "Review the support apps"
    summary = (
        "See the service principals that may be Azure ML's support apps, what they hold in every visible subscription"
        " and who could need them; keep each role assignment for a reason, or remove it. Principals are never touched."
    )
    target_kind = "subscription"
    secret_reads = ""
    options = SupportAppsOptions
    inspection = SupportAppsInspection
    goal_type = SupportAppsGoal

    async def inspect(
        self,
        cloud: Cloud,
        target: ResourceId,
        options: SupportAppsOptions,
        *,
        last: SupportAppsInspection | None = None,
        step: Step | None = None,
    ) -> SupportAppsInspection:
        """Read directory, assignments and clusters; during a run the directory is not asked again for each step."""
        visible = await cloud.subscriptions()
        own = next((each for each in visible if each.id.casefold() == target.subscription.casefold()), None)
        mine = own or Subscription(id=target.subscription, name=target.subscription, tenant="", state="")
        if options.undo:
            return await self._for_undo(cloud, mine)
        shown = visible if own else (*visible, mine)
        estate = await reading.read_estate(cloud, shown)
        who = await cloud.signed_in()
        same_people = last is not None and last.complete and step is not None
        found = None if same_people else await people.find(cloud, estate, who.tenant, options.listed)
        apps = found.apps if found else last.apps if last else ()
        gone = found.gone if found else last.gone if last else ()
        wanted = {app.principal.casefold() for app in apps} | {principal.casefold() for principal in gone}
        here = [item for item in estate.workspaces if item.id.subscription.casefold() == mine.id.casefold()]
        read = SupportAppsInspection(
            target=target.text, name=mine.name or mine.id, as_of=cloud.now().isoformat(),
            subscription=f"/subscriptions/{mine.id}", tenant=who.tenant,
            visible=tuple((each.id, each.name) for each in shown), apps=apps,
            held=tuple(held for held in estate.held.values() if held.principal.casefold() in wanted),
            gone=gone, names=found.names if found else last.names if last else {},
            workspaces=len(here), regions=reading.regions_of(here), encrypted=reading.encrypted(here), aks=estate.aks,
            problems=(*(found.problems if found else ()), *estate.problems), unread=estate.unread,
            sign_ins=found.sign_ins if found else bool(last and last.sign_ins),
            unmatched=found.unmatched if found else 0, earlier=options.since[0] if options.since else None,
        )  # fmt: skip
        remarks = (*findings(read), *since.changes(read))
        order = list(Severity)
        return msgspec.structs.replace(
            read, findings=tuple(sorted(remarks, key=lambda item: order.index(item.severity)))
        )

    async def _for_undo(self, cloud: Cloud, mine: Subscription) -> SupportAppsInspection:
        """To make assignments again, only this subscription's need to be seen."""
        path = f"/subscriptions/{mine.id}"
        held = await reading.read_assignments(cloud, path)
        unread = isinstance(held, str)
        return SupportAppsInspection(
            target=path, name=mine.name or mine.id, as_of=cloud.now().isoformat(), subscription=path,
            visible=((mine.id, mine.name),), held=() if isinstance(held, str) else held,
            problems=(f"its role assignments could not be read: {held}",) if isinstance(held, str) else (),
            unread=(mine.id,) if unread else (),
        )  # fmt: skip

    def goal(self, inspection: SupportAppsInspection, options: SupportAppsOptions) -> SupportAppsGoal:
        """Freeze what was seen and what is to be decided."""
        return planning.goal_of(inspection, options)

    def plan(
        self, goal: SupportAppsGoal, inspection: SupportAppsInspection, decided: dict[str, str], progress: Progress
    ) -> Steps:
        """Give what remains: the decisions, then the removals, then the sign-off."""
        return planning.plan_of(goal, inspection, decided, progress)

    async def do(self, step: Step, hand: Hand) -> dict[str, str]:
        """Make the step's one change; the sign-off makes none."""
        return await doing.do(step, hand)

    async def prove(self, step: Step, hand: Hand) -> Proof:
        """Verify by reading Resource Manager again."""
        return await doing.prove(step, hand.cloud)

    def confirmation(self, inspection: SupportAppsInspection, risk: Risk) -> tuple[str, str]:
        """The subscription's name; a removal can be undone, so no slot is typed."""
        return inspection.name, ""

    def undo_options(self, records: Iterable[tuple[Step, dict[str, str]]]) -> dict[str, Any]:
        """Options that make again what a run removed; an assignment that was gone before is not the run's."""
        removed: list[Held] = [
            steps.exported(step)
            for step, evidence in records
            if step.kind == steps.REMOVE and evidence.get("removed", "yes") == "yes"
        ]
        return {"undo": msgspec.to_builtins(removed)} if removed else {}

    def past_options(self, run: RunHistory) -> dict[str, Any]:
        """Options that compare with a signed-off review."""
        if "apps" not in run.plan.goal or not any(item.kind == steps.SIGN for item in run.plan.body.steps):
            return {}
        goal = msgspec.convert(run.plans[0].goal, SupportAppsGoal)
        kept = {item.assignment: item for item in goal.standing}
        for held in goal.held:
            answer = kept_until(held, goal.titles[held.name], run.decided.get(held.name, ""), goal.as_of)
            if isinstance(answer, Kept):
                kept[held.name] = answer
        earlier = Earlier(run=run.id, at=run.started, apps=goal.apps, kept=tuple(kept.values()))
        return {"since": [msgspec.to_builtins(earlier)]}

    def describe(self, inspection: SupportAppsInspection) -> Description:
        """The apps, their assignments, their credentials and the clusters that could need them."""
        return describing.describe(inspection)
