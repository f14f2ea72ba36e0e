"""A recorded exchange with Azure: what was asked, what came back, and what its recorder is known to leave out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

KEEPS_ALL_HEADERS = ("PowerShell", ".NET")
"""Recorders that kept every header; with the others a missing header proves nothing."""


@dataclass(frozen=True)
class Recording:
    """One file of the recordings' folder; `name` is service/file without the ending."""

    name: str
    source_kind: str
    recorder: str
    recorded: datetime
    method: str
    host: str
    path: str
    query: dict[str, str]
    request_body: Any
    status: int
    headers: dict[str, str]
    body: Any
    note: str

    @property
    def service(self) -> str:
        """The folder: arm, ml, storage, ..."""
        return self.name.partition("/")[0]

    @property
    def has_all_headers(self) -> bool:
        """Whether an extra header of ours would be a difference."""
        return any(word in self.recorder for word in KEEPS_ALL_HEADERS)

    @property
    def segments(self) -> list[str]:
        """The parts of the path, none for a doubled slash."""
        return [part for part in self.path.split("/") if part]

    def url(self, path: str | None = None) -> str:
        """The URL asked, or another path with the same query."""
        query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in self.query.items())
        return f"https://{self.host}{path or self.path}{'?' if query else ''}{query}"


def load(folder: Path) -> list[Recording]:
    """All recordings of a folder, by name."""
    return [_read(path, folder) for path in sorted(folder.glob("*/*.json"))]


def _read(path: Path, folder: Path) -> Recording:
    raw = json.loads(path.read_text(encoding="utf-8"))
    asked, came = raw["request"], raw["response"]
    return Recording(
        name=path.relative_to(folder).with_suffix("").as_posix(),
        source_kind=raw.get("source_kind", ""),
        recorder=raw.get("recorder") or "",
        recorded=_date(raw.get("recorded") or ""),
        method=asked["method"],
        host=asked["host"],
        path=asked["path"],
        query=asked.get("query") or {},
        request_body=asked.get("body"),
        status=came["status"],
        headers=came.get("headers") or {},
        body=came.get("body"),
        note=raw.get("note") or "",
    )


def _date(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError):
        return datetime(2025, 1, 1, tzinfo=UTC)
