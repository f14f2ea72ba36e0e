"""The ground that every test stands on holds: no network, no inherited environment, no leaked secret."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from textual import constants

from tests.support import snapshots
from tests.support.checkout import ROOT
from tests.support.network import NetworkBlocked

CONFTEST = "from tests.conftest import *  # noqa\n"


def _suite(folder: Path, body: str, *options: str, **environment: str) -> str:
    """The report of a small suite that stands on the same ground as this one."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text("import pytest\nfrom azsim.secrets import MARK\n" + body)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    report = f"--snapshot-report={folder / 'report.html'}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, "--rootdir", str(folder), report, *options, str(folder / "test_it.py")],
        cwd=ROOT, capture_output=True, text=True, env={**inherited, **environment},
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "leak",
    [
        "print(MARK)",
        "import sys; print(MARK, file=sys.stderr)",
        "import logging; logging.getLogger('x').debug(MARK)",
    ],
    ids=["stdout", "stderr", "log"],
)
def test_a_secret_in_the_output_fails_the_test(tmp_path: Path, leak: str) -> None:
    report = _suite(tmp_path, f"def test_leak():\n    {leak}\n")
    assert "1 failed" in report
    assert "a simulated secret reached: Captured" in report


def test_a_failed_test_does_not_tell_the_secrets_it_handled(tmp_path: Path) -> None:
    report = _suite(tmp_path, "def test_values():\n    key = MARK + '.' + 2 * 'tail'\n    assert key == 'x'\n")
    assert "1 failed" in report
    assert "<secret>" in report
    assert "tailtail" not in report


@pytest.mark.parametrize("fixture", ["tmp_path", "home"])
def test_a_secret_in_a_file_fails_the_test(tmp_path: Path, fixture: str) -> None:
    body = f"def test_leak({fixture}):\n    ({fixture} / 'journal').write_text(f'x{{MARK}}y')\n"
    assert "files that hold a simulated secret" in _suite(tmp_path, body)
    exempt = "@pytest.mark.keeps_secrets('a token cache')\n" + body
    assert "1 passed" in _suite(tmp_path, exempt)


def test_the_machine_stays_outside(home: Path) -> None:
    assert os.environ["HOME"] == str(home)
    assert Path(os.environ["XDG_STATE_HOME"]).is_relative_to(home)
    assert constants.DEFAULT_THEME == "textual-dark"


def test_an_operators_environment_is_not_inherited(tmp_path: Path) -> None:
    body = (
        "import os\nfrom textual import constants\n"
        "def test_clean():\n"
        "    assert not {'AZURE_TENANT_ID', 'NO_COLOR', 'TEXTUAL_THEME'} & set(os.environ)\n"
        "    assert constants.DEFAULT_THEME == 'textual-dark'\n"
    )
    report = _suite(tmp_path, body, AZURE_TENANT_ID="t", NO_COLOR="1", TEXTUAL_THEME="nord")
    assert "1 passed" in report


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
