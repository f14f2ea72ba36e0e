"""The steps of a storage key rotation: each with its request, what it breaks, its way back and its proof.

A step's content depends on nothing that changes during a run, because the operator approves it by its hash.
"""

from __future__ import annotations

from shlex import quote

import msgspec

from actions.cloud import versions
from actions.cloud.data import ResourceId
from actions.guard.model import Request, Risk, Step, Wait, WaitKind
from actions.storage_keys.state import OUTSIDE, Account, Holder, Workspace, other

REGENERATE, MOVE, RESYNC, RECOVER = "regenerate", "move", "resync", "recover"
PROVE_DEAD = "prove-dead"
SOAK, AWAIT_SYNC, HAND_OVER = "soak", "await-sync", "hand-over"

SELF_SYNC_SECONDS = 75 * 60.0
"""A workspace takes a changed key by itself after about an hour (How to change storage access keys), and a quarter."""
SELF_SYNC_LOOKS = 5
"""How often that time is interrupted to look whether it has happened."""
_ML = "Microsoft.MachineLearningServices/workspaces"
_STORAGE_DOC = "Manage storage account access keys"
_ML_DOC = "How to change storage access keys in Azure Machine Learning"


def regenerate(account: Account, slot: str, old: str, *, gap: bool) -> Step:
    """Replace one slot's key; `old` is the fingerprint that it must still have. `gap`: some workspace insists on it."""
    path = f"{account.id}/regenerateKey"
    known = f"nobody whom this plan moves; clients outside Azure ML that still use {slot}, and holders whose loss was decided"
    insists = f"each workspace that insists on {slot}, from now until its resync, the next step; else {known}"
    aware = "" if gap else "nobody holds it whose loss was not decided; "
    return Step(
        id=f"{REGENERATE}:{slot}:gap" if gap else f"{REGENERATE}:{slot}",
        kind=REGENERATE,
        title=f"Regenerate {slot} of {account.name}" + (" although a workspace insists on it" if gap else ""),
        subject=account.id,
        arguments={"slot": slot, "old": old},
        request=Request(
            method="POST", path=path, api_version=versions.STORAGE_KEYS, scope=account.id,
            permission="Microsoft.Storage/storageAccounts/regeneratekey/action",
        ),
        risk=Risk.IRREVERSIBLE,
        breaks=insists if gap else known,
        before=f"{aware}{slot} still has the fingerprint it had at the start; {other(slot)} works",
        proof=f"{slot} has another fingerprint; the data plane is tried after the resync" if gap else _refused(slot),
        az=_az_on(account.id, f"az storage account keys renew --account-name {quote(account.name)} --key {slot}"),
    )  # fmt: skip


def prove_dead(account: Account, slot: str, old: str) -> Step:
    """Try the old key of a slot whose replacement opened a gap, once the gap is closed."""
    return Step(
        id=f"{PROVE_DEAD}:{slot}",
        kind=PROVE_DEAD,
        title=f"Prove that the old {slot} of {account.name} is dead",
        subject=account.id,
        arguments={"slot": slot, "old": old},
        undo="not needed: nothing changes",
        proof=_refused(slot),
    )


def _refused(slot: str) -> str:
    return f"the new {slot} works and the old one is refused (403 AuthenticationFailed), same host, same minute"


MOVES = ("", "-again", "-once-more")
"""How often a datastore is moved to one slot: a resync may bring the workspace's own ones back."""


def move(account: Account, holder: Holder, slot: str, *, nth: str = "", sas_hours: float = 0) -> Step:
    """Write a datastore back with the other key, or with its SAS signed anew by that key; `nth` is one of MOVES."""
    arguments = {"slot": slot, "account": account.id, "credential": holder.credential, "hours": f"{sas_hours:g}"}
    if holder.default:
        arguments["default"] = "yes"
    often = nth[1:].replace("-", " ")
    if holder.credential == "Sas":
        title = f"Sign the SAS of datastore {holder.label} anew with {slot} {often}".rstrip()
        proof = f"the stored SAS is signed by {slot}"
    elif holder.system:
        title = f"Move system datastore {holder.label} to {slot}{often and ' ' + often}, unless the resync does"
        proof = f"listSecrets gives {slot}"
    else:
        title = f"Move datastore {holder.label} to {slot} {often}".rstrip()
        proof = f"listSecrets gives {slot}; it is still the default datastore if it was"
    return Step(
        id=f"{MOVE}{nth}:{holder.label}:{slot}",
        kind=MOVE,
        title=title,
        subject=holder.id,
        arguments=arguments,
        request=Request(
            method="PUT", path=holder.id, api_version=versions.DATASTORE, scope=holder.workspace,
            permission=f"{_ML}/datastores/write",
        ),
        risk=Risk.DISRUPTIVE,
        breaks="nothing: the key it leaves still works",
        undo=f"the same step back to {other(slot)}, while that key lives",
        before=f"{slot} is live; the datastore is still there, read anew",
        proof=proof,
        az=_az_move(account, holder, slot),
    )  # fmt: skip


def resync(workspace: Workspace, account: Account, slot: str, *, again: bool = False) -> Step:
    """Have a workspace take its storage key anew, in the hope that it takes `slot`."""
    return _resync(
        workspace, account, slot,
        id=f"{RESYNC}{'-again' if again else ''}:{workspace.label}:{slot}",
        title=f"Resync the keys of {workspace.label}" + (f", its datastores being on {slot} now" if again else ""),
    )  # fmt: skip


def refresh(workspace: Workspace, account: Account, slot: str) -> Step:
    """Resync a workspace that does not tell its key, after `slot` was replaced."""
    return _resync(
        workspace, account, "", id=f"refresh:{workspace.label}:{slot}",
        title=f"Resync the keys of {workspace.label}, which does not tell the key it holds",
    )  # fmt: skip


def recover(workspace: Workspace, account: Account, slot: str) -> Step:
    """Resync a workspace whose copy died with a slot; its own synchronisation is waited for where the resync fails."""
    step = _resync(
        workspace, account, "", id=recover_id(workspace.label, slot),
        title=f"Resync the keys of {workspace.label} at once: its key died with the old {slot}",
    )  # fmt: skip
    wait = Wait(
        kind=WaitKind.CONDITION, seconds=SELF_SYNC_SECONDS, poll_seconds=15.0, source=_ML_DOC,
        reason="a resync that changes nothing is made up for by the workspace's own synchronisation within the hour",
    )  # fmt: skip
    return msgspec.structs.replace(
        step, kind=RECOVER, wait=wait, arguments={**step.arguments, "died": slot}, breaks="nothing: it ends the gap"
    )


def recover_id(label: str, slot: str) -> str:
    """The id of the resync that ends the gap which replacing `slot` opened."""
    return f"{RECOVER}:{label}:{slot}"


def _resync(workspace: Workspace, account: Account, slot: str, *, id: str, title: str) -> Step:  # noqa: A002
    resource = ResourceId(workspace.id)
    return Step(
        id=id,
        kind=RESYNC,
        title=title,
        subject=workspace.id,
        arguments={"slot": slot, "account": account.id},
        request=Request(
            method="POST", path=f"{workspace.id}/resyncKeys", api_version=versions.RESYNC_KEYS, scope=workspace.id,
            permission=f"{_ML}/resynckeys/action",
        ),
        breaks="nothing: both keys work meanwhile",
        undo="not needed: a resync can be repeated",
        before=f"{slot} is live" if slot else "the account has live keys",
        proof="the workspace's copy has the fingerprint of a live key; which one is shown",
        az=_az_on(workspace.id, f"az ml workspace sync-keys --name {quote(resource.name)}"),
    )  # fmt: skip


def soak(account: Account, slot: str, seconds: float, *, again: bool = False) -> Step:
    """Let copies of the old key that were taken before the moves run out."""
    title = f"Wait before {slot} dies" + (", because a holder moved after the first wait" if again else "")
    return _wait(
        f"{SOAK}{'-again' if again else ''}:{slot}", SOAK, account.id, title, {"slot": slot},
        kind=WaitKind.TIME, seconds=seconds,
        reason=f"jobs and clients that read {slot} before the moves take the new credentials in this time",
        source=f"{_ML_DOC}: workspaces synchronise by themselves after about an hour",
    )  # fmt: skip


def await_sync(workspace: Workspace, slot: str) -> tuple[Step, ...]:
    """Give the workspace's own hourly synchronisation a chance to take the other slot, looking now and then."""
    return tuple(
        _wait(
            f"{AWAIT_SYNC}:{workspace.label}:{slot}:{look}",
            AWAIT_SYNC,
            workspace.id,
            f"Wait for {workspace.label} to take {slot} by itself, {look} of {SELF_SYNC_LOOKS}",
            {"slot": slot},
            kind=WaitKind.TIME,
            seconds=SELF_SYNC_SECONDS / SELF_SYNC_LOOKS,
            reason="Azure ML synchronises the keys of a workspace by itself, about once an hour",
            source=_ML_DOC,
        )
        for look in range(1, SELF_SYNC_LOOKS + 1)
    )


def hand_over(account: Account, holder: Holder, slot: str) -> Step:
    """Wait until a person has given `slot` to a holder that we cannot move."""
    return _wait(
        f"{HAND_OVER}:{holder.label}:{slot}", HAND_OVER, holder.id,
        f"Wait until somebody has moved {holder.kind} {holder.label} to {slot}", {"slot": slot, "account": account.id},
        kind=WaitKind.PERSON, seconds=0,
        reason=f"{holder.label} holds {other(slot)}, and amlkeys does not write it",
        source=_STORAGE_DOC,
    )  # fmt: skip


def hand_over_outside(account: Account, slot: str) -> Step:
    """Wait until a person has moved the clients that Azure cannot list."""
    return _wait(
        f"{HAND_OVER}:external:{slot}", HAND_OVER, account.id,
        f"Wait until the {OUTSIDE} use {slot}", {"slot": slot, "account": account.id},
        kind=WaitKind.PERSON, seconds=0,
        reason=f"requests signed with a key are seen, and nobody can tell whether {other(slot)} is among the keys",
        source="Prevent authorization with Shared Key: metrics count requests, logs name the key",
    )  # fmt: skip


def _wait(
    step_id: str, step_kind: str, subject: str, title: str, arguments: dict[str, str],
    *, kind: WaitKind, seconds: float, reason: str, source: str, poll: float = 15.0,
) -> Step:  # fmt: skip
    proofs = {
        WaitKind.TIME: "the time has passed, in Azure's clock",
        WaitKind.CONDITION: "the fingerprint has changed",
        WaitKind.PERSON: "a person says so; what can be read is read before the old key dies",
    }
    wait = Wait(kind=kind, reason=reason, source=source, seconds=seconds, poll_seconds=poll)
    return Step(
        id=step_id, kind=step_kind, title=title, subject=subject, arguments=arguments, wait=wait,
        breaks="nothing", undo="not needed: nothing changes", proof=proofs[kind],
    )  # fmt: skip


def _az_on(resource_id: str, command: str) -> str:
    """Complete an az command with where the resource is; a group's name may hold parentheses."""
    resource = ResourceId(resource_id)
    return f"{command} --resource-group {quote(resource.group)} --subscription {quote(resource.subscription)}"


def _az_move(account: Account, holder: Holder, slot: str) -> str:
    """The az command that moves a datastore; the key goes from command to command and is never shown."""
    keys = _az_on(account.id, f"az storage account keys list --account-name {quote(account.name)}")
    key = f'"$({keys} --query "[?keyName==\'{slot}\'].value" --output tsv)"'
    setting = f"credentials.account_key={key}"
    if holder.credential == "Sas":
        maker = "container" if holder.service == "blob" else "share"
        token = (
            f"az storage {maker} generate-sas --account-name {quote(account.name)} --name {quote(holder.container)}"
            f" --permissions <AS-BEFORE> --expiry <AS-BEFORE> --account-key {key} --output tsv"
        )
        setting = f'credentials.sas_token="$({token})"'
    name, workspace = ResourceId(holder.id).name, ResourceId(holder.workspace)
    command = f"az ml datastore update --name {quote(name)} --workspace-name {quote(workspace.name)}"
    return f"{_az_on(workspace.text, command)} --set {setting}"
