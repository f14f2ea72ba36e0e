"""The steps of a rotation of endpoint keys: each with its request, what it breaks, its way back and its proof.

A step's content depends on nothing that changes during a run, because the operator approves it by its hash.
"""

from __future__ import annotations

import shlex

from actions.cloud import versions
from actions.endpoint_keys.state import Item, Slot, Vault, other
from actions.guard.model import Request, Risk, Step, Wait, WaitKind

REGENERATE, PROBE, PUBLISH, HAND_OVER = "regenerate", "probe", "publish", "hand-over"
_ML = "Microsoft.MachineLearningServices/workspaces"
_SETTLES = 300.0
_DOC = "Authenticate clients for online endpoints"
_NONE = "no document says how fast a replaced endpoint key counts"


def regenerate(item: Item, slot: Slot, *, first: bool, in_use: bool, forced: bool) -> Step:
    """Replace one key; `first` of the pair, `in_use` by the clients as far as known, `forced` without telling them."""
    collection = "serverlessEndpoints" if item.kind == "serverless" else "onlineEndpoints"
    return Step(
        id=f"{REGENERATE}:{item.key}:{slot}",
        kind=REGENERATE,
        title=f"Regenerate the {slot} key of {item.name}",
        subject=item.id,
        arguments={"slot": slot, "old": item.old(slot), "other": item.old(other(slot)) if first else ""},
        request=Request(
            method="POST", path=f"{item.id}/regenerateKeys", api_version=versions.ENDPOINT, scope=item.id,
            permission=f"{_ML}/{collection}/regenerateKeys/action",
        ),
        wait=Wait(
            kind=WaitKind.CONDITION, seconds=_SETTLES, poll_seconds=15.0, source=_DOC,
            reason="the operation's own answer proves nothing: the recorded one is not found although the key changed",
        ),
        risk=Risk.IRREVERSIBLE,
        breaks=_breaks(slot, in_use=in_use, forced=forced),
        before=f"{slot} still has the fingerprint it had at the start",
        proof=f"{slot} has another fingerprint, {other(slot)} has the same as before",
        az=_az_regenerate(item, slot),
    )  # fmt: skip


def _breaks(slot: str, *, in_use: bool, forced: bool) -> str:
    if forced:
        return f"every client that uses {slot}, at once and until it has the new key: nobody was told before"
    if in_use:
        return f"clients that still use {slot} although they were told; nothing can tell who they are"
    return f"clients that use {slot}, which none is expected to; nothing can tell who does"


def probe(item: Item, slot: Slot) -> Step:
    """Try the new key, which must be taken, and the old one, which must be refused."""
    return Step(
        id=f"{PROBE}:{item.key}:{slot}",
        kind=PROBE,
        title=f"Try the old and the new {slot} key of {item.name}",
        subject=item.id,
        arguments={"slot": slot, "scoring": item.scoring},
        wait=Wait(kind=WaitKind.CONDITION, seconds=900.0, poll_seconds=30.0, source=_DOC, reason=_NONE),
        undo="not needed: nothing changes",
        proof="one GET each on the scoring address: the new key is taken, the old one answers 401 or 403",
    )


def publish(item: Item, slot: Slot, vault: Vault, days: float) -> Step:
    """Store the key that the clients are to use as a new version of a secret."""
    name = vault.secret_for(item.name)
    path = f"/secrets/{name}"
    permission = "Microsoft.KeyVault/vaults/secrets/setSecret/action" if vault.roles else ""
    return Step(
        id=f"{PUBLISH}:{item.key}:{slot}",
        kind=PUBLISH,
        title=f"Publish the new {slot} key of {item.name} as secret {name} of vault {vault.name}",
        subject=item.id,
        arguments={"slot": slot, "vault": vault.name, "secret": name, "days": f"{days:g}", "old": item.old(slot)},
        request=Request(
            method="PUT",
            path=path,
            api_version=versions.VAULT_SECRETS,
            permission=permission,
            scope=vault.id,
            host=vault.host,
        ),
        risk=Risk.DISRUPTIVE,
        breaks="nothing: earlier versions of the secret stay; whoever reads the newest one gets this key",
        undo="disable the new version in the vault: the one before is the newest again",
        before=f"{slot} has been replaced",
        proof="the newest version is enabled and tagged with the key's fingerprint",
        az="amlkeys stores it without showing it; with az the key would stand in the shell's history",
    )


def hand_over(item: Item, dies: Slot, vault: Vault | None) -> Step:
    """Wait until a person has moved the clients to the other key."""
    to = other(dies)
    place = (
        f"secret {vault.secret_for(item.name)} of vault {vault.name}" if vault else "the endpoint's keys in the studio"
    )
    return Step(
        id=f"{HAND_OVER}:{item.key}:{dies}",
        kind=HAND_OVER,
        title=f"Wait until the clients of {item.name} use the {to} key",
        subject=item.id,
        arguments={"dies": dies, "to": to, "place": place},
        wait=Wait(
            kind=WaitKind.PERSON, seconds=0, source=f"{_DOC}: metrics count requests, and none names a key",
            reason=f"tell the clients of {item.name} to use its {to} key ({place}); then resume, and the {dies} key dies",
        ),
        breaks="nothing: both keys work meanwhile",
        undo="not needed: nothing changes",
        proof="a person says so; the metrics show refused requests, and none names a key",
    )  # fmt: skip


def _az_regenerate(item: Item, slot: str) -> str:
    body = f'{{"keyType":"{slot}"}}'
    url = f"{item.id}/regenerateKeys?api-version={versions.ENDPOINT}"  # az puts the host of its own cloud before it
    return f"az rest --method post --url {shlex.quote(url)} --body {shlex.quote(body)}"
