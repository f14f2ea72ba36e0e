"""Which way to sign in is taken, and what is said when none works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessTokenInfo

from actions.cloud.clock import LocalClock, RehearsalClock
from actions.cloud.credential import signed_in
from actions.cloud.data import DeviceCode, SignInNeeded
from actions.cloud.limits import Limits
from actions.cloud.places import PUBLIC
from actions.cloud.sign_in import METHODS, AzureSignIn
from actions.cloud.transport import GateTransport, InProcess
from actions.guard.gate import Gate
from tests.actions.cloud.fake_azure import TENANT, FakeAzure, jwt, token_answer
from tests.support.rehearsed import face
from tests.support.small_cloud import Small

SCOPE = PUBLIC.arm_scope
Device = tuple[AzureSignIn, Small, asyncio.Queue[DeviceCode]]
METADATA = "169.254.169.254"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variables of Azure, and no az on the path."""
    for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "FEDERATED_TOKEN_FILE", "AUTHORITY_HOST"):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def through(inner: Any, **options: Any) -> AzureSignIn:
    clock = LocalClock()
    transport = GateTransport(inner, Gate(PUBLIC.hosts), clock, Limits(PUBLIC.arm, clock, lambda _: None))
    return AzureSignIn(clock, PUBLIC, transport, **options)


def with_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "app", "CLIENT_SECRET": "hush"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)


def with_az(folder: Path, token: str) -> None:
    """An az that is logged in."""
    answer = f'{{"accessToken": "{token}", "expires_on": {int(datetime.now(UTC).timestamp()) + 3000}}}'  # noqa: TID251
    (folder / "az").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (folder / "az").chmod(0o755)


async def test_when_nothing_works_each_try_is_told() -> None:
    with pytest.raises(SignInNeeded) as needed:
        await through(FakeAzure()).get_token_info(SCOPE)
    told = needed.value.sentence
    positions = [told.index(f"{method}: ") for method in METHODS]
    assert positions == sorted(positions)
    assert "Sign in with az login" in told
    assert "--tenant" in told
    assert "Azure CLI not found" in told
    assert told.isprintable()
    assert needed.value.__context__ is None


async def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch, bare_machine: Path) -> None:
    with_client(monkeypatch)
    with_az(bare_machine, jwt(upn="ada@contoso.example"))
    fake = FakeAzure()
    fake.on(PUBLIC.login, "/token", token_answer(appid="app"))
    found = await through(fake).get_token_info(SCOPE)
    assert signed_in(found).kind == "service principal"
    (asked,) = fake.asked
    assert asked.form["client_id"] == "app"
    assert asked.form["scope"] == SCOPE


async def test_a_federated_token(monkeypatch: pytest.MonkeyPatch, bare_machine: Path) -> None:
    file = bare_machine / "token"
    file.write_text("assertion")
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "app", "FEDERATED_TOKEN_FILE": str(file)}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    fake = FakeAzure()
    fake.on(PUBLIC.login, "/token", token_answer(appid="app"))
    await through(fake).get_token_info(SCOPE)
    assert fake.asked[-1].form["client_assertion"] == "assertion"


async def test_a_managed_identity() -> None:
    fake = FakeAzure()
    answer = {"access_token": jwt(appid="mi", xms_mirid="/subscriptions/s"), "expires_in": "3600", "resource": "x"}
    fake.on(METADATA, "/metadata/identity/oauth2/token", (200, {}, answer))
    found = await through(fake).get_token_info(SCOPE)
    assert signed_in(found).kind == "managed identity"


async def test_az_is_asked_once_for_each_scope(bare_machine: Path) -> None:
    with_az(bare_machine, jwt(upn="ada@contoso.example", name="Ada", scp="user_impersonation", amr=["pwd", "mfa"]))
    credential = through(FakeAzure())
    me = signed_in(await credential.get_token_info(SCOPE))
    (bare_machine / "az").unlink()
    assert await credential.get_token_info(SCOPE)
    assert (me.user, me.kind, me.tenant, me.object_id) == ("ada@contoso.example", "user", TENANT, "me")
    assert me.claims["amr"] == ["pwd", "mfa"]
    with pytest.raises(SignInNeeded, match="has ended"):
        await credential.get_token_info(PUBLIC.graph_scope)


async def test_another_tenant_is_not_taken(bare_machine: Path) -> None:
    with_az(bare_machine, jwt(upn="ada@contoso.example"))
    other = "99999999-2222-3333-4444-555555555555"
    with pytest.raises(SignInNeeded, match=f"az: it belongs to tenant {TENANT}"):
        await through(FakeAzure(), tenant=other).get_token_info(SCOPE)


async def test_only_the_ways_that_were_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with_client(monkeypatch)
    fake = FakeAzure()
    with pytest.raises(SignInNeeded) as needed:
        await through(fake, methods=("az",)).get_token_info(SCOPE)
    assert fake.asked == []
    assert "environment" not in needed.value.sentence
    with pytest.raises(ValueError, match="magic"):
        through(fake, methods=("magic",))


@pytest.fixture
def device() -> Callable[..., Device]:
    """A device code sign-in through the rehearsal's own sign-in service."""

    def make(**behaviour: Any) -> Device:
        small = Small(behaviour=behaviour)
        shown: asyncio.Queue[DeviceCode] = asyncio.Queue()
        clock = RehearsalClock(face(small.cloud).clock)
        limits = Limits(PUBLIC.arm, clock, lambda _: None)
        transport = GateTransport(InProcess(face(small.cloud), clock), Gate(PUBLIC.hosts), clock, limits)
        tenant = small.cloud.estate.tenant.tenant_id
        options: dict[str, Any] = {"tenant": tenant, "prompt": shown.put_nowait, "methods": ("device-code",)}
        return AzureSignIn(clock, PUBLIC, transport, **options), small, shown

    return make


async def test_a_device_code_is_shown_and_redeemed(
    device: Callable[..., Device], capsys: pytest.CaptureFixture[str]
) -> None:
    credential, small, shown = device(deviceCodePolls=0)
    me = signed_in(await credential.get_token_info(SCOPE))
    assert me.user == "ada@contoso.example"
    code = shown.get_nowait()
    assert code.url == "https://microsoft.com/devicelogin"
    assert len(code.code) == 9
    await credential.get_token_info(PUBLIC.graph_scope)
    assert shown.empty(), "the second scope came silently"
    assert {entry.kind for entry in small.cloud.ledger.entries} == {"sign-in"}
    await credential.close()
    assert capsys.readouterr() == ("", "")


async def test_giving_up_ends_the_thread_that_waits(
    device: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    credential, _, shown = device(deviceCodePolls=10_000)
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(credential.get_token_info(SCOPE))
        await shown.get()
        task.cancel()
    assert task.cancelled()
    await asyncio.get_running_loop().shutdown_default_executor()
    await credential.close()


async def test_nothing_is_logged_of_failed_tries(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SignInNeeded):
        await through(FakeAzure()).get_token_info(SCOPE)
    names = {record.name.partition(".")[0] for record in caplog.records if record.levelno >= logging.WARNING}
    assert names == set()


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.!!!.c", "a..c", "a.W10.c"])
def test_a_token_that_tells_nothing(token: str) -> None:
    me = signed_in(AccessTokenInfo(token, 0))
    assert (me.user, me.object_id, me.kind) == ("?", "", "service principal")
