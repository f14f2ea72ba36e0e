"""The part of the Kusto query language that the rehearsal cloud understands, parsed and run over rows.

`[table |] where ... | extend a = ... | project b, c = ... | order by d asc | limit 10`. A query that Azure would not
parse raises QueryError; one that Azure knows and this module does not raises Unsupported: it never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

Row = dict[str, Any]
Value = Callable[[Row], Any]
Step = Callable[[Iterable[Row]], Iterable[Row]]

TABLES = ("resources", "resourcecontainers", "authorizationresources")
_ELSEWHERE = frozenset(
    """
    count distinct evaluate fork invoke join let lookup make-series mv-apply mv-expand parse parse-where partition
    project-keep project-rename project-reorder reduce render sample scan serialize summarize top top-hitters
    top-nested union
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""Operators of the language that are not simulated."""
_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*)"
    r"|(?P<text>@?'(?:[^'\\]|\\.)*'|@?\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<sign>!in~|!in|\bin~|==|!=|=~|!~|<=|>=|[|,()\[\].=<>])"
    r"|(?P<name>[A-Za-z_$][\w$]*(?:-[a-z]+)*)"
)


class QueryError(Exception):
    """The text is not a query: `token` at `position` (1-based column of a line) is not what may stand there."""

    def __init__(self, line: int, position: int, token: str, expected: str) -> None:
        super().__init__(f"line {line}, position {position}: unexpected {token}, expected {expected}")
        self.line = line
        self.position = position
        self.token = token
        self.expected = expected


class Unsupported(Exception):
    """A construct of the language that the rehearsal cloud does not simulate."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the query; `kind` is text, number, name, sign or end."""

    kind: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: its table, the leading filters (which commute with access), and what follows."""

    table: str
    filters: tuple[Value, ...]
    steps: tuple[Step, ...]
    columns: tuple[str, ...] | None
    """The columns of the last projection; None: all columns of the table."""

    def run(self, rows: Iterable[Row], may_see: Callable[[Row], bool]) -> list[Row]:
        """The result over the rows of the table that the caller may see."""
        kept = (row for row in rows if all(test(row) is True for test in self.filters) and may_see(row))
        result: Iterable[Row] = kept
        for step in self.steps:
            result = step(result)
        return list(result)


def parse(text: str) -> Query:
    """Read a query; raises QueryError or Unsupported."""
    return _Parser(text).query()


def _tokens(text: str) -> Iterator[Token]:
    offset = 0
    while offset < len(text):
        found = _TOKEN.match(text, offset)
        if found is None:
            raise _error(text, offset, text[offset], "a name or a literal")
        if found.lastgroup != "space":
            yield Token(str(found.lastgroup), found.group(), offset)
        offset = found.end()
    yield Token("end", "<EOF>", len(text))


def _error(text: str, offset: int, token: str, expected: str) -> QueryError:
    before = text[:offset]
    return QueryError(before.count("\n") + 1, offset - (before.rfind("\n") + 1), token, expected)


class _Parser:
    """A recursive-descent parser; each method reads one construct and gives what runs it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._all = list(_tokens(text))
        self._at = 0

    def query(self) -> Query:
        table, filters, steps, columns = "resources", list[Value](), list[Step](), None
        if self._peek().text.casefold() in TABLES:
            table = self._next().text.casefold()
            if self._peek().kind == "end":
                return Query(table, (), (), None)
            self._expect("|")
        while True:
            name = self._next()
            operator = name.text.casefold()
            if operator == "where" and not steps:
                filters.append(self._condition())
            elif operator in _STEPS:
                step, chosen = _STEPS[operator](self)
                steps.append(step)
                columns = chosen if chosen is not None else columns
            elif operator in _ELSEWHERE or (name.text.casefold() in ("project", "mv") and self._peek().text == "-"):
                raise Unsupported(f"the operator {name.text}")
            else:
                raise self._unexpected(name, "an operator")
            if self._peek().kind == "end":
                return Query(table, tuple(filters), tuple(steps), columns)
            self._expect("|")

    def where(self) -> tuple[Step, None]:
        test = self._condition()
        return (lambda rows: (row for row in rows if test(row) is True)), None

    def extend(self) -> tuple[Step, None]:
        named = self._named_list()
        return (lambda rows: (_extended(row, named) for row in rows)), None

    def project(self) -> tuple[Step, tuple[str, ...]]:
        named = self._named_list()
        return (lambda rows: ({name: value(row) for name, value in named} for row in rows)), tuple(n for n, _ in named)

    def project_away(self) -> tuple[Step, None]:
        dropped = [self._name().casefold()]
        while self._take(","):
            dropped.append(self._name().casefold())
        return (lambda rows: ({key: row[key] for key in row if key.casefold() not in dropped} for row in rows)), None

    def order(self) -> tuple[Step, None]:
        self._expect("by")
        keys: list[tuple[Value, bool]] = []
        while True:
            _, value = self._expression()
            direction = self._peek().text.casefold()
            keys.append((value, direction == "asc"))  # the language sorts descending unless told otherwise
            if direction in ("asc", "desc"):
                self._next()
            if self._peek().text.casefold() == "nulls":
                raise Unsupported("nulls first/last")
            if not self._take(","):
                return (lambda rows: _sorted(rows, keys)), None

    def limit(self) -> tuple[Step, None]:
        token = self._next()
        if token.kind != "number":
            raise self._unexpected(token, "a number")
        count = int(token.text)
        return (lambda rows: list(rows)[:count]), None

    def _named_list(self) -> list[tuple[str, Value]]:
        named: list[tuple[str, Value]] = []
        while True:
            following = self._all[self._at + 1] if self._at + 1 < len(self._all) else self._peek()
            if self._peek().kind == "name" and following.text == "=":
                name = self._name()
                self._next()
                _, value = self._expression()
            else:
                name, value = self._expression()
            named.append((name or f"Column{len(named) + 1}", value))
            if not self._take(","):
                return named

    def _condition(self) -> Value:
        tests = [self._all_of()]
        while self._take("or"):
            tests.append(self._all_of())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) is True for test in tests)

    def _all_of(self) -> Value:
        tests = [self._test()]
        while self._take("and"):
            tests.append(self._test())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) is True for test in tests)

    def _test(self) -> Value:
        if self._peek().text == "(":
            self._next()
            inner = self._condition()
            self._expect(")")
            return inner
        if self._peek().text.casefold() == "not":
            self._next()
            self._expect("(")
            inner = self._condition()
            self._expect(")")
            return lambda row: inner(row) is not True
        start = self._peek()
        _, left = self._expression()
        sign = self._peek()
        word = sign.text.casefold()
        if word in _LISTS:
            self._next()
            return _LISTS[word](left, self._literals())
        if word in _COMPARE:
            self._next()
            _, right = self._expression()
            compare = _COMPARE[word]
            return lambda row: compare(left(row), right(row))
        if start.text.casefold() in _TESTS:
            return left
        raise self._unexpected(sign, "a comparison")

    def _literals(self) -> list[Any]:
        self._expect("(")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._expect(")")
        return values

    def _literal(self) -> Any:
        token = self._next()
        if token.kind not in ("text", "number") and token.text.casefold() not in ("true", "false"):
            raise self._unexpected(token, "a literal")
        return _constant(token)

    def _expression(self) -> tuple[str, Value]:
        """A literal, a function call or a path; the name is what the language gives its column."""
        token = self._next()
        if token.kind in ("text", "number") or token.text.casefold() in ("true", "false"):
            constant = _constant(token)
            return "", lambda _row: constant
        if token.kind != "name":
            raise self._unexpected(token, "an expression")
        if self._peek().text == "(":
            return self._call(token)
        return self._path(token)

    def _call(self, token: Token) -> tuple[str, Value]:
        function = _FUNCTIONS.get(token.text.casefold())
        if function is None:
            raise Unsupported(f"the function {token.text}")
        self._expect("(")
        name, first = self._expression()
        values = [first]
        while self._take(","):
            values.append(self._expression()[1])
        self._expect(")")
        return name, lambda row: function(*(value(row) for value in values))

    def _path(self, token: Token) -> tuple[str, Value]:
        parts = [token.text]
        while True:
            if self._take("."):
                parts.append(self._name())
            elif self._take("["):
                key = self._next()
                if key.kind not in ("text", "number"):
                    raise self._unexpected(key, "a name in quotes or an index")
                parts.append(str(_constant(key)))
                self._expect("]")
            else:
                return "_".join(parts), _follow(parts)

    def _name(self) -> str:
        token = self._next()
        if token.kind != "name":
            raise self._unexpected(token, "a name")
        return token.text

    def _peek(self) -> Token:
        return self._all[self._at]

    def _next(self) -> Token:
        token = self._all[self._at]
        self._at = min(self._at + 1, len(self._all) - 1)
        return token

    def _take(self, text: str) -> bool:
        if self._peek().text.casefold() != text:
            return False
        self._next()
        return True

    def _expect(self, text: str) -> None:
        token = self._next()
        if token.text.casefold() != text:
            raise self._unexpected(token, text)

    def _unexpected(self, token: Token, expected: str) -> QueryError:
        return _error(self._text, token.offset, token.text, expected)


_STEPS: dict[str, Callable[[_Parser], tuple[Step, tuple[str, ...] | None]]] = {
    "where": _Parser.where,
    "extend": _Parser.extend,
    "project": _Parser.project,
    "project-away": _Parser.project_away,
    "order": _Parser.order,
    "sort": _Parser.order,
    "limit": _Parser.limit,
    "take": _Parser.limit,
}


def _constant(token: Token) -> Any:
    if token.kind == "text":
        body = token.text.removeprefix("@")[1:-1]
        return body if token.text.startswith("@") else re.sub(r"\\(.)", r"\1", body)
    if token.kind == "number":
        return float(token.text) if "." in token.text else int(token.text)
    return token.text.casefold() == "true"


def _follow(parts: list[str]) -> Value:
    def value(row: Row) -> Any:
        current: Any = row
        for part in parts:
            if isinstance(current, dict):
                current = current.get(part)
            elif isinstance(current, list) and part.isdigit() and int(part) < len(current):
                current = current[int(part)]
            else:
                return None
        return current

    return value


def _extended(row: Row, named: list[tuple[str, Value]]) -> Row:
    result = dict(row)
    for name, value in named:
        result[name] = value(result)
    return result


def _sorted(rows: Iterable[Row], keys: list[tuple[Value, bool]]) -> list[Row]:
    result = list(rows)
    for value, ascending in reversed(keys):
        result.sort(key=lambda row, value=value: _rank(value(row)), reverse=not ascending)  # type: ignore[misc]
    return result


def _rank(value: Any) -> tuple[int, float, str]:
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, bool | int | float):
        return 1, float(value), ""
    return 2, 0.0, _text(value)


def _text(value: Any) -> str:
    """tostring(): null is the empty text, truth values are lower case, objects are their JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return str(value)


def _low(value: Any) -> str:
    return _text(value).casefold()


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return _text(left) == _text(right)
    return bool(left == right)


def _ordered(left: Any, right: Any, test: Callable[[Any, Any], bool]) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, bool | int | float) and isinstance(right, bool | int | float):
        return test(left, right)
    return test(_text(left), _text(right))


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool) or value is None:
        return value
    return {"true": True, "false": False, "1": True, "0": False}.get(_low(value))


def _number(value: Any) -> int | None:
    try:
        return int(float(_text(value)))
    except ValueError:
        return None


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "=~": lambda left, right: _low(left) == _low(right),
    "!~": lambda left, right: _low(left) != _low(right),
    "<": lambda left, right: _ordered(left, right, lambda a, b: a < b),
    "<=": lambda left, right: _ordered(left, right, lambda a, b: a <= b),
    ">": lambda left, right: _ordered(left, right, lambda a, b: a > b),
    ">=": lambda left, right: _ordered(left, right, lambda a, b: a >= b),
    "contains": lambda left, right: _low(right) in _low(left),
    "startswith": lambda left, right: _low(left).startswith(_low(right)),
    "endswith": lambda left, right: _low(left).endswith(_low(right)),
}
_LISTS: dict[str, Callable[[Value, list[Any]], Value]] = {
    "in": lambda left, values: lambda row: any(_same(left(row), value) for value in values),
    "!in": lambda left, values: lambda row: not any(_same(left(row), value) for value in values),
    "in~": lambda left, values: lambda row: any(_low(left(row)) == _low(value) for value in values),
    "!in~": lambda left, values: lambda row: not any(_low(left(row)) == _low(value) for value in values),
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tostring": _text,
    "tolower": _low,
    "toupper": lambda value: _text(value).upper(),
    "tobool": _truth,
    "toint": _number,
    "isempty": lambda value: _text(value) == "",
    "isnotempty": lambda value: _text(value) != "",
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "strcat": lambda *values: "".join(_text(value) for value in values),
    "array_length": lambda value: len(value) if isinstance(value, list) else None,
}
_TESTS = frozenset({"tobool", "isempty", "isnotempty", "isnull", "isnotnull"})
"""Functions that may stand alone as a condition."""
