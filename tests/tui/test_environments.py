"""Environments: what the settings say of a subscription is seen in the list, the banner and every question."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input

from actions.guard.confirm import Confirmation
from actions.guard.errors import ConfirmationError
from actions.guard.model import Mode
from azsim.estates.demo import demo
from azsim.estates.small import small
from tests.support.snapshots import Snap
from tests.tui.command_line import amlkeys
from tests.tui.consoles import (
    NOON,
    arm,
    console,
    fill,
    on_small,
    opened,
    prepared,
    press,
    session,
    shown,
    writes,
)
from tests.tui.test_walk import DECIDED
from tests.tui.test_widgets_run_view import plan
from tui.config import Config, ConfigError, Environment, parse_config
from tui.dialogs.confirm import ConfirmDialog
from tui.environments import UNKNOWN, Environments

PROD = Environment(name="prod", subscriptions=("contoso*",), word="PRODUCTION", theme="high-contrast")
TEST = Environment(name="test", subscriptions=("*-lab",), colour="green")
ID = "/subscriptions/0001/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w"
WITH_PROD = Config(environments=(PROD,))

FILE = """
[[environments]]
name = "test"
subscriptions = ["*-lab"]

[[environments]]
name = "prod"
subscriptions = ["*"]
"""


def test_the_first_environment_that_fits_a_name_or_an_id_counts():
    known = Environments(parse_config(FILE, "c.toml").environments)
    known.learn({"0001": "Contoso-LAB", "0002": "contoso"})
    assert known.word(ID) == "TEST"
    assert known.word(ID.replace("0001", "0002")) == "PROD"
    assert Environments((Environment(name="x", subscriptions=("0001",)),)).word(ID) == "X"


def test_a_subscription_whose_name_was_not_read_counts_as_the_gravest_and_without_settings_nothing_does():
    assert Environments((TEST,)).of(ID) is UNKNOWN
    assert Environments(()).of(ID) is None


@pytest.mark.parametrize(("name", "given", "asks"), [("prod", None, True), ("test", None, False), ("test", True, True)])
def test_production_asks_for_the_name_unless_told_otherwise(name, given, asks):
    assert Environment(name=name, subscriptions=("*",), type_name=given).insists is asks


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (FILE + 'colour = "pink"', "c.toml, line 9: setting 'environments.1.colour': invalid enum value 'pink'."),
        (FILE + "color = 'red'", "c.toml, line 9: there is no setting 'environments.1.color'."),
        ('[[environments]]\nname = "x"\nsubscriptions = []', "c.toml, line 1: setting 'environments.0': name the"),
        ('[[environments]]\nname = ""\nsubscriptions = ["*"]', "c.toml, line 1: setting 'environments.0': a name or"),
    ],
)
def test_a_mistake_is_named_with_its_line(text, complaint):
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.toml")
    assert str(caught.value).startswith(complaint)


async def test_banner_list_and_question_say_the_environment_and_the_theme_changes_with_it():
    async with opened(on_small(WITH_PROD)) as pilot:
        usual = pilot.app.theme
        assert "PRODUC" in shown(pilot)
        await press(pilot, *DECIDED)
        assert "PRODUCTION" in shown(pilot).splitlines()[0]
        assert pilot.app.theme == "high-contrast"
        arm(pilot.app, Mode.LIVE)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert "REHEARSAL Contoso, PRODUCTION, LIVE" in shown(pilot)
        await press(pilot, "escape", "escape", "escape")
        assert pilot.app.theme == usual
        await press(pilot, "m")
        assert "reaches PRODUCTION (1)" in shown(pilot)


async def test_the_engine_itself_wants_the_name_where_nothing_can_break():
    app = on_small(WITH_PROD)
    async with opened(app):
        safe = msgspec.structs.replace(plan("a"), target=ID)
        found = app.session.environments
        found.learn({"0001": "contoso"})
        assert found.insists(safe)
        arm(app, Mode.LIVE)
        with pytest.raises(ConfirmationError, match="type the name"):
            app.session.run(lambda connected: connected.engine.run(safe, mode=Mode.LIVE, confirmation=Confirmation()))
        assert writes(app) == []


async def test_a_safe_plan_in_production_has_a_field_for_the_name():
    async with opened(console(session(small(NOON)))) as pilot:
        answers: list[Confirmation | None] = []
        dialog = ConfirmDialog(plan("a"), place="AZURE", mode=Mode.LIVE, environment="PROD", named=True)
        pilot.app.push_screen(dialog, answers.append)
        await pilot.pause()
        await press(pilot, "y")
        assert answers == []
        expected = pilot.app.screen.query_one("#name", Input)
        assert expected.value == ""
        await fill(pilot, name=dialog.need.name)
        await press(pilot, "y")
        assert answers[0] is not None
        assert answers[0].name == dialog.need.name


def test_the_command_line_says_the_environment_when_it_refuses(tmp_path: Path):
    place = tmp_path / "config.toml"
    place.write_text('[[environments]]\nname = "prod"\nsubscriptions = ["*"]\n')
    found = amlkeys(
        "run", "storage-keys", "fraud-scoring", "--leaked", "key1", "--decide", "external=accept", "--rehearse=",
        "--live", "--config", str(place),
    )  # fmt: skip
    assert found.exit == 4
    assert "Environment: PROD" in found.err
    assert "To run it in PROD, add --confirm stfraud01" in found.err


class TestEnvironments:
    """The word in the banner and in the list."""

    def test_fleet(self, snap: Snap):
        """The last column says PROD or, for the lab, TEST; the banner of the fleet says neither."""
        config = Config(environments=(TEST, Environment(name="prod", subscriptions=("*",))))
        snap(lambda: console(session(demo(NOON), config=config)), size=(80, 24), run_before=prepared("G"))

    def test_plan(self, snap: Snap):
        """PRODUCTION stands reversed beside the world in the first line."""
        config = Config(environments=(PROD,))
        snap(lambda: on_small(config), size=(80, 24), run_before=prepared(*DECIDED))
