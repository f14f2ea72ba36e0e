"""A workspace's security as lines: its facts by section, what to do about those that need it, and where each was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.render import clean, indent, look, mark
from tui.spark import spark

if TYPE_CHECKING:
    from actions.posture.facts import Fact
    from actions.posture.page import Page

_ORDER = ("critical", "high", "warn", "unknown", "info", "good", "absent")


def summary(page: Page) -> str:
    """How many facts have each grade, the worst first."""
    count = page.count()
    return ", ".join(f"{count[grade]} {look(grade).word}" for grade in _ORDER if grade in count)


def page_lines(page: Page, cells: int, *, ascii_only: bool = False) -> list[str]:
    """Tell a page: each section's facts with their remedies, then the calls that told them and when."""
    from actions.posture.page import SECTIONS

    lines = [f"{clean(page.name)}: {summary(page)}"]
    for section in SECTIONS:
        facts = [fact for fact in page.facts if fact.section == section.name]
        if facts:
            told = [line for fact in facts for line in _fact_lines(fact, cells, ascii_only)]
            lines += ["", section.title, *told]
    read = {fact.source: fact.as_of for fact in page.facts}
    lines += ["", "Where it was read, and when"]
    lines += [line for call, at in sorted(read.items()) for line in indent(f"{call}, {at}", cells, "  ")]
    return lines


def _fact_lines(fact: Fact, cells: int, ascii_only: bool) -> list[str]:
    head = f"{mark(fact.grade, ascii_only=ascii_only)} {look(fact.grade).word:<8}"
    lines = indent(clean(f"{fact.subject}, {fact.label}: {fact.value}"), cells, f"{head} ", " " * 11)
    if fact.points:
        for word, points in (("day", fact.points[-24:]), ("week", fact.points)):
            lines.append(f"{' ' * 11}{word:<5}{spark(points, min(cells - 16, 56), ascii_only=ascii_only)}")
    if fact.remedy:
        way = fact.leads_to.partition(":")[2]
        lead = f" ({way})" if way and way not in fact.remedy else ""
        lines += indent(clean(f"{fact.remedy}{lead}"), cells, " " * 11 + "do: ", " " * 15)
    if fact.note:
        lines += indent(clean(fact.note), cells, " " * 11 + "note: ", " " * 17)
    return lines
