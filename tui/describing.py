"""One workspace as facts and tables of plain text, the same for every interface. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from actions.guard.contract import Description, Table
from actions.workspaces.rows import ROTATE_AFTER, age_in_days
from actions.workspaces.told import network
from tui.render import age
from tui.spark import gauge

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceView

UNREAD = "could not be read"
_GAUGE = 12


def workspace_description(view: WorkspaceView, now: datetime) -> Description:
    """One workspace: where it is, what it stands on, and who may use what."""
    tables = (_holders(view), _access(view), _endpoints(view), _computes(view), _locks(view))
    return Description(facts=_facts(view, now), tables=tuple(table for table in tables if table is not None))


def _facts(view: WorkspaceView, now: datetime) -> tuple[tuple[str, str], ...]:
    by_identity = "identity-based" if view.auth_mode == "identity" else "with account keys"
    facts = [
        ("workspace", f"{view.name}, {view.kind}, {view.region}"),
        ("subscription", view.subscription_name),
        ("id", view.id),
        ("hub", view.hub),
        ("storage account", f"{_last(view.storage)} ({view.storage_network or UNREAD}), used {by_identity}"),
        *_keys(view, now),
        ("network", network(view)),
        ("key vault", _last(view.key_vault)),
        ("encryption", view.encryption_key or "keys managed by Microsoft"),
        ("data", "high business impact" if view.high_business_impact else ""),
        ("running jobs", _jobs(view)),
    ]
    return tuple((name, value) for name, value in facts if value)


def _keys(view: WorkspaceView, now: datetime) -> list[tuple[str, str]]:
    """Each slot's age as a bar of what the account's policy allows, or of what is usual where it has none."""
    if view.keys is None:
        return [("keys", UNREAD)]
    limit, rule = view.keys.policy_days or ROTATE_AFTER, "policy's" if view.keys.policy_days else "usual"
    facts = [(slot, _age(created, now, limit, rule)) for slot, created in view.keys.created.items()]
    return facts if view.keys.allowed else [*facts, ("account keys", "disabled")]


def _age(created: datetime | None, now: datetime, limit: int, rule: str) -> str:
    days = age_in_days(created, now)
    if days is None:
        return "of unrecorded age"
    rest = f", {days - limit}d over the {rule} {limit}d" if days > limit else f" of the {rule} {limit}d"
    return f"{gauge(days / limit, _GAUGE)} {age(created, now)}{rest}"


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
