"""Reports tell the whole run, and nothing in them can act: no markup, no control characters, no secret."""

from __future__ import annotations

import html.parser
import json
from collections.abc import Callable

import msgspec
import pytest
from markdown_it import MarkdownIt

from actions.guard.history import RunHistory
from actions.guard.model import Finding, Gap, Severity
from actions.guard.report import as_html, as_json, as_markdown
from tests.actions.guard.world import Desk, World

MakeDesk = Callable[..., Desk]
HOSTILE = 'x|<script>alert(1)</script> [a](http://evil.example) *b* `c` \x1b[2J\u202ed\n# e www.evil.example & "q"'


@pytest.fixture
async def run(desk: MakeDesk, world: World) -> RunHistory:
    at = desk(script=("bump:a", "person", "bump:b"))
    world.faults[0] = "lost after"
    first = await at.go()
    at.engine.note(first.run, "told the clients")
    later = at.again("bob")
    await later.engine.resume(first.run)
    return later.journal.run(first.run)


@pytest.fixture
def hostile(run: RunHistory) -> RunHistory:
    """The same run in a tenant whose names attack whoever reads them."""
    finding = Finding(id="H", severity=Severity.WARN, subject=HOSTILE, sentence=HOSTILE)
    gap = Gap(holder=HOSTILE, opens="a", closes="b", seconds=40, reason=HOSTILE)
    step = msgspec.structs.replace(run.plan.body.steps[0], title=HOSTILE, breaks=HOSTILE)
    body = msgspec.structs.replace(run.plan.body, steps=(step,), gaps=(gap,))
    plan = msgspec.structs.replace(run.plan, name=HOSTILE, goal_text=HOSTILE, findings=(finding,), body=body)
    evil = msgspec.structs.replace(run.steps[0], title=HOSTILE, sentence=HOSTILE, evidence={HOSTILE: HOSTILE})
    return msgspec.structs.replace(
        run, plan=plan, plans=(plan,), steps=(evil,), sentence=HOSTILE, decided={HOSTILE: HOSTILE}, findings=(finding,)
    )


class Reader(html.parser.HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_markdown_tells_the_run(run: RunHistory) -> None:
    page = as_markdown(run)
    assert page.startswith("# REHEARSAL: counters on c1: done\n")
    parts = ["Summary", "Findings before", "Approved plan", "What happened", "Evidence", "Findings after"]
    parts += ["What is different after the run", "Who and when", "Notes"]
    assert [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")] == parts
    assert "Looked: it took effect." in page
    assert "told the clients" in page
    assert "POST /subscriptions/s1/resourceGroups/rg/providers/Microsoft.Test/counters/c1/a 1" in page
    assert run.last_hash in page
    assert run.plan.digest() in page
    assert "Gaps announced" not in page


def test_every_table_row_has_as_many_cells_as_its_head(hostile: RunHistory) -> None:
    for block in as_markdown(hostile).split("\n\n"):
        rows = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def test_hostile_names_stay_text_in_markdown(hostile: RunHistory) -> None:
    page = as_markdown(hostile)
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "http://" not in page
    assert " www.evil" not in page
    read = Reader(MarkdownIt("commonmark", {"html": True}).enable("table").render(page))
    assert set(read.tags) == {"h1", "h2", "table", "thead", "tbody", "tr", "th", "td"}
    assert read.tags.count("h1") == 1
    assert "Gaps announced" in read.texts


def test_hostile_names_stay_text_in_html(hostile: RunHistory) -> None:
    page = as_html(hostile)
    read = Reader(page)
    assert "script" not in read.tags
    assert "a" not in read.tags
    assert "img" not in read.tags
    assert any("<script>alert(1)</script>" in text for text in read.texts)
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "default-src 'none'" in page


def test_html_tells_the_same_as_markdown(run: RunHistory) -> None:
    texts = " ".join(Reader(as_html(run)).texts)
    for part in ("REHEARSAL", "Approved plan", "Looked: it took effect.", "told the clients", run.last_hash):
        assert part in texts


def test_json_is_versioned_and_complete(run: RunHistory) -> None:
    content = json.loads(as_json(run))
    assert content["schema"] == "amlkeys.report/1"
    assert (content["run"], content["state"], content["mode"]) == (run.id, "done", "live")
    assert content["binding"]["rehearsal"] is True
    assert [step["id"] for step in content["steps"]] == ["bump:a", "person", "bump:b"]
    assert content["steps"][2]["evidence"]["request id"] == "r2"
    assert len(content["sessions"]) == 2
    assert content["plans"][0]["hash"] == run.plan.digest()
    assert content["findings_before"] != content["findings_after"]
    assert content["journal"]["hash"] == run.last_hash
    assert content["gaps_announced"] == []


def test_json_carries_no_control_characters(hostile: RunHistory) -> None:
    content = as_json(hostile).decode()
    assert "\\u001b" not in content
    assert "\u202e" not in content
    assert "<U+202E>" in content


async def test_a_run_that_halted_says_why(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: world.values.update(b=7)
    result = await at.go()
    page = as_markdown(at.journal.run(result.run))
    assert "stopped: What is there differs from what was approved" in page
    assert "Changed: Bump b" in page
