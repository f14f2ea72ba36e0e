"""A review told to people: who the apps are, what they hold, and what they could still be needed for."""

from __future__ import annotations

from collections.abc import Iterable

from actions.cloud.data import ResourceId
from actions.guard.contract import Description, Table
from actions.support_apps.naming import MICROSOFT
from actions.support_apps.planning import blocks
from actions.support_apps.rubric import forbidding
from actions.support_apps.state import App, Held, SupportAppsInspection

_KINDS = {"likely": "likely", "candidate": "candidate", "own": "your own", "look-alike": "LOOK-ALIKE",
          "managed-identity": "managed identity", "first-party": "Microsoft's own", "unknown": "unknown"}  # fmt: skip


def describe(found: SupportAppsInspection) -> Description:
    """Facts, then the apps, their assignments, their credentials, and the attached clusters."""
    tables = (_apps(found), _assignments(found), _credentials(found), _clusters(found), _not_apps(found))
    return Description(facts=tuple(_facts(found)), tables=tuple(table for table in tables if table.rows))


def _facts(found: SupportAppsInspection) -> Iterable[tuple[str, str]]:
    yield "subscription", f"{found.name} ({ResourceId(found.subscription).subscription})"
    yield "looked at", ", ".join(name or subscription for subscription, name in found.visible) or "this one only"
    yield "review", "complete" if found.complete else "INCOMPLETE: what could not be read is among the findings"
    yield "workspaces here", f"{found.workspaces} in {', '.join(found.regions) or 'no region'}"
    against = blocks(found)
    yield "removal", f"not possible: {against[0]}" if against else "possible, one role assignment at a time"
    if found.earlier is None:
        yield "last review", "none in this journal"
    else:
        yield "last review", f"{found.earlier.run} of {found.earlier.at[:10]}"
    yield "sign-ins", "read" if found.sign_ins else "unknown: the report needs AuditLog.Read.All and a reader role"


def _apps(found: SupportAppsInspection) -> Table:
    apps = [app for app in found.apps if app.reviewed or app.kind == "unknown"]
    rows: list[tuple[str, ...]] = [
        (app.name, _KINDS[app.kind], _owner(app, found.tenant), _enabled(app), _counted(found, app)) for app in apps
    ]
    columns: tuple[str, ...] = ("name", "kind", "owner", "enabled", "here/all")
    if found.sign_ins:
        columns = (*columns, "sign-in")
        rows = [(*row, app.last_sign_in[:10]) for row, app in zip(rows, apps, strict=True)]
    return Table(
        title="Service principals that may be support apps", columns=columns, rows=tuple(rows),
        states=tuple(_state(app, found.tenant) for app in apps),
    )  # fmt: skip


def _state(app: App, tenant: str) -> str:
    """None of them is well: a support app is at best not suspicious."""
    suspect = app.kind == "look-alike" or _owner(app, tenant).startswith("ANOTHER") or _enabled(app) == "no: Microsoft"
    return "missing" if suspect else "unknown" if app.kind == "unknown" else "info"


def _held_state(app: App, held: Held) -> str:
    if held.assigns:
        return "missing"
    return "unknown" if held.assigns is None or app.kind == "unknown" else "info"


def _owner(app: App, tenant: str) -> str:
    owner = app.owner.casefold()
    if not owner:
        return "unknown"
    if owner in MICROSOFT:
        return "Microsoft"
    return "your tenant" if owner == tenant.casefold() else f"ANOTHER: {owner[:8]}"


def _enabled(app: App) -> str:
    if app.disabled and app.disabled.casefold() != "notdisabled":
        return "no: Microsoft"
    return {True: "yes", False: "no", None: "unknown"}[app.enabled]


def _counted(found: SupportAppsInspection, app: App) -> str:
    """How many of its role assignments lie in this subscription, and how many there are."""
    held = found.of(app)
    return f"{sum(found.here(item) for item in held)}/{len(held)}"


def _assignments(found: SupportAppsInspection) -> Table:
    shown = [app for app in found.apps if app.reviewed or app.kind in ("unknown", "first-party")]
    rows = [(app, held) for app in shown for held in found.of(app)]
    return Table(
        title="Their role assignments in every visible subscription",
        columns=("app", "role", "scope", "made", "by"),
        rows=tuple(
            (
                app.name, (held.role_name or held.role) + (" (conditioned)" if held.condition else ""),
                _scope(found, held), held.made_at[:10] or "unknown", _maker(found, held),
            )
            for app, held in rows
        ),
        states=tuple(_held_state(app, held) for app, held in rows),
    )  # fmt: skip


def _scope(found: SupportAppsInspection, held: Held) -> str:
    names = {f"/subscriptions/{subscription}".casefold(): name for subscription, name in found.visible}
    whole = names.get(held.scope.rstrip("/").casefold())
    return whole or ("/" if held.scope == "/" else ResourceId(held.scope).name)


def _maker(found: SupportAppsInspection, held: Held) -> str:
    return found.names.get(held.made_by.casefold(), "") or held.made_by[:8] or "unknown"


def _credentials(found: SupportAppsInspection) -> Table:
    rows = [(app, item) for app in found.apps if app.reviewed for item in app.credentials]
    return Table(
        title="Their credentials (ids and dates, never values)",
        columns=("app", "kind", "on", "key id", "from", "to"),
        rows=tuple(
            (app.name, item.kind, item.on, item.key[:8], item.start[:10], item.end[:10] or "no end")
            for app, item in rows
        ),
        states=tuple("info" if item.end and item.end < found.as_of else "missing" for _, item in rows),
    )


def _clusters(found: SupportAppsInspection) -> Table:
    old = forbidding(found)
    return Table(
        title="Attached Kubernetes services (support apps serve those of before 14 May 2021)",
        columns=("workspace", "compute", "attached", "removal"),
        rows=tuple(
            (
                ResourceId(item.workspace).name, item.name, item.created[:10] or "unknown",
                "FORBIDDEN" if item in old else "allowed here",
            )
            for item in found.aks
        ),
        states=tuple("missing" if item in old else "ok" for item in found.aks),
    )  # fmt: skip


def _not_apps(found: SupportAppsInspection) -> Table:
    apps = [app for app in found.apps if app.kind in ("managed-identity", "first-party")]
    return Table(
        title="Not support apps",
        columns=("name", "what it is", "here/all"),
        rows=tuple((app.name, _KINDS[app.kind], _counted(found, app)) for app in apps),
        states=tuple("info" for _ in apps),
    )
