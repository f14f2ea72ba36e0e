"""The flags that every command shares, wherever they stand, and the options that actions bring along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from actions.guard.contract import Options
    from tui.options import OptionField
    from tui.settings import Settings

_COMMON: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--rehearse", {"metavar": "[ESTATE|URL]", "help": "Rehearse: the demo estate, an estate file, or a served one."}),
    ("--rehearse-ca", {"metavar": "FILE", "help": "Certificate authority of a served rehearsal given by its URL."}),
    ("--live", {"is_flag": True, "help": "Really change things; without it nothing runs."}),
    ("--dry-run", {"is_flag": True, "help": "Walk the whole run: reads are live, changes go to a twin."}),
    ("--cloud", {"metavar": "NAME", "help": "AzureCloud, AzureUSGovernment or AzureChinaCloud."}),
    ("--tenant", {"metavar": "ID", "help": "Tenant to sign in to."}),
    ("--subscription", {"metavar": "ID|NAME", "help": "Look only there for what TARGET names."}),
    ("--config", {"metavar": "FILE", "help": "Settings file instead of the one in the configuration folder."}),
    ("--journal", {"metavar": "PLACE", "help": "Journal: a file or a postgresql:// address."}),
    ("--json", {"is_flag": True, "help": "Results as JSON with a versioned schema."}),
    ("--plain", {"is_flag": True, "help": "Lines only: nothing is redrawn; without a command, a numbered walk."}),
    ("--no-wait", {"is_flag": True, "help": "Do not stay for a wait: leave the run waiting (exit 7)."}),
    ("--try-anyway", {"is_flag": True, "help": "Run although permissions are missing or cannot be read."}),
    ("--seed", {"type": int, "metavar": "N", "help": "Seed of the rehearsal on an estate in this process."}),
    ("--speed", {"type": float, "metavar": "N", "help": "Rehearsed seconds to a real one in waits; 0 skips them."}),
)


def common_options(*, hidden: bool) -> list[click.Parameter]:
    """Make the shared flags; a command hides them, because the program's own help lists them once."""
    return [
        click.Option([name], expose_value=False, callback=_keep, hidden=hidden, default=None, **details)
        for name, details in _COMMON
    ]


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Note a flag that was given; the one nearer to the command wins."""
    if value is not None and value is not False:
        context.find_root().ensure_object(dict)[parameter.name] = value
    return value


def settings_of(context: click.Context) -> Settings:
    """Gather the flags that were given."""
    from tui.settings import Settings

    given: dict[str, Any] = dict(context.find_root().ensure_object(dict))
    if given.pop("no_wait", False):
        given["wait"] = False
    return Settings(**given)


class Command(click.Command):
    """A command that takes the shared flags too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += common_options(hidden=True)


class Group(click.Group):
    """A group of commands that takes the shared flags too."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += common_options(hidden=True)


def attach_rehearse(arguments: Sequence[str]) -> list[str]:
    """Give `--rehearse` its optional value: `--rehearse=FILE`, or a next word that is an address or a `.json` file.

    Anything else after it is the next argument, and so is a saved plan, which `apply` wants.
    """
    done: list[str] = []
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word == "--":
            return [*done, word, *words]
        if word == "--rehearse":
            word += f"={words.pop(0)}" if words and _is_estate(words[0]) else "="
        done.append(word)
    return done


def _is_estate(word: str) -> bool:
    if word.startswith(("https://", "http://")):
        return True
    if word.startswith("-") or not word.endswith(".json"):
        return False
    try:
        with Path(word).open("rb") as file:
            return b'"amlkeys.plan/' not in file.read(4096)
    except OSError:
        return True


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """A length of time: `1h`, `30m`, `1h30m`, or plain seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the text as seconds."""
        from tui.options import seconds

        try:
            return value if isinstance(value, float) else seconds(str(value))
        except ValueError:
            self.fail(f"{value!r} is no length of time; write 90s, 30m, 1h30m or 2d.", param, ctx)


def action_options(options: type[Options]) -> list[click.Parameter]:
    """Turn an action's options into flags; only those that were given are handed on."""
    from tui.options import option_fields

    return [_action_option(field) for field in option_fields(options)]


def _action_option(field: OptionField) -> click.Option:
    from tui.options import told_seconds

    details: dict[str, Any] = {"default": None, "help": field.doc}
    if field.kind == "flag":
        details |= {"is_flag": True, "flag_value": not field.default, "help": _negated(field)}
        return click.Option([field.name, field.flag], **details)
    shown = told_seconds(field.default) if field.kind == "duration" else str(field.default)
    if field.default:
        details["help"] = f"{field.doc} [default: {shown}]".strip()
    if field.kind == "choice":
        details["type"] = click.Choice(field.choices)
    elif field.kind == "duration":
        details |= {"type": Duration(), "metavar": "TIME"}
    elif field.kind == "number":
        details |= {"type": type(field.default), "metavar": "N"}
    elif field.kind == "texts":
        details |= {"multiple": True, "metavar": "TEXT", "callback": _texts}
    return click.Option([field.name, field.flag], **details)


def _texts(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Read `@FILE` and `-` (standard input) as their lines."""
    from tui.options import expanded

    try:
        return expanded(value)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise click.BadParameter(f"the list cannot be read: {reason}.", context, parameter) from None


def _negated(field: OptionField) -> str:
    return f"Do not: {field.doc[:1].lower()}{field.doc[1:]}" if field.default else field.doc


def given_options(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out the options that were not given, so that the action's own defaults hold."""
    return {name: value for name, value in values.items() if value is not None and value != ()}


def decisions(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Read `--decide id=choice`, given any number of times."""
    found: dict[str, str] = {}
    for text in value:
        name, equals, choice = text.rpartition("=")
        if not (name and equals and choice):
            raise click.BadParameter(f"{text!r} is not of the form id=choice.")
        found[name] = choice
    return found


def decide_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--decide` to a command."""
    return click.option(
        "--decide", "decided", multiple=True, metavar="ID=CHOICE", callback=decisions,
        help="Answer a question that a plan asks; may be given several times.",
    )(function)  # fmt: skip


def confirm_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--confirm` and `--slot` to a command."""
    name = click.option("--confirm", metavar="NAME", help="Confirm by the name that the plan asks for.")
    slot = click.option("--slot", metavar="SLOT", default="", help="The slot too, where nothing can be undone.")
    return name(slot(function))


def confirms_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--confirm` and `--slot`, once for each plan that is to be confirmed."""
    name = click.option(
        "--confirm", "confirms", metavar="NAME", multiple=True,
        help="Confirm by the name that the plan asks for; once for each of several.",
    )  # fmt: skip
    slot = click.option(
        "--slot", "slots", metavar="SLOT", multiple=True,
        help="The slot too, where nothing can be undone; one for all, or one for each --confirm.",
    )  # fmt: skip
    return name(slot(function))
