"""Azure Machine Learning: workspaces and what hangs on them.

The SDK (azure-mgmt-machinelearningservices 2.0.0b2) is used where its models lose nothing: secrets and resync. It drops
fields of newer api-versions, also on the way back (a datastore's subscriptionId and resourceGroup), so resources are
read and written as raw JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from actions.cloud import versions
from actions.cloud.base import Base
from actions.cloud.data import (
    Answer,
    CloudError,
    DatastoreSecret,
    EndpointKeys,
    Resource,
    ResourceId,
    WorkspaceKeys,
)
from actions.cloud.http import ONCE, REPEATABLE, Reply, reply_of
from actions.cloud.operations import follow
from actions.guard.secret import Secret

if TYPE_CHECKING:
    from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient

_SECRET_FIELD = {"AccountKey": "key", "Sas": "sasToken"}
_CONNECTION_FIELDS = ("key", "sas", "secretAccessKey", "pat", "clientSecret", "password")


class MachineLearning(Base):
    """The calls to Azure Machine Learning."""

    def _ml(self, subscription: str) -> MachineLearningServicesMgmtClient:
        """Make a client of the SDK, which is imported by the first call that needs it; making one costs 0.5 ms."""
        from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient

        return MachineLearningServicesMgmtClient(
            self.credential, subscription, api_version=versions.RESYNC_KEYS, **self._wire.client_options()
        )

    async def workspaces(self, subscription: str) -> tuple[Resource, ...]:
        """List a subscription's workspaces from the resource provider itself."""
        path = f"/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/workspaces"
        return await self._resources(f"workspaces of subscription {subscription}", path, versions.WORKSPACES)

    async def workspace(self, workspace: ResourceId) -> Resource:
        """Read one workspace raw, with a version that knows systemDatastoresAuthMode."""
        return await self.get(workspace.text, versions.WORKSPACE)

    async def workspace_keys(self, workspace: ResourceId) -> WorkspaceKeys:
        """Read the workspace's own copy of its storage key (secret read)."""
        client = self._ml(workspace.subscription)
        what = f"keys of workspace {workspace.name}"
        found = await self._wire.guarded(
            what, client.workspaces.list_keys(workspace.group, workspace.name, **REPEATABLE)
        )
        key = Secret(found.user_storage_key) if found.user_storage_key else None
        account = found.user_storage_resource_id
        return WorkspaceKeys(
            storage=key,
            storage_fingerprint=key.key_fingerprint() if key else None,
            storage_account=ResourceId(account) if account else None,
        )

    async def resync_keys(self, workspace: ResourceId) -> Answer:
        """Ask the workspace to take its keys anew (change), and follow the operation ourselves.

        The SDK's own polling calls a 202 without headers, and a final 200 that says Failed, a success.
        """
        client = self._ml(workspace.subscription)
        what = f"resync of workspace {workspace.name}"

        async def begin() -> Reply:
            poller: Any = await client.workspaces.begin_resync_keys(
                workspace.group, workspace.name, polling=False, cls=_answered, **ONCE
            )
            first: Reply = await poller.result()
            return first

        first = await self._wire.guarded(what, begin(), change=True)
        return await follow(self._wire, self._clock, what, first)

    async def datastores(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List datastores; their credentials never contain the secret."""
        what = f"datastores of workspace {workspace.name}"
        return await self._resources(what, f"{workspace.text}/datastores", versions.DATASTORE)

    async def datastore_secret(self, datastore: ResourceId) -> DatastoreSecret:
        """Read what a datastore keeps (secret read)."""
        workspace = datastore.parent
        client = self._ml(workspace.subscription)
        what = f"secret of datastore {datastore.name} in workspace {workspace.name}"
        found: Any = await self._wire.guarded(
            what, client.datastores.list_secrets(workspace.group, workspace.name, datastore.name, **REPEATABLE)
        )
        kind = str(found.secrets_type or "None")
        value = getattr(found, "key", None) or getattr(found, "sas_token", None)
        return _kept(kind, value if kind in _SECRET_FIELD else None)

    async def put_datastore(self, datastore: Resource, secret: Secret, kind: str) -> Answer:
        """Write a datastore back with another credential (change), every other property unchanged.

        The write is sent with the api-version of the read; validation is left out, as the Azure CLI and Terraform do.
        """
        if kind not in _SECRET_FIELD:
            raise ValueError(f"a datastore keeps {' or '.join(_SECRET_FIELD)}, not {kind}")
        kept = {name: value for name, value in datastore.properties.items() if value is not None}
        kept.pop("isDefault", None)
        secrets = {"secretsType": kind, _SECRET_FIELD[kind]: secret.reveal()}
        body = {"properties": {**kept, "credentials": {"credentialsType": kind, "secrets": secrets}}}
        what = f"credential of datastore {datastore.name}"
        reply = await self._wire.request(
            what,
            "PUT",
            datastore.id.text,
            datastore.api_version,
            query={"skipValidation": "true"},
            body=msgspec.json.encode(body),
            change=True,
        )
        return await follow(self._wire, self._clock, what, reply)

    async def connections(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List connections, without credentials."""
        what = f"connections of workspace {workspace.name}"
        return await self._resources(what, f"{workspace.text}/connections", versions.CONNECTION)

    async def connection_secret(self, connection: ResourceId) -> DatastoreSecret:
        """Read a connection's key or SAS (secret read); the SDK does not know the kinds that hold account keys."""
        what = f"secret of connection {connection.name}"
        reply = await self._wire.request(what, "POST", f"{connection.text}/listsecrets", versions.CONNECTION)
        properties = reply.data.get("properties") or {}
        kind = str(properties.get("authType") or "None")
        credentials = properties.get("credentials") or {}
        return _kept(kind, next((credentials[name] for name in _CONNECTION_FIELDS if credentials.get(name)), None))

    async def computes(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List computes."""
        what = f"computes of workspace {workspace.name}"
        return await self._resources(what, f"{workspace.text}/computes", versions.COMPUTE)

    async def online_endpoints(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List managed and Kubernetes online endpoints."""
        what = f"online endpoints of workspace {workspace.name}"
        return await self._resources(what, f"{workspace.text}/onlineEndpoints", versions.ENDPOINT)

    async def endpoint_keys(self, endpoint: ResourceId) -> EndpointKeys:
        """Read the keys of an online or serverless endpoint (secret read); None where it has token authentication."""
        workspace = endpoint.parent
        what = f"keys of endpoint {endpoint.name}"
        if endpoint.type.endswith("/serverlessendpoints"):
            reply = await self._wire.request(what, "POST", f"{endpoint.text}/listKeys", versions.ENDPOINT)
            found = reply.data
            return EndpointKeys(primary=_secret(found.get("primaryKey")), secondary=_secret(found.get("secondaryKey")))
        if not endpoint.type.endswith("/onlineendpoints"):
            raise CloudError(f"{what}: {endpoint.type} has no keys to read", status=0, code="NoKeys")
        client = self._ml(workspace.subscription)
        keys = await self._wire.guarded(
            what, client.online_endpoints.list_keys(workspace.group, workspace.name, endpoint.name, **REPEATABLE)
        )
        return EndpointKeys(primary=_secret(keys.primary_key), secondary=_secret(keys.secondary_key))


def _answered(answer: Any, *_: object) -> Reply:
    """Take an SDK call's plain answer instead of a model."""
    return reply_of(answer.http_response)


def _secret(value: str | None) -> Secret | None:
    return Secret(value) if value else None


def _kept(kind: str, value: str | None) -> DatastoreSecret:
    """Wrap a stored secret; account keys are fingerprinted by their decoded bytes, anything else by its text."""
    secret = _secret(value)
    if secret is None:
        return DatastoreSecret(kind=kind, secret=None, fingerprint=None)
    print_of = secret.key_fingerprint if kind == "AccountKey" else secret.fingerprint
    return DatastoreSecret(kind=kind, secret=secret, fingerprint=print_of())
