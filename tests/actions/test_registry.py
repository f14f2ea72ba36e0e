"""The actions by name."""

from __future__ import annotations

import pytest

from actions.registry import UnknownAction, actions, entries, entry


def test_each_entry_is_what_its_class_says() -> None:
    made = actions()
    assert list(made) == [known.name for known in entries()]
    for known in entries():
        assert made[known.name].name == known.name


def test_letters_and_runbooks_are_not_shared() -> None:
    assert len({known.key for known in entries()}) == len(entries())
    assert len({known.runbook for known in entries()}) == len(entries())


def test_underscores_count_as_dashes_and_the_rest_is_unknown() -> None:
    assert entry("storage_keys") is entry("storage-keys")
    with pytest.raises(UnknownAction, match="there is no action resync; there are storage-keys"):
        entry("resync")
