"""The one sanitiser: whatever a name holds, it is shown as one line of visible characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.guard.text import capped, cleaned, many, plain


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("stfraud01", "stfraud01"),
        ("rg [bold]x[/]", "rg [bold]x[/]"),
        ("é ü ß 名前 🔑", "é ü ß 名前 🔑"),
        ("a\x1b[2Jb", "a<U+001B>[2Jb"),
        ("a\x9b31mb", "a<U+009B>31mb"),
        ("a\x00b\x7f", "a<U+0000>b<U+007F>"),
        ("a\r\nb\n\n c\u2028d\x0be", "a b c d e"),
        ("a\tb\u00a0c\u3000d", "a b c d"),
        ("evil\u202egnp.exe", "evil<U+202E>gnp.exe"),
        ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
        ("ad\u200bmin\ufeff", "ad<U+200B>min<U+FEFF>"),
        ("soft\u00adhyphen", "soft<U+00AD>hyphen"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("fill\u3164er\u2800", "fill<U+3164>er<U+2800>"),
        ("\ud800", "<U+D800>"),
        ("\ufffe\U0001ffff", "<U+FFFE><U+1FFFF>"),
        ("z\u0301\u0301\u0301\u0301\u0301", "z\u0301\u0301\u0301\u0301<U+0301>"),
    ],
)
def test_hostile_text_becomes_visible(given_text: str, shown: str) -> None:
    assert plain(given_text) == shown


ANY = st.text(st.characters(exclude_categories=[]), max_size=80)
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY)
def test_nothing_invisible_or_controlling_survives(text: str) -> None:
    shown = plain(text)
    assert not {unicodedata.category(letter) for letter in shown} & FORBIDDEN
    assert len(shown.splitlines()) <= 1
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(ANY)
def test_plain_text_stays_as_it_is(text: str) -> None:
    once = plain(text)
    assert plain(once) == once


@given(ANY, ANY)
def test_marks_keep_different_names_different(one: str, other: str) -> None:
    spaces = {" ", "\t", "\n", "\r"}
    visible = [text for text in (one, other) if not any(unicodedata.category(c)[0] == "Z" or c in spaces for c in text)]
    if len(visible) == 2 and "<U+" not in one + other and not any(c in "\v\f\x1c\x1d\x1e\x85" for c in one + other):
        assert (plain(one) == plain(other)) == (one == other)


@given(ANY, st.integers(min_value=4, max_value=60))
def test_a_cut_text_is_never_longer(text: str, length: int) -> None:
    shown = capped(text, length)
    assert len(shown) <= length
    assert shown == plain(text) or shown.endswith("...")


def test_structures_are_cleaned_throughout() -> None:
    dirty = {"a\n": ["\x1b", ("x\u202e",), {"k": 1, "n": None}], "t": True}
    assert cleaned(dirty) == {"a ": ["<U+001B>", ["x<U+202E>"], {"k": 1, "n": None}], "t": True}


@pytest.mark.parametrize(("number", "told"), [(0, "0 workspaces"), (1, "1 workspace"), (2, "2 workspaces")])
def test_a_number_stands_with_its_noun(number: int, told: str) -> None:
    assert many(number, "workspace") == told
