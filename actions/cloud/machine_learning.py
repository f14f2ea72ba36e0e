"""Azure Machine Learning: workspaces and what hangs on them.

The SDK (azure-mgmt-machinelearningservices 2.0.0b2) makes the resync. It drops fields of newer api-versions, also on the
way back (a datastore's subscriptionId and resourceGroup), so resources are read and written as raw JSON; and importing it
takes longer than all requests of an inspection, so secrets are read without it.
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
from actions.cloud.http import ONCE, Reply, reply_of
from actions.cloud.operations import follow
from actions.guard.secret import Secret

if TYPE_CHECKING:
    from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient

_SECRET_FIELD = {"AccountKey": "key", "Sas": "sasToken"}
_PUBLIC = frozenset({"accessKeyId", "clientId", "tenantId", "username"})
"""What stands among a connection's credentials and is no secret."""


class _WorkspaceKeys(msgspec.Struct, rename="camel"):
    """What a workspace's listKeys answers, as far as it is used."""

    user_storage_key: str | None = None
    user_storage_resource_id: str | None = None


class _Secrets(msgspec.Struct, rename="camel"):
    """What a datastore's listSecrets answers: one of both fields, as its kind says."""

    secrets_type: str | None = None
    key: str | None = None
    sas_token: str | None = None


class _EndpointKeys(msgspec.Struct, rename="camel"):
    """What an endpoint's listKeys answers; one with token authentication answers none."""

    primary_key: str | None = None
    secondary_key: str | None = None


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
        what, path = f"keys of workspace {workspace.name}", f"{workspace.text}/listKeys"
        found = await self._wire.secrets(what, path, versions.RESYNC_KEYS, _WorkspaceKeys)
        key, account = _secret(found.user_storage_key), found.user_storage_resource_id
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
        what = f"secret of datastore {datastore.name} in workspace {datastore.parent.name}"
        found = await self._wire.secrets(what, f"{datastore.text}/listSecrets", versions.RESYNC_KEYS, _Secrets)
        kind = found.secrets_type or "None"
        return _kept(kind, {"AccountKey": found.key, "Sas": found.sas_token}.get(kind))

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

    async def connection_secrets(self, connection: ResourceId) -> tuple[DatastoreSecret, ...]:
        """Read what a connection keeps (secret read); the SDK does not know the kinds that hold account keys."""
        what = f"secret of connection {connection.name}"
        reply = await self._wire.request(what, "POST", f"{connection.text}/listsecrets", versions.CONNECTION)
        properties = reply.data.get("properties") or {}
        kind = str(properties.get("authType") or "None")
        credentials = properties.get("credentials") or {}
        given = {**credentials, **(credentials.get("keys") or {})}
        return tuple(
            _kept(kind, value)
            for name, value in given.items()
            if name not in _PUBLIC and isinstance(value, str) and value
        )

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
        what = f"keys of endpoint {endpoint.name}"
        if not endpoint.type.endswith(("/serverlessendpoints", "/onlineendpoints")):
            raise CloudError(f"{what}: {endpoint.type} has no keys to read", status=0, code="NoKeys")
        online = endpoint.type.endswith("/onlineendpoints")
        version = versions.RESYNC_KEYS if online else versions.ENDPOINT
        found = await self._wire.secrets(what, f"{endpoint.text}/listKeys", version, _EndpointKeys)
        return EndpointKeys(primary=_secret(found.primary_key), secondary=_secret(found.secondary_key))


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
