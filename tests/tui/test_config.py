"""The settings file: read strictly, and every mistake named with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.tui.command_line import amlkeys
from tui.config import Appearance, Config, ConfigError, Environment, Fleet, FleetView, load_config, parse_config

WHOLE = """
journal = "postgresql://db/amlkeys"
cloud = "AzureChinaCloud"
tenant = "contoso"

[subscriptions]
hidden = ["contoso-lab"]

[appearance]
theme = "nord"
ascii = true

[keys]
quit = "ctrl+x"
"""


def test_every_setting_is_read() -> None:
    found = parse_config(WHOLE, "config.toml")
    assert found.journal == "postgresql://db/amlkeys"
    assert (found.cloud, found.tenant) == ("AzureChinaCloud", "contoso")
    assert found.subscriptions.hidden == ("contoso-lab",)
    assert (found.appearance.theme, found.appearance.ascii) == ("nord", True)
    assert found.keys == {"quit": "ctrl+x"}


def test_without_a_file_the_defaults_hold() -> None:
    assert load_config() == Config()


def test_the_file_lies_in_the_configuration_folder(home: Path) -> None:
    folder = home / "config" / "amlkeys"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('tenant = "contoso"')
    assert load_config().tenant == "contoso"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('theme = "nord"', "c.toml, line 1: there is no setting 'theme'."),
        ("\njournal = 3", "c.toml, line 2: setting 'journal': expected `str`, got `int`."),
        ("[appearance]\n\nascii = 1", "c.toml, line 3: setting 'appearance.ascii': expected `bool`, got `int`."),
        ("[appearance]\nfont = 1", "c.toml, line 2: there is no setting 'appearance.font'."),
        ("appearance.font = 1", "c.toml, line 1: there is no setting 'appearance.font'."),
        (
            "[subscriptions]\nhidden = ['a', 4]",
            "c.toml, line 2: setting 'subscriptions.hidden.1': expected `str`, got `int`.",
        ),
        ("[colours]\nx = 1", "c.toml, line 1: there is no setting 'colours'."),
        ("keys = 'x'", "c.toml, line 1: setting 'keys': expected `object`, got `str`."),
        ("\n[keys]\nhelp = 1", "c.toml, line 2: setting 'keys': expected `str`, got `int`."),
        ("a b", "The settings file c.toml is no valid TOML: "),
        (f"a = {'[' * 9_000}", "The settings file c.toml is nested too deeply."),
        (
            "[fleet]\nkeep = true\nrefresh = 1",
            "c.toml, line 3: setting 'fleet.refresh': 0 is never, otherwise at least 2 seconds.",
        ),
        ("[fleet]\nrefresh = -5", "c.toml, line 2: setting 'fleet.refresh': 0 is never, otherwise at least 2 seconds."),
        ("[fleet]\nrefresh = '30s'", "c.toml, line 2: setting 'fleet.refresh': expected `int`, got `str`."),
        (
            "[fleet]\ncolumns = ['keyage']",
            "c.toml, line 2: setting 'fleet.columns': there is no column keyage; near it: key-age, keys.",
        ),
        (
            "[[fleet.views]]\nname = 'a'\n[[fleet.views]]\nname = 'b'\nsort = '-x'",
            "c.toml, line 5: setting 'fleet.views.1.sort': there is no column x; `amlkeys workspaces --columns help` tells all.",
        ),
        (
            "[[fleet.views]]\nname = 'a'\n[[fleet.views]]\nname = ''",
            "c.toml, line 4: setting 'fleet.views.1.name': it has 1 to 20 letters.",
        ),
        (
            "[[fleet.views]]\nname = 'a'\n[[fleet.views]]\nname = 'A'",
            "c.toml, line 1: setting 'fleet.views': there are two views a.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.toml")
    assert str(caught.value).startswith(complaint)
    assert str(caught.value).endswith(".")


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no settings file"):
        load_config(str(tmp_path / "none.toml"))


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"config\.toml cannot be read: it is no UTF-8 text\."):
        load_config(str(path))


def test_a_file_without_an_end_is_not_read_to_it() -> None:
    with pytest.raises(ConfigError, match=r"/dev/zero cannot be read: it is larger than 1 mib\."):
        load_config("/dev/zero")


def test_the_page_of_the_command_line_shows_a_file_that_is_right() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    shown = page.partition("```toml\n")[2].partition("```")[0]
    found = parse_config(shown, "the page")
    assert all(getattr(found, name) for name in ("journal", "cloud", "tenant", "subscriptions", "appearance", "keys"))


def test_the_example_is_valid_as_it_stands_and_with_every_setting_taken(tmp_path: Path) -> None:
    place = tmp_path / "new" / "config.toml"
    assert amlkeys("doctor", "--write-config", "--config", place).exit == 0
    text = place.read_text()
    assert parse_config(text, "config.toml") == Config()
    taken = re.sub(r'^# (?=["\w]+[\w.-]*"? = )', "", text, flags=re.MULTILINE)
    found = parse_config(taken, "config.toml")
    assert found.keys["action.storage-keys"] == "k"
    assert {*Config.__struct_fields__} - {"subscriptions", "appearance", "keys", "environments"} <= set(
        tomllib.loads(taken)
    )
    shown = "\n".join(line.removeprefix("#     ") for line in text.splitlines() if line.startswith("#     "))
    (environment,), (view,) = tomllib.loads(shown)["environments"], tomllib.loads(shown)["fleet"]["views"]
    assert set(view) == set(FleetView.__struct_fields__)
    assert set(tomllib.loads(taken)["fleet"]) | {"views"} == set(Fleet.__struct_fields__)
    assert set(environment) == set(Environment.__struct_fields__)
    assert parse_config(shown, "config.toml").environments[0].shown == "PRODUCTION"
    assert set(tomllib.loads(taken)["appearance"]) == set(Appearance.__struct_fields__)


def test_a_settings_file_is_not_written_over(tmp_path: Path) -> None:
    place = tmp_path / "config.toml"
    place.write_text('tenant = "contoso"')
    answer = amlkeys("doctor", "--write-config", "--config", place)
    assert answer.exit != 0
    assert "already" in answer.err
    assert place.read_text() == 'tenant = "contoso"'
