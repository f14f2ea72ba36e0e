"""How a workspace is secured: on the command line, as a screen, and as a picture."""

from __future__ import annotations

import json

import pytest
from textual.pilot import Pilot

from azsim.faults import Fault
from tests.support.snapshots import Snap
from tests.tui.command_line import amlkeys
from tests.tui.consoles import on_demo, opened, press, settle, shown, writes
from tests.tui.test_cli_json import checked
from tui.dialogs.failure import FailureDialog
from tui.screens.activity import ActivityScreen
from tui.screens.posture import PostureScreen
from tui.screens.workspace import WorkspaceScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


def test_the_page_tells_facts_remedies_and_sources() -> None:
    answer = amlkeys("--rehearse", "posture", "recsys")
    assert answer.exit == 0
    assert "recsys: 4 high" in answer.out
    assert "anybody who reaches it may call it" in answer.out
    assert "do: turn authentication on" in answer.out
    assert "GET microsoft.storage/storageaccounts 2025-08-01" in answer.out


def test_the_page_for_programs_is_what_is_documented() -> None:
    answer = amlkeys("--rehearse", "--json", "posture", "fraud-scoring")
    told = checked(answer)["posture"]
    assert told["name"] == "fraud-scoring"
    assert "InstrumentationKey=" not in json.dumps(told)


def test_the_flows_alone_tell_what_breaks() -> None:
    answer = amlkeys("--rehearse", "posture", "fraud-scoring", "--flows")
    assert "training: data in, outputs out: a key of the account" in answer.out
    assert "fraud-score, scoring: its Primary or Secondary key" in answer.out
    assert "Network" not in answer.out
    assert {
        fact["section"]
        for fact in checked(amlkeys("--rehearse", "--json", "posture", "pricing", "--flows"))["posture"]["facts"]
    } == {"flows"}


@pytest.mark.parametrize(("workspace", "code"), [("fraud-scoring", 3), ("pricing", 0)])
def test_the_detailed_exit_code(workspace: str, code: int) -> None:
    assert amlkeys("--rehearse", "posture", workspace, "--detailed-exit-code").exit == code


async def test_the_key_opens_it_from_the_list_and_from_the_workspace() -> None:
    async with opened(on_demo()) as pilot:
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, PostureScreen)
        await press(pilot, "escape", "enter", "p")
        assert isinstance(pilot.app.screen, PostureScreen)
        assert "firewall: open to all networks" in shown(pilot)
        await press(pilot, "f5", "escape")
        assert isinstance(pilot.app.screen, WorkspaceScreen)
        assert writes(pilot.app) == []


async def test_a_workspace_that_cannot_be_read_says_why() -> None:
    app = on_demo()
    async with opened(app) as pilot:
        refusal = Fault(kind="status", route="/workspaces/", method="GET", status=403, code="AuthorizationFailed")
        app.standing.connected.sim.faults.add(refusal)
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, FailureDialog)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, PostureScreen)


async def test_the_activity_is_one_key_away() -> None:
    async with opened(on_demo()) as pilot:
        await press(pilot, "p", "a")
        assert isinstance(pilot.app.screen, ActivityScreen)
        assert "not yet visible" in shown(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, PostureScreen)


@pytest.mark.parametrize("keys", [("p",), ("p", "a")], ids=["page", "activity"])
@SIZES
def test_picture(snap: Snap, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    """Look at: the grades in words beside their symbols, remedies indented, nothing cut at eighty cells."""
    app = on_demo()

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, "slash", *"search-rank", "enter", *keys)

    try:
        snap(lambda: app, size=size, run_before=before)
    finally:
        app.board.wait()
        app.session.close()
