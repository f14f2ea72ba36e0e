"""Proof by reading: fingerprints through Resource Manager, and the old key refused where the new one is taken."""

from __future__ import annotations

from datetime import datetime

from actions.cloud import versions
from actions.cloud.data import CloudError, NotFound, Probe, Resource, ResourceId, StorageKey
from actions.guard.contract import Hand
from actions.guard.model import Proof, Step, Verdict
from actions.guard.secret import Secret, short
from actions.storage_keys import sas, steps
from actions.storage_keys.doing import by_slot
from actions.storage_keys.holding import datastore_place
from actions.storage_keys.state import other

DEAD = "AuthenticationFailed"
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_PAUSES = (2.0, 3.0, 5.0, 10.0, 15.0, 25.0)
"""Seconds between probes: how long a replaced key goes on working is documented nowhere."""


async def prove(step: Step, hand: Hand) -> Proof:
    """Verify by reading that the step took effect."""
    if step.kind in (steps.REGENERATE, steps.PROVE_DEAD):
        return await _prove_regenerated(step, hand)
    if step.kind == steps.MOVE:
        return await _prove_moved(step, hand)
    return await _prove_resynced(step, hand)


# --- a regenerated key -----------------------------------------------------------------------------


async def _prove_regenerated(step: Step, hand: Hand) -> Proof:
    """The fingerprint changed; the new key works, the old one is refused, the other slot's goes on working."""
    slot, account = step.arguments["slot"], ResourceId(step.subject)
    keys = by_slot(await hand.cloud.storage_keys(account))
    new = keys[slot]
    evidence = {f"{slot} before": step.arguments["old"][:8], f"{slot} now": short(new.fingerprint)}
    if new.fingerprint == step.arguments["old"]:
        return _failed(f"{slot} still has its old fingerprint {short(new.fingerprint)}.", evidence)
    kept = hand.secrets.get(f"other:{slot}")
    if kept is not None and kept.key_fingerprint() != keys[other(slot)].fingerprint:
        return _failed(f"{other(slot)} changed as well: somebody else replaces keys of {account.name}.", evidence)
    if step.id.endswith(":gap"):
        return _verified(
            f"{slot} has another fingerprint; a workspace waits for its resync, so the rest comes after it.", evidence
        )
    resource = await hand.cloud.storage_account(account)
    return await _probe(step, hand, resource, keys, evidence)


async def _probe(
    step: Step, hand: Hand, account: Resource, keys: dict[str, StorageKey], evidence: dict[str, str]
) -> Proof:
    """Try old and new key on one host, again for a minute while the change spreads."""
    slot, service = step.arguments["slot"], _service(account)
    old = hand.secrets.get(f"old:{slot}")
    tried = await _try(hand, account, service, keys, slot, old)
    for pause in _PAUSES:
        proof = _verdict(slot, tried, evidence)
        if proof is not None:
            return proof
        hand.say(f"The data plane does not show the change of {slot} yet.")
        await hand.cloud.sleep(pause)
        tried = await _try(hand, account, service, keys, slot, old)
    return _verdict(slot, tried, evidence) or _last_word(slot, tried, evidence)


async def _try(
    hand: Hand, account: Resource, service: str, keys: dict[str, StorageKey], slot: str, old: Secret | None
) -> dict[str, Probe]:
    tried = {"new": await hand.cloud.probe_storage(account, service, keys[slot].secret)}
    if old is not None:
        tried["old"] = await hand.cloud.probe_storage(account, service, old)
    tried["other"] = await hand.cloud.probe_storage(account, service, keys[other(slot)].secret)
    return tried


def _verdict(slot: str, tried: dict[str, Probe], evidence: dict[str, str]) -> Proof | None:
    """Judge one round of probes; None while they may still change."""
    new, second = tried["new"], tried["other"]
    evidence |= {"host": new.host, "new key": _code(new), f"{other(slot)}": _code(second)}
    if any(probe.status in _BUSY for probe in tried.values()):
        return None
    mute = next((probe for probe in tried.values() if probe.status != 200 and probe.code != DEAD), None)
    if mute is not None:
        sentence = f"Resource Manager shows another {slot}, but the data plane does not tell from here: {_why(mute)}"
        return _unseen(sentence, evidence)
    if new.status != 200 or second.status != 200:
        return None
    if "old" not in tried:
        sentence = (
            f"The new {slot} works and has another fingerprint. The old value is not in memory, so it was not tried."
        )
        return _unseen(sentence, evidence)
    old = tried["old"]
    evidence["old key"] = _code(old)
    if old.status == 200 or not _same_minute(old.at, new.at):
        return None
    return _verified(f"The new {slot} works and the old one is refused ({DEAD}) by {new.host}.", evidence)


def _last_word(slot: str, tried: dict[str, Probe], evidence: dict[str, str]) -> Proof:
    """Judge what has not settled within a minute."""
    told = ", ".join(f"{name} key: {_code(probe)}" for name, probe in tried.items())
    if tried["other"].status != 200:
        sentence = (
            f"Resource Manager shows another {slot}; the data plane refuses even {other(slot)}, which did not change"
        )
        return _unseen(f"{sentence} ({told}).", evidence)
    return _failed(f"After a minute the data plane still does not show the change of {slot} ({told}).", evidence)


def _service(account: Resource) -> str:
    """Choose the service to try: blob, but file on accounts that have no blobs."""
    kind = str(account.raw.get("kind") or "").casefold()
    switches = account.properties.get("allowSharedKeyAccessForServices") or {}
    no_blob = (switches.get("blob") or {}).get("enabled") is False
    return "file" if kind == "filestorage" or no_blob else "blob"


def _why(probe: Probe) -> str:
    reasons = {
        "AuthorizationFailure": "its network rules refuse this machine (AuthorizationFailure).",
        "KeyBasedAuthenticationNotPermitted": "shared keys are disabled (KeyBasedAuthenticationNotPermitted).",
        "AccountIsDisabled": "the account is disabled (AccountIsDisabled).",
    }
    return reasons.get(probe.code, probe.detail or _code(probe))


def _code(probe: Probe) -> str:
    return f"{probe.status or 'no answer'} {probe.code}".strip()


def _same_minute(one: datetime | None, two: datetime | None) -> bool:
    return one is None or two is None or abs((one - two).total_seconds()) < 60


# --- a moved datastore -----------------------------------------------------------------------------


async def _prove_moved(step: Step, hand: Hand) -> Proof:
    """The stored credential is, or is signed by, the wanted key; the datastore is what it was otherwise."""
    slot, store = step.arguments["slot"], ResourceId(step.subject)
    account = ResourceId(step.arguments["account"])
    keys = by_slot(await hand.cloud.storage_keys(account))
    kept = await hand.cloud.datastore_secret(store)
    resource = await hand.cloud.get(store.text, versions.DATASTORE)
    stamps = resource.raw.get("systemData") or {}
    evidence = {
        "key": f"{slot} {short(keys[slot].fingerprint)}",
        "modified": str(stamps.get("lastModifiedAt") or ""),
    }
    if step.arguments.get("default") and resource.properties.get("isDefault") is not True:
        return _failed(f"{store.name} is not the default datastore of its workspace any more.", evidence)
    if kept.secret is None:
        return _failed(f"{store.name} keeps no secret.", evidence)
    if kept.kind == "Sas":
        return await _prove_signed(step, hand, kept.secret, keys, resource, evidence)
    found = kept.secret.key_fingerprint()
    if found != keys[slot].fingerprint:
        return _failed(f"{store.name} keeps {short(found)}, which is not {slot}.", evidence)
    return _verified(f"{store.name} keeps {slot} ({short(found)}).", evidence)


async def _prove_signed(
    step: Step, hand: Hand, token: Secret, keys: dict[str, StorageKey], store: Resource, evidence: dict[str, str]
) -> Proof:
    """The signature is recomputed offline; whether the service takes it is tried and noted beside."""
    slot, account = step.arguments["slot"], ResourceId(step.arguments["account"])
    place = datastore_place(account.name, store)
    try:
        signer = sas.signer(token, place, {name: key.secret for name, key in keys.items()})
    except sas.NotCheckable as error:
        return _unseen(f"Which key signed the SAS cannot be told: {error}.", evidence)
    if signer != slot:
        return _failed(f"The SAS of {store.name} is not signed by {slot}.", evidence)
    try:
        probe = await hand.cloud.probe_sas(
            await hand.cloud.storage_account(account), place.service, token, place.container
        )
        evidence["service"] = _code(probe)
    except CloudError as error:
        evidence["service"] = error.code
    return _verified(
        f"The SAS of {store.name} is signed by {slot}.", evidence | {"end": sas.ends(token) or "by policy"}
    )


# --- a workspace's own copy ------------------------------------------------------------------------


async def _prove_resynced(step: Step, hand: Hand) -> Proof:
    """The workspace's copy is a live key; a resync's own word proves nothing."""
    workspace, wanted = ResourceId(step.subject), step.arguments["slot"]
    held, evidence = await _own_copy(step, hand)
    if held == "none":
        return _unseen(f"Azure answers no storage key for {workspace.name}.", evidence)
    if not held:
        return _failed(f"{workspace.name} holds {evidence['copy']}, a key that the account does not have.", evidence)
    if wanted and held != wanted:
        return _verified(f"{workspace.name} holds a live key, but {held}: the resync did not take {wanted}.", evidence)
    if step.kind == steps.RECOVER:
        return _verified(f"{workspace.name} holds {held} again.", evidence | await _gap(step, hand))
    return _verified(f"{workspace.name} holds {held}.", evidence)


async def _own_copy(step: Step, hand: Hand) -> tuple[str, dict[str, str]]:
    """Read the slot of a workspace's copy: empty for a dead key, `none` where Azure answers none."""
    keys = by_slot(await hand.cloud.storage_keys(ResourceId(step.arguments["account"])))
    copy = await hand.cloud.workspace_keys(ResourceId(step.subject))
    if copy.storage_fingerprint is None:
        return "none", {}
    held = next((slot for slot, key in keys.items() if key.fingerprint == copy.storage_fingerprint), "")
    return held, {"copy": f"{held} {short(copy.storage_fingerprint)}".strip()}


async def _gap(step: Step, hand: Hand) -> dict[str, str]:
    """Measure the gap that has just ended: from the new key's creation to now, in Azure's time."""
    try:
        keys = await hand.cloud.storage_keys(ResourceId(step.arguments["account"]))
    except NotFound:
        return {}
    died = step.arguments.get("died", "")
    created = next((key.created for key in keys if key.slot == died), None)
    return {"gap": f"{max((hand.cloud.now() - created).total_seconds(), 0):.0f} s"} if created else {}


def _verified(sentence: str, evidence: dict[str, str]) -> Proof:
    return Proof(verdict=Verdict.VERIFIED, sentence=sentence, evidence=evidence)


def _unseen(sentence: str, evidence: dict[str, str]) -> Proof:
    return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=sentence, evidence=evidence)


def _failed(sentence: str, evidence: dict[str, str]) -> Proof:
    return Proof(verdict=Verdict.FAILED, sentence=sentence, evidence=evidence)
