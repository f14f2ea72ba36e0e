"""The help that is kept in a file for speed is the one that the commands give."""

from __future__ import annotations

from pathlib import Path

import pytest

import tui
from tui.cli import kept_help, main


def test_the_kept_help_is_what_the_commands_tell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("COLUMNS", "80")
    assert kept_help() == ""
    main(["--help"])
    told = capsys.readouterr().out
    kept = (Path(tui.__file__).parent / "help.txt").read_text(encoding="utf-8")
    assert told == kept, "write it anew: COLUMNS=80 amlkeys --help > tui/help.txt"
    monkeypatch.delenv("COLUMNS")
    main(["-h"])
    assert capsys.readouterr().out == kept
