"""An action's options become flags by themselves: a new action needs no change of the command line."""

from __future__ import annotations

from typing import Literal

import click
import pytest

from actions.guard.contract import Options
from actions.registry import actions
from tui.commands.flags import action_options, given_options
from tui.options import option_fields, seconds, told_seconds


class Sixth(Options, frozen=True, kw_only=True):
    """Options of every kind."""

    soak: float = 5400.0
    """How long to wait."""
    keep_hours: float = 0.0
    count: int = 3
    mode: Literal["", "slow", "fast"] = ""
    order: Literal["b", "a"] = "b"
    force: bool = False
    """Do it
    anyway."""
    tidy: bool = True
    """Clear up afterwards."""
    who: str = ""
    only: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90.0), ("1.5", 1.5), ("30m", 1800.0), ("1h30m", 5400.0), ("1h 30m", 5400.0), ("2d", 172_800.0)],
)
def test_lengths_of_time_are_read_as_people_write_them(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-1", "1w", "nan", "inf", "1h30", "1e12"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        seconds(text)


@pytest.mark.parametrize(("value", "text"), [(5400.0, "1h30m"), (0.0, "0s"), (86_461.0, "1d1m1s")])
def test_lengths_of_time_are_told_as_they_are_given(value: float, text: str) -> None:
    assert told_seconds(value) == text
    assert seconds(text) == value


def test_each_kind_of_field_is_told() -> None:
    fields = {field.name: field for field in option_fields(Sixth)}
    assert [fields[name].kind for name in fields] == [
        "duration", "number", "number", "choice", "choice", "flag", "flag", "text", "texts",
    ]  # fmt: skip
    assert fields["mode"].choices == ("slow", "fast")
    assert fields["order"].choices == ("b", "a"), "in the order of the type"
    assert (fields["force"].flag, fields["tidy"].flag) == ("--force", "--no-tidy")
    assert fields["force"].doc == "Do it anyway."
    assert fields["count"].doc == ""


def parsed(*words: str) -> dict[str, object]:
    command = click.Command("sixth", params=action_options(Sixth))
    with command.make_context("sixth", list(words)) as context:
        return given_options(context.params)


def test_only_what_was_given_is_handed_on() -> None:
    assert parsed() == {}
    assert parsed("--force", "--no-tidy", "--soak", "1h") == {"force": True, "tidy": False, "soak": 3600.0}
    assert parsed("--only", "a", "--only", "b", "--mode", "slow", "--count", "4", "--keep-hours", "1.5") == {
        "only": ("a", "b"), "mode": "slow", "count": 4, "keep_hours": 1.5,
    }  # fmt: skip


def test_a_choice_that_is_none_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="'quick' is not one of 'slow', 'fast'"):
        parsed("--mode", "quick")


TAKEN = {"target", "confirm", "slot", "decided", "file", "detailed", "details"}


@pytest.mark.parametrize("name", actions())
def test_no_action_takes_a_name_that_a_command_has(name: str) -> None:
    assert {field.name for field in option_fields(actions()[name].options)} & TAKEN == set()


@pytest.mark.parametrize("name", actions())
def test_every_option_of_every_action_is_documented(name: str) -> None:
    assert [field.name for field in option_fields(actions()[name].options) if not field.doc] == []
