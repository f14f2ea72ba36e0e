"""Making one change, and proving it by reading Resource Manager again."""

from __future__ import annotations

import msgspec

from actions.cloud.data import Answer, CloudError
from actions.cloud.protocol import Cloud
from actions.guard.contract import Hand
from actions.guard.model import Proof, Step, Verdict
from actions.support_apps import steps
from actions.support_apps.planning import same
from actions.support_apps.reading import read_assignments
from actions.support_apps.state import Held

REPLICATION_TRIES, REPLICATION_SECONDS = 36, 5.0
"""A principal may be unknown to Resource Manager for a while; Azure's own command line tries as often and as long."""


async def do(step: Step, hand: Hand) -> dict[str, str]:
    """Make the step's change; evidence tells whether it was there to remove, so that undo makes only that again."""
    if step.kind == steps.SIGN:
        told = msgspec.json.decode(step.arguments["told"], type=dict[str, str])
        return {"visible": step.arguments["visible"], "complete": step.arguments["complete"], **told}
    assert step.request is not None
    if step.kind == steps.REMOVE:
        answer = await hand.cloud.send(step.request)
        told = {"removed": "yes" if answer.status == 200 else "it was not there"}
        return {**_told(answer), **told, "export": step.arguments["export"]}
    return await _restore(step, hand)


async def _restore(step: Step, hand: Hand) -> dict[str, str]:
    """PUT the exported assignment; one that exists already is what was wanted."""
    assert step.request is not None
    body = msgspec.json.encode({"properties": steps.export(steps.exported(step))})
    for attempt in range(REPLICATION_TRIES):
        try:
            return _told(await hand.cloud.send(step.request, body))
        except CloudError as error:
            if error.code == "RoleAssignmentExists":
                return {"exists": "yes", "request id": error.request_id}
            if error.code != "PrincipalNotFound" or attempt == REPLICATION_TRIES - 1:
                raise
            hand.say("Azure does not know the principal; trying again")
            await hand.cloud.sleep(REPLICATION_SECONDS)
    raise AssertionError("the last try returns or raises")


def _told(answer: Answer) -> dict[str, str]:
    return {"status": str(answer.status), "state": answer.state, "request id": answer.request_id}


async def prove(step: Step, cloud: Cloud) -> Proof:
    """Read the subscription's assignments again."""
    if step.kind == steps.SIGN:
        return await _prove_signed(step, cloud)
    held = steps.exported(step)
    found = await read_assignments(cloud, held.scope)
    if isinstance(found, str):
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=f"the role assignments cannot be read: {found}")
    now = next((item for item in found if item.name == held.name), None) or _twin(step, found)
    if step.kind == steps.REMOVE:
        if now is None:
            return Proof(verdict=Verdict.VERIFIED, sentence="the role assignment is gone")
        return Proof(verdict=Verdict.FAILED, sentence="the role assignment is still there")
    if now is None:
        return Proof(verdict=Verdict.FAILED, sentence="the role assignment is not there")
    if now.name != held.name:
        told = "the same grant is there under another name, beside which Azure allows no second"
        return Proof(verdict=Verdict.VERIFIED, sentence=told, evidence={"assignment": now.name})
    if not same(now, held):
        return Proof(verdict=Verdict.FAILED, sentence="the role assignment is there and differs from the exported one")
    return Proof(
        verdict=Verdict.VERIFIED, sentence="the role assignment is there as it was, name and condition included"
    )


def _twin(step: Step, found: tuple[Held, ...]) -> Held | None:
    """For a restore: the same grant under another name, beside which Azure allows no second."""
    if step.kind != steps.RESTORE:
        return None
    held = steps.exported(step)
    twins = (item for item in found if same(msgspec.structs.replace(item, id=held.id), held))
    return next(twins, None)


async def _prove_signed(step: Step, cloud: Cloud) -> Proof:
    wanted = {item.casefold() for item in msgspec.json.decode(step.arguments["removed"], type=list[str])}
    if not wanted:
        return Proof(verdict=Verdict.VERIFIED, sentence="signed off; nothing was to be removed")
    found = await read_assignments(cloud, step.subject)
    if isinstance(found, str):
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=f"the role assignments cannot be read: {found}")
    back = wanted & {item.id.casefold() for item in found}
    if back:
        return Proof(verdict=Verdict.FAILED, sentence=f"{len(back)} removed assignments are there again")
    return Proof(verdict=Verdict.VERIFIED, sentence=f"signed off; what was removed is gone ({len(wanted)})")
