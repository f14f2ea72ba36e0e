"""What the review of a workspace's identities reads and wants: frozen, secret-free values."""

from __future__ import annotations

from typing import Literal

from actions.guard.contract import Goal, Inspection, Options
from actions.guard.model import Frozen

IdentityKind = Literal["system-assigned", "user-assigned", "endpoint", "compute"]
AccessState = Literal["present", "through", "conditioned", "denied", "missing", "not-needed", "unknown"]


class Added(Frozen, frozen=True, kw_only=True):
    """One thing that a run added, as its journal tells: enough to take away exactly that and nothing else.

    `kind` role: `id` is the assignment's id. `kind` policy: `id` is the vault's id, `permissions` the words that the
    entry did not have before.
    """

    kind: Literal["role", "policy"]
    id: str
    principal: str
    title: str
    scope: str = ""
    role: str = ""
    tenant: str = ""
    permissions: dict[str, tuple[str, ...]] = {}


class IdentityAccessOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator may choose."""

    resync: bool = True
    """Resync the workspace's keys first: the documentation says that this restores access, without saying which."""
    legacy: bool = False
    """Also restore Contributor on the resource group of a vault that lies elsewhere (documented until 2020)."""
    propagation: float = 600.0
    """Seconds to wait for new role assignments to count; Azure documents up to ten minutes."""
    undo: tuple[Added, ...] = ()
    """What an earlier run added, to be taken away again; `--undo RUN` fills it from the journal."""

    def __post_init__(self) -> None:
        if self.propagation < 0:
            message = "propagation cannot be negative"
            raise ValueError(message)


class Identity(Frozen, frozen=True, kw_only=True):
    """One identity of the workspace; endpoint and compute identities are shown and never changed."""

    kind: IdentityKind
    name: str
    principal: str
    id: str = ""
    """The resource id of a user-assigned identity, an endpoint or a compute."""

    @property
    def ours(self) -> bool:
        """Whether this action restores its access."""
        return self.kind in ("system-assigned", "user-assigned")


class Grant(Frozen, frozen=True, kw_only=True):
    """A role assignment seen at or above one of the scopes, with the principal and the group that brings it."""

    id: str
    scope: str
    role: str
    principal: str
    kind: str = ""
    condition: str = ""
    created: str = ""
    members: tuple[str, ...] = ()
    """Principals of the workspace that have it as members of the group `principal`."""


class Deny(Frozen, frozen=True, kw_only=True):
    """A deny assignment at or above a scope, for these principals (32 hex digits or all)."""

    name: str
    scope: str
    blocks: tuple[dict[str, tuple[str, ...]], ...]
    principals: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    children: bool = True


class Scope(Frozen, frozen=True, kw_only=True):
    """One resource or group whose access matters, and what was read there; `problem` says why it was not."""

    key: str
    id: str
    title: str
    grants: tuple[Grant, ...] = ()
    denies: tuple[Deny, ...] = ()
    problem: str = ""


class Vault(Frozen, frozen=True, kw_only=True):
    """A key vault's permission model and policies: `policies` maps an object id to kind -> permission words."""

    id: str
    roles: bool = False
    tenant: str = ""
    policies: dict[str, dict[str, tuple[str, ...]]] = {}
    problem: str = ""
    closed: bool = False
    """Whether its network rules keep Azure's own services out."""


class Access(Frozen, frozen=True, kw_only=True):
    """One row of the table: what one identity should be able to do somewhere, and what it is found to have."""

    identity: str
    key: str
    what: str
    scope: str
    state: AccessState
    detail: str = ""
    role: str = ""
    """The role that would be granted; empty for a vault policy."""
    words: dict[str, tuple[str, ...]] = {}
    """For a vault policy: the permission words that are missing."""
    repair: bool = False
    """Whether this action restores the row when it is missing."""


class IdentityAccessInspection(Inspection, frozen=True, kw_only=True):
    """The workspace, its identities, what they have, and the table of expected against present access."""

    workspace: str
    group: str
    region: str = ""
    created: str = ""
    tenant: str = ""
    identities: tuple[Identity, ...] = ()
    vault: Vault | None = None
    table: tuple[Access, ...] = ()
    assignments: tuple[str, ...] = ()
    """Ids (case-folded) of the role assignments seen."""
    seen: tuple[Grant, ...] = ()

    def missing(self) -> tuple[Access, ...]:
        """The rows that this action would restore."""
        return tuple(row for row in self.table if row.repair and row.state == "missing")


class IdentityAccessGoal(Goal, frozen=True, kw_only=True):
    """The rows that were missing at the start, and the operator's choices."""

    workspace: str
    name: str
    rows: tuple[str, ...]
    """`identity key` of each row to restore."""
    resync: bool
    propagation: float
    undo: tuple[Added, ...] = ()
