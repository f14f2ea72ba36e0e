"""Microsoft's own clients as references: the same answers from the same served rehearsal cloud."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from azsim.estates.small import fleet, small
from bench.programs import AMLKEYS, Broken, served, wall
from bench.table import Row, interleaved

_LISTING = """
import json, sys
from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential

card = json.loads(sys.argv[1])
host = card["url"]
credential = ClientSecretCredential(
    card["tenant"], card["clientId"], card["clientSecret"], authority=host, disable_instance_discovery=True
)
metadata = {
    "azure_portal": "https://portal.azure.com", "resource_manager": host, "active_directory": host,
    "aml_resource_id": "https://ml.azure.com", "storage_endpoint": "core.windows.net",
    "registry_discovery_endpoint": host,
}
client = MLClient(credential, card["subscription"], cloud="sim", cloud_metadata=metadata)
assert len([item.name for item in client.workspaces.list(scope="subscription")]) == int(sys.argv[2])
"""
_COUNT = 1000


def listing(rounds: int) -> Iterator[Row]:
    """A thousand workspaces listed as JSON, from process start to exit."""
    row = Row(
        name=f"`amlkeys workspaces --json`, {_COUNT:,} workspaces", against="azure-ai-ml listing the same", unit="s",
        most=0.15, taken="process start to exit, TLS on loopback",
    )  # fmt: skip
    python = os.environ.get("AMLKEYS_ML_PYTHON")
    if not python:
        yield msgspec.structs.replace(row, skipped="azure-ai-ml is not installed (AMLKEYS_ML_PYTHON)")
        return
    estate = fleet(_COUNT)
    with served(estate) as (card, place):
        asked = json.dumps({**card, "subscription": estate["subscriptions"][0]["subscriptionId"]})
        trust = {"REQUESTS_CA_BUNDLE": card["ca"]}
        found = interleaved(
            rounds,
            ours=lambda: wall([*AMLKEYS, "workspaces", "--json", "--rehearse", str(place)]),
            theirs=lambda: wall([python, "-W", "ignore", "-c", _LISTING, asked, str(_COUNT)], trust),
        )
    yield msgspec.structs.replace(row, ours=found["ours"], reference=found["theirs"])


def first_reads(rounds: int) -> Iterator[Row]:
    """What an operator asks first of a workspace: itself, holders, keys' ages, the identity's access, endpoints."""
    row = Row(
        name="the five reads an operator does first", against="the same answers by `az`", unit="s", most=0.1,
        taken="one `amlkeys show --holders --json` beside az commands one after the other, process start to exit",
    )  # fmt: skip
    program = os.environ.get("AMLKEYS_AZ")
    if not program:
        yield msgspec.structs.replace(row, skipped="azure-cli is not installed (AMLKEYS_AZ)")
        return
    with served(small()) as (card, place), _az(program, card) as environ:
        words = _questions(small())
        ours = [*AMLKEYS, "show", "small-ml", "--holders", "--json", "--rehearse", str(place)]
        found = interleaved(
            rounds,
            ours=lambda: wall(ours),
            theirs=lambda: sum(wall([program, *each], environ) for each in words),
        )
    yield msgspec.structs.replace(row, ours=found["ours"], reference=found["theirs"])


def _questions(estate: dict[str, Any]) -> list[list[str]]:
    """The az commands that answer the same: one a holder, since each has its secret to itself."""
    workspace = next(item for item in estate["resources"] if item["type"].endswith("/workspaces"))
    principal, base = workspace["identity"]["principalId"], workspace["id"]
    account = workspace["properties"]["storageAccount"].rpartition("/")[2]
    group = base.split("/")[4]
    stores = [item["name"] for item in estate["resources"] if item["type"].endswith("/workspaces/datastores")]
    version = "api-version=2024-04-01"

    def rest(method: str, path: str, *more: str) -> list[str]:
        return ["rest", "--method", method, "--uri", f"{base}{path}?{version}", *more, "--output", "json"]

    return [
        rest("get", ""),
        rest("post", "/listKeys"),
        rest("get", "/datastores"),
        *(rest("post", f"/datastores/{name.rpartition('/')[2]}/listSecrets", "--body", "{}") for name in stores),
        ["storage", "account", "keys", "list", "--account-name", account, "--resource-group", group],
        ["role", "assignment", "list", "--assignee", principal, "--all"],
        rest("get", "/onlineEndpoints"),
    ]


@contextmanager
def _az(program: str, card: dict[str, str]) -> Iterator[dict[str, str]]:
    """An `az` with a fresh configuration, signed in to the served cloud."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "AZURE_CONFIG_DIR": str(Path(folder) / "az"),
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "REQUESTS_CA_BUNDLE": card["ca"],
        }
        register = ["cloud", "register", "--name", "sim", "--endpoint-resource-manager", card["url"]]
        login = ["login", "--service-principal", "-u", card["clientId"], "-p", card["clientSecret"]]
        wall([program, *register], environ)
        environ["AZURE_CLOUD_NAME"] = "sim"
        try:
            wall([program, *login, "--tenant", card["tenant"]], environ)
        except subprocess.SubprocessError:
            raise Broken("az could not sign in") from None
        yield environ
