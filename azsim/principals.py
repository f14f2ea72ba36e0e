"""The directory: who exists, who is signed in, and which groups stand behind a principal."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from azsim.estate import Estate

PrincipalType = Literal["User", "Group", "ServicePrincipal"]
REHEARSAL_APP = "azsim rehearsal client"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a bearer token speaks for."""

    object_id: str
    name: str
    """The user principal name, or the application id: what Azure prints in refusals."""
    is_app: bool
    principal_ids: frozenset[str]
    """Normalised ids that grant access: the principal, and all groups it is in, directly or not."""
    audience: str = ""
    """The `aud` claim of the token."""
    display_name: str = ""


def normalised(object_id: str) -> str:
    """Principal ids compare without dashes and case: deny assignments print 32 hex digits."""
    return object_id.replace("-", "").casefold()


def rehearsal_app_id(tenant_id: str) -> str:
    """The application id with which other clients sign in to a served rehearsal."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"azsim/{tenant_id}/client"))


class Directory:
    """Principals by object id and by application id."""

    def __init__(self, estate: Estate, resources: Iterable[dict[str, Any]]) -> None:
        self.tenant_id = estate.tenant.tenant_id
        self.signed_in = estate.signed_in
        self.client_app_id = rehearsal_app_id(self.tenant_id)
        self.client_object_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"azsim/{self.tenant_id}/principal"))
        self._types: dict[str, PrincipalType] = {normalised(estate.signed_in.object_id): "User"}
        self._types.update({normalised(user.id): "User" for user in estate.users})
        self._types.update({normalised(group.id): "Group" for group in estate.groups})
        self._types[normalised(self.client_object_id)] = "ServicePrincipal"
        self._applications: dict[str, tuple[str, str]] = {
            self.client_app_id.casefold(): (self.client_object_id, REHEARSAL_APP)
        }
        for item in estate.service_principals:
            self._add_application(item)
        for resource in resources:
            self._add_identities(resource)
        self._created: dict[str, datetime] = {}
        self._parents: dict[str, set[str]] = {}
        self._members = sorted({member.casefold() for group in estate.groups for member in group.members})
        for group in estate.groups:
            for member in group.members:
                self._parents.setdefault(normalised(member), set()).add(normalised(group.id))

    def type_of(self, object_id: str) -> PrincipalType | None:
        """User, Group or ServicePrincipal (managed identities included); None when nobody has this id."""
        return self._types.get(normalised(object_id))

    def created(self, object_id: str) -> datetime | None:
        """When the principal appeared, if that was during the rehearsal: replication takes a while."""
        return self._created.get(normalised(object_id))

    def add(self, object_id: str, kind: PrincipalType, created: datetime) -> None:
        """A principal that comes to be during the rehearsal."""
        self._types[normalised(object_id)] = kind
        self._created[normalised(object_id)] = created

    def remove(self, object_id: str) -> None:
        """The principal is deleted; its role assignments stay, with an unknown principal."""
        self._types.pop(normalised(object_id), None)

    def principal_ids(self, object_id: str) -> frozenset[str]:
        """The principal and every group it is a member of, through other groups too."""
        found: set[str] = set()
        pending = [normalised(object_id)]
        while pending:
            current = pending.pop()
            if current not in found:
                found.add(current)
                pending.extend(self._parents.get(current, ()))
        return frozenset(found)

    def members(self, group_id: str) -> list[str]:
        """The ids, in lower case, of everybody who is in a group, directly or through another, groups among them."""
        group = normalised(group_id)
        found = (one for one in self._members if normalised(one) != group and group in self.principal_ids(one))
        return sorted(found)

    def user(self, audience: str = "") -> Caller:
        """The signed-in user."""
        user = self.signed_in
        name, title = user.user_principal_name, user.display_name or user.user_principal_name
        return Caller(user.object_id, name, False, self.principal_ids(user.object_id), audience, title)

    def application(self, app_id: str, audience: str = "") -> Caller | None:
        """A service principal by application id; the rehearsal's own client holds what the signed-in user
        holds."""
        entry = self._applications.get(app_id.casefold())
        if entry is None:
            return None
        object_id, title = entry
        granted = self.principal_ids(object_id)
        if object_id == self.client_object_id:
            granted |= self.principal_ids(self.signed_in.object_id)
        return Caller(object_id, app_id.casefold(), True, granted, audience, title)

    def _add_application(self, item: dict[str, Any]) -> None:
        object_id, app_id = item.get("id"), item.get("appId")
        if isinstance(object_id, str):
            self._types[normalised(object_id)] = "ServicePrincipal"
            if isinstance(app_id, str):
                self._applications.setdefault(app_id.casefold(), (object_id, str(item.get("displayName", ""))))

    def _add_identities(self, resource: dict[str, Any]) -> None:
        """System-assigned identities, user-assigned ones, and the identities that other resources attach."""
        blocks: list[Any] = [resource.get("identity"), resource.get("properties")]
        for block in blocks:
            if isinstance(block, dict) and isinstance(block.get("principalId"), str):
                self._types.setdefault(normalised(block["principalId"]), "ServicePrincipal")
