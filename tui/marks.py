"""Which workspaces are marked to be acted on together: by their ids, in the order in which they were marked."""

from __future__ import annotations

from collections.abc import Collection, Iterator


class Marks:
    """Kept apart from the list, so that reading, sorting and filtering it anew cannot lose one."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, str]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def items(self) -> list[tuple[str, str, str]]:
        """Each id with its name and its subscription's, the first that was marked first."""
        return [(key, *names) for key, names in self._names.items()]

    def turn(self, key: str, name: str, subscription: str) -> None:
        """Mark, or take the mark away."""
        if self._names.pop(key, None) is None:
            self._names[key] = (name, subscription)

    def clear(self) -> None:
        """Take all marks away."""
        self._names = {}

    def keep(self, there: Collection[str]) -> list[str]:
        """Drop the marks of what is no longer there and give their names."""
        gone = [key for key in self._names if key not in there]
        return [self._names.pop(key)[0] for key in gone]

    def told(self, shown: Collection[str]) -> str:
        """Say how many there are, and which of them the filter hides; empty where there is none."""
        if not self._names:
            return ""
        hidden = [names[0] for key, names in self._names.items() if key not in shown]
        if hidden:
            return f"{len(self._names)} marked, {len(hidden)} of them hidden by the filter: {', '.join(hidden)}"
        return f"{len(self._names)} marked: an action's key acts on one after the other, esc clears"
