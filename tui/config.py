"""The settings file: `config.toml` in the XDG configuration folder, read strictly, told about in one sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from actions.guard.files import read_whole
from tui.render import clean

_LONGEST_WORD = 20
_OWN_COMPLAINTS = frozenset({"name", "columns", "sort", "refresh", "views"})
"""Settings that a complaint of ours names at its beginning, because msgspec knows only the table that they are in."""
LEAST_REFRESH = 2
"""Seconds; more often than that Azure's quota for lists does not allow for."""


class ConfigError(Exception):
    """The settings file cannot be used; the text is a whole sentence with the file and the place."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of the file: an unknown key is a mistake, not a wish."""


class Subscriptions(Table, frozen=True, kw_only=True):
    """Which subscriptions the fleet list shows."""

    hidden: tuple[str, ...] = ()
    """Ids or names that the list leaves out; their resources can still be named in full."""


class Appearance(Table, frozen=True, kw_only=True):
    """How the console and the tables look."""

    theme: str = ""
    """A theme of the console; empty takes the one that suits the terminal."""

    ascii: bool = False
    """Plain ASCII instead of symbols and line drawing, for terminals and fonts that lack them."""


class FleetView(Table, frozen=True, kw_only=True):
    """A view of the list of workspaces: its columns, its order and its filter under a name."""

    name: str
    """What it is called."""

    columns: tuple[str, ...] = ()
    """The columns behind the workspace's name; none are the usual ones."""

    sort: str = ""
    """The column to order by, with `-` before it the other way round."""

    filter: str = ""
    """What is typed behind `/`."""

    def __post_init__(self) -> None:
        """Refuse a view without a name, or with a column that there is not."""
        if not self.name.strip() or len(self.name) > _LONGEST_WORD:
            raise ValueError(f"name: it has 1 to {_LONGEST_WORD} letters")
        known_columns("columns", self.columns)
        known_columns("sort", (self.sort.removeprefix("-"),) if self.sort else ())


class Fleet(Table, frozen=True, kw_only=True):
    """How the list of workspaces behaves."""

    keep: bool = True
    """Keep the list, without any secret, in the cache folder, so that the console opens with what it last saw."""

    columns: tuple[str, ...] = ()
    """The columns behind the workspace's name; none are the usual ones."""

    refresh: int = 0
    """Seconds after which the console reads the list anew by itself; 0 is never."""

    views: tuple[FleetView, ...] = ()
    """Views of one's own; one with the name of a view that the console brings along takes its place."""

    def __post_init__(self) -> None:
        """Refuse an interval that would keep Azure busy, a column that there is not, and two views of one name."""
        if self.refresh < 0 or 0 < self.refresh < LEAST_REFRESH:
            raise ValueError(f"refresh: 0 is never, otherwise at least {LEAST_REFRESH} seconds")
        known_columns("columns", self.columns)
        names = [view.name.casefold() for view in self.views]
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            raise ValueError(f"views: there are two views {twice}")


def known_columns(setting: str, names: tuple[str, ...]) -> None:
    """Raise `ValueError`, which begins with the setting, where one of the names is no column of the list."""
    if not names:
        return
    from actions.workspaces.columns import BY_NAME, near

    known = (*BY_NAME, "environment")
    for name in names:
        if name not in known:
            where = near(name, known) or "; `amlkeys workspaces --columns help` tells all"
            raise ValueError(f"{setting}: there is no column {clean(name)}{where}")


class Reveal(Table, frozen=True, kw_only=True):
    """Whether a new key may be shown on a terminal at all."""

    allowed: bool = True
    """False takes the key that shows a new endpoint key out of the console."""


class Runbooks(Table, frozen=True, kw_only=True):
    """Runbooks of one's own."""

    folder: str = ""
    """A folder with Markdown files of one's own; one with the name of a shipped runbook takes its place."""


class Environment(Table, frozen=True, kw_only=True):
    """What some subscriptions are for, told by a word and a colour wherever one of them is acted on."""

    name: str
    """What it is called, such as `prod`."""

    subscriptions: tuple[str, ...]
    """Patterns of subscription names or ids, `*` for any characters; the first environment that fits counts."""

    word: str = ""
    """The word that is shown; empty takes the name in capitals."""

    colour: Literal["red", "yellow", "green", "blue", "magenta", "cyan"] = "red"
    """The word's colour, of the sixteen that every terminal has."""

    theme: str = ""
    """The console's theme while a screen is about this environment; empty leaves the usual one."""

    type_name: bool | None = None
    """Ask for the typed name even where nothing can break; not said, it holds for a name that begins with `prod`."""

    def __post_init__(self) -> None:
        """Refuse an environment that could never be shown or never fit."""
        if not self.name.strip() or len(self.shown) > _LONGEST_WORD:
            raise ValueError(f"a name or word has 1 to {_LONGEST_WORD} letters")
        if not all(pattern.strip() for pattern in self.subscriptions) or not self.subscriptions:
            raise ValueError("name the subscriptions that it stands for")

    @property
    def shown(self) -> str:
        """The word."""
        return self.word or self.name.upper()

    @property
    def insists(self) -> bool:
        """Whether the name must always be typed."""
        return self.name.casefold().startswith("prod") if self.type_name is None else self.type_name


class Config(Table, frozen=True, kw_only=True):
    """All of the file; a flag on the command line wins over it."""

    journal: str = ""
    """The journal of real runs: a file or a `postgresql://` address; empty is the state folder."""

    cloud: str = ""
    """`AzureCloud`, `AzureUSGovernment` or `AzureChinaCloud`."""

    tenant: str = ""
    """The tenant to sign in to."""

    subscriptions: Subscriptions = Subscriptions()
    appearance: Appearance = Appearance()
    fleet: Fleet = Fleet()
    reveal: Reveal = Reveal()
    runbooks: Runbooks = Runbooks()

    environments: tuple[Environment, ...] = ()
    """Which subscriptions are production, which are for tests; the first that fits counts."""

    keys: dict[str, str] = {}
    """Other keys for the console's bindings, by the binding's id."""


def default_path() -> Path:
    """Where the file is looked for when `--config` does not say."""
    from platformdirs import user_config_path

    return user_config_path("amlkeys", appauthor=False) / "config.toml"


def load_config(path: str = "") -> Config:
    """Read the settings file; without `path` a missing file means defaults. Raises `ConfigError`."""
    place = Path(path).expanduser() if path else default_path()
    try:
        text = read_whole(place).decode()
    except FileNotFoundError:
        if not path:
            return Config()
        raise ConfigError(f"There is no settings file {place}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The settings file {place} cannot be read: {_reason(error)}.") from None
    return parse_config(text, str(place))


def parse_config(text: str, place: str) -> Config:
    """Decode the file's text; `place` names it in a complaint."""
    import tomllib

    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The settings file {place} is no valid TOML: {clean(str(error))}.") from None
    except RecursionError:
        raise ConfigError(f"The settings file {place} is nested too deeply.") from None
    try:
        return msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        sentence, key = _told(str(error))
        line = _line_of(text, key)
        where = f"{place}, line {line}" if line else place
        raise ConfigError(f"{where}: {sentence}.") from None


def _reason(error: Exception) -> str:
    """Say why a file could not be read, without its path a second time."""
    return clean((error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is no UTF-8 text")


def _told(message: str) -> tuple[str, list[str]]:
    """Turn msgspec's complaint into (sentence, key path); unknown fields name themselves, others their path."""
    what, _, path = message.partition(" - at `$")
    keys = [part for part in re.split(r"[.\[\]`]+", path) if part and part != "..."]
    unknown = re.search(r"unknown field `([^`]*)`", what)
    if unknown:
        keys.append(unknown[1])
        return f"there is no setting '{clean('.'.join(keys))}'", keys
    own = re.match(r"(\w+): (?=.)", what)
    if own and own[1] in _OWN_COMPLAINTS:
        keys.append(own[1])
        what = what[own.end() :]
    return f"setting '{clean('.'.join(keys))}': {clean(what[:1].lower() + what[1:])}", keys


def _line_of(text: str, keys: list[str]) -> int:
    """Find the line that sets the last named key of a path, looking only below its table's header; 0 when not found."""
    named = [key for key in keys if not key.isdigit()]
    place = next((n for n, key in enumerate(keys) if key.isdigit()), len(keys))
    nth, several = (int(keys[place]) if place < len(keys) else 0), ".".join(keys[:place])
    if not named:
        return 0
    table, wanted = "", ".".join(named)
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            table = header[1].replace('"', "").replace(" ", "")
            if f"[[{table}]]" == line.replace(" ", "").partition("#")[0] and several == table:
                nth -= 1  # the table of the wanted number is the one that makes this negative
                table = table if nth == -1 else ""
            if table and table == wanted:
                return number
            continue
        key = re.match(r"\s*([^=#]+?)\s*=", line)
        if key:
            full = ".".join(part for part in (table, key[1].replace('"', "").replace(" ", "")) if part)
            if full == wanted or wanted.startswith(f"{full}."):
                return number
    return 0
