"""Who the service principals are: from the directory, and without it from what Resource Manager or a given list tells."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from actions.cloud.data import CloudError
from actions.cloud.protocol import Cloud
from actions.support_apps.listed import listed
from actions.support_apps.naming import PREFIXES, kind_of, kind_of_name
from actions.support_apps.reading import Estate, attempt
from actions.support_apps.state import App, Credential

Item = dict[str, Any]
_KINDS = frozenset({"", "serviceprincipal", "unknown"})


class People(msgspec.Struct, kw_only=True):
    """The apps found, and what the directory told besides."""

    apps: tuple[App, ...] = ()
    names: dict[str, str] = {}
    gone: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sign_ins: bool = False
    unmatched: int = 0


async def find(cloud: Cloud, estate: Estate, tenant: str, given: tuple[str, ...]) -> People:
    """Find the apps in the directory; where it cannot be read, by PIM's names and the given list."""
    try:
        return await _from_directory(cloud, estate, tenant, given)
    except CloudError as error:
        return await _without_directory(cloud, estate, given, f"the directory could not be read: {error.sentence}")


async def _from_directory(cloud: Cloud, estate: Estate, tenant: str, given: tuple[str, ...]) -> People:
    """The service principals with the prefixes, and those that hold roles: a look-alike name has no such prefix."""
    named, registered = await asyncio.gather(
        asyncio.gather(*(cloud.service_principals(prefix) for prefix in PREFIXES)),
        asyncio.gather(*(cloud.applications(prefix) for prefix in PREFIXES)),
    )
    items = {str(item["id"]).casefold(): item for found in named for item in found}
    holders = {held.principal.casefold(): held.principal for held in estate.held.values() if _may_be_app(held)}
    makers = {held.made_by for held in estate.held.values() if held.made_by}
    asked = [principal for key, principal in holders.items() if key not in items]
    others = {str(item["id"]).casefold(): item for item in await cloud.directory_objects([*asked, *sorted(makers)])}
    known = {**others, **items}
    applications = {str(item.get("appId")).casefold(): item for found in registered for item in found}
    kinds = {key: kind for key, item in known.items() if (kind := kind_of(item, tenant)) is not None}
    ours = [key for key in kinds if str(known[key].get("appOwnerOrganizationId") or "").casefold() == tenant.casefold()]
    missing = [app for key in ours if (app := str(known[key].get("appId") or "").casefold()) not in applications]
    for found in await asyncio.gather(*(cloud.application(app) for app in missing if app)):
        if found is not None:
            applications[str(found.get("appId")).casefold()] = found
    report = await _sign_ins(cloud)
    apps = tuple(_app(known[key], kinds[key], applications, report) for key in sorted(kinds, key=_by_name(known)))
    return People(
        apps=apps,
        names={key: _title(item) for key, item in others.items()},
        gone=tuple(sorted(principal for key, principal in holders.items() if key not in known)),
        sign_ins=report is not None,
        unmatched=_unmatched(listed(given), {*holders, *items}),
    )


def _may_be_app(held: Any) -> bool:
    return held.principal_type.casefold() in _KINDS


def _by_name(known: dict[str, Item]) -> Any:
    return lambda key: (str(known[key].get("displayName") or "").casefold(), key)


def _title(item: Item) -> str:
    return str(item.get("userPrincipalName") or item.get("displayName") or "")


async def _sign_ins(cloud: Cloud) -> dict[str, str] | None:
    """The last sign-in by application id; None where the report cannot be had, which is the rule."""
    rows = await attempt(cloud.sign_in_report)
    if isinstance(rows, str):
        return None
    return {
        str(row.get("appId") or "").casefold(): str((row.get("lastSignInActivity") or {}).get("lastSignInDateTime"))
        for row in rows
    }


def _app(item: Item, kind: Any, applications: dict[str, Item], report: dict[str, str] | None) -> App:
    app_id = str(item.get("appId") or "").casefold()
    own = applications.get(app_id)
    credentials = [*_credentials(item, "principal"), *(_credentials(own, "application") if own else ())]
    unique = {(credential.key, credential.on): credential for credential in credentials}
    return App(
        principal=str(item["id"]), name=str(item.get("displayName") or ""), kind=kind, app_id=app_id,
        owner=str(item.get("appOwnerOrganizationId") or ""), enabled=_flag(item.get("accountEnabled")),
        disabled=str(item.get("disabledByMicrosoftStatus") or ""), created=str(item.get("createdDateTime") or ""),
        credentials=tuple(unique.values()),
        last_sign_in="" if report is None else report.get(app_id, "never"),
    )  # fmt: skip


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _credentials(item: Item, on: Literal["principal", "application"]) -> Iterable[Credential]:
    for kind, field in (("password", "passwordCredentials"), ("certificate", "keyCredentials")):
        for given in item.get(field) or ():
            yield Credential(
                kind="password" if kind == "password" else "certificate", key=str(given.get("keyId") or ""),
                name=str(given.get("displayName") or ""), start=str(given.get("startDateTime") or ""),
                end=str(given.get("endDateTime") or ""), on=on,
            )  # fmt: skip


async def _without_directory(cloud: Cloud, estate: Estate, given: tuple[str, ...], problem: str) -> People:
    """Every service principal that holds a role and is no workspace's or compute's, named as far as anybody names it."""
    scopes = sorted({f"/subscriptions/{part[2]}" for part in _split(estate) if len(part) > 2})
    schedules = await asyncio.gather(*(attempt(cloud.assignment_schedules, scope) for scope in scopes))
    told = dict(_told(row) for answer in schedules if not isinstance(answer, str) for row in answer)
    names = listed(given)
    holders = {held.principal.casefold(): held.principal for held in estate.held.values() if _may_be_app(held)}
    apps: list[App] = []
    for key, principal in sorted(holders.items()):
        if key in estate.identities:
            continue
        name = names.get(key) or told.get(key, "")
        source: Literal["list", "pim", "nothing"] = "list" if names.get(key) else "pim" if name else "nothing"
        kind = kind_of_name(name)
        if kind == "unknown" and name:
            continue  # named, and nothing to do with this review
        apps.append(App(principal=principal, name=name or principal, kind=kind, source=source))
    lacking = [answer for answer in schedules if isinstance(answer, str)]
    pim = f"names through Privileged Identity Management are not to be had either: {lacking[0]}" if lacking else ""
    return People(
        apps=tuple(apps), problems=(problem, *([pim] if pim else [])), unmatched=_unmatched(names, holders),
    )  # fmt: skip


def _split(estate: Estate) -> Iterable[list[str]]:
    return (held.id.split("/") for held in estate.held.values() if held.id.casefold().startswith("/subscriptions/"))


def _told(row: Item) -> tuple[str, str]:
    """A principal and its name, from a schedule instance's expanded properties."""
    properties = row.get("properties") or {}
    expanded = (properties.get("expandedProperties") or {}).get("principal") or {}
    return str(properties.get("principalId") or "").casefold(), str(expanded.get("displayName") or "")


def _unmatched(names: dict[str, str], holders: Iterable[str]) -> int:
    known = set(holders)
    return sum(1 for item in names if item not in known)
