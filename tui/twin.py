"""The twin of a dry run: what a plan touches, read live without a secret, in a rehearsal cloud of this process.

Its keys are simulated ones; each holder begins on the slot that the live inspection found it on. What Azure documents
nowhere, it does as rehearsals do by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actions.guard.model import Mode
from tui.render import clock as told_clock

if TYPE_CHECKING:
    from actions.cloud.azure import AzureCloud
    from actions.guard.model import Plan, Step

REMARKS = (
    "Where no document says how Azure behaves, the twin does what rehearsals do by default; waits take no time on it.",
)
_SEEDS = 1000
"""Between the seed of a rehearsal and that of its twin, whose keys must be others."""


@dataclass(frozen=True)
class Twin:
    """A rehearsal cloud that stands for a part of another cloud."""

    cloud: AzureCloud
    sim: Any
    sentence: str
    remarks: tuple[str, ...]

    def person(self, step: Step) -> bool:
        """Give a holder the key that somebody is asked to give it."""
        return bool(self.sim.hand_over(step.subject, step.arguments.get("slot", "")))

    async def close(self) -> None:
        """Sign out of it."""
        await self.cloud.close()


async def make(live: AzureCloud, plan: Plan, holding: Mapping[str, str], *, seed: int, clock: Any) -> Twin:
    """Read what a plan touches and build the twin of it; raises `NoTwin` where that makes no estate."""
    from actions.estate import take
    from actions.guard.twin import NoTwin
    from tui.session import SessionError, in_process, rehearsal_of

    picture = await take(live, frame_of(plan))
    document = picture.document
    for resource in document["resources"]:
        resource |= begun(holding.get(resource["id"], ""), picture.as_of)
    try:
        sim = rehearsal_of(document, seed + _SEEDS, "What was read", clock)
    except SessionError as error:
        raise NoTwin(str(error)) from None
    cloud = in_process(sim, 0.0, _nobody, Mode.LIVE)
    many = picture.counts["resources"]
    sentence = f"Twin of {many} resources, read live at {told_clock(picture.as_of)}: changes are made on it alone."
    unread = tuple(f"Not read, and so not on the twin: {each}" for each in picture.unread)
    return Twin(cloud, sim, sentence, (*REMARKS, *unread))


def frame_of(plan: Plan) -> Any:
    """What a plan touches: its target, what it holds and changes; everything for one that is about a subscription."""
    from actions.estate import Frame

    if "/providers/" not in plan.target.casefold():
        return Frame(lean=True)
    steps = (*plan.body.steps, *plan.body.contingent)
    named = [plan.target, *plan.body.leases, *(step.subject for step in steps)]
    named += [step.request.scope for step in steps if step.request]
    return Frame(lean=True, near=tuple(dict.fromkeys(each for each in named if "/providers/" in each.casefold())))


def begun(slot: str, as_of: str) -> dict[str, Any]:
    """How a holder begins on the twin."""
    if not slot:
        return {}
    return {"azsim": {"holds": "key1", "sasExpires": as_of} if slot == "expired" else {"holds": slot}}


def _nobody(_found: object) -> None:
    """The twin throttles nobody."""
