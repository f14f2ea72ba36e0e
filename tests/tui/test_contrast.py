"""The high-contrast theme keeps its word on every screen, and no state is told by colour alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.color import ColorTriplet
from rich.segment import Segment
from textual.pilot import Pilot
from textual.screen import Screen

from actions.guard.model import Mode
from azsim.estates.demo import demo
from azsim.estates.small import small
from tests.tui.consoles import NOON, arm, console, opened, press, session
from tui import render
from tui.config import Appearance, Config

STRONG = Config(appearance=Appearance(theme="high-contrast"))
PLAN = ("k", "enter", "enter", "enter", "1")
LEAST = 7.0
"""WCAG 2.2, 1.4.6 Contrast (Enhanced)."""


def luminance(colour: ColorTriplet) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """From 1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def reading(screen: Screen[object]) -> Iterator[Segment]:
    """What is to be read now: the parts of the screen on top."""
    strips = screen._compositor.render_strips()
    for part in screen.children:
        area = part.region
        for strip in strips[area.y : area.bottom]:
            yield from strip.crop(area.x, area.right)


def weak(pilot: Pilot[None]) -> list[str]:
    """Texts whose contrast is too low; frames and scroll bars are no text, nor is what a question has covered up."""
    found = []
    for segment in reading(pilot.app.screen):
        style = segment.style
        if style is None or not any(letter.isalnum() for letter in segment.text):
            continue
        if style.color is None or style.bgcolor is None:
            continue
        front, back = style.color.get_truecolor(), style.bgcolor.get_truecolor()
        front, back = (back, front) if style.reverse else (front, back)
        assert not style.dim, segment.text
        assert not style.blink, segment.text
        if contrast(front, back) < LEAST:
            found.append(f"{segment.text.strip()!r} {front.hex} on {back.hex}: {contrast(front, back):.1f}")
    return found


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("estate", "mode", "keys"),
    [
        ("demo", Mode.LOOK, ()),
        ("demo", Mode.LIVE, ("down",)),
        ("demo", Mode.DRY_RUN, ("slash", *"fraud")),
        ("demo", Mode.LOOK, ("slash", *"fraud-s", "enter", "enter")),
        ("demo", Mode.LOOK, ("p",)),
        ("demo", Mode.LOOK, ("p", "a")),
        ("demo", Mode.LOOK, ("C",)),
        ("small", Mode.LOOK, ("b", "enter")),
        ("small", Mode.LOOK, ("r",)),
        ("small", Mode.LOOK, ("m",)),
        ("small", Mode.LOOK, ("question_mark",)),
        ("small", Mode.LOOK, ("ctrl+p",)),
        ("small", Mode.LOOK, ("R",)),
        ("small", Mode.LOOK, ("R", "f")),
        ("small", Mode.LOOK, PLAN),
        ("small", Mode.LIVE, (*PLAN, "enter")),
        ("small", Mode.DRY_RUN, (*PLAN, "enter", "y")),
    ],
)
async def test_every_text_has_a_contrast_of_seven_to_one(estate: str, mode: Mode, keys: tuple[str, ...]) -> None:
    app = console(session({"demo": demo, "small": small}[estate](NOON), config=STRONG))
    async with opened(app) as pilot:
        arm(app, mode)
        app.show_facts()
        await press(pilot, *keys)
        await pilot.app.workers.wait_for_complete()
        assert weak(pilot) == []


def test_no_state_is_told_by_colour_alone() -> None:
    """Each has a word of its own; where a symbol serves two states, their words tell them apart."""
    looks = render._LOOKS
    assert all(look.word.strip() and len(look.symbol) == 1 and look.ascii.isascii() for look in looks.values())
    told = [(look.symbol, look.word) for look in looks.values()]
    assert {pair for pair in told if told.count(pair) > 1} <= {("✓", "ok")}
