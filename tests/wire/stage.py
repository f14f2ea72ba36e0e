"""The smallest estate in which a recorded request makes sense, under the recording's own names."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from azsim.behaviour import override
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.estates.book import OWNER
from azsim.estates.directory import ADA
from azsim.wire import Request, Response
from tests.wire.recording import Recording

Json = dict[str, Any]
AUDIENCES = {
    "management.azure.com": "https://management.azure.com",
    "graph.microsoft.com": "https://graph.microsoft.com",
}


class Stage:
    """Collects resources and behaviour, then replays requests against one cloud."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.start: datetime = recording.recorded
        self.resources: list[Json] = []
        self.extra: Json = {}
        """Further parts of the estate document."""
        self.tenant = az.TENANT_ID
        self.roles: list[Json] = [
            az.role_assignment("/", OWNER, ADA["objectId"], created=self.ago(900), principal_type="User")
        ]
        self.behaviour: Json = {}
        self._cloud: Cloud | None = None

    def ago(self, days: float) -> datetime:
        """A moment before the recording."""
        return self.start - timedelta(days=days)

    @property
    def part(self) -> list[str]:
        """The segments of the recorded path."""
        return self.recording.segments

    @property
    def subscription(self) -> str:
        """The subscription of the recorded path, else a zero one."""
        is_named = self.part[:1] == ["subscriptions"] and len(self.part) > 1
        return self.part[1] if is_named else "00000000-0000-0000-0000-000000000000"

    @property
    def group(self) -> str:
        """The resource group of the recorded path."""
        is_named = len(self.part) > 3 and self.part[2].lower() == "resourcegroups"
        return self.part[3] if is_named else "rg"

    def id_of(self, kind: str, name: str) -> str:
        """The id of a resource in the recorded group."""
        return az.resource_id(self.subscription, self.group, kind, name)

    def add(self, *resources: Json) -> str:
        """Put resources on stage; gives the id of the last."""
        self.resources.extend(resources)
        return str(resources[-1]["id"])

    def add_group(self) -> None:
        """The recorded resource group, for requests that find nothing in it."""
        self.add(az.resource_group(self.subscription, self.group, "eastus"))

    def account(self, name: str, **properties: Any) -> str:
        """A storage account."""
        account = self.id_of("Microsoft.Storage/storageAccounts", name)
        created = self.ago(30)
        return self.add(
            az.storage_account(account, "eastus", created=created, key1=created, key2=created, properties=properties)
        )

    def workspace(self, name: str | None = None, region: str = "eastus", **facts: Any) -> str:
        """A workspace with account, vault, insights and registry unless `facts` say otherwise."""
        given = name or self.part[7]
        insights, registry = facts.pop("insights", True), facts.pop("registry", True)
        stem = f"{given.replace('-', '')[:8].lower()}{len(self.resources)}"
        storage = self.account(f"st{stem}")
        vault = self.add(
            az.key_vault(self.id_of("Microsoft.KeyVault/vaults", f"kv{stem}"), region, created=self.ago(30))
        )
        component = self.id_of("Microsoft.insights/components", f"ai{stem}")
        self.add(az.app_insights(component, region, created=self.ago(30)))
        container = self.id_of("Microsoft.ContainerRegistry/registries", f"cr{stem}")
        self.add(az.container_registry(container, region, created=self.ago(30)))
        spelling = "Microsoft.KeyVault/" if facts.get("kind") in ("Hub", "Project") else "Microsoft.Keyvault/"
        return self.add(
            ml.workspace(
                self.id_of(ml.ML, given),
                region,
                created=self.ago(30),
                storage=storage,
                vault=vault.replace("Microsoft.KeyVault/", spelling),
                insights=component if insights else None,
                registry=container if registry else None,
                **facts,
            )
        )

    def cloud(self) -> Cloud:
        """The cloud of this stage, built once."""
        if self._cloud is None:
            known = dict.fromkeys([self.subscription, *(az.subscription_of(item["id"]) for item in self.resources)])
            document = {
                "tenant": {"tenantId": self.tenant, "displayName": "Contoso", "defaultDomain": "contoso.example"},
                "signedIn": ADA,
                "subscriptions": [{"subscriptionId": item, "displayName": "Recorded"} for item in known if item],
                "resources": self.resources,
                "roleAssignments": self.roles,
                **self.extra,
            }
            self._cloud = Cloud(document, clock=FixedClock(self.start))
            self._cloud.world.set_behaviour({**self.behaviour})
            assert override(self._cloud.world.behaviour(), self.behaviour)
        return self._cloud

    def ask(self, method: str, url: str, body: Any = None, *, token: str | None = None) -> Response:
        """Send one request as the signed-in user, or with another token ("" for none)."""
        cloud = self.cloud()
        host = url.split("/")[2]
        audience = AUDIENCES.get(host, "https://vault.azure.net" if ".vault." in host else "")
        given = cloud.issue_token(audience) if token is None else token
        ids = dict.fromkeys(("client-request-id", "x-ms-client-request-id"), az.stable_guid("request"))
        headers = {**ids, **({"Authorization": f"Bearer {given}"} if given else {})}
        content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return cloud.handle(Request(method, url, headers, content))

    def replay(self, path: str | None = None, *, body: Any = None, token: str | None = None) -> Response:
        """Send the recorded request, where names must be mapped with another path or body."""
        content = self.recording.request_body if body is None else body
        return self.ask(self.recording.method, self.recording.url(path), content, token=token)
