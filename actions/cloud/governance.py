"""Who may do what, what is locked, and what happened: Authorization and Monitor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from actions.cloud import versions
from actions.cloud.base import Base
from actions.cloud.data import MetricSeries, Permissions, Resource, ResourceId
from actions.cloud.http import REPEATABLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from azure.mgmt.authorization.aio import AuthorizationManagementClient

_SERIES = "100"
"""Series asked for when a metric is split; Monitor gives ten by default."""


class Governance(Base):
    """The calls to Authorization and Monitor."""

    def _authorization(self) -> AuthorizationManagementClient:
        """Make a client of the SDK; the calls here name their scope, so that its subscription plays no part."""
        from azure.mgmt.authorization.aio import AuthorizationManagementClient

        return AuthorizationManagementClient(self.credential, "", **self._wire.client_options())

    async def locks(self, resource: ResourceId) -> tuple[Resource, ...]:
        """List the locks at and above a resource."""
        path = f"{resource.text}/providers/Microsoft.Authorization/locks"
        return await self._resources(f"locks on {resource.name}", path, versions.LOCKS, **{"$filter": "atScope()"})

    async def permissions(self, scope: ResourceId) -> Permissions:
        """Ask what the caller may do at a resource, resource group or subscription.

        The SDK builds these paths with a double slash for top-level resources; nothing says that Azure takes them.
        """
        path = f"{scope.text}/providers/Microsoft.Authorization/permissions"
        return Permissions(
            entries=tuple(await self._wire.all(f"permissions at {scope.name}", path, versions.PERMISSIONS))
        )

    async def role_assignments(self, scope: str, filter: str = "atScope()") -> tuple[Resource, ...]:  # noqa: A002
        """List role assignments at and above a scope; `atScope()` and `principalId eq` cannot be combined.

        Without the SDK, whose import takes longer than the request: every description of a workspace asks this.
        """
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        query = {"$filter": filter} if filter else {}
        return await self._resources(f"role assignments at {scope}", path, versions.AUTHORIZATION, **query)

    async def deny_assignments(self, scope: str) -> tuple[Resource, ...]:
        """List deny assignments at and above a scope."""
        found = self._authorization().deny_assignments.list_for_scope(scope, filter="atScope()", **REPEATABLE)
        return await self._serialised(f"deny assignments at {scope}", found)

    async def role_definitions(self, scope: str) -> tuple[Resource, ...]:
        """List role definitions usable at a scope."""
        found = self._authorization().role_definitions.list(scope, **REPEATABLE)
        return await self._serialised(f"role definitions at {scope}", found)

    async def assignment_schedules(self, scope: str) -> tuple[dict[str, Any], ...]:
        """List the active assignments that Privileged Identity Management knows, with their principals' names.

        400 AadPremiumLicenseRequired means that the tenant has no licence for it.
        """
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignmentScheduleInstances"
        return tuple(await self._wire.all(f"assignment schedules at {scope}", path, versions.PIM))

    async def eligible_roles(self, scope: str) -> tuple[dict[str, Any], ...]:
        """List the roles that the caller may activate at, above and below a scope; refused as the schedules are."""
        path = f"{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances"
        mine = {"$filter": "asTarget()"}
        return tuple(await self._wire.all(f"eligible roles at {scope}", path, versions.PIM, mine))

    async def _serialised(self, what: str, found: AsyncIterable[Any]) -> tuple[Resource, ...]:
        """Drain a pager of the SDK into Azure's own JSON."""

        async def drain() -> list[dict[str, Any]]:
            return [item.serialize(keep_readonly=True) async for item in found]

        rows = await self._wire.guarded(what, drain())
        return tuple(
            Resource(id=ResourceId(str(row.get("id") or "")), raw=row, api_version=versions.AUTHORIZATION)
            for row in rows
        )

    async def metrics(
        self,
        resource: ResourceId,
        names: tuple[str, ...],
        *,
        span: timedelta,
        grain: str,
        aggregation: str,
        filter: str,  # noqa: A002
    ) -> dict[str, tuple[MetricSeries, ...]]:
        """Read platform metrics of the last `span`, by metric name; a bucket without samples has the value None."""
        until = self.now()
        asked = {
            "metricnames": ",".join(names),
            "timespan": f"{_minute(until - span)}/{_minute(until)}",
            "interval": grain,
            "aggregation": aggregation,
        }
        if filter:
            asked |= {"$filter": filter, "top": _SERIES}
        path = f"{resource.text}/providers/Microsoft.Insights/metrics"
        reply = await self._wire.request(f"metrics of {resource.name}", "GET", path, versions.METRICS, query=asked)
        return {
            str((item.get("name") or {}).get("value")): tuple(
                _series(each, aggregation.casefold()) for each in item.get("timeseries") or ()
            )
            for item in reply.data.get("value") or ()
        }

    async def activity(self, subscription: str, *, since: datetime, filter: str = "") -> tuple[dict[str, Any], ...]:  # noqa: A002
        """Read the activity log since a time, newest first; `filter` is one further condition that the log knows."""
        bounds = f"eventTimestamp ge '{_minute(since)}' and eventTimestamp le '{_minute(self.now())}'"
        path = f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        query = {"$filter": f"{bounds} and {filter}" if filter else bounds}
        return tuple(await self._wire.all(f"activity log of {subscription}", path, versions.ACTIVITY_LOG, query))


def _series(raw: dict[str, Any], aggregation: str) -> MetricSeries:
    """Read one time series; Monitor answers dimension names in lower case."""
    named = raw.get("metadatavalues") or ()
    return MetricSeries(
        dimensions={str(item["name"]["value"]).casefold(): str(item["value"]) for item in named},
        points=tuple((_moment(str(point["timeStamp"])), point.get(aggregation)) for point in raw.get("data") or ()),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
