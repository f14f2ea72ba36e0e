"""What an operator takes away from a screen: a text for the clipboard, a table or a picture as a file; never a secret."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.sheets import Sheet

MOST_COPIED = 74_994 * 3 // 4
"""Bytes that every terminal with OSC 52 takes: hterm, the strictest, ends at 74,994 of base64."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection)."""
_MARKUP = re.compile(r"[\\`*_\[\]<>|!]")
"""What would be more than text in a cell of a Markdown table."""


def copied(what: str) -> str:
    """Say that something was copied, and what it takes inside tmux to arrive."""
    return f"Copied {what}." + (" tmux hands it on where its set-clipboard is on." if os.environ.get("TMUX") else "")


def table_csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table as CSV with a header; a cell that a spreadsheet would run is quoted with an apostrophe.

    A dash alone says that there is nothing, and runs nothing.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([_unrun(cell) for cell in row] for row in rows)
    return out.getvalue()


def _unrun(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) and cell != "-" else cell


def table_markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table as Markdown; what a cell holds stays text."""
    lines = [
        _markdown_row(titles),
        _markdown_row("---" for _ in titles),
        *(_markdown_row(map(_inert, row)) for row in rows),
    ]
    return "".join(f"{line}\n" for line in lines)


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inert(cell: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", cell)


def table_json(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table as one JSON object: its columns, and each row by them."""
    import msgspec

    found = [dict(zip(titles, row, strict=True)) for row in rows]
    return msgspec.json.encode({"schema": "amlkeys.table/1", "columns": list(titles), "rows": found}).decode() + "\n"


def table_for(place: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in the form that a file's ending asks for: `.json`, `.md`, else CSV."""
    forms = {".json": table_json, ".md": table_markdown, ".markdown": table_markdown}
    return forms.get(Path(place).suffix.casefold(), table_csv)(titles, rows)


def tables_for(place: str, sheets: Sequence[Sheet]) -> str:
    """Write some tables in the form that a file's ending asks for; of several, each stands under its name."""
    if len(sheets) == 1:
        return table_for(place, sheets[0].columns, sheets[0].rows)
    form = Path(place).suffix.casefold()
    if form == ".json":
        return _tables_json(sheets)
    marked = form in {".md", ".markdown"}
    return "\n".join(
        (f"## {_inert(each.title)}\n\n" if marked else table_csv([_unrun(each.title)], ()))
        + table_for(place, each.columns, each.rows)
        for each in sheets
    )


def _tables_json(sheets: Sequence[Sheet]) -> str:
    """Write tables as one JSON object: each with its name, as one alone is written."""
    import msgspec

    found = [
        {
            "title": each.title,
            "columns": each.columns,
            "rows": [dict(zip(each.columns, row, strict=True)) for row in each.rows],
        }
        for each in sheets
    ]
    return msgspec.json.encode({"schema": "amlkeys.tables/1", "tables": found}).decode() + "\n"


def write_private(place: str, text: str) -> Path:
    """Write a new file that its owner alone can read; an existing one is left alone. Raises `OSError`."""
    path = Path(place).expanduser()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
