"""The changes themselves: one key regenerated, one datastore written back, one workspace resynced."""

from __future__ import annotations

from actions.cloud import versions
from actions.cloud.data import SUCCEEDED, Answer, CloudError, ResourceId, StorageKey
from actions.guard.contract import Hand
from actions.guard.model import Step
from actions.guard.secret import short
from actions.storage_keys import sas, steps
from actions.storage_keys.holding import datastore_place
from actions.storage_keys.state import other

_LATE = (5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds between looks after a resync that cannot be followed: the recorded operations took half a minute."""


async def do(step: Step, hand: Hand) -> dict[str, str]:
    """Make the step's one change and return its evidence."""
    if step.kind == steps.REGENERATE:
        return await _regenerate(step, hand)
    if step.kind == steps.MOVE:
        return await _move(step, hand)
    if step.kind == steps.PROVE_DEAD:
        return {}
    return await _resync(step, hand)


async def _resync(step: Step, hand: Hand) -> dict[str, str]:
    """Have a workspace take its keys anew; where nothing tells when that is done, look until the wanted one is there.

    A look too soon would say that the workspace does not take it, which is the operator's to decide about.
    """
    workspace, slot = ResourceId(step.subject), step.arguments["slot"]
    answer = await hand.cloud.resync_keys(workspace)
    told = _evidence(answer)
    if answer.state == SUCCEEDED or not slot:
        return told
    for pause in _LATE:
        wanted = by_slot(await hand.cloud.storage_keys(ResourceId(step.arguments["account"])))[slot]
        if (await hand.cloud.workspace_keys(workspace)).storage_fingerprint == wanted.fingerprint:
            break
        hand.say(f"Azure does not tell when the resync is done; {workspace.name} is not on {slot} yet.")
        await hand.cloud.sleep(pause)
    return told


async def _regenerate(step: Step, hand: Hand) -> dict[str, str]:
    """Replace a key that is still the one it was at the start, the old value being kept in memory for the proof."""
    slot, account = step.arguments["slot"], ResourceId(step.subject)
    before = by_slot(await hand.cloud.storage_keys(account))
    if before[slot].fingerprint != step.arguments["old"]:
        sentence = (
            f"{slot} of {account.name} is not the key it was at the start: somebody has replaced it, nothing was sent"
        )
        raise CloudError(sentence, status=412, code="ChangedMeanwhile")
    hand.secrets[f"old:{slot}"] = before[slot].secret
    hand.secrets[f"other:{slot}"] = before[other(slot)].secret
    answer = await hand.cloud.regenerate_storage_key(account, slot)
    return {**_evidence(answer), f"{slot} before": short(before[slot].fingerprint)}


async def _move(step: Step, hand: Hand) -> dict[str, str]:
    """Write the datastore back as it is now, with the other key, or with its SAS signed by that key."""
    store, slot = ResourceId(step.subject), step.arguments["slot"]
    resource = await hand.cloud.get(store.text, versions.DATASTORE)
    account = ResourceId(step.arguments["account"])
    key = by_slot(await hand.cloud.storage_keys(account))[slot]
    kind, secret = "AccountKey", key.secret
    if step.arguments["credential"] == "Sas":
        kind = "Sas"
        kept = await hand.cloud.datastore_secret(store)
        if kept.secret is None:
            raise CloudError(f"datastore {store.name} keeps no SAS to sign anew", status=404, code="NoSecret")
        place = datastore_place(account.name, resource)
        hours = float(step.arguments["hours"])
        try:
            secret = sas.signed_anew(kept.secret, place, key.secret, now=hand.cloud.now(), hours=hours)
        except sas.NotCheckable as error:
            raise CloudError(
                f"the SAS of {store.name} cannot be signed anew: {error}", status=422, code="Sas"
            ) from None
    answer = await hand.cloud.put_datastore(resource, secret, kind)
    return {**_evidence(answer), slot: short(key.fingerprint)}


def by_slot(keys: tuple[StorageKey, ...]) -> dict[str, StorageKey]:
    """Index both keys by slot; raises `CloudError` when Azure lists fewer."""
    found = {key.slot: key for key in keys}
    if len(found) < 2:
        raise CloudError("Azure does not list both keys of the account", status=404, code="KeysMissing")
    return found


def _evidence(answer: Answer) -> dict[str, str]:
    return {"status": str(answer.status), "operation": answer.state, "request id": answer.request_id}
