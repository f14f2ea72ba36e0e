"""How a workspace is secured: on the command line, as a screen, and as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from actions.posture.facts import Fact
from actions.posture.page import Page
from azsim.faults import Fault as Broken
from tests.actions.posture.test_identity_and_support import BLOBS, MSI
from tests.actions.posture.test_page import RECENT, estate
from tests.support.small_cloud import GROUP, OWNER, SUB, assignment
from tests.support.snapshots import Snap
from tests.tui.command_line import amlkeys
from tests.tui.consoles import on_demo, opened, press, settle, shown, writes
from tests.tui.test_cli_json import checked
from tui.dialogs.ask import PickDialog
from tui.dialogs.failure import FailureDialog
from tui.posture_text import leads, page_lines, reason
from tui.screens.activity import ActivityScreen
from tui.screens.posture import PostureScreen
from tui.screens.runbook import RunbookScreen
from tui.screens.walk import WalkScreen
from tui.screens.workspace import WorkspaceScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


def test_the_page_tells_facts_remedies_and_sources() -> None:
    answer = amlkeys("--rehearse", "posture", "recsys")
    assert answer.exit == 0
    assert "recsys: 1 critical, 6 high" in answer.out
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


@pytest.mark.parametrize(("https", "code"), [(True, 0), (False, 3)])
def test_the_detailed_exit_code(tmp_path: Path, https: bool, code: int) -> None:
    account = {"supportsHttpsTrafficOnly": https, "keyCreationTime": RECENT}
    vault = {"accessPolicies": [{"objectId": MSI, "permissions": {"secrets": ["get"]}}]}
    document = estate(account=account, vault=vault)
    document["resources"][0]["identity"] = {"type": "SystemAssigned", "principalId": MSI}
    document["roleAssignments"] = [assignment(OWNER, f"/subscriptions/{SUB}"), assignment(BLOBS, GROUP, MSI)]
    path = tmp_path / "estate.json"
    path.write_bytes(msgspec.json.encode(document))
    answer = amlkeys(f"--rehearse={path}", "posture", "fraud", "--detailed-exit-code")
    assert answer.exit == code, answer.out


def test_the_matrix_tells_what_gives_each_right() -> None:
    answer = amlkeys("--rehearse", "posture", "fraud-scoring")
    (line,) = [line for line in answer.out.splitlines() if "move to a new key version" in line]
    assert line.split("yes")[1].split() == ["Key", "Vault", "Crypto", "User", "Owner", "-"]
    (line,) = [line for line in answer.out.splitlines() if "upgrade to the Enterprise edition  -" in line]
    assert "note: upgrade to the Enterprise edition: there is one edition" in answer.out


def test_a_note_is_told_once_in_a_section() -> None:
    answer = amlkeys("--rehearse", "posture", "fraud-scoring")
    assert answer.out.count("the page of 2020 says one app a region") == 1


async def test_the_key_opens_it_from_the_list_and_from_the_workspace() -> None:
    async with opened(on_demo()) as pilot:
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, PostureScreen)
        await press(pilot, "escape", "enter", "p")
        assert isinstance(pilot.app.screen, PostureScreen)
        assert "signed in as" in shown(pilot)
        await press(pilot, "f5", "escape")
        assert isinstance(pilot.app.screen, WorkspaceScreen)
        assert writes(pilot.app) == []


async def test_a_workspace_that_cannot_be_read_says_why() -> None:
    app = on_demo()
    async with opened(app) as pilot:
        refusal = Broken(kind="status", route="/workspaces/", method="GET", status=403, code="AuthorizationFailed")
        app.standing.connected.sim.faults.add(refusal)
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, FailureDialog)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, PostureScreen)
        assert "sections" not in shown(pilot).splitlines()[-1], "there is nothing to go about in"
        await press(pilot, "n", "g", "enter")
        assert isinstance(pilot.app.screen, PostureScreen)


async def test_the_activity_is_one_key_away() -> None:
    async with opened(on_demo()) as pilot:
        await press(pilot, "p", "a")
        assert isinstance(pilot.app.screen, ActivityScreen)
        assert "not yet visible" in shown(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, PostureScreen)


@pytest.mark.parametrize(
    ("number", "screen", "what"),
    [
        (0, RunbookScreen, "fraud-scoring"),
        (1, WalkScreen, "> support apps > inspect"),
        (2, WalkScreen, "fraud-scoring > identity"),
    ],
)
async def test_what_a_fact_leads_to_opens_on_the_workspace(number: int, screen: type, what: str) -> None:
    app = on_demo()
    async with opened(app) as pilot:
        await press(pilot, "slash", *"fraud-sc", "enter", "p", "enter")
        assert isinstance(app.screen, PickDialog)
        await press(pilot, *["down"] * number, "enter")
        assert isinstance(app.screen, screen)
        assert what in shown(pilot)
        assert writes(app) == []
        await press(pilot, "escape")
        assert isinstance(app.screen, PostureScreen)


def test_the_worst_is_told_first_with_its_section() -> None:
    lines = amlkeys("--rehearse", "posture", "fraud-scoring").out.splitlines()
    assert lines[2] == "The worst first"
    worst = lines[3 : lines.index("", 3)]
    assert worst[0].startswith("✗ critical Microsoft-AzureML-Support-App-eastus-ops, support app")
    assert any("key2 is the older, 838 days (Storage)" in line for line in worst)
    assert not any(line.startswith(("! warn", "✓")) for line in worst)


async def test_keys_go_from_section_to_section() -> None:
    async with opened(on_demo()) as pilot:
        await press(pilot, "p", "n", "n", "n")
        assert body(pilot)[0].startswith("What I may do here")
        await press(pilot, "N")
        assert body(pilot)[0].startswith("Sign-in")
        await press(pilot, "g")
        assert isinstance(pilot.app.screen, PickDialog)
        await press(pilot, *["down"] * 6, "enter")
        assert body(pilot)[0].startswith("Network")
        await press(pilot, "g", "escape", *["n"] * 40)
        assert body(pilot)[-1].strip().startswith("the claims of the access token")


def body(pilot: Pilot[None]) -> list[str]:
    """What shows of the page, without the banner and the two lines at the bottom."""
    return [line.strip() for line in shown(pilot).splitlines()[2:-2]]


async def test_a_refused_choice_stays_on_the_page() -> None:
    async with opened(on_demo()) as pilot:
        await press(pilot, "p", "enter", "escape")
        assert isinstance(pilot.app.screen, PostureScreen)


def test_many_holders_with_nothing_amiss_are_counted_in_the_end() -> None:
    holders = tuple(
        Fact(
            section="others",
            id="holder",
            label="Owner on g",
            subject=f"u{number}",
            value="v",
            grade="info",
            source="",
            as_of="",
        )
        for number in range(15)
    )
    lines = page_lines(Page(workspace="w", name="n", as_of="", facts=holders), 80)
    assert len([line for line in lines if "Owner on g" in line]) == 12
    assert any("and 3 more" in line for line in lines)


def test_leads_are_told_once_with_the_gravest_reason() -> None:
    def fact(grade: str, to: str, subject: str) -> Fact:
        return Fact(
            section="s", id="i", label="l", subject=subject, value="v", grade=grade, source="", as_of="", leads_to=to
        )

    facts = (
        fact("info", "action:a", "x"),
        fact("high", "action:a", "y"),
        fact("warn", "runbook:b", "z"),
        fact("high", "", "n"),
    )
    found = leads(Page(workspace="w", name="n", as_of="", facts=facts))
    assert [(each.kind, each.name, reason(each)) for each in found] == [
        ("action", "a", "high: y, l: v (and 1 more)"), ("runbook", "b", "warn: z, l: v")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "keys",
    [("p",), ("p", "n", "n", "n"), ("p", "enter"), ("p", "a")],
    ids=["page", "rights", "what-to-do", "activity"],
)
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


UNREAD = (
    "/roleAssignments",
    "/permissions",
    "/servicePrincipals",
    "/vaults/",
    "/onlineEndpoints",
    "/diagnosticSettings",
)


@SIZES
def test_picture_of_a_page_that_may_not_be_read(snap: Snap, size: tuple[int, int]) -> None:
    """Look at: every refusal as unknown with what to do, none of it green, and why it could not be read."""
    app = on_demo()

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for route in UNREAD:
            app.standing.connected.sim.faults.add(
                Broken(kind="status", route=route, status=403, code="AuthorizationFailed")
            )
        await press(pilot, "slash", *"search-rank", "enter", "p", "pagedown")

    try:
        snap(lambda: app, size=size, run_before=before)
    finally:
        app.board.wait()
        app.session.close()
