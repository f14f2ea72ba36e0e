"""Conditions on a caller's own role: what a delegate may assign, and to whom (constrained delegation).

Read as the page "Delegate Azure role assignment management to others with conditions" writes them: `ActionMatches`,
`AND`, `OR`, `NOT`, brackets, and comparisons of the role, principal and principal type of the assignment that is made
(`@Request`) or removed (`@Resource`) with a list of values. Anything else raises `Unreadable`, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from azsim import ids
from azsim.principals import normalised

ACTIONS = frozenset({"microsoft.authorization/roleassignments/write", "microsoft.authorization/roleassignments/delete"})
"""The actions, case-folded, on which the conditions of a caller's own roles are evaluated."""
_TOKEN = re.compile(
    r"(?P<mark>&&|\|\||[()!])"
    r"|(?P<word>and|or|not)\b"
    r"|ActionMatches\s*\{\s*'(?P<action>[^']*)'\s*\}"
    r"|@(?P<source>Request|Resource)\s*\[\s*Microsoft\.Authorization/roleAssignments:(?P<attribute>\w+)\s*\]"
    r"\s*For(?:Any|All)Of(?P<how>Any|All)Values:(?P<comparison>\w+)\s*\{(?P<values>[^{}]*)\}",
    re.IGNORECASE,
)
_WORDS = {"&&": "and", "||": "or", "!": "not"}


class Unreadable(ValueError):
    """A condition, or a part of it, that this cloud cannot evaluate."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a caller is about to do: `request` is the assignment asked for, `resource` the one that is there."""

    action: str
    request: Mapping[str, str] = field(default_factory=dict[str, str])
    resource: Mapping[str, str] = field(default_factory=dict[str, str])


Test = Callable[[Deed], bool]


def attributes(properties: Mapping[str, object]) -> dict[str, str]:
    """The attributes of a role assignment that conditions speak of; those that it does not name are left out."""
    role = properties.get("roleDefinitionId")
    found = {
        "roledefinitionid": ids.name_of(str(role)) if role else "",
        "principalid": str(properties.get("principalId") or ""),
        "principaltype": str(properties.get("principalType") or ""),
    }
    return {name: value for name, value in found.items() if value}


def fulfilled(condition: str, deed: Deed) -> bool:
    """Whether a condition lets a deed pass; raises `Unreadable`."""
    return _read(condition)(deed)


@lru_cache(maxsize=256)
def _read(text: str) -> Test:
    parser = _Parser(text)
    test = parser.either()
    if parser.here is not None:
        raise Unreadable(f"nothing was expected at {parser.here[0]!r}")
    return test


class _Parser:
    """Recursive descent over the tokens; `here` is the next one with its match, None at the end."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self.here: tuple[str, re.Match[str]] | None = None
        self._next()

    def either(self) -> Test:
        """One or more alternatives."""
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return lambda deed: any(test(deed) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._take("and"):
            tests.append(self._single())
        return lambda deed: all(test(deed) for test in tests)

    def _single(self) -> Test:
        if self._take("not"):
            negated = self._single()
            return lambda deed: not negated(deed)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise Unreadable("a bracket is not closed")
            return inner
        if self.here is None:
            raise Unreadable("it ends too early")
        word, match = self.here
        self._next()
        if match["action"] is not None:
            wanted = match["action"].casefold()
            return lambda deed: deed.action.casefold() == wanted
        if match["source"] is not None:
            return _comparison(match)
        raise Unreadable(f"{word!r} stands where a test should")

    def _take(self, word: str) -> bool:
        if self.here is None or self.here[0] != word:
            return False
        self._next()
        return True

    def _next(self) -> None:
        rest = self._text[self._at :]
        self._at += len(rest) - len(rest.lstrip())
        if self._at == len(self._text):
            self.here = None
            return
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise Unreadable(f"this part is not known here: {self._text[self._at : self._at + 60]}")
        self._at = match.end()
        token = match[0].casefold()
        self.here = (_WORDS.get(token, token), match)


_COMPARISONS: dict[str, tuple[Callable[[str], str], bool]] = {
    "guidequals": (normalised, True),
    "guidnotequals": (normalised, False),
    "stringequals": (str, True),
    "stringnotequals": (str, False),
    "stringequalsignorecase": (str.casefold, True),
    "stringnotequalsignorecase": (str.casefold, False),
}
"""How both sides are brought into one form, and whether they must agree."""


def _comparison(match: re.Match[str]) -> Test:
    """An attribute against a list of values; an attribute that the assignment does not name fulfils nothing."""
    name = match["attribute"].casefold()
    if name not in {"roledefinitionid", "principalid", "principaltype"}:
        raise Unreadable(f"there is no attribute {match['attribute']}")
    if match["comparison"].casefold() not in _COMPARISONS:
        raise Unreadable(f"the comparison {match['comparison']} is not known here")
    form, agree = _COMPARISONS[match["comparison"].casefold()]
    values = [form(item.strip().strip("'\"")) for item in match["values"].split(",")]
    enough = any if match["how"].casefold() == "any" else all
    of_request = match["source"].casefold() == "request"

    def test(deed: Deed) -> bool:
        given = (deed.request if of_request else deed.resource).get(name)
        return given is not None and enough((form(given) == value) is agree for value in values)

    return test
