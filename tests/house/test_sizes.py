"""Rooms stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.support import checkout

FILE_LINES = 450
APP_LINES = 200
FUNCTION_LINES = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _functions(source: str) -> tuple[Function, ...]:
    return tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def _parameters(function: Function) -> list[ast.arg]:
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [arg for arg in every if arg is not None and arg.arg not in ("self", "cls")]


def long_files(sources: dict[str, str]) -> list[str]:
    """Files over their limit, with their length."""
    limits = {name: APP_LINES if name == "tui/app.py" else FILE_LINES for name in sources}
    lengths = {name: source.count("\n") for name, source in sources.items()}
    return [f"{name}: {lengths[name]} lines" for name in sources if lengths[name] > limits[name]]


def long_functions(sources: dict[str, str]) -> list[str]:
    """Functions over the limit, with their place and length (decorators do not count)."""
    return [
        f"{name}:{function.lineno} {function.name}: {length} lines"
        for name, source in sources.items()
        for function in _functions(source)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]


def unannotated(sources: dict[str, str]) -> list[str]:
    """Functions with a parameter or a result that is not annotated."""
    return [
        f"{name}:{function.lineno} {function.name}"
        for name, source in sources.items()
        for function in _functions(source)
        if function.returns is None or any(arg.annotation is None for arg in _parameters(function))
    ]


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Every Python file of the three packages."""
    return {name: checkout.text(name) or "" for name in checkout.package_files()}


def test_no_file_outgrows_its_room(sources: dict[str, str]) -> None:
    assert long_files(sources) == []


def test_no_function_outgrows_a_screen(sources: dict[str, str]) -> None:
    assert long_functions(sources) == []


def test_every_function_is_annotated(sources: dict[str, str]) -> None:
    assert unannotated(sources) == []


def test_the_measures_see_what_is_too_much() -> None:
    long = "def f() -> None:\n" + "    pass\n" * FUNCTION_LINES
    assert long_functions({"a.py": long}) == ["a.py:1 f: 61 lines"]
    assert long_files({"a.py": "\n" * 451, "tui/app.py": "\n" * 201, "b.py": "\n" * 450}) == [
        "a.py: 451 lines",
        "tui/app.py: 201 lines",
    ]
    assert unannotated({"a.py": "def f(self, x): ...\ndef g(*a: int) -> None: ..."}) == ["a.py:1 f"]
