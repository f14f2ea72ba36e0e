"""Keys of one's own: every binding can be given another one, and a mistake is told before the console opens."""

from __future__ import annotations

import pytest

from tests.tui.consoles import on_small, opened, press, shown
from tests.tui.terminal import Open
from tui.config import Config
from tui.config_example import example
from tui.key_names import console_bindings, keymap
from tui.session import SessionError


def test_every_binding_is_in_the_example_and_may_be_given_its_own_key() -> None:
    known = console_bindings()
    assert {"quit", "dialog.cancel", "table.open", "batch.go", "rehearsal.fault", "hand-over.reveal"} <= set(known)
    text = example(known)
    assert all(f'"{name}" = "' in text for name in known)
    assert keymap(known) == known


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"qiut": "ctrl+x"}, "a binding 'qiut' that does not exist"),
        ({"run.stopp": "x"}, "run.export, run.hand-over"),
        ({"quit": "strg+x"}, "the key 'strg+x', which does not exist"),
        ({"quit": "ctrl+"}, "does not exist"),
        ({"quit": ""}, "does not exist"),
        ({"quit": "bananas"}, "does not exist"),
        ({"mode": "?"}, "give 'mode' the key 'question_mark', which help has too"),
        ({"runs": "k"}, "which action.storage-keys has too"),
        ({"run.note": "f2", "run.export": "f2"}, "has too"),
        ({"quit": "\x1b[2J"}, "does not exist"),
    ],
)
def test_a_mistake_is_one_sentence(keys: dict[str, str], complaint: str) -> None:
    with pytest.raises(SessionError) as caught:
        keymap(keys)
    assert complaint in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_two_bindings_may_change_places() -> None:
    swapped = {"action.storage-keys": "i", "action.identity-access": "k"}
    assert keymap(swapped) == swapped


async def test_another_key_works_and_the_old_one_does_not() -> None:
    app = on_small(Config(keys={"help": "f2", "mode": "!, f3"}))
    async with opened(app) as pilot:
        await press(pilot, "question_mark")
        assert "Keys that work here" not in shown(pilot)
        await press(pilot, "f2")
        assert "Keys that work here" in shown(pilot)
        await press(pilot, "escape", "exclamation_mark")
        assert "How far may this session go?" in shown(pilot)


def test_the_console_does_not_open_with_a_key_that_would_not_work(tmp_path, terminal: Open) -> None:
    place = tmp_path / "config.toml"
    place.write_text('[keys]\nquit = "m"\n')
    line = terminal("--rehearse=", "--config", str(place))
    assert line.ended() == 2
    line.wait(lambda text: "which mode has too" in " ".join(text.split()))
