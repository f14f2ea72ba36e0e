"""Pictures of screens, kept under the top-level `snapshots/` as SVG and as plain text."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_textual_snapshot
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from textual.app import App
from textual.pilot import Pilot

from tests.support.checkout import ROOT
from tui._textual import screen_text

SNAPSHOTS = ROOT / "snapshots"
REFERENCE = {"python": "3.11", "textual": "8.2.8"}
"""The only versions that may write pictures; others compare against them."""

BeforePicture = Callable[[Pilot[Any]], Awaitable[None] | None]


def folder_of(test_module: Path) -> Path:
    """`snapshots/tui/test_fleet` for `tests/tui/test_fleet.py`."""
    return SNAPSHOTS / test_module.relative_to(ROOT / "tests").with_suffix("")


class _TopLevel(SingleFileSnapshotExtension):
    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(folder_of(Path(test_location.filepath)))


class PictureExtension(_TopLevel, pytest_textual_snapshot.SVGImageExtension):
    """The plug-in's SVG in our folder; syrupy 4 reads the underscored names, later ones the others."""

    _file_extension = file_extension = "svg"
    _write_mode = write_mode = WriteMode.TEXT


class TextExtension(_TopLevel):
    """The characters of the screen, one line a row, so that a change reads like a screen in a diff."""

    _file_extension = file_extension = "txt"
    _write_mode = write_mode = WriteMode.TEXT


def refuse_update_off_reference(config: pytest.Config) -> None:
    """Stop `--snapshot-update` where it would write pictures that the reference versions do not make."""
    here = {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "textual": importlib.metadata.version("textual"),
    }
    if config.getoption("update_snapshots", False) and here != REFERENCE:
        raise pytest.UsageError(f"snapshots are written with {REFERENCE} only, this is {here}")


class Snap:
    """Compares a screen with its picture: `snap(lambda: make_app(...), press=["k"], size=(120, 40))`."""

    def __init__(self, compare: Callable[..., bool], text: SnapshotAssertion) -> None:
        self._compare = compare
        self._text = text

    def __call__(
        self,
        make_app: Callable[[], App[Any]],
        *,
        press: Iterable[str] = (),
        size: tuple[int, int] = (80, 24),
        run_before: BeforePicture | None = None,
    ) -> None:
        """Run the app without animation or blinking cursor, press the keys, and compare text, then colours.

        `run_before` gets the pilot first and may be a coroutine function. For sync tests: the app runs
        its own loop.
        """
        __tracebackhide__ = True
        app = make_app()
        app.animation_level = "none"
        seen: list[str] = []

        async def prepare(pilot: Pilot[Any]) -> None:
            if run_before is not None and (waiting := run_before(pilot)) is not None:
                await waiting
            await pilot.press(*press)
            await pilot.pause()
            for field in pilot.app.screen.query("Input, TextArea"):
                setattr(field, "cursor_blink", False)  # noqa: B010 - the two widgets share no base that has it
            await pilot.pause()
            width, height = pilot.app.size
            seen.append(f"# {width}x{height}\n{screen_text(pilot.app.screen)}\n")

        same_picture = self._compare(app, terminal_size=size, run_before=prepare)
        assert seen[0] == self._text
        assert same_picture, "the text is the same, colours or styles differ: see build/snapshot_report.html"
