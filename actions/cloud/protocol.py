"""The typed calls that actions make; implemented over the Azure SDKs, for Azure and the rehearsal cloud alike.

Reads raise `NotFound`, `Forbidden`, `Throttled` or `CloudError`; changes also `UnknownOutcome`. Changes pass the gate
only under the running step's permit. Ids are Azure's full ids. Sizes and times carry their unit in the docstring.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from actions.cloud.data import (
    Answer,
    DatastoreSecret,
    EndpointKeys,
    KeptSecret,
    KeyVersion,
    MetricSeries,
    Permissions,
    Probe,
    Resource,
    ResourceId,
    RotationPolicy,
    SecretVersion,
    SignedIn,
    StorageKey,
    Subscription,
    WorkspaceKeys,
)
from actions.guard.gate import Gate
from actions.guard.model import Request
from actions.guard.secret import Secret


class Cloud(Protocol):
    """One signed-in view of one Azure cloud, or of a rehearsal."""

    @property
    def name(self) -> str:
        """`AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`."""

    @property
    def rehearsal(self) -> bool:
        """True when nothing here is real."""

    @property
    def gate(self) -> Gate:
        """The gate that every request of this cloud passes."""

    def now(self) -> datetime:
        """The cloud's own time (UTC): local time corrected by the Date header of the last answer."""

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the cloud's time; a rehearsal may shorten it."""

    async def signed_in(self) -> SignedIn:
        """Sign in when needed and say who we are."""

    async def stay_signed_in(self, seconds: float, host: str = "") -> SignedIn:
        """Renew a sign-in that would end within so many seconds, the one to a vault's `host` too; say who we are."""

    async def subscriptions(self) -> tuple[Subscription, ...]:
        """List what the caller can see."""

    def query(
        self, text: str, subscriptions: tuple[str, ...] = (), counted: Callable[[int], object] | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Ask Resource Graph, page by page (1,000 rows each); never a proof, it lags behind.

        `counted` is told before each page how many rows there are in all.
        """

    async def get(self, resource: str, api_version: str) -> Resource:
        """GET any resource raw, so that no field of a newer api-version is lost in a typed model."""

    def list(self, path: str, api_version: str, **query: str) -> AsyncIterator[list[dict[str, Any]]]:
        """GET a collection raw, page by page, following nextLink."""

    async def post_read(self, path: str, api_version: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST a route that only reads (diagnose, getByIds)."""

    async def workspaces(self, subscription: str) -> tuple[Resource, ...]:
        """List a subscription's workspaces from the resource provider itself."""

    async def workspace(self, workspace: ResourceId) -> Resource:
        """Read one workspace raw, with a version that knows systemDatastoresAuthMode."""

    async def workspace_keys(self, workspace: ResourceId) -> WorkspaceKeys:
        """Read the workspace's own copy of its storage key (secret read)."""

    async def resync_keys(self, workspace: ResourceId) -> Answer:
        """Ask the workspace to take its keys anew (change); a success proves nothing, compare keys afterwards."""

    async def datastores(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List datastores; their credentials never contain the secret."""

    async def datastore_secret(self, datastore: ResourceId) -> DatastoreSecret:
        """Read what a datastore keeps (secret read)."""

    async def put_datastore(self, datastore: Resource, secret: Secret, kind: str) -> Answer:
        """Write a datastore back with another credential (change), every other property unchanged."""

    async def connections(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List connections, without credentials."""

    async def connection_secrets(self, connection: ResourceId) -> tuple[DatastoreSecret, ...]:
        """Read what a connection keeps (secret read): a key or SAS, or whatever somebody stored under names of theirs."""

    async def computes(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List computes."""

    async def online_endpoints(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List managed and Kubernetes online endpoints."""

    async def endpoint_keys(self, endpoint: ResourceId) -> EndpointKeys:
        """Read an endpoint's keys (secret read)."""

    async def serverless_endpoints(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List serverless endpoints."""

    async def batch_endpoints(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List batch endpoints."""

    async def web_services(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List the web services of SDK v1; none where the cloud no longer knows them."""

    async def regenerate_endpoint_key(self, endpoint: ResourceId, slot: str) -> Answer:
        """Make an endpoint's `Primary` or `Secondary` key anew (change, irreversible, never resent)."""

    async def probe_endpoint(self, uri: str, key: Secret) -> Probe:
        """Try a key on a scoring address with one GET; 401 and 403 are refusals."""

    def vault_host(self, vault: str) -> str:
        """The host name of a key vault."""

    async def secret_versions(self, vault: str, name: str) -> tuple[SecretVersion, ...]:
        """List the versions of a vault's secret without values, newest first; none where there is no such secret."""

    async def secrets(self, vault: str) -> tuple[KeptSecret, ...]:
        """List what a vault keeps as secrets: names and times, never a value."""

    async def set_secret(
        self, vault: str, name: str, value: Secret, *, content_type: str, expires: datetime, tags: dict[str, str]
    ) -> Answer:
        """Store a new version of a vault's secret (change)."""

    async def storage_account(self, account: ResourceId) -> Resource:
        """Read a storage account."""

    async def storage_keys(self, account: ResourceId) -> tuple[StorageKey, ...]:
        """Read both slots (secret read)."""

    async def regenerate_storage_key(self, account: ResourceId, slot: str) -> Answer:
        """Make a slot's key anew (change, irreversible, never resent)."""

    async def probe_storage(self, account: Resource, service: str, key: Secret) -> Probe:
        """Try a key on the account's `blob` or `file` endpoint with one signed read of the service properties."""

    async def probe_sas(self, account: Resource, service: str, sas: Secret, container: str = "") -> Probe:
        """Try a shared access signature: an account SAS on the service, a service SAS on its container or share."""

    async def key_versions(self, vault_uri: str, name: str) -> tuple[KeyVersion, ...]:
        """List all versions of a Key Vault key, newest first; they say nothing of type, size and operations."""

    async def key_version(self, vault_uri: str, name: str, version: str = "") -> KeyVersion:
        """Read one version of a key whole, the one made last where none is named."""

    async def key_rotation_policy(self, vault_uri: str, name: str) -> RotationPolicy:
        """Read when Key Vault makes new versions of a key by itself, and how long they live."""

    async def deleted_key(self, vault_uri: str, name: str) -> bool:
        """Tell whether a key lies in the vault's soft-deleted ones."""

    async def rotate_key(self, vault_uri: str, name: str) -> KeyVersion:
        """Make a new version of a key (change, never resent)."""

    async def update_key_version(
        self,
        vault_uri: str,
        name: str,
        version: str,
        *,
        enabled: bool | None = None,
        not_before: datetime | None = None,
        expires: datetime | None = None,
    ) -> KeyVersion:
        """Change the attributes named of one version (change); all others stay."""

    async def locks(self, resource: ResourceId) -> tuple[Resource, ...]:
        """List the locks at and above a resource."""

    async def permissions(self, scope: ResourceId) -> Permissions:
        """Ask what the caller may do at a resource or resource group."""

    async def role_assignments(self, scope: str, filter: str = "atScope()") -> tuple[Resource, ...]:  # noqa: A002
        """List role assignments at and above a scope."""

    async def deny_assignments(self, scope: str) -> tuple[Resource, ...]:
        """List deny assignments at and above a scope."""

    async def role_definitions(self, scope: str) -> tuple[Resource, ...]:
        """List role definitions usable at a scope."""

    async def assignment_schedules(self, scope: str) -> tuple[dict[str, Any], ...]:
        """List the active assignments that Privileged Identity Management knows, with their principals' names."""

    async def eligible_roles(self, scope: str) -> tuple[dict[str, Any], ...]:
        """List the roles that the caller may activate at, above and below a scope."""

    async def service_principals(self, prefix: str) -> tuple[dict[str, Any], ...]:
        """List the directory's service principals whose display name starts with a text."""

    async def applications(self, prefix: str) -> tuple[dict[str, Any], ...]:
        """List this tenant's applications whose display name starts with a text."""

    async def application(self, app_id: str) -> dict[str, Any] | None:
        """Find one of this tenant's applications by its application id."""

    async def directory_objects(self, ids: Iterable[str]) -> tuple[dict[str, Any], ...]:
        """Look up users, groups and service principals by object id; ids of nobody are absent."""

    async def group_members(self, group: str) -> tuple[dict[str, Any], ...]:
        """List who is in a group, through other groups too, by object id alone."""

    async def sign_in_report(self) -> tuple[dict[str, Any], ...]:
        """Read when applications signed in last (beta, needs a role; refused in most tenants)."""

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
        """Read platform metrics of the last `span`; `grain` is ISO 8601 (`PT1H`); split by dimensions in `filter`."""

    async def activity(self, subscription: str, *, since: datetime, filter: str = "") -> tuple[dict[str, Any], ...]:  # noqa: A002
        """Read the activity log since a time; entries appear 3 to 20 minutes late."""

    async def reach(self, address: str) -> Probe:
        """Ask an address of this cloud's storage, vaults or registries once, without a token, whether it answers."""

    async def send(self, request: Request, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send any other change exactly as its step states it and follow its long-running operation."""

    async def close(self) -> None:
        """Close connections; the object is not usable afterwards."""
