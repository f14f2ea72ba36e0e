"""A list of ids and names, pasted or piped by somebody who may read the directory, matched here."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EDGES = " \t\"',;:|[]{}()"


def listed(entries: Iterable[str]) -> dict[str, str]:
    """Read each entry as ids and a name in any order (a line of `az ad sp list -o tsv`, CSV or prose): id -> name.

    A name alone belongs to the ids before it, as when a pair was pasted with a comma between its halves.
    """
    found: dict[str, str] = {}
    before: list[str] = []
    for line in (part for entry in entries for part in entry.splitlines()):
        ids = [match.casefold() for match in _GUID.findall(line)]
        name = _name(line, ids)
        if not ids and name:
            ids, before = before, []
        elif not name:
            before = [*before, *ids]
        else:
            before = []
        for item in ids:
            found[item] = name or found.get(item, "")
    return found


def _name(line: str, ids: list[str]) -> str:
    """What a line says besides ids; a name that ends in a GUID (support apps do) keeps it, and it is no id."""
    for match in _GUID.finditer(line):
        joined = match.start() > 0 and line[match.start() - 1] not in f"{_EDGES}="
        if joined:
            start = max((line.rfind(edge, 0, match.start()) for edge in "\t\"',; "), default=-1) + 1
            name = line[start : match.end()].strip(_EDGES)
            if match[0].casefold() in ids:
                ids.remove(match[0].casefold())
            return name
    return _GUID.sub(" ", line).strip(_EDGES)
