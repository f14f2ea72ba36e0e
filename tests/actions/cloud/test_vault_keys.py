"""azure-keyvault-keys as it is, with its challenge checks on, below our gate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.keyvault.keys._shared import http_challenge_cache

from actions.cloud.data import CloudError, Forbidden, NotFound
from actions.guard.gate import Refused, permit_for
from actions.guard.model import Mode, Request
from azsim.cloud import Cloud
from azsim.estates.encrypted import KEY, VAULT
from azsim.faults import Fault
from azsim.wire import Request as Sent
from azsim.wire import Response
from tests.actions.cmk_versions.encrypted import NEW, NOW, OLD, cloud_of, in_days
from tests.support.rehearsed import rehearsed

HOST = f"{VAULT}.vault.azure.net"
URI = f"https://{HOST}/"
SCOPE = "/subscriptions/x"


@pytest.fixture(autouse=True)
def no_challenge_known() -> None:
    """The SDK keeps the challenges of a process; each test begins without any."""
    http_challenge_cache.clear()


def permit(method: str, path: str) -> Request:
    """A step's request to the vault."""
    return Request(method=method, path=path, api_version="2025-07-01", permission="", scope=SCOPE, host=HOST)


def asked(sim: Cloud) -> list[tuple[str, str, int | None]]:
    """What reached the vault."""
    return [(entry.method, entry.path, entry.status) for entry in sim.ledger.entries if entry.host == HOST]


async def test_the_challenge_comes_first_and_once() -> None:
    sim = cloud_of()
    cloud = rehearsed(sim)
    await cloud.key_versions(URI, KEY)
    await cloud.key_version(URI, KEY)
    await cloud.close()
    assert asked(sim) == [
        ("GET", f"/keys/{KEY}/versions", 401),
        ("GET", f"/keys/{KEY}/versions", 200),
        ("GET", f"/keys/{KEY}/", 200),
    ]


async def test_a_challenge_for_another_domain_is_not_answered() -> None:
    sim = cloud_of()
    handle = sim.handle

    def lying(request: Sent) -> Response:
        answer = handle(request)
        if answer.status == 401 and request.host == HOST:
            told = 'Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.example.net"'
            answer.headers["WWW-Authenticate"] = told
        return answer

    sim.handle = lying  # type: ignore[method-assign]
    cloud = rehearsed(sim)
    with pytest.raises(CloudError):
        await cloud.key_version(URI, KEY)
    await cloud.close()
    assert [status for _, _, status in asked(sim)] == [401], "no token was sent after it"


@pytest.mark.parametrize("uri", ["https://vault.example.net/", "http://kvsmallcmk.vault.azure.net/", "", "https://x/"])
async def test_nothing_is_sent_to_what_is_no_vault_of_this_cloud(uri: str) -> None:
    sim = cloud_of()
    cloud = rehearsed(sim)
    with pytest.raises(CloudError, match="is no key vault of AzureCloud") as caught:
        await cloud.key_version(uri, KEY)
    await cloud.close()
    assert caught.value.code == "ForeignVault"
    assert asked(sim) == []


async def test_a_version_is_told_whole_and_lists_come_newest_first() -> None:
    cloud = rehearsed(cloud_of())
    listed = await cloud.key_versions(URI, KEY)
    assert [item.version for item in listed] == [NEW, OLD]
    assert {item.size for item in listed} == {0}, "a list tells no size"
    whole = await cloud.key_version(URI, KEY, OLD)
    assert (whole.kind, whole.size, whole.enabled, whole.recovery) == ("RSA", 3072, True, "Recoverable")
    assert {"wrapKey", "unwrapKey"} <= set(whole.ops)
    policy = await cloud.key_rotation_policy(URI, KEY)
    assert (policy.actions, policy.expiry) == ((("rotate", "after P1Y"),), "P2Y")
    await cloud.close()


async def test_deleted_keys_are_told_from_missing_ones() -> None:
    sim = cloud_of(lambda document: document["keys"][0].update(deleted=True))
    cloud = rehearsed(sim)
    assert await cloud.deleted_key(URI, KEY) is True
    assert await cloud.deleted_key(URI, "nothing") is False
    with pytest.raises(NotFound):
        await cloud.key_version(URI, KEY)
    await cloud.close()


async def test_a_rotation_is_sent_once_under_its_permit_although_the_vault_asks_for_a_token_first() -> None:
    sim = cloud_of()
    cloud = rehearsed(sim)
    with permit_for(permit("POST", f"/keys/{KEY}/rotate")) as given:
        made = await cloud.rotate_key(URI, KEY)
    assert given.uses == 1
    with pytest.raises(Refused):
        await cloud.rotate_key(URI, KEY)
    await cloud.close()
    assert [entry for entry in asked(sim) if entry[0] == "POST"] == [("POST", f"/keys/{KEY}/rotate", 200)]
    assert made.version not in (OLD, NEW)


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_rotation_is_never_sent_again(status: int) -> None:
    sim = cloud_of()
    cloud = rehearsed(sim)
    sim.faults.add(Fault(kind="status", status=status, route="/rotate"))
    with permit_for(permit("POST", f"/keys/{KEY}/rotate")), pytest.raises(CloudError):
        await cloud.rotate_key(URI, KEY)
    await cloud.close()
    assert len([entry for entry in asked(sim) if entry[0] == "POST"]) == 1


async def test_attributes_that_are_not_named_stay() -> None:
    sim = cloud_of()
    cloud = rehearsed(sim)
    with permit_for(permit("PATCH", f"/keys/{KEY}/{OLD}"), once=False):
        changed = await cloud.update_key_version(URI, KEY, OLD, expires=in_days(90))
    await cloud.close()
    assert changed.enabled is True
    assert changed.expires is not None
    assert changed.expires - NOW == timedelta(days=90)


async def test_a_change_in_look_mode_never_leaves() -> None:
    sim = cloud_of()
    cloud = rehearsed(sim, Mode.LOOK)
    with permit_for(permit("POST", f"/keys/{KEY}/rotate")), pytest.raises(Refused):
        await cloud.rotate_key(URI, KEY)
    await cloud.close()
    assert [entry for entry in asked(sim) if entry[0] == "POST"] == []


async def test_a_refusal_names_the_reason() -> None:
    sim = cloud_of(lambda document: document["roleAssignments"].pop())
    cloud = rehearsed(sim)
    with pytest.raises(Forbidden) as caught:
        await cloud.key_versions(URI, KEY)
    await cloud.close()
    assert caught.value.code == "ForbiddenByRbac"
