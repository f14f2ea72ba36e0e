"""The changes of a rotation of endpoint keys, and their proofs."""

from __future__ import annotations

from datetime import timedelta

from actions.cloud.data import CloudError, EndpointKeys, Probe, ResourceId
from actions.endpoint_keys import steps
from actions.endpoint_keys.state import TAG, other
from actions.guard.contract import Hand
from actions.guard.model import Proof, Step, Verdict
from actions.guard.secret import Secret, short

REFUSED = frozenset({401, 403})
CONTENT_TYPE = "text/plain"


async def do(step: Step, hand: Hand) -> dict[str, str]:
    """Make the step's one change and return its evidence."""
    if step.kind == steps.REGENERATE:
        return await _regenerate(step, hand)
    return await _publish(step, hand)


async def prove(step: Step, hand: Hand) -> Proof:
    """Verify by reading keys, the secret's versions, or the endpoint's answers."""
    if step.kind == steps.REGENERATE:
        return await _replaced(step, hand)
    if step.kind == steps.PUBLISH:
        return await _published(step, hand)
    return await _tried(step, hand)


async def _regenerate(step: Step, hand: Hand) -> dict[str, str]:
    """Replace a key that is still the one it was at the start; both old values are kept in memory for the proofs."""
    slot, endpoint = step.arguments["slot"], ResourceId(step.subject)
    before = await hand.cloud.endpoint_keys(endpoint)
    mine, its = of_slot(before, slot), of_slot(before, other(slot))
    meant = step.arguments["other"]
    if mine.fingerprint() != step.arguments["old"] or (meant and its.fingerprint() != meant):
        sentence = (
            f"a key of {endpoint.name} is not the one it was at the start: somebody replaced it, nothing was sent"
        )
        raise CloudError(sentence, status=412, code="ChangedMeanwhile")
    hand.secrets[_kept(step, slot)], hand.secrets[_kept(step, other(slot))] = mine, its
    answer = await hand.cloud.regenerate_endpoint_key(endpoint, slot)
    return {
        "status": str(answer.status), "operation": answer.state, "request id": answer.request_id,
        f"{slot} before": short(mine.fingerprint()), f"{other(slot)} before": short(its.fingerprint()),
    }  # fmt: skip


async def _replaced(step: Step, hand: Hand) -> Proof:
    """The chosen key must be another one, the other key the same as before."""
    slot = step.arguments["slot"]
    now = await hand.cloud.endpoint_keys(ResourceId(step.subject))
    mine, its = of_slot(now, slot).fingerprint(), of_slot(now, other(slot)).fingerprint()
    evidence = {f"{slot} now": short(mine), f"{other(slot)} now": short(its)}
    if mine == step.arguments["old"]:
        return Proof(verdict=Verdict.FAILED, sentence=f"{slot} has the key it had before", evidence=evidence)
    before = hand.secrets.get(_kept(step, other(slot)))
    meant = before.fingerprint() if before is not None else step.arguments["other"]
    if not meant:
        sentence = f"{slot} has another key; whether {other(slot)} stayed the same is not known after the interruption"
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=sentence, evidence=evidence)
    if its != meant:
        sentence = f"{other(slot)} has changed too: its clients are cut off"
        return Proof(verdict=Verdict.FAILED, sentence=sentence, evidence=evidence)
    sentence = f"{slot} has another key, {other(slot)} the same as before"
    return Proof(verdict=Verdict.VERIFIED, sentence=sentence, evidence=evidence)


async def _publish(step: Step, hand: Hand) -> dict[str, str]:
    """Store the replaced key with its fingerprint beside it; the value goes from Azure to Azure."""
    slot = step.arguments["slot"]
    endpoint = ResourceId(step.subject)
    key = of_slot(await hand.cloud.endpoint_keys(endpoint), slot)
    expires = hand.cloud.now() + timedelta(days=float(step.arguments["days"]))
    tags = {TAG: key.fingerprint(), "amlkeys-endpoint": endpoint.name, "amlkeys-slot": slot}
    answer = await hand.cloud.set_secret(
        step.arguments["vault"], step.arguments["secret"], key, content_type=CONTENT_TYPE, expires=expires, tags=tags
    )
    told = {"status": str(answer.status), "expires": expires.isoformat(timespec="seconds")}
    return {**told, "version": str(answer.body["version"]), slot: short(key.fingerprint())}


async def _published(step: Step, hand: Hand) -> Proof:
    """The newest version must be enabled and tagged with the key's fingerprint; its value is not read."""
    key = of_slot(await hand.cloud.endpoint_keys(ResourceId(step.subject)), step.arguments["slot"]).fingerprint()
    try:
        versions = await hand.cloud.secret_versions(step.arguments["vault"], step.arguments["secret"])
    except CloudError as error:
        if error.status not in {401, 403}:
            raise
        sentence = f"the secret's versions cannot be listed ({error.code}), which needs another permission than storing"
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=sentence)
    newest = versions[0] if versions else None
    if newest is None or not newest.enabled or newest.tags.get(TAG) != key:
        return Proof(verdict=Verdict.FAILED, sentence="the newest version of the secret is not tagged with this key")
    evidence = {"version": newest.version, "expires": newest.expires, "key": short(key)}
    sentence = "the newest version of the secret is enabled and tagged with this key's fingerprint"
    return Proof(verdict=Verdict.VERIFIED, sentence=sentence, evidence=evidence)


async def _tried(step: Step, hand: Hand) -> Proof:
    """The new key must be taken and the old one refused; anything that does not tell is not verifiable."""
    slot = step.arguments["slot"]
    new = of_slot(await hand.cloud.endpoint_keys(ResourceId(step.subject)), slot)
    old = hand.secrets.get(_kept(step, slot))
    try:
        fresh = await hand.cloud.probe_endpoint(step.arguments["scoring"], new)
        stale = await hand.cloud.probe_endpoint(step.arguments["scoring"], old) if old is not None else None
    except CloudError as error:
        if error.code != "NotProbed":
            raise
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=f"not tried: {error.sentence}")
    return _judged(slot, fresh, stale)


def _judged(slot: str, fresh: Probe, stale: Probe | None) -> Proof:
    evidence = {f"new {slot}": str(fresh.status), f"old {slot}": str(stale.status) if stale else "not kept"}
    if fresh.status in REFUSED:
        return Proof(verdict=Verdict.FAILED, sentence=f"the new {slot} key is refused so far", evidence=evidence)
    if not _taken(fresh) or (stale is not None and not _taken(stale) and stale.status not in REFUSED):
        sentence = "the endpoint did not answer in a way that tells"
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=sentence, evidence=evidence)
    if stale is None:
        sentence = f"the new {slot} key is taken; the old one is not kept across an interruption, so it was not tried"
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=sentence, evidence=evidence)
    if stale.status not in REFUSED:
        return Proof(verdict=Verdict.FAILED, sentence=f"the old {slot} key is still taken", evidence=evidence)
    return Proof(
        verdict=Verdict.VERIFIED, sentence=f"the new {slot} key is taken, the old one refused", evidence=evidence
    )


def _taken(answer: Probe) -> bool:
    """Whether an answer came from behind the check of the key: a GET may well not be allowed there."""
    return 200 <= answer.status < 500 and answer.status not in {*REFUSED, 408, 429}


def of_slot(keys: EndpointKeys, slot: str) -> Secret:
    """One key of the pair; raises `CloudError` where Azure answers none."""
    found = keys.primary if slot == "Primary" else keys.secondary
    if found is None:
        raise CloudError("the endpoint answers no keys", status=404, code="KeysMissing")
    return found


def _kept(step: Step, slot: str) -> str:
    return f"{step.subject.casefold()}:{slot}:before"
