"""The manual page: made of what the commands say of themselves, so that it cannot tell anything else."""

from __future__ import annotations

from collections.abc import Iterator

import click

import tui

EXITS = (
    (0, "done, or nothing to do"),
    (1, "failed"),
    (2, "wrong usage"),
    (3, "changes pending, or findings (with --detailed-exit-code)"),
    (4, "blocked, or confirmation missing or wrong"),
    (5, "not signed in, or not permitted"),
    (6, "stopped; can be resumed"),
    (7, "waiting for a time or a person; can be resumed"),
)
ABOUT = """\
amlkeys rotates the keys that Azure Machine Learning stands on, restores the access of its identities, and tells what it
found, step by step and with proofs. Without a command it opens a console in the terminal; everything that the console
does can be done with commands.

Without a flag nothing is changed: plans are made and shown. --dry-run walks a whole run with every change withheld;
--live makes changes, after the confirmation that the plan asks for. With --rehearse nothing real is touched: a cloud
that behaves like Azure answers, and it has a journal of its own."""
EXAMPLES = (
    ("Look around, on a company that does not exist:", "amlkeys --rehearse"),
    ("Plan to replace both keys of a workspace's storage account:", "amlkeys plan storage-keys fraud-scoring"),
    ("Go on with a run that stopped:", "amlkeys resume RUN --live"),
    ("Follow a runbook:", "amlkeys runbook run leaked-storage-key fraud-scoring"),
    ("Complete names in bash:", 'eval "$(amlkeys completion bash)"'),
)
FILES = (
    (
        "$XDG_CONFIG_HOME/amlkeys/config.toml",
        "the settings; amlkeys doctor --write-config writes one with all explained",
    ),
    ("$XDG_STATE_HOME/amlkeys", "the journal of all runs, and another one of rehearsals"),
    ("$XDG_CACHE_HOME/amlkeys", "the fleet as it was last seen, without any secret"),
)
ENVIRONMENT = (
    ("LC_ALL, LC_CTYPE, LANG", "a locale that is not UTF-8 gets plain ASCII"),
    ("TERM", "a terminal that cannot place text gets numbered questions on lines"),
    ("NO_COLOR", "no colour; every state has a word and a symbol anyway"),
    ("SSH_CONNECTION", "where it is set, fewer frames are painted"),
)


def manual(root: click.Group) -> str:
    """Give the page in roff's man macros."""
    return "\n".join(_page(root)) + "\n"


def _page(root: click.Group) -> Iterator[str]:
    yield f'.TH AMLKEYS 1 "" "amlkeys {tui.__version__}" "User Commands"'
    yield from (".SH NAME", text("amlkeys - guarded key and identity operations for Azure Machine Learning"))
    yield from (".SH SYNOPSIS", ".B amlkeys", text("[OPTIONS] [COMMAND [ARGS]...]"), ".SH DESCRIPTION")
    yield from _paragraphs(ABOUT)
    with root.make_context("amlkeys", [], resilient_parsing=True) as context:
        yield ".SH OPTIONS"
        yield from text_lines("These may stand anywhere on the line; all commands take them.")
        yield from _options(root, context)
        yield ".SH COMMANDS"
        for name in root.list_commands(context):
            command = root.get_command(context, name)
            assert command is not None
            yield from _command(command, context, name)
    yield from _table("EXIT STATUS", ((str(code), meaning) for code, meaning in EXITS))
    yield from _table("FILES", FILES)
    yield from _table("ENVIRONMENT", ENVIRONMENT)
    yield ".SH EXAMPLES"
    for told, line in EXAMPLES:
        yield from (".PP", text(told), ".PP", ".RS 4", ".EX", text(line), ".EE", ".RE")


def _command(command: click.Command, above: click.Context, name: str) -> Iterator[str]:
    """One command, and those below it; an action's options are told by the first verb that takes them."""
    with click.Context(command, info_name=name, parent=above) as context:
        yield f".SS {text(context.get_usage().partition(':')[2].strip())}"
        yield from _paragraphs(command.help or "")
        yield from _options(command, context)
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                found = command.get_command(context, each)
                if found is not None:
                    yield from _command(found, context, each)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option) and "--help" not in parameter.opts:
            yield from (".TP", f"\\fB{text(record[0])}\\fR", *text_lines(record[1]))


def _table(title: str, rows: Iterator[tuple[str, str]] | tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {title}"
    for name, meaning in rows:
        yield from (".TP", f"\\fB{text(name)}\\fR", *text_lines(meaning))


def _paragraphs(told: str) -> Iterator[str]:
    for part in told.split("\n\n"):
        lines = part.splitlines()
        if lines and lines[0].strip() == "\b":
            yield from (".PP", ".nf", *(text(line) for line in lines[1:]), ".fi")
        elif part.strip():
            yield from (".PP", *text_lines(" ".join(part.split())))


def text_lines(told: str) -> Iterator[str]:
    """One source line; roff fills it."""
    yield text(" ".join(told.split()))


def text(told: str) -> str:
    """Escape what roff would take for its own."""
    escaped = told.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
