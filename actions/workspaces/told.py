"""A workspace told to people: the view as facts and tables, the same for every interface."""

from __future__ import annotations

from datetime import datetime

from actions.cloud.data import ResourceId
from actions.guard.contract import Description, Table
from actions.guard.text import many
from actions.workspaces.cells import ACCESS, ISOLATION, word_of
from actions.workspaces.rows import NONE, UNREAD, age_in_days, moment
from actions.workspaces.view import WorkspaceView

_GRADES = {True: "verified", False: "failed", None: "not-verifiable"}


def told(view: WorkspaceView) -> Description:
    """Give facts and tables in the order to read them; what was not read shows as `?`."""
    workspace = ResourceId(view.id)
    now = moment(view.as_of)
    facts = (
        ("workspace", view.name),
        ("kind", view.kind),
        ("resource group", workspace.group),
        ("subscription", view.subscription_name or workspace.subscription),
        ("region", view.region),
        ("hub", ResourceId(view.hub).name if view.hub else NONE),
        ("storage account", ResourceId(view.storage).name if view.storage else NONE),
        ("system datastores", view.auth_mode),
        ("keys allowed", UNREAD if view.keys is None else "yes" if view.keys.allowed else "no"),
        ("key policy", _policy(view)),
        ("storage network", view.storage_network or UNREAD),
        ("workspace network", network(view)),
        ("encryption key", view.encryption_key or "managed by Microsoft"),
        ("high business impact", "yes" if view.high_business_impact else "no"),
    )
    tables = [_keys(view, now), _holders(view), _access(view), _endpoints(view), _computes(view), _locks(view)]
    return Description(facts=facts, tables=tuple(table for table in tables if table is not None))


def _policy(view: WorkspaceView) -> str:
    if view.keys is None:
        return UNREAD
    return f"rotate every {view.keys.policy_days} days" if view.keys.policy_days else "none"


def network(view: WorkspaceView) -> str:
    """Say how the workspace is reached and what it reaches, in the words of the list's columns."""
    public, isolation = word_of(view.public_network, ACCESS), word_of(view.isolation, ISOLATION)
    private = many(view.private_endpoints, "private endpoint") if view.private_endpoints else "no private endpoints"
    return f"public access {public}, managed network {isolation}, {private}"


def _keys(view: WorkspaceView, now: datetime | None) -> Table | None:
    """Tell both keys' ages; a null creation time means that the slot was never regenerated since March 2021."""
    if view.keys is None:
        return None
    rows: list[tuple[str, ...]] = []
    for slot, created in sorted(view.keys.created.items()):
        days = age_in_days(created, now) if now else None
        when = created.isoformat(timespec="seconds").replace("+00:00", "Z") if created else "not recorded"
        rows.append((slot, when, UNREAD if days is None else f"{days}d"))
    return Table(title="Keys", columns=("slot", "created", "age"), rows=tuple(rows))


def _holders(view: WorkspaceView) -> Table | None:
    if view.holders is None:
        return None
    rows = tuple((holder.kind, holder.name, holder.slot) for holder in view.holders)
    return Table(title="Holders", columns=("kind", "name", "slot"), rows=rows)


def _access(view: WorkspaceView) -> Table | None:
    if view.access is None:
        return None
    words = {True: "present", False: "not found", None: UNREAD}
    rows = tuple((item.name, ResourceId(item.resource).name, words[item.present]) for item in view.access)
    states = tuple(_GRADES[item.present] for item in view.access)
    return Table(title="Identity", columns=("expected on", "name", "state"), rows=rows, states=states)


def _endpoints(view: WorkspaceView) -> Table | None:
    if view.endpoints is None:
        return None
    rows = tuple((each.name, each.kind, each.auth, each.state) for each in view.endpoints)
    return Table(title="Endpoints", columns=("name", "kind", "authentication", "state"), rows=rows)


def _computes(view: WorkspaceView) -> Table | None:
    if view.computes is None:
        return None
    rows = tuple(
        (each.name, each.kind, each.state, NONE if each.busy is None else str(each.busy)) for each in view.computes
    )
    return Table(title="Computes", columns=("name", "kind", "state", "busy nodes"), rows=rows)


def _locks(view: WorkspaceView) -> Table | None:
    if view.locks is None:
        return None
    rows = tuple((lock.name, lock.level, ResourceId(lock.scope).name) for lock in view.locks)
    return Table(title="Locks", columns=("name", "level", "on"), rows=rows)
