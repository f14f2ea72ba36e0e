"""Pictures of every screen, stage and dialog, on a terminal of 80x24 and one of 120x40."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

import tui.session
from actions.guard.model import Mode
from tests.tui.consoles import Barrier, fill, on_demo, on_small, press
from tests.tui.pictures import SIZES, Show
from tui.app import AmlkeysApp
from tui.config import Appearance, Config

FRAUD = ("slash", *"fraud-s", "enter")
REBORN = ("slash", *"reborn", "enter")
TYPED = {"name": "stsmall01", "slot": "key1+key2"}


@SIZES
class TestFleet:
    def test_list(self, picture: Show, size):
        """47 workspaces in aligned columns, bad ones marked `!`, cursor `>` on the first; 120 shows subscriptions."""
        picture(on_demo, size)

    def test_filter(self, picture: Show, size):
        """The filter being typed after the slash, the count `n of 47`, and only keys that work in a field below."""
        picture(on_demo, size, "slash", *"keys:key1 west")

    def test_nothing_fits(self, picture: Show, size):
        """The sentence that nothing fits; no action letters below, since there is nothing to act on."""
        picture(on_demo, size, "slash", *"nosuch", "enter")

    def test_sort(self, picture: Show, size):
        """The choice of columns, over the list."""
        picture(on_demo, size, "ctrl+o")

    def test_help(self, picture: Show, size):
        """The keys of the list, each with what it does."""
        picture(on_demo, size, "question_mark")


@SIZES
class TestWorkspace:
    def test_posture(self, picture: Show, size):
        """Facts with both keys' ages; the holders are announced and not read."""
        picture(on_demo, size, *FRAUD, "enter")

    def test_holders(self, picture: Show, size):
        """Every holder with the slot it has; no key anywhere."""
        picture(on_demo, size, *FRAUD, "enter", "h")


@SIZES
class TestWalk:
    def test_1_what_will_be_read(self, picture: Show, size):
        """Stage 1 before anything is read: what enter does, and the options."""
        picture(on_small, size, "k")

    def test_1_options(self, picture: Show, size):
        """The options with their values to change."""
        picture(on_small, size, "k", "p")

    def test_1_inspected(self, picture: Show, size):
        """What was found: slots with fingerprints of eight digits, holders, findings."""
        picture(on_small, size, "k", "enter")

    def test_2_needs_a_decision(self, picture: Show, size):
        """The plan that needs a decision, and says so in words."""
        picture(on_small, size, "k", "enter", "enter")

    def test_2_decision(self, picture: Show, size):
        """The question with its numbered choices; Cancel has the focus."""
        picture(on_small, size, "k", "enter", "enter", "enter")

    def test_2_plan(self, picture: Show, size):
        """Every step with what it breaks, undo and proof; below, all about the step under the cursor."""
        picture(on_small, size, "k", "enter", "enter", "enter", "1")

    def test_2_details(self, picture: Show, size):
        """The step in full, the whole plan below it."""
        picture(on_small, size, "k", "enter", "enter", "enter", "1", "d")

    def test_2_az(self, picture: Show, size):
        """The same as az commands."""
        picture(on_small, size, "k", "enter", "enter", "enter", "1", "a")

    def test_2_mode(self, picture: Show, size):
        """What enter asks in look mode: how far this session may go, and the word that arms it."""
        picture(on_small, size, "k", "enter", "enter", "enter", "1", "enter")

    def test_3_confirm(self, picture: Show, size):
        """What runs, what cannot be undone, which gap is announced, what to type; Cancel has the focus."""
        picture(on_small, size, "k", "enter", "enter", "enter", "1", "enter", mode=Mode.LIVE)

    def test_3_wrong_name(self, picture: Show, size):
        """The complaint about a wrong name; nothing was confirmed."""

        async def wrong(pilot: Pilot[None]) -> None:
            await fill(pilot, name="stsmall02")
            await press(pilot, "y")

        picture(on_small, size, "k", "enter", "enter", "enter", "1", "enter", mode=Mode.LIVE, more=wrong)

    def test_3_dry_run(self, picture: Show, size):
        """A dry run is walked with one key, and says that nothing is changed."""
        picture(on_small, size, "k", "enter", "enter", "enter", "1", "enter", mode=Mode.DRY_RUN)

    def test_4_run(self, picture: Show, size):
        """The timeline in the middle of a step: what is done, what runs, what is to come."""
        held: list[Barrier] = []

        def make() -> AmlkeysApp:
            app = on_small()
            held.append(Barrier(app))
            return app

        async def run(pilot: Pilot[None]) -> None:
            await fill(pilot, **TYPED)
            await pilot.press("y")
            await held[0].wait(pilot)

        try:
            picture(make, size, "k", "enter", "enter", "enter", "1", "enter", mode=Mode.LIVE, more=run)
        finally:
            held[0].let()

    def test_4_dry_run(self, picture: Show, size, monkeypatch):
        """What is live and what the twin's stands on top; steps are withheld with the twin's proofs, one runs on it."""
        held, build = Barrier(), tui.session.rehearsal_of

        def kept(document: Any, seed: int, name: str, clock: Any = None) -> Any:
            made = build(document, seed, name, clock)
            if clock is not None:
                held.hold(made, "/resyncKeys")
            return made

        async def run(pilot: Pilot[None]) -> None:
            await pilot.press("y")
            await held.wait(pilot)

        monkeypatch.setattr("tui.session.rehearsal_of", kept)
        try:
            picture(on_small, size, "k", "enter", "enter", "enter", "1", "enter", mode=Mode.DRY_RUN, more=run)
        finally:
            held.let()

    def test_5_report(self, picture: Show, size):
        """Done: every step with its times and proof."""

        async def run(pilot: Pilot[None]) -> None:
            await fill(pilot, **TYPED)
            await press(pilot, "y")

        picture(on_small, size, "k", "enter", "enter", "enter", "1", "enter", mode=Mode.LIVE, more=run)

    def test_5_report_of_a_dry_run(self, picture: Show, size):
        """Every change withheld, and what it would have come to, proven on the twin; what that is stands above."""
        picture(on_small, size, "k", "enter", "enter", "enter", "1", "enter", "y", mode=Mode.DRY_RUN)

    def test_5_waits_for_a_person(self, picture: Show, size):
        """A run that waits for somebody to say so: what for and why, and `u resume` below."""

        async def run(pilot: Pilot[None]) -> None:
            await fill(pilot, **TYPED)
            await press(pilot, "y")

        picture(on_small, size, "k", "enter", "enter", "enter", "2", "enter", mode=Mode.LIVE, more=run)


@SIZES
class TestIdentity:
    def test_1_inspected(self, picture: Show, size):
        """Expected against present access, row by row, with what is missing marked in words and symbols."""
        picture(on_demo, size, *REBORN, "i", "enter")

    def test_2_plan(self, picture: Show, size):
        """Resync, role, access policy and the wait until they count, with the permission of the step below."""
        picture(on_demo, size, *REBORN, "i", "enter", "enter")

    def test_2_az(self, picture: Show, size):
        """The same as az commands, broken at words."""
        picture(on_demo, size, *REBORN, "i", "enter", "enter", "a")


@SIZES
class TestRuns:
    def test_none(self, picture: Show, size):
        """The list without runs says how one begins."""
        picture(on_small, size, "r")

    def test_list(self, picture: Show, size):
        """A dry run in the list, with its state in a word."""
        walked = ("k", "enter", "enter", "enter", "1", "enter", "y", "escape")
        picture(on_small, size, *walked, "r", mode=Mode.DRY_RUN)

    def test_one(self, picture: Show, size):
        """The record of one run."""
        walked = ("k", "enter", "enter", "enter", "1", "enter", "y", "escape")
        picture(on_small, size, *walked, "r", "enter", mode=Mode.DRY_RUN)


@SIZES
class TestEverywhere:
    def test_armed(self, picture: Show, size):
        """The banner in live mode: another colour, the word, and how long it lasts."""
        picture(on_small, size, mode=Mode.LIVE)

    def test_dry_run(self, picture: Show, size):
        """The banner in dry-run mode."""
        picture(on_small, size, mode=Mode.DRY_RUN)

    def test_ascii(self, picture: Show, size):
        """Plain ASCII: no symbol, no line drawing, the same words."""
        look = Config(appearance=Appearance(ascii=True))
        picture(lambda: on_small(look), size, "k", "enter", "enter", "enter", "1")

    def test_sixteen_colours(self, picture: Show, size):
        """The theme of sixteen colours: the cursor row is still told apart."""
        look = Config(appearance=Appearance(theme="ansi-dark"))
        picture(lambda: on_small(look), size, "k", "enter", "enter", "enter", "1")

    def test_failure(self, picture: Show, size):
        """A failure over the plan: what happened, what it means, what to do."""

        async def fail(pilot: Pilot[None]) -> None:
            pilot.app.session.steer(
                [{"kind": "status", "route": "workspaces/small-ml$", "status": 403, "code": "AuthorizationFailed"}], {}
            )
            await press(pilot, "k", "enter")

        picture(on_small, size, more=fail)
