"""Pictures of the review of support apps, on a terminal of 80x24 and one of 120x40."""

from __future__ import annotations

from collections.abc import Callable

from actions.guard.model import Mode
from tests.support.reviewed import reviewed
from tests.tui.consoles import NOON, console, on_demo, session
from tests.tui.pictures import SIZES, Show
from tui.app import AmlkeysApp

WHY = ("2", "0", "2", "6", "minus", "0", "9", "minus", "0", "1", "space", *"old", "space", *"jobs", "enter")
KEEP, REMOVE = ("1", *WHY), ("2", *"unused", "enter")
DEMO = ("slash", *"fraud-s", "enter", "s")
DECIDED = ("s", "enter", "enter", "enter", *KEEP, *REMOVE)


def on_review() -> AmlkeysApp:
    """The console over two support apps."""
    return console(session(reviewed(NOON)))


def in_the_dark() -> AmlkeysApp:
    """The same where the directory may not be read."""
    return console(session({**reviewed(NOON), "behaviour": {"graphReads": False}}))


@SIZES
class TestReview:
    def test_1_what_will_be_read(self, picture: Callable[..., None], size):
        """The subscription of the workspace, that no secret is read, the options."""
        picture(on_demo, size, *DEMO)

    def test_1_inspected(self, picture: Show, size):
        """Facts, the apps with kind and owner, what they hold; why nothing can be removed."""
        picture(on_demo, size, *DEMO, "enter")

    def test_1_findings(self, picture: Show, size):
        """The findings at the end, worst first, with a look-alike's odd letter."""
        picture(on_demo, size, *DEMO, "enter", "end")

    def test_1_incomplete(self, picture: Show, size):
        """Without the directory: INCOMPLETE, unknown principals by id."""
        picture(in_the_dark, size, "s", "enter")

    def test_2_decision(self, picture: Show, size):
        """Keep or remove, each with its consequence."""
        picture(on_review, size, "s", "enter", "enter", "enter")

    def test_2_why_keep(self, picture: Show, size):
        """A review-by date and a reason are typed."""
        picture(on_review, size, "s", "enter", "enter", "enter", "1", *WHY[:-1])

    def test_2_plan(self, picture: Show, size):
        """One removal and the sign-off."""
        picture(on_review, size, *DECIDED)

    def test_3_confirm(self, picture: Show, size):
        """A removal is confirmed by the subscription's name."""
        picture(on_review, size, *DECIDED, "enter", mode=Mode.LIVE)

    def test_5_report(self, picture: Show, size):
        """The signed-off review."""
        picture(on_review, size, *DECIDED, "enter", "tab", *"contoso-001", "enter", "y", mode=Mode.LIVE)
