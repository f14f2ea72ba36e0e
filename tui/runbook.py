"""A runbook as data: Markdown that people read, with TOML in front and steps that may be bound; parsed and checked.

A step is a numbered item. A line of it that is one code span binds it:

    `amlkeys: storage-keys --leaked {slot}`        an action, on the runbook's target
    `expect: identity-access == ok, else 7`        a check; also `has ID` and `lacks ID` of a finding; `else stop`
    `ask: slot = key1 | key2 | unknown -> 12`      a question; an answer may lead to another step, or to `stop`
    `wait: 10m`                                    a wait

A step without such a line is ticked off.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from actions.guard.files import read_whole
from tui.options import seconds

SHIPPED = Path(__file__).parent.parent / "actions" / "runbooks"
FENCE = "+++"
STOP = "stop"
_STEP = re.compile(r"(\d+)\. +(\S.*)")
_STRESSED = re.compile(r"(?<!\w)(\*\*?)(?=\S)([^*\n]+?)(?<=\S)\1(?!\w)")
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+")
"""What begins a paragraph of its own within a list."""
_BOUND = re.compile(r"\s+`(amlkeys|expect|ask|wait):\s*(.*)`\s*")
_CHECK = re.compile(r"([\w-]+) +(?:(==) +ok|(has|lacks) +(\S+?))(?:, *else +(\w+))?")
_NAME = re.compile(r"\{(\w+)\}")


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in front of a runbook; `action` is the one that it belongs to, if to one."""

    title: str
    when: str
    severity: Literal["critical", "high", "warn", "info"]
    targets: tuple[str, ...]
    roles: tuple[str, ...]
    review_by: date
    action: str = ""


class Problem(NamedTuple):
    """One thing that is wrong with a file, and where."""

    line: int
    sentence: str


class Choice(NamedTuple):
    """One answer; `to` is the step that it leads to, 0 for the next one, -1 to stop."""

    text: str
    to: int


class Bound(NamedTuple):
    """What a step is bound to: its kind, what was written, and what that means for this kind.

    `name` is the action of `amlkeys` and `expect`, the variable of `ask`; `words` are the options, or the condition's
    verb and finding; `otherwise` is where a check that does not hold leads to.
    """

    kind: Literal["amlkeys", "expect", "ask", "wait"]
    text: str
    line: int
    name: str = ""
    words: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    otherwise: int = 0
    seconds: float = 0.0


def unmarked(text: str) -> str:
    """A text without Markdown's asterisks around what is stressed; backquotes stay, for they set commands apart."""
    return _STRESSED.sub(r"\2", text)


class Step(NamedTuple):
    """One numbered item: its number, the section it stands in, its text, and what it is bound to."""

    number: int
    section: str
    text: str
    line: int
    bound: Bound | None

    @property
    def title(self) -> str:
        """Its first sentence."""
        return re.split(r"(?<=[.:?!])\s", unmarked(self.text), maxsplit=1)[0]


class Runbook(NamedTuple):
    """One file: its name, what is in front, its steps, its text as Markdown, and the SHA-256 of its bytes."""

    name: str
    head: Head
    steps: tuple[Step, ...]
    text: str
    digest: str

    def step(self, number: int) -> Step | None:
        """The step with a number, None beyond the last."""
        return next((step for step in self.steps if step.number == number), None)

    def after(self, number: int) -> int:
        """The number of the step that follows; 0 at the end."""
        return next((step.number for step in self.steps if step.number > number), 0)


class RunbookError(ValueError):
    """A file is no runbook; `problems` say why, with their lines."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{name}, line {problem.line}: {problem.sentence}" for problem in problems))
        self.problems = problems


def filled(text: str, values: dict[str, str]) -> str:
    """Put answers in the place of `{names}`; those without an answer stay."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def unanswered(text: str) -> list[str]:
    """The names that a text still asks for."""
    return _NAME.findall(text)


def read(path: Path) -> Runbook:
    """Read a file; raises `OSError`, or `RunbookError` where it is no runbook."""
    return parse(path.stem, read_whole(path))


def parse(name: str, content: bytes) -> Runbook:
    """Read a runbook from its bytes; raises `RunbookError` with everything that is wrong with its form."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise RunbookError(name, [Problem(content[: error.start].count(b"\n") + 1, "it is no UTF-8 text")]) from None
    lines = text.splitlines()
    ends = [number for number, line in enumerate(lines) if line.strip() == FENCE]
    if len(ends) < 2 or ends[0] != 0:
        raise RunbookError(name, [Problem(1, "it does not begin with TOML between two lines of +++")])
    head = _head(name, lines[1 : ends[1]])
    problems: list[Problem] = []
    steps = tuple(_steps(lines, ends[1] + 1, problems))
    if not steps:
        problems.append(Problem(len(lines), "it has no step: a step is a numbered item"))
    if problems:
        raise RunbookError(name, problems)
    body = "\n".join(lines[ends[1] + 1 :]).strip() + "\n"
    return Runbook(name, head, steps, body, hashlib.sha256(content).hexdigest())


def _head(name: str, lines: list[str]) -> Head:
    try:
        return msgspec.convert(tomllib.loads("\n".join(lines)), Head)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise RunbookError(name, [Problem(int(found[1]) + 1 if found else 2, f"no valid TOML: {error}")]) from None
    except msgspec.ValidationError as error:
        key = re.search(r"\$\.(\w+)|field `(\w+)`", str(error))
        wanted = next((part for part in key.groups() if part), "") if key else ""
        line = next((at for at, text in enumerate(lines, 2) if re.match(rf"{wanted}\s*=", text)), 2)
        raise RunbookError(name, [Problem(line, str(error)[:1].lower() + str(error)[1:])]) from None


def _steps(lines: list[str], start: int, problems: list[Problem]) -> Iterator[Step]:
    """Cut the text into its steps, and complain about what cannot be one."""
    section, last = "", 0
    at = start
    while at < len(lines):
        line = lines[at]
        if line.startswith("#"):
            section = line.lstrip("# ").strip()
        found = _STEP.fullmatch(line)
        end = at + 1
        if found:
            while end < len(lines) and (lines[end].startswith("  ") or not lines[end].strip()):
                end += 1
            number = int(found[1])
            if number != last + 1:
                problems.append(Problem(at + 1, f"step {number} follows step {last}"))
            last = number
            yield _step(number, section, found[2], at, lines[at + 1 : end], problems)
        elif _BOUND.fullmatch(line):
            problems.append(Problem(at + 1, "this binds no step: it stands outside of a numbered item"))
        at = end


def _step(number: int, section: str, first: str, at: int, more: list[str], problems: list[Problem]) -> Step:
    texts, bound, goes_on = [first], None, True
    for offset, line in enumerate(more, at + 2):
        found = _BOUND.fullmatch(line)
        if not found:
            if goes_on and line.strip() and not _ITEM.match(line):
                texts[-1] += f" {line.strip()}"
            elif line.strip():
                texts.append(line.strip())
            goes_on = bool(line.strip())
            continue
        goes_on = False
        if bound is not None:
            problems.append(Problem(offset, f"step {number} is bound twice"))
        try:
            bound = _bound(found[1], found[2].strip(), offset)
        except ValueError as error:
            problems.append(Problem(offset, str(error)))
    return Step(number, section, "\n".join(texts), at + 1, bound)


def flowing(text: str, cells: int) -> list[str]:
    """Lay a runbook's Markdown out for a width: paragraphs and items flow, titles and bound lines stay lines."""
    from tui.render import indent

    lines: list[str] = []
    lead, words = "", ""

    def end() -> None:
        nonlocal lead, words
        lines.extend(indent(words, cells, lead) if words else [])
        lead, words = "", ""

    for line in text.splitlines():
        item = _ITEM.match(line)
        if not line.strip() or line.startswith("#") or _BOUND.fullmatch(line):
            end()
            lines.append(line)
        elif item or not words:
            end()
            lead = item[0] if item else line[: len(line) - len(line.lstrip())]
            words = line[len(lead) :]
        else:
            words += f" {line.strip()}"
    end()
    return lines


def _bound(kind: str, text: str, line: int) -> Bound:
    """Read what stands behind the colon; raises `ValueError` with what is wrong."""
    if kind == "amlkeys":
        words = shlex.split(text)
        if not words:
            raise ValueError("it names no action")
        return Bound("amlkeys", text, line, words[0], tuple(words[1:]))
    if kind == "wait":
        try:
            return Bound("wait", text, line, seconds=seconds(text))
        except ValueError:
            raise ValueError(f"{text!r} is no length of time; write 90s, 30m or 1h") from None
    if kind == "ask":
        name, equals, answers = (part.strip() for part in text.partition("="))
        choices = tuple(_choice(part.strip()) for part in answers.split("|") if part.strip())
        if not (equals and name.isidentifier()) or (answers and not choices):
            raise ValueError("a question reads `ask: NAME = answer | answer -> STEP`, or `ask: NAME =` for any words")
        return Bound("ask", text, line, name, choices=choices)
    found = _CHECK.fullmatch(text)
    if not found:
        raise ValueError("a check reads `expect: ACTION == ok, else STEP`, or `has` or `lacks` and a finding's id")
    if not found[5]:
        raise ValueError("this check has no way on when it does not hold: add `, else STEP` or `, else stop`")
    condition = (found[2] or found[3], found[4] or "ok")
    return Bound("expect", text, line, found[1], condition, otherwise=_place(found[5]))


def _choice(text: str) -> Choice:
    answer, arrow, place = (part.strip() for part in text.partition("->"))
    if not answer:
        raise ValueError("an answer is empty")
    return Choice(answer, _place(place) if arrow else 0)


def _place(text: str) -> int:
    if text == STOP:
        return -1
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no step; write a step's number or {STOP}")
    return int(text)


class Shelf:
    """The runbooks that can be named: those of one's own folder, which win, and those that are shipped."""

    def __init__(self, own: str = "") -> None:
        self._own = Path(own).expanduser() if own else None

    def paths(self) -> dict[str, Path]:
        """Every runbook's file by its name, in the order of the names."""
        folders = [SHIPPED, *([self._own] if self._own else [])]
        found = {path.stem: path for folder in folders if folder.is_dir() for path in folder.glob("*.md")}
        return dict(sorted(found.items()))

    def path(self, name: str) -> Path | None:
        """The file of a runbook by its name, or by its path."""
        known = self.paths().get(name)
        if known is None and Path(name).suffix == ".md" and Path(name).is_file():
            return Path(name)
        return known


def found_on(shelf: Shelf, name: str) -> Runbook | None:
    """Read the runbook of a name; None where there is none any more, or its file cannot be read as one."""
    path = shelf.path(name)
    try:
        return read(path) if path is not None else None
    except (OSError, RunbookError):
        return None


def lint(book: Runbook, today: date) -> list[Problem]:
    """Check what a runbook is bound to against what this installation has; the review date counts from `today`."""
    problems: list[Problem] = []
    if not book.head.targets:
        problems.append(Problem(1, "it names no target"))
    if book.head.review_by < today:
        problems.append(Problem(1, f"its review was due on {book.head.review_by}"))
    asked = {"target"}
    for step in book.steps:
        if step.bound is not None:
            problems += _lint_bound(book, step.bound, asked)
            if step.bound.kind == "expect" and step.bound.otherwise == book.after(step.number):
                problems.append(Problem(step.bound.line, "it leads to the next step whether it holds or not"))
            if step.bound.kind == "ask":
                asked.add(step.bound.name)
    return problems


def _lint_bound(book: Runbook, bound: Bound, asked: set[str]) -> Iterator[Problem]:
    places = [bound.otherwise, *(choice.to for choice in bound.choices)]
    for place in places:
        if place > 0 and book.step(place) is None:
            yield Problem(bound.line, f"there is no step {place} to go to")
    if bound.kind in {"amlkeys", "expect"}:
        yield from _lint_action(book, bound)
    for name in unanswered(bound.text) if bound.kind == "amlkeys" else ():
        if name not in asked:
            yield Problem(bound.line, f"nothing before this asks for {{{name}}}")


def _lint_action(book: Runbook, bound: Bound) -> Iterator[Problem]:
    from actions.registry import UnknownAction, entry

    try:
        known = entry(bound.name)
    except UnknownAction as error:
        yield Problem(bound.line, str(error))
        return
    kinds = known.target_kind.split(" or ")
    if book.head.targets and not set(kinds) & set(book.head.targets):
        names = ", ".join(book.head.targets)
        yield Problem(bound.line, f"{known.name} needs a {known.target_kind}, and the targets are: {names}")
    if bound.kind == "amlkeys":
        try:
            options_of(bound, {}, check_values=False)
        except ValueError as error:
            yield Problem(bound.line, str(error))


def options_of(bound: Bound, values: dict[str, str], *, check_values: bool = True) -> dict[str, Any]:
    """Read a bound action's options with the answers filled in; raises `ValueError` for one that it does not have."""
    from actions.registry import entry
    from tui.options import option_fields

    fields = {field.flag: field for field in option_fields(entry(bound.name).load().options)}
    found: dict[str, Any] = {}
    words = list(bound.words)
    while words:
        flag, equals, value = words.pop(0).partition("=")
        field = fields.get(flag)
        if field is None:
            names = ", ".join(fields) or "none"
            raise ValueError(f"{bound.name} has no option {flag}; it has {names}")
        if field.kind == "flag":
            found[field.name] = not field.default
            continue
        if not equals and not words:
            raise ValueError(f"{flag} needs a value")
        value = filled(value if equals else words.pop(0), values)
        if field.choices and not unanswered(value) and value not in field.choices:
            raise ValueError(f"{flag} takes {', '.join(field.choices)}, not {value}")
        if check_values and unanswered(value):
            raise ValueError(f"nobody answered {value} yet")
        found[field.name] = _value(field.kind, value) if not unanswered(value) else value
    return found


def _value(kind: str, value: str) -> Any:
    if kind == "duration":
        return seconds(value)
    return (value,) if kind == "texts" else value
