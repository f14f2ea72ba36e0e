"""What a regeneration insists on before it is sent, and what counts as its proof, each against what is really there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from actions.cloud.data import CloudError, Probe, ResourceId
from actions.endpoint_keys import doing
from actions.guard.contract import Hand
from actions.guard.gate import permit_for, secret_reads
from actions.guard.model import Mode, Plan, Proof, Step, Verdict
from tests.actions.endpoint_keys.rehearsal import PUBLISH, SCORE, Shift, cloud


@pytest.fixture
async def shift(tmp_path: Path) -> AsyncIterator[Shift]:
    made = Shift(cloud(), tmp_path)
    made.arming.arm(Mode.LIVE)
    yield made
    await made.cloud.close()
    made.journal.close()


def step_of(plan: Plan, kind: str) -> Step:
    """The plan's first step of a kind."""
    return next(step for step in plan.body.steps if step.kind == kind)


async def done(step: Step, hand: Hand) -> None:
    """Make the step's change under its permit."""
    assert step.request is not None
    with permit_for(step.request, once=step.request.method == "POST"), secret_reads(announced="a test"):
        await doing.do(step, hand)


async def proven(step: Step, hand: Hand) -> Proof:
    """Ask for the step's proof."""
    with secret_reads(announced="a test"):
        return await doing.prove(step, hand)


async def another(shift: Shift, slot: str) -> None:
    """Somebody else replaces a key."""
    step = step_of(await shift.plan(), "regenerate")
    assert step.request is not None
    with permit_for(step.request):
        await shift.cloud.regenerate_endpoint_key(ResourceId(SCORE), slot)


@pytest.mark.parametrize("slot", ["Primary", "Secondary"])
async def test_nothing_is_sent_once_either_key_was_replaced_by_somebody_else(shift: Shift, slot: str) -> None:
    step = step_of(await shift.plan(), "regenerate")
    await another(shift, slot)
    before = shift.generations()
    with pytest.raises(CloudError, match="nothing was sent"):
        await done(step, Hand(cloud=shift.cloud))
    assert shift.generations() == before


async def test_another_key_that_changed_as_well_is_a_failure(shift: Shift) -> None:
    step, hand = step_of(await shift.plan(), "regenerate"), Hand(cloud=shift.cloud)
    await done(step, hand)
    assert (await proven(step, hand)).verdict is Verdict.VERIFIED
    await another(shift, "Primary")
    proof = await proven(step, hand)
    assert (proof.verdict, proof.sentence) == (Verdict.FAILED, "Primary has changed too: its clients are cut off")


async def test_what_was_not_kept_across_an_interruption_is_not_verifiable(shift: Shift) -> None:
    step, hand = step_of(await shift.plan(), "regenerate"), Hand(cloud=shift.cloud)
    step = msgspec.structs.replace(step, arguments={**step.arguments, "other": ""})
    await done(step, hand)
    assert (await proven(step, Hand(cloud=shift.cloud))).verdict is Verdict.NOT_VERIFIABLE
    assert (await proven(step, hand)).verdict is Verdict.VERIFIED


async def test_a_published_secret_is_proven_by_the_tag_of_its_newest_version(shift: Shift) -> None:
    step, hand = step_of(await shift.plan(**PUBLISH), "publish"), Hand(cloud=shift.cloud)
    await done(step, hand)
    assert (await proven(step, hand)).verdict is Verdict.VERIFIED
    await another(shift, "Secondary")
    assert (await proven(step, hand)).verdict is Verdict.FAILED, "it is the key of before"


@pytest.mark.parametrize(
    ("fresh", "stale", "verdict"),
    [
        (200, 401, Verdict.VERIFIED),
        (405, 403, Verdict.VERIFIED),
        (200, 200, Verdict.FAILED),
        (401, 401, Verdict.FAILED),
        (200, None, Verdict.NOT_VERIFIABLE),
        (0, 401, Verdict.NOT_VERIFIABLE),
        (503, 401, Verdict.NOT_VERIFIABLE),
        (200, 503, Verdict.NOT_VERIFIABLE),
        (429, 401, Verdict.NOT_VERIFIABLE),
    ],
)
def test_what_two_trials_tell(fresh: int, stale: int | None, verdict: Verdict) -> None:
    """The new key must be taken and the old one refused; an answer that tells neither proves nothing."""
    one, other = (Probe(status=status or 0, code="", host="", at=None) for status in (fresh, stale))
    assert doing._judged("Primary", one, None if stale is None else other).verdict is verdict


async def test_a_newest_version_that_is_disabled_publishes_nothing(shift: Shift) -> None:
    """Nobody can read it, so the key counts as not published."""
    step, hand = step_of(await shift.plan(**PUBLISH), "publish"), Hand(cloud=shift.cloud)
    await done(step, hand)

    async def published() -> str:
        return next(each for each in (await shift.inspect(SCORE, **PUBLISH)).endpoints if each.id == SCORE).published

    assert await published()
    newest = next(reversed(shift.sim.world.vaults.secret(step.arguments["vault"], step.arguments["secret"]).values()))
    newest.attributes["enabled"] = False
    assert (await proven(step, hand)).verdict is Verdict.FAILED
    assert not await published()
