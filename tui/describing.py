"""One workspace as facts and tables of plain text, the same for every interface. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from actions.guard.contract import Description, Table
from tui.render import age

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceView

UNREAD = "could not be read"


def workspace_description(view: WorkspaceView, now: datetime) -> Description:
    """One workspace: where it is, what it stands on, and who may use what."""
    tables = (_holders(view), _access(view), _endpoints(view), _computes(view), _locks(view))
    return Description(facts=_facts(view, now), tables=tuple(table for table in tables if table is not None))


def _facts(view: WorkspaceView, now: datetime) -> tuple[tuple[str, str], ...]:
    reached = f"{view.public_network} from outside, isolation {view.isolation}"
    network = f"{reached}, {view.private_endpoints} private endpoints"
    by_identity = "identity-based" if view.auth_mode == "identity" else "with account keys"
    facts = [
        ("workspace", f"{view.name}, {view.kind}, {view.region}"),
        ("subscription", view.subscription_name),
        ("id", view.id),
        ("hub", view.hub),
        ("storage account", f"{_last(view.storage)} ({view.storage_network or UNREAD}), used {by_identity}"),
        ("keys", _keys(view, now)),
        ("network", network),
        ("key vault", _last(view.key_vault)),
        ("encryption", view.encryption_key or "keys managed by Microsoft"),
        ("data", "high business impact" if view.high_business_impact else ""),
        ("running jobs", _jobs(view)),
    ]
    return tuple((name, value) for name, value in facts if value)


def _keys(view: WorkspaceView, now: datetime) -> str:
    """Both slots with their ages, and what rules them."""
    if view.keys is None:
        return UNREAD
    ages = ", ".join(f"{slot} {_age(created, now)}" for slot, created in view.keys.created.items())
    policy = f"; policy {view.keys.policy_days}d" if view.keys.policy_days else ""
    return f"{ages}{policy}{'' if view.keys.allowed else '; account keys are disabled'}"


def _age(created: datetime | None, now: datetime) -> str:
    return age(created, now) if created else "of unrecorded age"


def _jobs(view: WorkspaceView) -> str:
    if view.running_jobs is None:
        return UNREAD
    return ", ".join(view.running_jobs) or "none among the newest"


def _holders(view: WorkspaceView) -> Table | None:
    if view.holders is None:
        return None
    rows = tuple((holder.kind, holder.name, holder.slot) for holder in view.holders)
    states = tuple("high" if holder.slot in {"stale", "unreadable"} else "ok" for holder in view.holders)
    return Table(
        title="Holders of the storage account's keys", columns=("kind", "name", "slot"), rows=rows, states=states
    )


def _access(view: WorkspaceView) -> Table | None:
    if not view.access:
        return None
    words = {True: "there", False: "missing", None: "not known"}
    states = {True: "ok", False: "missing", None: "unknown"}
    return Table(
        title="Access of its identity",
        columns=("to", "resource", "access"),
        rows=tuple((item.name, _last(item.resource), words[item.present]) for item in view.access),
        states=tuple(states[item.present] for item in view.access),
    )


def _endpoints(view: WorkspaceView) -> Table | None:
    if not view.endpoints:
        return None
    rows = tuple((item.name, item.kind, item.auth, item.state) for item in view.endpoints)
    return Table(title="Online endpoints", columns=("endpoint", "kind", "sign-in", "state"), rows=rows)


def _computes(view: WorkspaceView) -> Table | None:
    if not view.computes:
        return None
    rows = tuple(
        (item.name, item.kind, item.state, "-" if item.busy is None else str(item.busy)) for item in view.computes
    )
    return Table(title="Computes", columns=("compute", "kind", "state", "busy nodes"), rows=rows)


def _locks(view: WorkspaceView) -> Table | None:
    if not view.locks:
        return None
    rows = tuple((lock.name, lock.level, lock.scope) for lock in view.locks)
    return Table(title="Locks", columns=("lock", "level", "at"), rows=rows, states=("warn",) * len(rows))


def _last(resource: str) -> str:
    """The name at the end of an id, a dash for none."""
    return resource.rstrip("/").rpartition("/")[2] or "-"
