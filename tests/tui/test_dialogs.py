"""Questions: whose keys count, that escape leaves nothing behind, and what they say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events
from textual.app import App
from textual.screen import ModalScreen

from actions.cloud.data import CloudError, Forbidden, NotFound, SignInNeeded, Throttled, UnknownOutcome
from actions.guard.errors import JournalError, LeaseHeld, NotPermitted, StalePlan
from actions.guard.model import Choice, Decision, Mode
from tests.tui.consoles import Hands
from tests.tui.test_widgets_run_view import plan
from tui._textual import screen_text
from tui.arming_word import arming_word
from tui.dialogs.arm import ModeDialog
from tui.dialogs.ask import AskDialog, HelpDialog, LeaveDialog, Pick, PickDialog, TextDialog
from tui.dialogs.base import Field, GuardedDialog, TypedDialog
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.decide import DecisionDialog
from tui.dialogs.failure import Failure, FailureDialog, told
from tui.dialogs.hands import KeyWatch, TerminalHands, Verdict

DECISION = Decision(
    id="external",
    question="May clients lose access? [/b]",
    choices=(Choice(id="accept", sentence="yes"), Choice(id="wait", sentence="no [@click=app.quit]x[/]")),
)
DIALOGS: dict[str, Callable[[], ModalScreen[object]]] = {
    "confirm": lambda: ConfirmDialog(plan("a"), place="REHEARSAL Contoso", mode=Mode.LIVE),
    "confirm-dry": lambda: ConfirmDialog(plan("a"), place="REHEARSAL Contoso", mode=Mode.DRY_RUN),
    "mode": lambda: ModeDialog(Mode.LOOK, "live-contoso", place="REHEARSAL Contoso"),
    "decision": lambda: DecisionDialog(DECISION),
    "failure": lambda: FailureDialog(Failure("[/b] it failed", "nothing changed", "try again", "req-1")),
    "ask": lambda: AskDialog("Where to", "file", "a.json"),
    "pick": lambda: PickDialog("Which [/b]", (Pick("a", "A"), Pick("b", "B", "[/b]"))),
    "text": lambda: TextDialog("az", "az storage account keys renew [/b]"),
    "leave": lambda: LeaveDialog("storage-keys of st"),
    "help": lambda: HelpDialog("Keys", "esc  back"),
}


class Host(App[None]):
    """Shows one dialog and keeps its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()
        self.answers: list[object] = []

    async def on_event(self, event: events.Event) -> None:
        key = isinstance(event, events.Key) and not event.is_forwarded
        if key and isinstance(self.screen, GuardedDialog) and not self.screen.admits(event):
            return
        await super().on_event(event)

    def ask(self, name: str) -> None:
        self.push_screen(DIALOGS[name](), self.answers.append)


@pytest.mark.parametrize("name", list(DIALOGS))
async def test_escape_answers_no_and_leaves_no_worker(name):
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(name)
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [None]
        assert len(app.screen_stack) == 1
        assert list(app.workers) == []


@pytest.mark.parametrize("name", list(DIALOGS))
@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_every_dialog_shows_its_title_as_plain_text(name, size):
    app = Host()
    async with app.run_test(size=size) as pilot:
        app.ask(name)
        await pilot.pause()
        text = screen_text(app.screen)
        first = DIALOGS[name]().title_text.split()[0]
        assert first in text


class Long(TypedDialog[None]):
    """A question of many lines with two texts to type."""

    title_text = "Run this plan?"
    fields = (Field("name", "name", "st"), Field("slot", "slot", "key1"))

    def body_text(self) -> str:
        return "\n".join(f"line {number}" for number in range(30))


async def test_the_answers_stay_in_sight_below_a_long_text_and_a_remark():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Long(), app.answers.append)
        await pilot.pause()
        assert "[ Go on: press y ]" in screen_text(app.screen)
        app.screen.note("The slot is not key1.")
        await pilot.pause()
        assert "The slot is not key1." in screen_text(app.screen)
        assert "[ Go on: press y ]" in screen_text(app.screen)


async def test_a_plan_that_cannot_break_anything_is_confirmed_with_one_key_and_not_with_enter():
    app = Host()
    async with app.run_test() as pilot:
        app.ask("confirm")
        await pilot.pause()
        await pilot.press("enter")
        assert app.answers == [None]
        app.ask("confirm")
        await pilot.pause()
        await pilot.press("y")
        assert app.answers[1].name == ""
        assert app.answers[1].plan


async def test_modes_that_change_nothing_need_one_key_and_live_its_word():
    app = Host()
    async with app.run_test() as pilot:
        for keys, mode in ((("1",), Mode.LOOK), (("2",), Mode.DRY_RUN)):
            app.ask("mode")
            await pilot.pause()
            await pilot.press(*keys)
            assert app.answers[-1] is mode
        app.ask("mode")
        await pilot.pause()
        await pilot.press("tab", *"live-fabrikam", "enter", "y")
        assert "not live-contoso" in screen_text(app.screen)
        await pilot.press(*["backspace"] * 8, *"contoso", "enter", "y")
        assert app.answers[-1] is Mode.LIVE


async def test_a_decision_takes_the_number_of_a_choice_only():
    app = Host()
    async with app.run_test() as pilot:
        app.ask("decision")
        await pilot.pause()
        await pilot.press("3", "0", "x")
        assert app.answers == []
        await pilot.press("2")
        assert app.answers == ["wait"]


def test_keys_typed_ahead_and_pasted_do_not_count():
    watch = KeyWatch(shown=10.0)
    assert watch.judge(9.0) is Verdict.EARLY
    assert watch.judge(10.399) is Verdict.EARLY
    assert watch.judge(10.405) is Verdict.PASTED
    assert watch.judge(10.5) is Verdict.TAKEN
    assert watch.judge(10.5001) is Verdict.PASTED
    assert watch.judge(10.6) is Verdict.TAKEN


def test_the_terminal_s_hands_use_one_clock():
    hands = TerminalHands()
    before = hands.now()
    moment = hands.pressed(events.Key("a", "a"))
    assert before <= moment <= hands.now()


@pytest.mark.parametrize(
    ("estate", "tenant", "word"),
    [
        ("Contoso", "c041", "live-contoso"),
        ("", "c0417054-0000-4000-8000", "live-c0417054-0000"),
        ("localhost:43817", "", "live-localhost43817"),
        ("North-Wind Traders of the Sea", "", "live-north-wind"),
        ("x" * 40, "", f"live-{'x' * 24}"),
        ("", "", "live"),
    ],
)
def test_the_arming_word_names_the_place(estate, tenant, word):
    assert arming_word(estate, tenant) == word


def azure(kind: type[CloudError], **more: object) -> CloudError:
    return kind("it said no", status=403, code="X", request_id="req-1", **more)


@pytest.mark.parametrize("kind", [SignInNeeded, Forbidden, NotFound, Throttled, UnknownOutcome, CloudError])
def test_a_failure_of_azure_says_what_it_means_what_to_do_and_its_request(kind):
    failure = told(azure(kind))
    assert failure.happened == "it said no"
    assert failure.means
    assert failure.advice
    assert failure.request_id == "req-1"


def test_throttling_names_the_time_to_wait():
    assert "0:17" in told(azure(Throttled, retry_after=17)).advice


@pytest.mark.parametrize("kind", [JournalError, LeaseHeld, NotPermitted])
def test_a_refusal_of_ours_says_what_to_do(kind):
    failure = told(kind("no"))
    assert failure.happened == "no"
    assert failure.advice


def test_a_stale_plan_names_each_difference():
    assert told(StalePlan("stale", ("a", "b"))).details == ("a", "b")


def test_an_unforeseen_error_tells_nothing_of_its_values():
    assert "hunter2" not in " ".join(map(str, told(KeyError("hunter2"))))


@pytest.mark.parametrize("name", [name for name, make in DIALOGS.items() if isinstance(make(), GuardedDialog)])
def test_a_key_that_comes_before_a_guarded_question_is_in_front_does_not_count(name):
    assert not DIALOGS[name]().admits(events.Key("y", "y"))
