"""A workspace's security as lines: its facts by section, what to do about those that need it, and where each was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from tui.render import Column, clean, indent, look, mark, stamp, table
from tui.sheets import Sheet, headed, sheet
from tui.spark import spark

if TYPE_CHECKING:
    from actions.posture.facts import Fact, Section
    from actions.posture.page import Page

_ORDER = ("critical", "high", "warn", "unknown", "info", "good", "absent")
_HOWS = ("direct", "inherited", "eligible")
_MATRIX = (Column("operation", 16, wraps=True), Column("may", 3), Column("given here", 10),
           Column("from above", 10), Column("to activate", 11))  # fmt: skip
_WORST = ("critical", "high")
_HOLDERS = 12
"""Holders of powers that are told one by one where nothing is amiss with them."""
_MAY = {"good": "yes", "info": "no", "unknown": "?", "absent": "-"}


class Lead(NamedTuple):
    """Where facts lead: a guarded action or a runbook by name, for the gravest of them first."""

    to: str
    facts: tuple[Fact, ...]

    @property
    def kind(self) -> str:
        """`action` or `runbook`."""
        return self.to.partition(":")[0]

    @property
    def name(self) -> str:
        """Its name."""
        return self.to.partition(":")[2]


def leads(page: Page) -> tuple[Lead, ...]:
    """Everywhere that the facts lead to, each once, the gravest reason first."""
    found: dict[str, list[Fact]] = {}
    for fact in sorted(page.facts, key=lambda fact: _ORDER.index(fact.grade)):
        if fact.leads_to:
            found.setdefault(fact.leads_to, []).append(fact)
    return tuple(Lead(to, tuple(facts)) for to, facts in found.items())


def reason(lead: Lead) -> str:
    """Why one would go there: the gravest of its facts, and how many more there are."""
    first, more = lead.facts[0], len(lead.facts) - 1
    told = f"{look(first.grade).word}: {first.subject}, {first.label}: {first.value}"
    return clean(told + (f" (and {more} more)" if more else ""))


def summary(facts: Iterable[Fact]) -> str:
    """How many facts have each grade, the worst first."""
    count = Counter[str](fact.grade for fact in facts)
    return ", ".join(f"{count[grade]} {look(grade).word}" for grade in _ORDER if grade in count)


def sections(page: Page) -> list[tuple[Section, list[Fact]]]:
    """The sections that have facts, in their order."""
    from actions.posture.page import SECTIONS

    parts = ((section, [fact for fact in page.facts if fact.section == section.name]) for section in SECTIONS)
    return [(section, facts) for section, facts in parts if facts]


def page_lines(page: Page, cells: int, *, ascii_only: bool = False) -> list[str]:
    """Tell a page: each section's facts with their remedies, then the calls that told them and when."""
    lines = headed(indent(f"{clean(page.name)}: {summary(page.facts)}", cells), facts_sheet(page))
    lines += _worst_lines(page, cells, ascii_only)
    for section, facts in sections(page):
        lines += ["", section.title, *_section_lines(facts, cells, ascii_only)]
    read = {fact.source: fact.as_of for fact in page.facts}
    lines += ["", "Where it was read, and when"]
    lines += [line for call, at in sorted(read.items()) for line in indent(clean(f"{call}, {stamp(at)}"), cells, "  ")]
    return lines


def facts_sheet(page: Page) -> Sheet:
    """All facts as one table, in the order of their sections."""
    titles = ("section", "grade", "subject", "fact", "value", "to do", "note", "read by", "at")
    rows = (
        (section.title, look(fact.grade).word, fact.subject, fact.label, fact.value, fact.remedy, fact.note, fact.source,
         stamp(fact.as_of))
        for section, facts in sections(page)
        for fact in facts
    )  # fmt: skip
    return sheet("How it is secured", titles, (tuple(map(clean, row)) for row in rows))


def _worst_lines(page: Page, cells: int, ascii_only: bool) -> list[str]:
    """What is critical or high, before everything else; what to do about it stands in its section."""
    lines: list[str] = []
    for grade in _WORST:
        for section, facts in sections(page):
            for fact in facts:
                if fact.grade == grade:
                    told = f"{fact.subject}, {fact.label}: {fact.value}"
                    head = f"{mark(grade, ascii_only=ascii_only)} {look(grade).word:<8} "
                    lines += indent(clean(f"{told} ({section.title})"), cells, head, " " * 11)
    return ["", "The worst first", *lines] if lines else []


def _section_lines(facts: list[Fact], cells: int, ascii_only: bool) -> list[str]:
    """One section's facts; what the operator may do is a table, and a note is told once."""
    from actions.posture.operations import OURS, PAGE

    words = {operation.word for operation in (*PAGE, *OURS)}
    lines: list[str] = []
    rights = [fact for fact in facts if fact.section == "rights" and fact.id in words]
    seen: set[str] = set()
    holders = [fact for fact in facts if (fact.section, fact.id) == ("others", "holder")]
    for fact in facts:
        if fact in holders[_HOLDERS:]:
            if fact is holders[-1]:
                lines += indent(f"and {len(holders) - _HOLDERS} more, told by --json", cells, " " * 11)
        elif fact not in rights:
            lines += _fact_lines(fact, cells, ascii_only, noted=fact.note in seen)
            seen.add(fact.note)
    return [*lines, *_matrix_lines(rights, cells, ascii_only)] if rights else lines


def _matrix_lines(facts: list[Fact], cells: int, ascii_only: bool) -> list[str]:
    """Operations against what gives them; under it why not, and what an operation is called today."""
    rows = [(clean(fact.label), _may(fact), *(_given(fact, how) for how in _HOWS)) for fact in facts]
    grades = [fact.grade for fact in facts]
    lines = ["", *table(_MATRIX, rows, cells, states=grades, title="What you may do", ascii_only=ascii_only)]
    reasons: dict[tuple[str, str], list[str]] = {}
    for fact in facts:
        if fact.grade not in {"good", "absent"}:
            reasons.setdefault((fact.value, fact.remedy), []).append(fact.label)
    for (value, remedy), labels in reasons.items():
        what = labels[0] if len(labels) == 1 else f"{len(labels)} operations"
        lines += indent(clean(f"{what}: {value}"), cells, "  ")
        lines += indent(clean(remedy), cells, "    do: ") if remedy else []
    for fact in facts:
        lines += indent(clean(f"{fact.label}: {fact.note}"), cells, "  note: ") if fact.note else []
    return lines


def _may(fact: Fact) -> str:
    return "PIM" if fact.value.startswith("once ") else _MAY.get(fact.grade, "?")


def _given(fact: Fact, how: str) -> str:
    return ", ".join(dict.fromkeys(clean(way.role) for way in fact.ways if way.how == how)) or "-"


def _fact_lines(fact: Fact, cells: int, ascii_only: bool, *, noted: bool) -> list[str]:
    head = f"{mark(fact.grade, ascii_only=ascii_only)} {look(fact.grade).word:<8}"
    lines = indent(clean(f"{fact.subject}, {fact.label}: {fact.value}"), cells, f"{head} ", " " * 11)
    if fact.points:
        for word, points in (("day", fact.points[-24:]), ("week", fact.points)):
            lines.append(f"{' ' * 11}{word:<5}{spark(points, min(cells - 16, 56), ascii_only=ascii_only)}")
    if fact.remedy:
        way = fact.leads_to.partition(":")[2]
        lead = f" ({way})" if way and way not in fact.remedy else ""
        lines += indent(clean(f"{fact.remedy}{lead}"), cells, " " * 11 + "do: ", " " * 15)
    if fact.note and not noted:
        lines += indent(clean(fact.note), cells, " " * 11 + "note: ", " " * 17)
    return lines
