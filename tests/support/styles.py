"""Parses each style sheet once for all Apps of a process; each App of a test would parse the same ones anew."""

from __future__ import annotations

from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


def put_in_place(patch: pytest.MonkeyPatch) -> None:
    """Make every style sheet look first at what was parsed for another one with the same variables."""
    parse, known = Stylesheet._parse_rules, dict[tuple[Any, ...], list[RuleSet]]()

    def once(sheet: Stylesheet, css: str, *given: Any, **named: Any) -> list[RuleSet]:
        key = (css, given, *named.items(), frozenset(sheet._variables.items()))
        if key not in known:
            known[key] = parse(sheet, css, *given, **named)
        return known[key]

    patch.setattr(Stylesheet, "_parse_rules", once)
