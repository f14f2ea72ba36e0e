"""Which slot a copy of a key is on, found by fingerprint or signature and never assumed; secrets stay in here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from actions.cloud.data import CloudError, DatastoreSecret, NotFound, Resource, ResourceId, StorageKey, WorkspaceKeys
from actions.cloud.protocol import Cloud
from actions.guard.secret import Fingerprint, Secret
from actions.storage_keys import sas
from actions.storage_keys.state import SLOTS, Held, Holder, Workspace

P = ParamSpec("P")
T = TypeVar("T")
SYSTEM_DATASTORES = frozenset(
    {"workspaceblobstore", "workspacefilestore", "workspaceartifactstore", "workspaceworkingdirectory"}
)
_NEVER_KEYS = frozenset({"serviceprincipal", "certificate"})
_KEY_CONNECTIONS = frozenset({"accountkey", "accesskey", "sas"})
_KEYLESS_CONNECTIONS = frozenset({"aad", "managedidentity", "none", "oauth2", "serviceprincipal", "pat"})
_WITHIN = re.compile(r"(?:^|;)\s*(AccountKey|SharedAccessSignature)\s*=\s*([^;]+)", re.IGNORECASE)
_PASSING = frozenset({0, 401, 429})
"""Failures that say nothing about the holder: no connection, no sign-in, throttling."""
_SIGNED = re.compile(r"(?=.*(?:^|[?&])sv=)(?=.*(?:^|[?&])sig=)", re.DOTALL)


@dataclass(frozen=True)
class Keys:
    """Both keys of the account, in memory for as long as an inspection takes."""

    account: str
    by_slot: dict[str, Secret]
    prints: dict[Fingerprint, Held]
    now: datetime

    @classmethod
    def of(cls, account: str, keys: tuple[StorageKey, ...], now: datetime) -> Keys:
        """Take them as Azure listed them."""
        prints: dict[Fingerprint, Held] = {key.fingerprint: "key2" if key.slot == "key2" else "key1" for key in keys}
        return cls(account, {key.slot: key.secret for key in keys}, prints, now)

    def held(self, fingerprint: Fingerprint) -> Held:
        """The slot with this key, `neither` for a key that is dead."""
        return self.prints.get(fingerprint, "neither")


async def attempt(read: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T | CloudError:
    """Read, and give a refusal back as a value; what is no answer about the thing asked for is raised."""
    try:
        return await read(*args, **kwargs)
    except CloudError as error:
        if error.status in _PASSING:
            raise
        return error


def datastore_place(account: str, store: Resource) -> sas.Place:
    """Return what a datastore's SAS must be for: its share, or its container or file system."""
    properties = store.properties
    share = properties.get("fileShareName")
    container = share or properties.get("containerName") or properties.get("filesystem") or ""
    return sas.Place(account=account, service="file" if share else "blob", container=str(container))


def datastore_holder(store: Resource, workspace: Workspace) -> Holder:
    """Describe a datastore that points at the account, before its secret is read."""
    properties = store.properties
    credentials: dict[str, Any] = properties.get("credentials") or {}
    place = datastore_place("", store)
    stamps: dict[str, Any] = store.raw.get("systemData") or {}
    return Holder(
        id=store.id.text,
        label=f"{workspace.label}/{store.name}",
        kind="datastore",
        workspace=workspace.id,
        holds="unknown",
        credential=str(credentials.get("credentialsType") or ""),
        system=store.name.casefold() in SYSTEM_DATASTORES,
        service=place.service,
        container=place.container,
        default=properties.get("isDefault") is True,
        modified=str(stamps.get("lastModifiedAt") or ""),
    )


def connection_holder(connection: Resource, workspace: Workspace) -> Holder:
    """Describe a connection that points at the account, before its secret is read."""
    url = urlsplit(str(connection.properties.get("target") or ""))
    return Holder(
        id=connection.id.text,
        label=f"{workspace.label}/{connection.name}",
        kind="connection",
        workspace=workspace.id,
        holds="unknown",
        credential=str(connection.properties.get("authType") or ""),
        service="file" if ".file." in (url.hostname or "") else "blob",
        container=url.path.strip("/").partition("/")[0],
    )


def points_at(account: str, resource: Resource) -> bool:
    """Whether a datastore or connection is for the account; its name is enough, being unique in an Azure cloud."""
    properties, name = resource.properties, account.casefold()
    if "accountName" in properties:
        return str(properties.get("accountName") or "").casefold() == name
    metadata: dict[str, Any] = properties.get("metadata") or {}
    named = next((value for key, value in metadata.items() if key.casefold() == "accountname"), "")
    target = str(properties.get("target") or "").casefold()
    host = urlsplit(target if "//" in target else f"//{target}").hostname or ""
    return (
        str(named).casefold() == name
        or host.partition(".")[0] == name
        or target.rstrip("/").endswith(f"/storageaccounts/{name}")
    )


async def read_holder(cloud: Cloud, holder: Holder, workspace: Workspace, keys: Keys) -> Holder:
    """Read what a holder keeps (secret read) and tell its slot."""
    resource = ResourceId(holder.id)
    if holder.kind == "workspace":
        return _workspace_copy(holder, workspace, await attempt(cloud.workspace_keys, resource), keys)
    if holder.kind == "connection":
        if holder.credential.casefold() in _KEYLESS_CONNECTIONS:
            return _told(holder, "identity")
        return _connection(holder, await attempt(cloud.connection_secrets, resource), keys)
    if _needs_no_key(holder, workspace):
        return _told(holder, "identity")
    return _child(holder, await attempt(cloud.datastore_secret, resource), keys)


def _needs_no_key(holder: Holder, workspace: Workspace) -> bool:
    """Whether a datastore's own words are believed: `None` on a system datastore of a workspace with keys is not."""
    kind = holder.credential.casefold()
    return kind in _NEVER_KEYS or (kind == "none" and (workspace.keyless or not holder.system))


def _workspace_copy(holder: Holder, workspace: Workspace, found: WorkspaceKeys | CloudError, keys: Keys) -> Holder:
    if isinstance(found, CloudError):
        return _told(holder, "unreadable", reason=found.sentence)
    if found.storage_fingerprint is None:
        return _told(holder, "identity" if workspace.keyless else "unknown")
    return _told(holder, keys.held(found.storage_fingerprint), fingerprint=found.storage_fingerprint)


def _child(holder: Holder, found: DatastoreSecret | CloudError, keys: Keys) -> Holder:
    if isinstance(found, NotFound) and holder.kind == "datastore":
        has_key = holder.credential.casefold() in ("accountkey", "sas")
        return _told(holder, "missing" if has_key else "identity", reason=found.sentence if has_key else "")
    if isinstance(found, CloudError):
        return _told(holder, "unreadable", reason=found.sentence)
    if found.secret is None:
        return _told(holder, "identity")
    if found.kind.casefold() == "sas":
        return _signed(holder, found.secret, keys)
    if holder.kind == "datastore" and found.kind != "AccountKey":
        return _told(holder, "identity")
    fingerprint = found.secret.key_fingerprint()
    return _told(holder, keys.held(fingerprint), fingerprint=fingerprint, credential="AccountKey")


def _connection(holder: Holder, found: tuple[DatastoreSecret, ...] | CloudError, keys: Keys) -> Holder:
    """Look for the account's keys in all that a connection keeps: people store them under names of their own too."""
    if isinstance(found, CloudError):
        return _told(holder, "unreadable", reason=found.sentence)
    told = [_child(holder, _unwrapped(item), keys) for item in found]
    on = {item.holds: item for item in told if item.holds in SLOTS}
    if len(on) > 1:
        return _told(holder, "unreadable", reason="it keeps both keys.")
    best = [*on.values(), *(item for item in told if item.holds == "unreadable")]
    if not best and holder.credential.casefold() in _KEY_CONNECTIONS:
        best = told
    return best[0] if best else _told(holder, "identity")


def _unwrapped(item: DatastoreSecret) -> DatastoreSecret:
    """Take the key or SAS out of an address or of a connection string ("Configure Azure Storage connection strings")."""
    if item.secret is None:
        return item
    text, kind = item.secret.reveal().strip(), item.kind
    if within := _WITHIN.search(text):
        text = within[2].strip()
        kind = "Sas" if within[1].casefold() == "sharedaccesssignature" else "AccountKey"
    elif _SIGNED.search(text):
        text, kind = text.rpartition("?")[2], "Sas"
    return DatastoreSecret(kind=kind, secret=Secret(text), fingerprint=None)


def _signed(holder: Holder, token: Secret, keys: Keys) -> Holder:
    """Tell which key signed a holder's token; the fingerprint is that of the token."""
    known: dict[str, Any] = {"credential": "Sas", "expires": sas.ends(token), "fingerprint": token.fingerprint()}
    if sas.delegated(token):
        return _told(holder, "identity", **known)
    if sas.ended(token, keys.now):
        return _told(holder, "expired", **known)
    place = sas.Place(account=keys.account, service=holder.service, container=holder.container)
    try:
        slot = sas.signer(token, place, keys.by_slot)
    except sas.NotCheckable as error:
        reason = f"which key signed its SAS cannot be told: {error}."
        return _told(holder, "unreadable", **known, reason=reason)
    return _told(holder, "key1" if slot == "key1" else "key2" if slot == "key2" else "neither", **known)


def _told(holder: Holder, holds: Held, **known: Any) -> Holder:
    fields = {name: getattr(holder, name) for name in holder.__struct_fields__}
    return Holder(**{**fields, "fingerprint": "", "expires": "", "reason": "", **known, "holds": holds})
