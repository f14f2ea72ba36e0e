"""What Azure leaves unconfirmed, or does slowly or badly, as named options with a default.

An estate sets them in `behaviour`; a resource overrides them in its private block `"azsim": {"behaviour":
{...}}`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

ResyncTakes = Literal["key1", "key2", "in_use", "newest", "oldest"]
ResyncRestores = Literal["nothing", "roles", "policies", "everything"]
ResyncAnswer = Literal["200", "202", "202-bare", "lying"]
OperationOutcome = Literal["succeed", "fail", "stuck", "vanish", "lie"]
RegenerateAnswer = Literal["200", "503-after-commit", "503-before-commit", "409-in-progress"]
SharedKeyAnswer = Literal["AuthenticationFailed", "KeyBasedAuthenticationNotPermitted", "AuthorizationFailure"]


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The options; times are in simulated seconds unless the name says hours."""

    resync_takes: ResyncTakes = "in_use"
    """The slot a workspace takes when it synchronises (no document says which)."""
    resync_rewrites_system_datastores: bool = True
    """Whether synchronising also rewrites the secrets of the built-in datastores."""
    resync_restores: ResyncRestores = "nothing"
    """What of the workspace identity's access a resync gives back (documents say that it does, not what)."""
    self_sync_hours: float | None = 1.0
    """A workspace synchronises by itself this long after a key of its account changed; null: never."""
    resync_answer: ResyncAnswer = "202"
    """200 at once; 202 with both headers; 202 with none (done after `operation_seconds`, if set); or 202 that reports
    success and changes nothing."""
    operation_polls: int = 1
    """Polls that a long-running operation answers as still running."""
    operation_seconds: float | None = None
    """If set, operations end by simulated time instead of by polls."""
    operation_outcome: OperationOutcome = "succeed"
    """How long-running operations end."""
    regenerate_answer: RegenerateAnswer = "200"
    """The answer to a storage key regeneration."""
    shared_key_answer: SharedKeyAnswer = "AuthenticationFailed"
    """AuthenticationFailed: signatures are checked. The other two refuse every Shared Key request with that
    code."""
    key_propagation_seconds: float = 0.0
    """How long the data plane goes on accepting a replaced key (and refusing the new one)."""
    role_propagation_seconds: float = 0.0
    """How long a new or deleted role assignment takes to count."""
    principal_replication_seconds: float = 0.0
    """How long an identity created during the rehearsal is unknown to the directory unless principalType is
    sent."""
    existing_assignment_id_in_message: bool = False
    """Whether 409 RoleAssignmentExists names the existing assignment (newer service text)."""
    device_code_polls: int = 1
    """Token requests answered authorization_pending before a device code is accepted."""
    throttling: bool = False
    """Whether Resource Manager's request budgets really refuse (429), or are only reported in the headers."""
    endpoint_regenerate_poll: Literal["404", "200", "status", "at-once"] = "404"
    """What the poll after an endpoint key regeneration answers; the recorded one answered
    OperationNotFound. 200: 202 until it is done. status: Azure-AsyncOperation too, saying Updating until Succeeded.
    at-once: the regeneration answers 200 and there is nothing to poll."""
    serverless_regenerate_poll: Literal["404", "200", "status", "at-once"] = "at-once"
    """The same for serverless endpoints, which answer their keys at once."""
    endpoint_key_propagation_seconds: float = 0.0
    """How long a scoring address goes on taking a replaced key, and refusing the new one (no document says)."""
    endpoint_key_value: Literal["honoured", "ignored"] = "honoured"
    """Whether `keyValue` in an endpoint key regeneration sets the key (honoured) or a random key is made."""
    graph_reads: bool = True
    """Whether the signed-in operator may read the directory through Microsoft Graph."""
    graph_group_members: bool = True
    """Whether the operator may read who is in a group, which needs GroupMember.Read.All."""
    graph_sign_in_reports: bool = False
    """Whether the beta report of applications' sign-ins answers (it needs a reader role of the directory)."""
    pim_licensed: bool = False
    """Whether the tenant has the licence that Privileged Identity Management needs."""
    cosmos_key_seconds: float | None = 1800.0
    """How long after its workspace a Cosmos DB account uses the new key version (undocumented); null: never."""
    cosmos_recovery_seconds: float = 3600.0
    """How long a revoked Cosmos DB account stays so once its key can be used again."""
    storage_key_seconds: float | None = 86_400.0
    """How long after a new version a storage account without a pinned one uses it (documented: it looks daily)."""
    registry_key_seconds: float | None = 3600.0
    """How long after a new version a registry without a pinned one uses it (documented: within the hour)."""
    disk_key_seconds: float | None = 3600.0
    """How long after a new version a disk encryption set that rotates by itself uses it."""
    pim_lists_permanent: bool = True
    """Whether active assignments that were never eligible show among the schedule instances (nowhere documented)."""
    activity_delay_seconds: float = 180.0
    """How long an event takes to show in the activity log."""


def override(base: Behaviour, changes: dict[str, Any]) -> Behaviour:
    """`base` with the options of `changes` (camel case); raises msgspec.ValidationError for a bad one."""
    if not changes:
        return base
    merged = {**msgspec.to_builtins(base), **changes}
    return msgspec.convert(merged, Behaviour)
