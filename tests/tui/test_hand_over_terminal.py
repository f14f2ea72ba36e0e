"""The key on a real terminal: it is there once, and nowhere after a key was pressed, nor when the program has ended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from azsim.estates.endpoints import serving
from azsim.secrets import MARK
from tests.tui.terminal import Open


def test_the_key_is_seen_and_then_gone(tmp_path: Path, terminal: Open) -> None:
    """A lone endpoint, so that nothing has to be decided on the way."""
    document = serving(datetime(2026, 11, 2, 9, 0, tzinfo=UTC))
    others = ("/score-eu", "/inner", "/llm")
    document["resources"] = [item for item in document["resources"] if not item["id"].endswith(others)]
    document["resources"] = [
        item for item in document["resources"] if not any(f"{name}/" in item["id"] for name in others)
    ]
    path = tmp_path / "serving.json"
    path.write_bytes(msgspec.json.encode(document))
    line = terminal(f"--rehearse={path}", "--live")
    line.fleet()
    line.press("e")
    line.wait("[1 Inspect]")
    line.press("\r")
    line.wait("enter makes a plan")
    line.press("\r")
    line.wait("enter continues")
    line.press("\r")
    line.wait("type the name score")
    line.think()
    line.type("\tscore\rSecondary+Primary\ry")
    line.wait("h hand over")
    line.press("h")
    line.wait("v show the key")
    assert MARK not in line.text
    line.press("v")
    line.wait("To see it, type the name score")
    line.think()
    line.type("\tscore\ry")
    line.wait(MARK)
    line.press("x")
    line.wait(lambda text: "v show the key" in text and MARK not in text)
    line.press("\x11")
    line.ended()
    assert MARK not in line.text
