"""The ground that every test stands on holds: no network, no inherited environment, no leaked secret."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from textual import constants

from tests.support import snapshots
from tests.support.checkout import ROOT
from tests.support.network import NetworkBlocked

BODY = """
import logging, os, sys
import pytest
from textual import constants
from azsim.secrets import MARK

def test_stdout():
    print(MARK)

def test_stderr():
    print(MARK, file=sys.stderr)

def test_log():
    logging.getLogger("x").debug(MARK)

def test_values():
    key = MARK + "." + 2 * "tail"
    assert key == "x"

def test_tmp_path(tmp_path):
    (tmp_path / "journal").write_text(f"x{MARK}y")

def test_home(home):
    (home / "journal").write_text(f"x{MARK}y")

@pytest.mark.keeps_secrets("a token cache")
def test_exempt(tmp_path, home):
    for folder in (tmp_path, home):
        (folder / "journal").write_text(f"x{MARK}y")

def test_environment():
    assert not {"AZURE_TENANT_ID", "NO_COLOR", "TEXTUAL_THEME"} & set(os.environ)
    assert constants.DEFAULT_THEME == "textual-dark"
"""
MACHINE = {"AZURE_TENANT_ID": "t", "NO_COLOR": "1", "TEXTUAL_THEME": "nord"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """What was wrong with each test of a small suite on this same ground, by name; and all that its run printed."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "conftest.py").write_text("from tests.conftest import *  # noqa\n")
    (folder / "test_it.py").write_text(BODY)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    options = ["--rootdir", str(folder), f"--snapshot-report={folder / 'html'}", f"--junitxml={folder / 'report.xml'}"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, *options, str(folder / "test_it.py")],
        cwd=ROOT, capture_output=True, text=True, env={**inherited, **MACHINE},
    )  # fmt: skip
    report = (folder / "report.xml").read_text()
    wrong: dict[str, str] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        texts = [f"{bad.get('message')} {bad.text}" for bad in (*case.findall("failure"), *case.findall("error"))]
        wrong[case.attrib["name"].removeprefix("test_")] = " ".join(texts)
    return wrong, done.stdout + done.stderr + report


Told = tuple[dict[str, str], str]


@pytest.mark.parametrize("stream", ["stdout", "stderr", "log"])
def test_a_secret_in_the_output_fails_the_test(told: Told, stream: str) -> None:
    assert f"a simulated secret reached: Captured {stream}" in told[0][stream]


def test_a_failed_test_does_not_tell_the_secrets_it_handled(told: Told) -> None:
    wrong, printed = told
    assert "<secret>" in wrong["values"]
    assert "tailtail" not in printed


@pytest.mark.parametrize("fixture", ["tmp_path", "home"])
def test_a_secret_in_a_file_fails_the_test(told: Told, fixture: str) -> None:
    assert "files that hold a simulated secret" in told[0][fixture]


def test_a_test_whose_files_hold_secrets_by_nature_says_so(told: Told) -> None:
    assert told[0]["exempt"] == ""


def test_an_operators_environment_is_not_inherited(told: Told) -> None:
    assert told[0]["environment"] == ""


def test_the_machine_stays_outside(home: Path) -> None:
    assert os.environ["HOME"] == str(home)
    assert Path(os.environ["XDG_STATE_HOME"]).is_relative_to(home)
    assert constants.DEFAULT_THEME == "textual-dark"


def test_the_network_ends_at_loopback() -> None:
    with socket.socket() as outside, pytest.raises(NetworkBlocked):
        outside.connect(("192.0.2.1", 443))
    with pytest.raises(NetworkBlocked):
        socket.getaddrinfo("management.azure.com", 443)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize(("updating", "refused"), [(True, True), (False, False)])
def test_pictures_are_written_by_the_reference_versions_only(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, updating: bool, refused: bool
) -> None:
    monkeypatch.setattr(snapshots, "REFERENCE", {"python": "3.0", "textual": "0.1"})
    monkeypatch.setattr(pytestconfig.option, "update_snapshots", updating)
    with pytest.raises(pytest.UsageError) if refused else contextlib.nullcontext():
        snapshots.refuse_update_off_reference(pytestconfig)
