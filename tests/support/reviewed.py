"""The small estate with service principals that may be support apps, as a test needs them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from azsim.clock import Clock
from azsim.estates import shapes as az
from azsim.estates.book import CONTRIBUTOR, service_principal
from azsim.estates.compute_shapes import attached_aks
from azsim.estates.directory import MICROSOFT_TENANTS
from azsim.estates.small import SUBSCRIPTION, small

SCOPE = f"/subscriptions/{SUBSCRIPTION}"
NAME = "contoso-001"
HOME, MICROSOFT = az.TENANT_ID, MICROSOFT_TENANTS[0]
CONDITION = "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})))"
Json = dict[str, Any]


class Apps:
    """Collects principals and their role assignments at one moment."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or Clock().now()
        self.principals: list[Json] = []
        self.applications: list[Json] = []
        self.grants: list[Json] = []
        self.resources: list[Json] = []
        self.without_workspaces = False

    def ago(self, days: float) -> datetime:
        """A moment before; after, where the days are negative."""
        return self.now - timedelta(days=days)

    def app(
        self, name: str, *, owner: str | None = MICROSOFT, secrets: Iterable[tuple[float, float]] = (), **facts: Any
    ) -> str:
        """Add a service principal; gives its object id. `secrets` are (start, end) in days ago."""
        principal = az.stable_guid("reviewed", name)
        passwords = [
            az.password_credential(f"{name}-{number}", start=self.ago(start), end=self.ago(end))
            for number, (start, end) in enumerate(secrets)
        ]
        self.principals.append(
            service_principal(
                name, object_id=principal, owner=owner, created=self.ago(2200), passwords=passwords, **facts
            )
        )
        return principal

    def grant(self, principal: str, role: str = CONTRIBUTOR, scope: str = SCOPE, **facts: Any) -> Json:
        """Add a role assignment; gives it."""
        self.grants.append(az.role_assignment(scope, role, principal, created=self.ago(2000), **facts))
        return self.grants[-1]

    def aks(self, name: str, attached: datetime | None, cluster: str = "") -> None:
        """Attach a Kubernetes service to the workspace; without a date it tells none."""
        document = small(self.now)
        workspace = next(item for item in document["resources"] if item["id"].endswith("/workspaces/small-ml"))
        kind = "Microsoft.ContainerService/managedClusters"
        lies = cluster or az.resource_id(SUBSCRIPTION, "rg-small", kind, name)
        compute = attached_aks(workspace["id"], name, "westeurope", created=attached or self.now, cluster_id=lies)
        if attached is None:
            compute["properties"]["createdOn"] = None
        self.resources.append(compute)

    def estate(self, **behaviour: Any) -> Json:
        """The document."""
        document = small(self.now)
        kept = [item for item in document["resources"] if "/workspaces/" not in item["id"]]
        document["resources"] = kept if self.without_workspaces else document["resources"]
        document["clients"] = [] if self.without_workspaces else document["clients"]
        return {
            **document,
            "resources": [*document["resources"], *self.resources],
            "servicePrincipals": [*document["servicePrincipals"], *self.principals],
            "applications": self.applications,
            "roleAssignments": [*document["roleAssignments"], *self.grants],
            "behaviour": behaviour,
        }


def reviewed(now: datetime | None = None, *, removed: bool = False) -> Json:
    """Two support apps, one with a conditioned role; `removed` leaves the roles out, as after a review."""
    apps = Apps(now)
    first, second = (apps.app(f"Microsoft-AzureML-Support-App-{name}") for name in ("one", "two"))
    if not removed:
        apps.grant(first)
        apps.grant(second, condition=CONDITION, description="made by hand")
    return apps.estate()


def held(now: datetime | None = None) -> list[Json]:
    """What a run removed from that estate, as the journal gives it to an undo."""
    grants = (item for item in reviewed(now)["roleAssignments"] if item["properties"]["principalId"] in _principals())
    return [
        {
            "id": item["id"], "scope": SCOPE, "role": CONTRIBUTOR, "role_name": "Contributor",
            "principal": item["properties"]["principalId"], "principal_type": "ServicePrincipal",
            "condition": item["properties"]["condition"] or "",
            "condition_version": item["properties"]["conditionVersion"] or "",
            "description": item["properties"]["description"] or "",
        }
        for item in grants
    ]  # fmt: skip


def names(now: datetime | None = None) -> list[str]:
    """The names of its two role assignments, by which they are decided about."""
    return [item["id"].rpartition("/")[2] for item in held(now)]


def _principals() -> set[str]:
    return {az.stable_guid("reviewed", f"Microsoft-AzureML-Support-App-{name}") for name in ("one", "two")}
