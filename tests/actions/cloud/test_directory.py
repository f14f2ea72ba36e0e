"""Graph reads over the shared transport: pages, batches, refusals, and no secret kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actions.cloud.data import CloudError, Forbidden
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates import shapes as az
from azsim.faults import Fault
from tests.support.rehearsed import rehearsed
from tests.support.reviewed import Apps

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def directory(count: int = 0, **behaviour: object) -> Cloud:
    """`count` apps named aml-NUMBER beside one that holds a password and a certificate."""
    apps = Apps(NOW)
    for number in range(count):
        apps.app(f"aml-{number:04}")
    apps.app("aml-secret", secrets=((10, -10),))
    certificate = {"keyId": az.stable_guid("key"), "type": "AsymmetricX509Cert", "usage": "Verify", "key": "TUlJ"}
    apps.principals[-1]["keyCredentials"] = [certificate]
    return Cloud(apps.estate(**behaviour), clock=FixedClock(NOW, timedelta(milliseconds=1)))


async def test_pages_are_followed() -> None:
    """Every page, by the links that Graph gives."""
    sim = directory(2500)
    cloud = rehearsed(sim)
    found = await cloud.service_principals("AML-")
    assert len({item["id"] for item in found}) == 2501
    assert len([entry for entry in sim.ledger.entries if entry.path.endswith("/servicePrincipals")]) == 3
    await cloud.close()


async def test_credentials_come_without_what_helps_to_guess_them() -> None:
    """Neither the hint of a password nor the bytes of a certificate."""
    cloud = rehearsed(directory())
    found = (await cloud.service_principals("aml-secret"))[0]
    looked_up = (await cloud.directory_objects([found["id"]]))[0]
    for item in (found, looked_up):
        assert set(item["passwordCredentials"][0]) & {"hint", "secretText", "key"} == set()
        assert item["keyCredentials"][0]["keyId"] == az.stable_guid("key")
        assert "key" not in item["keyCredentials"][0]
    await cloud.close()


async def test_ids_are_asked_for_in_thousands_and_strangers_are_absent() -> None:
    """The most that one request takes."""
    sim = directory(1)
    cloud = rehearsed(sim)
    known = (await cloud.service_principals("aml-0000"))[0]["id"]
    found = await cloud.directory_objects([known, known, *(az.stable_guid(str(number)) for number in range(1500))])
    assert [item["id"] for item in found] == [known]
    assert len([entry for entry in sim.ledger.entries if entry.path.endswith("/getByIds")]) == 2
    await cloud.close()


async def test_a_quote_in_a_name_stays_a_name() -> None:
    """A filter cannot be broken out of."""
    cloud = rehearsed(directory())
    assert await cloud.service_principals("o'x') or startswith(displayName,'aml") == ()
    await cloud.close()


async def test_who_may_not_read_the_directory_is_told_so() -> None:
    """Authorization_RequestDenied is a refusal, not an empty list; so is the report of sign-ins in most tenants."""
    refused = rehearsed(directory(graphReads=False))
    with pytest.raises(Forbidden, match="Insufficient privileges"):
        await refused.service_principals("aml-")
    with pytest.raises(Forbidden):
        await refused.directory_objects([az.stable_guid("x")])
    allowed = rehearsed(directory())
    with pytest.raises(Forbidden):
        await allowed.sign_in_report()
    await refused.close()
    await allowed.close()


async def test_a_later_page_that_fails_fails_the_whole() -> None:
    """Part of a list is never given for all of it."""
    sim = directory(1500)
    cloud = rehearsed(sim)
    sim.faults.add(Fault(kind="status", route="GET.*/servicePrincipals", at=(2,), status=400, code="BadRequest"))
    with pytest.raises(CloudError):
        await cloud.service_principals("aml-")
    await cloud.close()


async def test_applications_by_prefix_and_by_id() -> None:
    """An application of another tenant is not there."""
    apps = Apps(NOW)
    apps.applications = [
        {"id": az.stable_guid("object"), "appId": az.stable_guid("app"), "displayName": "aml-x",
         "passwordCredentials": [az.password_credential("x", start=NOW, end=NOW)]}
    ]  # fmt: skip
    cloud = rehearsed(Cloud(apps.estate(), clock=FixedClock(NOW)))
    found = await cloud.applications("aml-")
    one = await cloud.application(az.stable_guid("app"))
    assert one is not None
    assert [item["id"] for item in found] == [one["id"]]
    assert "hint" not in one["passwordCredentials"][0]
    assert await cloud.application(az.stable_guid("elsewhere")) is None
    await cloud.close()


async def test_schedules_name_their_principals_where_licensed() -> None:
    """Without the licence the refusal says so."""
    sim = directory(pimLicensed=True)
    cloud = rehearsed(sim)
    scope = f"/subscriptions/{sim.estate.subscriptions[0].subscription_id}"
    rows = await cloud.assignment_schedules(scope)
    names = {row["properties"]["expandedProperties"]["principal"]["displayName"] for row in rows}
    assert "Ada Lovelace" in names
    assert len(rows) == len(sim.world.access.assignments)
    await cloud.close()
    without = rehearsed(directory())
    with pytest.raises(CloudError) as refused:
        await without.assignment_schedules(scope)
    assert refused.value.code == "AadPremiumLicenseRequired"
    await without.close()
