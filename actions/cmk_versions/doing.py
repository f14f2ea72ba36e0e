"""Making one change, and proving it by reading the workspace, the key or the dependent again."""

from __future__ import annotations

from datetime import timedelta

from actions.cloud.data import CloudError, KeyVersion, NotFound, ResourceId
from actions.cloud.protocol import Cloud
from actions.cmk_versions import steps
from actions.cmk_versions.dependents import read_dependent
from actions.cmk_versions.findings import revoked
from actions.cmk_versions.reading import identifier_parts, or_error, read_key, refused, short
from actions.cmk_versions.state import Key, Version, when
from actions.guard.contract import Hand
from actions.guard.model import Proof, Step, Verdict

KEPT = timedelta(hours=24)
"""How long an old version stays in use behind the scenes at the least (Cosmos DB: no use is expected after a day)."""


async def do(step: Step, hand: Hand) -> dict[str, str]:
    """Make the step's one change."""
    cloud, given = hand.cloud, step.arguments
    if step.kind == steps.MOVE:
        return await _move(step, hand)
    if step.kind == steps.ROTATE:
        made = await cloud.rotate_key(f"https://{given['host']}/", given["key"])
        return {"version": made.version}
    if step.kind in (steps.ENABLE, steps.EXTEND, steps.BEGIN):
        changes = {
            steps.ENABLE: {"enabled": True},
            steps.EXTEND: {"expires": when(given.get("until", ""))},
            steps.BEGIN: {"not_before": when(given.get("from", ""))},
        }[step.kind]
        changed = await cloud.update_key_version(
            f"https://{given['host']}/",
            given["key"],
            given["version"],
            **changes,  # type: ignore[arg-type]
        )
        return {"version": changed.version}
    return {}


async def _move(step: Step, hand: Hand) -> dict[str, str]:
    """Send the workspace's new key identifier, and nothing else."""
    assert step.request is not None
    identifier = step.arguments.get("identifier") or await _made(step, hand.cloud)
    answer = await hand.cloud.send(step.request, steps.move_body(identifier))
    told = {"identifier": identifier, "before": step.arguments["old"], "status": str(answer.status)}
    return {**told, "state": answer.state, "request id": answer.request_id}


async def _made(step: Step, cloud: Cloud) -> str:
    """Find the identifier of the version that was made by the step before; raises `NotFound` while there is none."""
    given = step.arguments
    for item in await _versions(cloud, step):
        if item.enabled and item.created > given["after"]:
            old = given["old"]
            return Key(identifier=old, host=given["host"], name=given["key"], pinned=identifier_parts(old)[2]).uri(
                item.version
            )
    raise NotFound(f"key {given['key']}: the new version is not there", status=404, code="NoNewVersion")


async def _versions(cloud: Cloud, step: Step) -> tuple[Version, ...]:
    """The key's versions, newest first, through whichever plane answers; raises `CloudError` where none does."""
    given = step.arguments
    identifier = f"https://{given['host']}/keys/{given['key']}"
    vault = step.subject if step.kind != steps.MOVE else ""
    found = await read_key(cloud, identifier, vault)
    if not found.source:
        told = found.problem or f"it is {found.gone}"
        raise CloudError(f"key {given['key']} cannot be read: {told}", status=0, code="KeyUnread")
    return found.versions


async def prove(step: Step, cloud: Cloud) -> Proof:
    """Verify by reading that the step took effect."""
    if step.kind == steps.MOVE:
        return await _prove_move(step, cloud)
    if step.kind == steps.FOLLOW:
        return await _prove_follow(step, cloud)
    if step.kind == steps.RECOVER:
        return await _prove_recovered(step, cloud)
    if step.kind == steps.ROTATE:
        return await _prove_rotate(step, cloud)
    return await _prove_version(step, cloud)


def _proof(verdict: Verdict, sentence: str, **evidence: str) -> Proof:
    return Proof(verdict=verdict, sentence=sentence, evidence={key: value for key, value in evidence.items() if value})


async def _pinned(cloud: Cloud, workspace: str) -> str:
    found = (await cloud.workspace(ResourceId(workspace))).properties.get("encryption") or {}
    return str((found.get("keyVaultProperties") or {}).get("keyIdentifier") or "")


async def _prove_move(step: Step, cloud: Cloud) -> Proof:
    now = await _pinned(cloud, step.subject)
    wanted = step.arguments.get("identifier") or await _made(step, cloud)
    if identifier_parts(now) != identifier_parts(wanted):
        return _proof(Verdict.FAILED, "the workspace still names another version", identifier=now)
    return _proof(Verdict.VERIFIED, f"the workspace names version {identifier_parts(now)[2][:8]}", identifier=now)


async def _prove_follow(step: Step, cloud: Cloud) -> Proof:
    """A dependent is compared with what the workspace pins at this moment."""
    identifier = await _pinned(cloud, step.arguments["workspace"])
    host, name, version = identifier_parts(identifier)
    key = Key(identifier=identifier, host=host, name=name, pinned=version)
    item = await read_dependent(cloud, step.subject, key)
    if item.relation != "same":
        told = f"the {item.kind} cannot be compared: {item.detail}"
        return _proof(Verdict.NOT_VERIFIABLE, told)
    if item.version != version:
        told = f"the {item.kind} still uses version {item.version[:8] or 'unknown'}, which must stay enabled"
        return _proof(Verdict.FAILED, told, version=item.version)
    if revoked(item):
        return _proof(Verdict.FAILED, f"the {item.kind} names the new version, but says: {item.status}")
    return _proof(Verdict.VERIFIED, f"the {item.kind} uses version {version[:8]}", version=item.version)


async def _prove_recovered(step: Step, cloud: Cloud) -> Proof:
    identifier = await _pinned(cloud, step.arguments["workspace"])
    host, name, version = identifier_parts(identifier)
    key = Key(identifier=identifier, host=host, name=name, pinned=version)
    item = await read_dependent(cloud, step.subject, key)
    if item.relation == "unread":
        return _proof(Verdict.NOT_VERIFIABLE, f"the {item.kind} cannot be read: {item.detail}")
    if revoked(item):
        return _proof(Verdict.FAILED, f"the {item.kind} says: {item.status}")
    return _proof(Verdict.VERIFIED, f"the {item.kind} says: {item.status}")


async def _prove_rotate(step: Step, cloud: Cloud) -> Proof:
    fresh = [item for item in await _versions(cloud, step) if item.created > step.arguments["after"]]
    if not fresh:
        return _proof(Verdict.FAILED, "no new version is listed")
    if not fresh[0].enabled:
        return _proof(Verdict.FAILED, f"the new version {fresh[0].short} is not enabled", version=fresh[0].version)
    return _proof(Verdict.VERIFIED, f"version {fresh[0].short} is there and enabled", version=fresh[0].version)


async def _prove_version(step: Step, cloud: Cloud) -> Proof:
    """The old version's state and dates, after a repair of it or at the end."""
    given = step.arguments
    got = await or_error(cloud.key_version, f"https://{given['host']}/", given["key"], given["version"])
    if isinstance(got, CloudError) and not refused(got):
        raise got
    if isinstance(got, CloudError):
        return await _prove_managed(step, cloud, got)
    return _judged(step, cloud, got)


async def _prove_managed(step: Step, cloud: Cloud, error: CloudError) -> Proof:
    """The same through the management plane, for those who may not read in the vault."""
    found = next((item for item in await _versions(cloud, step) if item.version == step.arguments["version"]), None)
    if found is None:
        return _proof(Verdict.NOT_VERIFIABLE, f"the version cannot be read ({short(error)})")
    plain = KeyVersion(
        version=found.version, enabled=found.enabled, not_before=when(found.not_before), expires=when(found.expires)
    )
    return _judged(step, cloud, plain)


def _judged(step: Step, cloud: Cloud, got: KeyVersion) -> Proof:
    given = step.arguments
    told = f"version {got.version[:8]}"
    if not got.enabled:
        return _proof(Verdict.FAILED, f"{told} is disabled")
    if step.kind == steps.EXTEND and (got.expires is None or got.expires < (when(given["until"]) or cloud.now())):
        return _proof(Verdict.FAILED, f"{told} still expires at {got.expires}")
    if step.kind == steps.BEGIN and got.not_before is not None and got.not_before > cloud.now():
        return _proof(Verdict.FAILED, f"{told} is still not valid before {got.not_before}")
    if step.kind == steps.REMIND:
        return _reminder(cloud, told)
    return _proof(Verdict.VERIFIED, f"{told} is enabled, its dates are as wanted", version=got.version)


def _reminder(cloud: Cloud, told: str) -> Proof:
    """The note for the report: from when on the old version may be disabled, and what speaks against it."""
    after = f"{cloud.now() + KEPT:%Y-%m-%d %H:%MZ}"
    sentence = (
        f"{told} is still enabled. Reminder: do not disable it before {after}, nor while Key Vault's log shows that it "
        "is used; backups made with it need it for as long as they are kept. Never delete it."
    )
    return _proof(Verdict.VERIFIED, sentence, **{"may be disabled after": after})
