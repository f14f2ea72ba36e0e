"""What every test stands on: a home of its own, no network, a fixed look, and a hunt for leaked secrets."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import pytest_textual_snapshot
from syrupy.assertion import SnapshotAssertion

from azsim.secrets import MARK
from tests.support import canary, idle, network, snapshots, styles
from tests.support.checkout import ROOT

pytest_textual_snapshot.SVGImageExtension = snapshots.PictureExtension  # looked up when `snap_compare` runs


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to write pictures where they would differ for reasons that are not ours."""
    snapshots.refuse_update_off_reference(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell apart what is slow by nature: what compares pictures, and what starts programs in terminals."""
    for item in items:
        # A module's own `picture` hides from pytest that the one beneath it asks for `snap`.
        if {"snap", "picture"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("picture")
        if "terminal" in item.path.stem:
            item.add_marker("terminal")


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that was imported; it took a fifth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose output or log holds a simulated secret."""
    report = yield
    canary.judge(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """No test reaches beyond this machine."""
    with pytest.MonkeyPatch.context() as patch:
        network.block(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def pilots_that_wait_no_longer_than_needed() -> Iterator[None]:
    """Pilots go on when the App has nothing to do."""
    with pytest.MonkeyPatch.context() as patch:
        idle.put_in_place(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def style_sheets_parsed_once() -> Iterator[None]:
    """Apps share what was parsed of their style sheets."""
    with pytest.MonkeyPatch.context() as patch:
        styles.put_in_place(patch)
        yield


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all homes; pytest's own numbering would read a folder of thousands for each test."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest, homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home and XDG folders for this test alone; afterwards no file it left may hold a simulated secret.

    `@pytest.mark.keeps_secrets(reason)` exempts files that hold them by nature (another tool's token cache).
    """
    folder = Path(tempfile.mkdtemp(dir=homes))
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
    written = [folder]
    if "tmp_path" in request.fixturenames:
        written.append(request.getfixturevalue("tmp_path"))
    yield folder
    if request.node.get_closest_marker("keeps_secrets") is None:
        leaks = [str(path) for path in canary.in_files(written)]
        assert not leaks, f"files that hold a simulated secret: {leaks}"


@pytest.fixture
def no_secret_in() -> Callable[[str | bytes], None]:
    """A check for text that a test read itself, such as the output of a process it started."""

    def check(output: str | bytes) -> None:
        data = output.encode() if isinstance(output, str) else output
        assert MARK.encode() not in data, "a simulated secret is in this output"

    return check


@pytest.fixture(scope="session")
def wire_dir() -> Path:
    """The folder of recorded Azure traffic: `AMLKEYS_WIRE`, else beside the checkout; skips without it."""
    folder = Path(os.environ.get("AMLKEYS_WIRE") or ROOT.parent / "shared" / "azure" / "wire")
    if not folder.is_dir():
        pytest.skip("no recordings: set AMLKEYS_WIRE to their folder")
    return folder


@pytest.fixture
def snap(snap_compare: Callable[..., bool], snapshot: SnapshotAssertion) -> snapshots.Snap:
    """Compare screens with `snapshots/`: see `tests.support.snapshots.Snap`."""
    return snapshots.Snap(snap_compare, snapshot.use_extension(snapshots.TextExtension))
