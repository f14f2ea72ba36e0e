"""The gate lets through what is listed and nothing else."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from pathlib import Path

import msgspec
import pytest
from azure.core.exceptions import AzureError
from hypothesis import given
from hypothesis import strategies as st

from actions.guard.gate import Gate, Hosts, Refused, RequestClass, Withheld, classify, permit_for, secret_reads
from actions.guard.model import Mode, Request

HOSTS = Hosts(
    arm="management.azure.com",
    login=frozenset({"login.microsoftonline.com"}),
    graph="graph.microsoft.com",
    vault_suffix=".vault.azure.net",
    storage_suffix=".core.windows.net",
)
ARM = "https://management.azure.com"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
REGENERATE = Request(
    method="POST",
    path=f"{ACCOUNT}/regenerateKey",
    api_version="2023-05-01",
    permission="Microsoft.Storage/storageAccounts/regeneratekey/action",
    scope=ACCOUNT,
)

READ, SECRET, SIGN_IN, WRITE = RequestClass.READ, RequestClass.SECRET_READ, RequestClass.SIGN_IN, RequestClass.WRITE


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", f"{ARM}{WORKSPACE}?api-version=1", READ),
        ("get", f"{ARM}{WORKSPACE}", READ),
        ("HEAD", f"{ARM}{WORKSPACE}", READ),
        ("POST", f"{ARM}{WORKSPACE}/diagnose", READ),
        ("POST", f"{ARM}/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", READ),
        ("POST", "https://graph.microsoft.com/v1.0/directoryObjects/getByIds", READ),
        ("GET", "https://acct.blob.core.windows.net/?restype=service&comp=properties", READ),
        ("POST", f"{ARM}{ACCOUNT}/listKeys?$expand=kerb", SECRET),
        ("POST", f"{ARM}{ACCOUNT}/LISTKEYS", SECRET),
        ("POST", f"{ARM}{WORKSPACE}/listKeys", SECRET),
        ("POST", f"{ARM}{WORKSPACE}/listStorageAccountKeys", SECRET),
        ("POST", f"{ARM}{WORKSPACE}/datastores/d/listSecrets", SECRET),
        ("POST", f"{ARM}{WORKSPACE}/connections/c/listsecrets", SECRET),
        ("POST", f"{ARM}{WORKSPACE}/onlineEndpoints/e/listKeys", SECRET),
        ("POST", f"{ARM}{WORKSPACE}/batchEndpoints/e/listkeys", SECRET),
        ("GET", "https://v.vault.azure.net/secrets/name?api-version=7.5", SECRET),
        ("GET", "https://v.vault.azure.net/secrets?api-version=7.5", READ),
        ("GET", "https://crfraud.azurecr.io/v2/", READ),
        ("POST", "https://crfraud.azurecr.io/v2/", WRITE),
        ("GET", "https://v.vault.azure.net/secrets/name/0123", SECRET),
        ("GET", "https://v.vault.azure.net//secrets/name", SECRET),
        ("GET", "https://v.vault.azure.net/keys/../secrets/name", SECRET),
        ("GET", "https://v.vault.azure.net/keys%2f..%2fsecrets%2fname", SECRET),
        ("GET", "https://v.vault.azure.net./secrets/name", SECRET),
        ("GET", "https://v.vault.azure.net/keys/name/0123", READ),
        ("GET", "https://v.vault.azure.net/keys/name/", READ),
        ("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token", SIGN_IN),
        ("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/devicecode", SIGN_IN),
        ("GET", "https://login.microsoftonline.com/t/v2.0/.well-known/openid-configuration", SIGN_IN),
        ("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/logout", WRITE),
        ("POST", f"{ARM}{ACCOUNT}/regenerateKey", WRITE),
        ("POST", f"{ARM}{WORKSPACE}/resyncKeys", WRITE),
        ("POST", f"{ARM}{WORKSPACE}/onlineEndpoints/e/regenerateKeys", WRITE),
        ("PUT", f"{ARM}{WORKSPACE}/datastores/d", WRITE),
        ("PATCH", f"{ARM}{WORKSPACE}", WRITE),
        ("DELETE", f"{ARM}{WORKSPACE}", WRITE),
        ("POST", "https://v.vault.azure.net/keys/k/rotate", WRITE),
        ("POST", f"{ARM}/batch?api-version=2020-06-01", WRITE),
        ("POST", "https://graph.microsoft.com/v1.0/$batch", WRITE),
        ("POST", "https://graph.microsoft.com/v1.0/servicePrincipals/x/addPassword", WRITE),
        ("POST", f"{ARM}/subscriptions/s/providers/Microsoft.Storage/register", WRITE),
        # a resource that is only NAMED like a read
        ("POST", f"{ARM}{WORKSPACE}/datastores/listKeys", WRITE),
        ("POST", f"{ARM}{WORKSPACE}/onlineEndpoints/listKeys/regenerateKeys", WRITE),
        # an allowed route on a host that is not Azure's
        ("POST", f"https://evil.example{ACCOUNT}/listKeys", WRITE),
        ("POST", "https://evil.example/t/oauth2/v2.0/token", WRITE),
        # a path that hides its segments
        ("POST", f"{ARM}{WORKSPACE}%2Fdiagnose", WRITE),
        ("POST", f"{ARM}{ACCOUNT}/regenerateKey/../listKeys", WRITE),
        ("POST", f"{ARM}{ACCOUNT}//listKeys", WRITE),
        ("POST", f"{ARM}{ACCOUNT}/x\\listKeys", WRITE),
        ("BREW", f"{ARM}{WORKSPACE}", WRITE),
    ],
)
def test_classes(method: str, url: str, expected: RequestClass) -> None:
    """Each request is classed by method, host and exact route."""
    assert classify(method, url, HOSTS) is expected


def _sdk_posts() -> set[str]:
    """Collect every POST route template of the pinned SDKs' request builders."""
    routes: set[str] = set()
    for package in ("azure.mgmt.machinelearningservices", "azure.mgmt.storage"):
        spec = importlib.util.find_spec(package)
        assert spec
        assert spec.origin
        for source in Path(spec.origin).parent.glob("operations/*.py"):
            for builder in re.split(r"\ndef ", source.read_text()):
                if re.search(r'method="POST"', builder) and (found := re.search(r'"(/[^"]*)"', builder)):
                    routes.add("".join(re.findall(r'"(/?[^"]*)"', builder[found.start() : found.start() + 600])[:3]))
    return routes


def test_sdk_posts_that_change_are_writes() -> None:
    """Of all POST routes in the SDKs, those whose action is no read or secret read are classed as writes."""
    allowed = re.compile(
        r"(listKeys|listkeys|listSecrets|listStorageAccountKeys|token|diagnose|listNodes|getLogs|checkNameAvailability)$"
    )
    routes = _sdk_posts()
    assert len(routes) > 30
    for route in routes:
        path = re.sub(r"\{[^}]*\}", "x", route.split("?")[0])
        kind = classify("POST", ARM + path, HOSTS)
        if kind is not WRITE:
            assert allowed.search(path), path


@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]), st.text(alphabet="abcKeys/%.?#", max_size=60))
def test_unknown_routes_are_writes(method: str, tail: str) -> None:
    """No invented route on Resource Manager passes without a permit unless it is a listed read."""
    gate = Gate(HOSTS, Mode.LIVE)
    with pytest.raises(Refused):
        gate.admit(method, f"{ARM}/subscriptions/s/x/{tail}")


def test_permit_is_bound_spent_and_dies() -> None:
    """A permit lets exactly its request through, once, and only while its step runs."""
    gate = Gate(HOSTS, Mode.LIVE)
    with permit_for(REGENERATE) as permit:
        with pytest.raises(Refused, match="not what the running step"):
            gate.admit("POST", f"{ARM}{WORKSPACE}/resyncKeys?api-version=1")
        with pytest.raises(Refused):
            gate.admit("PUT", f"{ARM}{ACCOUNT}/regenerateKey")
        with pytest.raises(Refused):
            gate.admit("POST", f"https://management.usgovcloudapi.net{ACCOUNT}/regenerateKey")
        assert gate.admit("POST", f"{ARM}{ACCOUNT}/REGENERATEKEY?api-version=2023-05-01") is WRITE
        with pytest.raises(Refused):
            gate.admit("POST", f"{ARM}{ACCOUNT}/regenerateKey?api-version=2023-05-01")
    assert not permit.alive
    with pytest.raises(Refused, match="no step is running"):
        gate.admit("POST", f"{ARM}{ACCOUNT}/regenerateKey")


@pytest.mark.parametrize(
    "path", [f"{ACCOUNT}%2FregenerateKey", f"{ACCOUNT}/%2e/../regenerateKey", f"{ACCOUNT}//regenerateKey"]
)
def test_a_permit_is_not_good_for_a_path_that_hides_its_segments(path: str) -> None:
    gate = Gate(HOSTS, Mode.LIVE)
    with permit_for(REGENERATE), pytest.raises(Refused, match="not what the running step"):
        gate.admit("POST", f"{ARM}{path}")


async def test_a_permit_that_a_task_carried_out_of_its_step_is_dead() -> None:
    gate, go = Gate(HOSTS, Mode.LIVE), asyncio.Event()

    async def late() -> None:
        await go.wait()
        gate.admit("PUT", f"{ARM}{ACCOUNT}")

    request = msgspec.structs.replace(REGENERATE, method="PUT", path=ACCOUNT)
    async with asyncio.TaskGroup() as group:
        with permit_for(request, once=False):
            task = group.create_task(_swallow(late()))
            gate.admit("PUT", f"{ARM}{ACCOUNT}")
        go.set()
    assert isinstance(task.result(), Refused)


@pytest.mark.parametrize("mode", [Mode.LOOK, Mode.DRY_RUN])
def test_a_permit_is_not_enough_outside_live(mode: Mode) -> None:
    """Short of live mode the step's own write is withheld, and that is told apart from a refusal."""
    gate = Gate(HOSTS, mode)
    with permit_for(REGENERATE), pytest.raises(Withheld):
        gate.admit("POST", f"{ARM}{ACCOUNT}/regenerateKey")
    assert gate.refusals


def test_a_permit_for_one_cloud_is_none_for_another() -> None:
    """What a step may do on a dry run's twin it may not do in Azure, live or not."""
    azure, twin = Gate(HOSTS, Mode.LIVE), Gate(HOSTS, Mode.LIVE)
    with permit_for(REGENERATE, gate=twin) as permit:
        with pytest.raises(Refused, match="another cloud"):
            azure.admit("POST", f"{ARM}{ACCOUNT}/regenerateKey")
        assert permit.uses == 0
        assert twin.admit("POST", f"{ARM}{ACCOUNT}/regenerateKey") is WRITE


@pytest.mark.parametrize("mode", list(Mode))
def test_a_dry_runs_change_is_refused_in_every_mode(mode: Mode) -> None:
    """It is brought to the gate without a permit, and noted there."""
    gate = Gate(HOSTS, mode)
    refusal = gate.withhold(REGENERATE)
    assert (refusal.kind, refusal.method, refusal.path) == (WRITE, "POST", f"{ACCOUNT}/regenerateKey")
    assert gate.refusals == [("POST", f"{ACCOUNT}/regenerateKey")]


def test_secret_reads_must_be_announced() -> None:
    """Listing keys is refused where no sentence announces it; where one does, it passes."""
    gate = Gate(HOSTS)
    with pytest.raises(Refused, match="not announced"):
        gate.admit("POST", f"{ARM}{ACCOUNT}/listKeys")
    with secret_reads(announced=""), pytest.raises(Refused, match="was not announced"):
        gate.admit("POST", f"{ARM}{ACCOUNT}/listKeys")
    with secret_reads(announced="a test"):
        assert gate.admit("POST", f"{ARM}{ACCOUNT}/listKeys") is SECRET
    with pytest.raises(Refused, match="was not announced"):
        gate.admit("POST", f"{ARM}{ACCOUNT}/listKeys")


async def test_permits_do_not_cross_tasks() -> None:
    """A permit issued in one task is not held by a task that was started before."""
    gate, go = Gate(HOSTS, Mode.LIVE), asyncio.Event()

    async def other() -> None:
        await go.wait()
        gate.admit("POST", f"{ARM}{ACCOUNT}/regenerateKey")

    async with asyncio.TaskGroup() as group:
        outsider = group.create_task(_swallow(other()))
        with permit_for(REGENERATE):
            await asyncio.sleep(0)
            go.set()
            await asyncio.sleep(0)
    assert isinstance(outsider.result(), Refused)


async def _swallow(work: object) -> BaseException | None:
    try:
        await work  # type: ignore[misc]
    except Refused as refusal:
        return refusal
    return None


def test_refusals_are_not_retried() -> None:
    """The SDK's retry policies repeat Azure errors only; a refusal is none."""
    assert not issubclass(Refused, AzureError)
