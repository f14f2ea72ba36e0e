"""Marks in the list and batches in the console, by keys, against the rehearsal cloud."""

from __future__ import annotations

import pytest

from actions.guard.model import Mode
from azsim.faults import Fault
from tests.tui.consoles import NOON, arm, console, fill, opened, press, session, shown, writes
from tests.tui.several import ENVIRONMENTS, several
from tui.app import AmlkeysApp
from tui.config import parse_config
from tui.marks import Marks
from tui.screens.batch import BatchScreen, BatchWalk
from tui.screens.workspaces import WorkspacesScreen

LISTED = ("pay", "alpha", "beta", "gamma")
TO_PLAN = ("enter", "enter")


def on_several() -> AmlkeysApp:
    return console(session(several(NOON), config=parse_config(ENVIRONMENTS, "config.toml")))


async def mark(pilot, *names: str) -> None:
    table = pilot.app.screen.table
    for name in names:
        table.move_to(next(row.key for row in table.rows if row.cells[0] == name))
        await press(pilot, "space")


async def confirm(pilot, name: str) -> None:
    """Go from the batch to the end of one member's run."""
    await press(pilot, *TO_PLAN)
    if "needs a decision" in shown(pilot):
        await press(pilot, "enter", "1")
    await press(pilot, "enter")
    await fill(pilot, name=name, slot="key1+key2")
    await press(pilot, "y")


def changed(app: AmlkeysApp) -> list[str]:
    return [path.split("/")[-2] for path in writes(app) if "regenerateKey" in path]


def states(pilot) -> dict[str, str]:
    return {row.cells[1]: row.cells[4] for row in pilot.app.screen.table.rows}


def test_marks_keep_their_order_and_tell_what_is_hidden():
    marks = Marks()
    for name in ("b", "a", "c"):
        marks.turn(f"/{name}", name, "sub")
    marks.turn("/a", "a", "sub")
    assert [name for _, name, _ in marks.items()] == ["b", "c"]
    assert marks.told({"/b"}) == "2 marked, 1 of them hidden by the filter: c"
    assert marks.keep({"/c"}) == ["b"]
    assert marks.told({"/c"}).startswith("1 marked: an action's key")
    marks.clear()
    assert marks.told(()) == ""


async def test_marks_survive_refresh_sort_and_filter_and_escape_takes_them_away():
    async with opened(on_several()) as pilot:
        await mark(pilot, "beta", "alpha")
        assert "2 marked: an action's key acts on one after the other" in shown(pilot)
        assert {line.split("*")[1].split()[0] for line in shown(pilot).splitlines() if "*" in line} == {"alpha", "beta"}
        await press(pilot, "f5", "ctrl+o", "down", "enter")
        assert "2 marked" in shown(pilot)
        assert sum("*" in line for line in shown(pilot).splitlines()) == 2
        await press(pilot, "slash", *"alpha", "enter")
        assert "2 marked, 1 of them hidden by the filter: beta" in shown(pilot)
        await press(pilot, "escape")
        assert "2 marked: " in shown(pilot)
        await press(pilot, "escape")
        assert "marked" not in shown(pilot)
        assert "*" not in shown(pilot)


async def test_without_marks_an_action_starts_on_the_row_under_the_cursor():
    async with opened(on_several()) as pilot:
        await mark(pilot, "alpha", "alpha")
        await press(pilot, "k")
        assert not isinstance(pilot.app.screen, BatchScreen)


async def test_the_list_puts_production_last_and_leaves_the_second_of_an_account_out():
    async with opened(on_several()) as pilot:
        await mark(pilot, *LISTED)
        await press(pilot, "k")
        rows = [row.cells[:2] for row in pilot.app.screen.table.rows]
        assert rows == [("canary", "alpha"), ("2", "beta"), ("3", "pay"), ("-", "gamma")]
        assert "whose run serves both" in " ".join(shown(pilot).split())
        assert "enter begins with alpha, the canary" in shown(pilot)
        pilot.app.screen.table.action_jump(2)
        await press(pilot, "f")
        assert "comes last, never first" in shown(pilot)
        pilot.app.screen.table.action_jump(1)
        await press(pilot, "f")
        assert [row.cells[1] for row in pilot.app.screen.table.rows][:3] == ["beta", "alpha", "pay"]
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, WorkspacesScreen)
        assert list(pilot.app.session.journal.entries()) == []


async def test_each_has_its_own_confirmation_and_the_next_waits_for_the_canary():
    app = on_several()
    async with opened(app) as pilot:
        await mark(pilot, "alpha", "pay")
        await press(pilot, "k")
        arm(app, Mode.LIVE)
        await press(pilot, "enter")
        assert isinstance(app.screen, BatchWalk)
        await press(pilot, "escape")
        assert states(pilot) == {"alpha": "not begun", "pay": "not begun"}
        await press(pilot, "enter")
        await confirm(pilot, "stalpha")
        await press(pilot, "escape")
        assert states(pilot) == {"alpha": "done", "pay": "not begun"}
        assert "enter begins with pay" in shown(pilot)
        assert changed(app) == ["stalpha"] * 2
        await press(pilot, "enter")
        await confirm(pilot, "stpay")
        await press(pilot, "escape")
        assert "All of it is done." in shown(pilot)
        assert changed(app) == ["stalpha"] * 2 + ["stpay"] * 2
        (batch,) = {run.batch for run in app.session.journal.runs()}
        assert batch.startswith("batch-")


async def test_a_failed_canary_stops_the_batch_and_is_resumed_before_the_next():
    app = on_several()
    async with opened(app) as pilot:
        await mark(pilot, "alpha", "beta")
        await press(pilot, "k")
        arm(app, Mode.LIVE)
        app.session.sim.faults.add(
            Fault(kind="status", route="stalpha/regenerateKey", status=409, code="Conflict", times=1)
        )
        await press(pilot, "enter")
        await confirm(pilot, "stalpha")
        await press(pilot, "escape")
        assert states(pilot)["alpha"] == "failed"
        assert "Stopped at: alpha" in shown(pilot)
        assert "Not begun: beta." in shown(pilot)
        await press(pilot, "d")
        assert "resume its run" in shown(pilot)
        await press(pilot, "enter", "u", "enter")
        await fill(pilot, name="stalpha", slot="key1+key2")
        await press(pilot, "y", "escape", "escape")
        assert states(pilot) == {"alpha": "done", "beta": "not begun"}
        assert "stbeta" not in changed(app)


async def test_the_next_shift_finds_the_batch_among_the_runs_and_goes_on():
    app = on_several()
    async with opened(app) as pilot:
        await mark(pilot, "alpha", "beta")
        await press(pilot, "k")
        arm(app, Mode.DRY_RUN)
        await press(pilot, "enter", *TO_PLAN)
        if "needs a decision" in shown(pilot):
            await press(pilot, "enter", "1")
        await press(pilot, "enter", "y", "escape", "escape", "r")
        rows = app.screen.table.rows
        app.screen.table.move_to(next(row.key for row in rows if row.key.startswith("batch-")))
        await press(pilot, "enter")
        assert states(pilot) == {"alpha": "done", "beta": "not begun"}
        arm(app, Mode.LIVE)
        await press(pilot, "f5")
        assert states(pilot) == {"alpha": "not begun", "beta": "not begun"}
        assert writes(app) == []


async def test_one_that_is_left_out_lets_the_next_be_the_canary():
    async with opened(on_several()) as pilot:
        await mark(pilot, "alpha", "beta")
        await press(pilot, "k", "d")
        assert states(pilot) == {"alpha": "left out", "beta": "not begun"}
        assert "enter begins with beta, the canary" in shown(pilot)


@pytest.mark.parametrize("key", ["s"])
async def test_two_of_one_subscription_are_one_target_of_a_subscriptions_action(key):
    async with opened(on_several()) as pilot:
        await mark(pilot, "alpha", "beta", "pay")
        await press(pilot, key)
        names = [row.cells[1] for row in pilot.app.screen.table.rows]
        assert names == ["contoso-lab", "contoso-prod", "contoso-lab"]
        assert "both are the same target" in " ".join(shown(pilot).split())
