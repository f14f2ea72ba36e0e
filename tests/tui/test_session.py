"""The composition root: where a session goes, what it says of itself, and that rehearsal and Azure never mix."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actions.cloud.data import CloudError
from actions.guard.model import Mode
from tests.tui.command_line import estate_file
from tui.session import Banner, Connected, Session, SessionError, Settings, open_session


@contextmanager
def opened(settings: Settings) -> Iterator[Session]:
    session = open_session(settings)
    try:
        yield session
    finally:
        session.close()


def test_opening_a_session_reaches_for_nothing(tmp_path: Path, home: Path) -> None:
    with opened(Settings(rehearse=str(estate_file(tmp_path)))) as session:
        assert session.banner() == Banner(Mode.LOOK, True, "Contoso", "AzureCloud", "", "", "")
        assert "not signed in" in session.banner().words()
    assert not (home / "state").exists()


def test_the_demo_estate_is_named_before_it_is_built() -> None:
    with opened(Settings(rehearse="")) as session:
        named = session.estate
        assert session.sim is not None
        assert session.estate == named == "Contoso"


async def whoami(connected: Connected) -> str:
    return connected.signed_in.user


def test_a_rehearsal_signs_in_as_the_estates_user(tmp_path: Path) -> None:
    with opened(Settings(rehearse=str(estate_file(tmp_path)), live=True)) as session:
        assert session.run(whoami) == "ada@contoso.example"
        found = session.banner()
        assert (found.mode, found.rehearsal, found.estate) == (Mode.LIVE, True, "Contoso")
        assert found.words()[:3] == ("REHEARSAL Contoso", "LIVE", "ada@contoso.example")
        assert found.as_of.endswith("Z")


def test_it_connects_once(tmp_path: Path) -> None:
    with opened(Settings(rehearse=str(estate_file(tmp_path)))) as session:
        first, second = session.submit(same), session.submit(same)
        assert first.result() is second.result()


async def same(connected: Connected) -> Connected:
    return connected


def test_it_can_try_to_sign_in_again(tmp_path: Path) -> None:
    from azsim.faults import Fault

    with opened(Settings(rehearse=str(estate_file(tmp_path)))) as session:
        assert session.sim is not None
        fault = session.sim.faults.add(Fault(kind="status", route="oauth2", status=400, code="invalid_client"))
        with pytest.raises(CloudError):
            session.run(whoami)
        session.sim.faults.remove(fault)
        assert session.run(whoami) == "ada@contoso.example"


def test_closing_twice_is_as_good_as_once(tmp_path: Path) -> None:
    session = open_session(Settings(rehearse=str(estate_file(tmp_path))))
    session.run(whoami)
    session.close()
    session.close()
    with pytest.raises(RuntimeError):
        session.run(whoami)


def test_an_armed_session_that_lapses_says_look(tmp_path: Path) -> None:
    with opened(Settings(rehearse=str(estate_file(tmp_path)), live=True)) as session:
        session.run(whoami)
        session.engine.arming.disarm()
        assert session.banner().mode is Mode.LOOK


def test_rehearsals_keep_a_journal_of_their_own(tmp_path: Path, home: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'journal = "{tmp_path}/real.sqlite3"\n')
    with opened(Settings(config=str(config))) as real:
        assert real.journal.place == f"{tmp_path}/real.sqlite3"
    with opened(Settings(config=str(config), rehearse=str(estate_file(tmp_path)))) as rehearsed:
        assert rehearsed.journal.place == str(home / "state" / "amlkeys" / "rehearsal.sqlite3")
    with opened(Settings(config=str(config), journal=str(tmp_path / "other.sqlite3"))) as other:
        assert other.journal.place == str(tmp_path / "other.sqlite3")


def test_real_azure_says_so_and_never_loads_the_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "azsim"]:
        monkeypatch.delitem(sys.modules, name)
    with opened(Settings(cloud="AzureUSGovernment", tenant="contoso.us")) as session:
        assert session.engine.cloud.rehearsal is False
        words = session.banner().words()
    assert words == ("AZURE", "LOOK", "not signed in", "tenant contoso.us", "AzureUSGovernment")
    assert not any(name.partition(".")[0] == "azsim" for name in sys.modules)


def test_a_rehearsal_reads_no_real_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "00000000-0000-0000-0000-00000000beef")
    with opened(Settings(rehearse=str(estate_file(tmp_path)))) as session:
        assert session.run(whoami) == "ada@contoso.example"
        assert session.sim is not None
        said = " ".join(f"{entry.path} {entry.principal}" for entry in session.sim.ledger.entries)
    assert "beef" not in said


def test_only_a_rehearsal_in_this_process_is_steered() -> None:
    with opened(Settings()) as session, pytest.raises(SessionError, match="in this process"):
        session.steer((), {})


def test_a_certificate_authority_that_is_not_there_is_named(tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    told = {"url": "https://localhost:1", "ca": "/nowhere/ca.pem", "tenant": "t", "clientId": "c", "clientSecret": "s"}
    card.write_text(json.dumps(told))
    with opened(Settings(rehearse=str(card))) as session:
        assert session.estate == "localhost:1"
        with pytest.raises(SessionError, match=r"/nowhere/ca\.pem"):
            session.run(whoami)


def test_an_address_is_completed_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SessionError, match=r"set AMLKEYS_REHEARSAL_TENANT.*--rehearse-ca or AMLKEYS_REHEARSAL_CA"):
        open_session(Settings(rehearse="https://localhost:8443"))
    for name in ("TENANT", "CLIENT", "SECRET", "CA"):
        monkeypatch.setenv(f"AMLKEYS_REHEARSAL_{name}", name.lower())
    with opened(Settings(rehearse="https://localhost:8443")) as session:
        assert session.banner().words()[0] == "REHEARSAL localhost:8443"


@pytest.mark.parametrize(
    ("settings", "mode"),
    [(Settings(), Mode.LOOK), (Settings(dry_run=True), Mode.DRY_RUN), (Settings(live=True), Mode.LIVE)],
)
def test_nothing_but_a_flag_leaves_look_mode(settings: Settings, mode: Mode) -> None:
    assert settings.mode is mode


@pytest.mark.parametrize("change", [{"live": True}, {"dry_run": True}, {}])
def test_the_gate_gets_the_mode_that_was_asked_for(change: dict[str, bool], tmp_path: Path) -> None:
    settings = Settings(rehearse=str(estate_file(tmp_path)), **change)  # type: ignore[arg-type]
    with opened(settings) as session:
        assert session.engine.cloud.gate.mode is settings.mode


def test_work_that_fails_tells_its_own_error(tmp_path: Path) -> None:
    def fail() -> Callable[[Connected], object]:
        async def work(_connected: Connected) -> None:
            raise ZeroDivisionError

        return work

    with opened(Settings(rehearse=str(estate_file(tmp_path)))) as session, pytest.raises(ZeroDivisionError):
        session.run(fail())  # type: ignore[arg-type]
