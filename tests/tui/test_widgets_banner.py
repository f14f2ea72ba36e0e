"""What the top two lines say, for every world, mode and width."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actions.guard.model import Mode
from tui.render import width
from tui.widgets.banner import BannerFacts, mode_words, second_line, tick_after, top_line
from tui.widgets.stages import Stage, stages_line

FACTS = BannerFacts(
    Mode.LOOK, True, "Contoso", "AzureCloud", "c0417054-0000-4000-8000-0000000000aa", "ada@contoso.example"
)


@pytest.mark.parametrize("cells", [80, 120, 200])
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("rehearsal", [True, False])
def test_world_mode_user_and_tenant_fit_into_the_line(cells, mode, rehearsal):
    line = top_line(replace(FACTS, mode=mode, rehearsal=rehearsal, left=1799.0), cells)
    text = "".join(line)
    assert width(text) + 2 <= cells
    assert ("REHEARSAL Contoso" in text) is rehearsal
    assert ("AZURE" in text) is not rehearsal
    assert mode.upper() in text
    assert "ada@contoso.example" in text
    assert "tenant c0417054" in text


def test_a_long_user_is_cut_before_the_tenant_disappears():
    text = "".join(top_line(replace(FACTS, user="x" * 200), 80))
    assert "tenant c041" in text
    assert width(text) <= 80


def test_the_end_of_a_long_way_stays():
    line = second_line(("workspaces", "w" * 40, "storage keys", "confirm"), "AzureCloud", "2026-03-09T14:02:11Z", 80)
    assert "confirm" in line
    assert "as of 14:02:11Z" in line
    assert width(line) <= 80


@pytest.mark.parametrize(
    ("left", "words", "after"),
    [(1799.5, "LIVE 29 min left", 59.6), (61.0, "LIVE 1 min left", 1.1), (42.4, "LIVE 42 s left", 1.0)],
)
def test_live_tells_minutes_and_only_the_last_one_in_seconds(left, words, after):
    facts = replace(FACTS, mode=Mode.LIVE, left=left)
    assert mode_words(facts) == words
    assert tick_after(facts) == pytest.approx(after)


def test_nothing_ticks_unless_live():
    assert tick_after(FACTS) == 0
    assert tick_after(replace(FACTS, mode=Mode.DRY_RUN)) == 0


def test_hostile_names_in_the_banner_are_plain():
    text = "".join(top_line(replace(FACTS, estate="\x1b[2J[b]evil", user="a\nb"), 120))
    assert "\x1b" not in text
    assert "\n" not in text
    assert "[b]evil" in text


def test_the_stages_say_where_the_walk_stands_without_colour():
    assert stages_line(Stage.PLAN, ascii_only=True).plain.split() == [
        *("+", "1", "Inspect"),
        *("[2", "Plan]"),
        *("3", "Confirm"),
        *("4", "Run"),
        *("5", "Report"),
    ]
