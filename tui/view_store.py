"""Views of the fleet that were saved from the console: a file of the operator's own, apart from the settings.

The settings are written by hand and stay as they are; what a key saves goes here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tui.config import FleetView
from tui.fleet_view import brought_views
from tui.render import clean


class ViewError(Exception):
    """The saved views cannot be read or written; the text is a whole sentence."""


VERSION = 1


class Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds."""

    version: int
    views: tuple[FleetView, ...]


class ViewStore:
    """The file with the saved views; it is read when somebody asks for views, never before."""

    @property
    def path(self) -> Path:
        """Where they are kept."""
        from platformdirs import user_state_path

        return user_state_path("amlkeys", appauthor=False) / "views.json"

    def load(self) -> tuple[FleetView, ...]:
        """Give the saved views; none where there is no file. Raises `ViewError`."""
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=Saved)
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError) as error:
            raise ViewError(f"The saved views cannot be read ({_reason(error)}): {self.path}.") from None
        if found.version != VERSION:
            raise ViewError(f"The saved views cannot be read (another version wrote them): {self.path}.")
        return found.views

    def save(self, view: FleetView) -> None:
        """Keep a view, in the place of one of the same name; a file that cannot be read is left alone."""
        self._write((*(each for each in self.load() if not same(each, view.name)), view))

    def forget(self, name: str) -> None:
        """Drop a view."""
        self._write(tuple(each for each in self.load() if not same(each, name)))

    def _write(self, views: tuple[FleetView, ...]) -> None:
        path = self.path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # 0600 from the start
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.format(msgspec.json.encode(Saved(VERSION, views))) + b"\n")
                os.replace(fresh, path)
            except OSError:
                os.unlink(fresh)
                raise
        except OSError as error:
            raise ViewError(f"The view could not be saved ({_reason(error)}): {path}.") from None


def _reason(error: Exception) -> str:
    """Say why, without the path a second time; the reason stands first, for a line of remarks is short."""
    return clean((error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error))


def same(view: FleetView, name: str) -> bool:
    """Whether a view has a name, in any case."""
    return view.name.casefold() == name.strip().casefold()


def all_views(configured: Sequence[FleetView], saved: Sequence[FleetView]) -> list[tuple[FleetView, str]]:
    """The views by name with where each is from; a saved one stands for a configured, and that for one brought along."""
    found: dict[str, tuple[FleetView, str]] = {}
    for views, origin in ((brought_views(), ""), (configured, "settings"), (saved, "saved")):
        found |= {view.name.casefold(): (view, origin) for view in views}
    return list(found.values())
