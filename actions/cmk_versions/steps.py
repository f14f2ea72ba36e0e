"""The steps: repair a version's dates or state, make a new version, move the workspace, wait for what follows, remind."""

from __future__ import annotations

import shlex

import msgspec

from actions.cloud import versions
from actions.cloud.data import ResourceId
from actions.cmk_versions.state import CmkVersionsGoal, Followed
from actions.guard.model import Request, Risk, Step, Wait, WaitKind

ENABLE, EXTEND, BEGIN, RECOVER, ROTATE, MOVE, FOLLOW, REMIND = (
    "enable", "extend", "begin", "recover", "rotate", "move", "follow", "remind",
)  # fmt: skip
POLL, SLOW_POLL = 300.0, 900.0
"""Seconds between two looks: at what follows within hours, and at what may take a day."""
_KEYS = "Microsoft.KeyVault/vaults/keys"
_TERRAFORM = (
    "nothing in Azure; a Terraform configuration that names the old version would make the workspace anew at its next "
    "apply: change key_vault_key_id there first"
)


def move_body(identifier: str) -> bytes:
    """The whole body of the PATCH that moves a workspace: only the key identifier may change."""
    inner = {"encryption": {"keyVaultProperties": {"keyIdentifier": identifier}}}
    return msgspec.json.encode({"properties": inner})


def _vault_request(goal: CmkVersionsGoal, method: str, path: str, verb: str) -> Request:
    """A change in Key Vault's data plane; with access policies no role decides, so none is asked for beforehand."""
    permission = f"{_KEYS}/{verb}/action" if goal.roles else ""
    return Request(
        method=method,
        path=path,
        api_version=versions.VAULT_KEYS,
        permission=permission,
        scope=goal.vault,
        host=goal.host,
    )


def _needs(goal: CmkVersionsGoal, word: str) -> str:
    return "" if goal.roles else f"; your access policy in the vault needs keys: {word}"


def _attribute(goal: CmkVersionsGoal, kind: str, title: str, undo: str, before: str, flag: str) -> Step:
    """A change of one attribute of the pinned version; nothing else of it changes."""
    vault = ResourceId(goal.vault).name
    arguments = {"host": goal.host, "key": goal.key, "version": goal.pinned}
    arguments |= {"until": goal.extend_to} if kind == EXTEND else {"from": goal.begin} if kind == BEGIN else {}
    return Step(
        id=f"{kind}:{goal.pinned}", kind=kind, subject=goal.vault, title=title, arguments=arguments,
        request=_vault_request(goal, "PATCH", f"/keys/{goal.key}/{goal.pinned}", "update"),
        risk=Risk.DISRUPTIVE, undo=undo, before=before + _needs(goal, "update"),
        proof="the version is read again",
        az=shlex.join(["az", "keyvault", "key", "set-attributes", "--vault-name", vault, "--name", goal.key,
                       "--version", goal.pinned, *flag.split()]),
    )  # fmt: skip


def enable(goal: CmkVersionsGoal) -> Step:
    """Enable the pinned version again: nothing can be unwrapped while it is disabled."""
    return _attribute(
        goal, ENABLE, f"Enable version {goal.pinned[:8]} of {goal.key} again",
        "disable it again; what is encrypted with it then cannot be read", "the version is there and disabled",
        "--enabled true",
    )  # fmt: skip


def extend(goal: CmkVersionsGoal) -> Step:
    """Put off the pinned version's expiry."""
    return _attribute(
        goal, EXTEND, f"Put off the expiry of version {goal.pinned[:8]} of {goal.key} to {goal.extend_to[:10]}",
        "set the old date again", "the version is there", f"--expires {goal.extend_to[:10]}T00:00:00Z",
    )  # fmt: skip


def begin(goal: CmkVersionsGoal) -> Step:
    """Let the pinned version be valid from now on."""
    return _attribute(
        goal, BEGIN, f"Let version {goal.pinned[:8]} of {goal.key} be valid from {goal.begin[:10]} on",
        "set the old date again", "the version is there and not valid yet", f"--not-before {goal.begin[:10]}T00:00:00Z",
    )  # fmt: skip


def recover(goal: CmkVersionsGoal, name: str, kind: str, resource: str) -> Step:
    """Wait until a dependent that lost its key says that it has it back."""
    return Step(
        id=f"{RECOVER}:{name}", kind=RECOVER, subject=resource,
        title=f"Wait until the {kind} {name} can use its key again",
        arguments={"workspace": goal.workspace},
        wait=Wait(
            kind=WaitKind.CONDITION, reason=f"{name} takes up to an hour to take its key back.", seconds=7200,
            source="Cosmos DB's guide to revoked keys: up to an hour; call support after two", poll_seconds=POLL,
        ),
        undo="nothing to undo", proof=f"the {kind} says that it has access to its key",
    )  # fmt: skip


def rotate(goal: CmkVersionsGoal) -> Step:
    """Make a new version of the key."""
    vault = ResourceId(goal.vault).name
    return Step(
        id=f"{ROTATE}:{goal.key}", kind=ROTATE, subject=goal.vault, title=f"Make a new version of {goal.key} in {vault}",
        arguments={"host": goal.host, "key": goal.key, "after": goal.newest_at},
        request=_vault_request(goal, "POST", f"/keys/{goal.key}/rotate", "rotate"),
        risk=Risk.DISRUPTIVE,
        breaks="nothing; whatever looks for the newest version of this key by itself will take the new one",
        undo="a version cannot be taken away; it may be disabled once nothing uses it",
        before="the newest version is a healthy RSA key" + _needs(goal, "rotate"),
        proof="a version that was not there is listed, enabled and able to wrap",
        az=shlex.join(["az", "keyvault", "key", "rotate", "--vault-name", vault, "--name", goal.key]),
    )  # fmt: skip


def move(goal: CmkVersionsGoal) -> Step:
    """Change the workspace's key identifier; the new version's own name is found when it is there."""
    told = f"version {goal.target[:8]}" if goal.target else "the new version"
    arguments = {"host": goal.host, "key": goal.key, "old": goal.identifier, "after": goal.newest_at}
    if goal.target:
        arguments |= {"version": goal.target, "identifier": goal.uri}
    body = move_body(goal.uri or f"https://{goal.host}/keys/{goal.key}/NEW-VERSION").decode()
    url = f"{goal.workspace}?api-version={versions.WORKSPACE_UPDATE}"
    return Step(
        id=f"{MOVE}:{goal.name}", kind=MOVE, subject=goal.workspace, title=f"Move {goal.name} to {told} of {goal.key}",
        arguments=arguments,
        request=Request(
            method="PATCH", path=goal.workspace, api_version=versions.WORKSPACE_UPDATE, scope=goal.workspace,
            permission="Microsoft.MachineLearningServices/workspaces/write",
        ),
        wait=Wait(
            kind=WaitKind.CONDITION, reason="Azure ML says no sooner than it is done.", seconds=900,
            source="Azure tells nowhere how long an update of a workspace takes",
        ),
        risk=Risk.DISRUPTIVE, breaks=_TERRAFORM,
        undo="the same change back: the old version stays enabled",
        before="the version is in the same vault, enabled, valid for 30 days, RSA of 2048 bits or more, may wrap and "
               "unwrap; the vault is protected; every required identity can read it; the workspace is settled",
        proof="the workspace's key identifier is read again",
        az=shlex.join(["az", "rest", "--method", "patch", "--url", url, "--body", body]),
    )  # fmt: skip


def follow(goal: CmkVersionsGoal, item: Followed) -> Step:
    """Wait until a dependent really uses the new version."""
    return Step(
        id=f"{FOLLOW}:{item.name}", kind=FOLLOW, subject=item.id,
        title=f"Wait until the {item.kind} {item.name} uses the new version",
        arguments={"identifier": goal.uri or goal.identifier, "host": goal.host, "key": goal.key,
                   "workspace": goal.workspace},
        wait=Wait(
            kind=WaitKind.CONDITION, reason=f"{item.name} follows at its own pace.", source=item.source,
            seconds=item.seconds, poll_seconds=SLOW_POLL if item.seconds >= 86_400 else POLL,
        ),
        undo="nothing to undo", proof=f"the {item.kind} is read until it names the version that the workspace pins",
    )  # fmt: skip


def remind(goal: CmkVersionsGoal) -> Step:
    """Look at the old version once more and tell from when on it may be disabled."""
    return Step(
        id=f"{REMIND}:{goal.pinned}", kind=REMIND, subject=goal.vault,
        title=f"Leave version {goal.pinned[:8]} enabled, and note from when on it may be disabled",
        arguments={"host": goal.host, "key": goal.key, "version": goal.pinned, "vault": goal.vault,
                   "identifier": goal.identifier},
        undo="nothing to undo", proof="the old version is read: it must still be enabled",
    )  # fmt: skip
