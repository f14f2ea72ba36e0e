"""Entry point `amlkeys`: the console alone, or one command; every error becomes one sentence and an exit code."""

from __future__ import annotations

import os.path
import sys

import tui

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import click

COMMANDS = {
    "workspaces": "List the workspaces that you can see.",
    "show": "Tell all about one workspace.",
    "posture": "Tell how one workspace is secured.",
    "activity": "Tell what was done to a workspace.",
    "cmk": "Tell whose encryption key expires when.",
    "inspect": "Read what an action needs to know, and what it finds amiss.",
    "plan": "Make the plan of an action; nothing is changed.",
    "run": "Plan and run an action on one target, or on several in turn.",
    "apply": "Run exactly a saved plan.",
    "role": "Print the least role that an action needs on a target.",
    "runs": "List the recorded runs, or tell one.",
    "resume": "Take up a run that is not done.",
    "waiting": "Tell what a waiting run needs a person for.",
    "stop": "Stop a run between two steps.",
    "report": "Write the report of a run.",
    "note": "Leave a remark with a run.",
    "runbook": "Follow a runbook step by step, or check one.",
    "audit": "Check and hand on the journal of all runs.",
    "doctor": "Check that everything is in place.",
    "completion": "Print what lets a shell complete what you type.",
    "man": "Print the manual page.",
    "rehearsal": "Practise on a cloud that behaves like Azure and is none.",
}
"""The commands in the order of their use, as the program's help tells them without loading one."""


HELP_CELLS = 80
_CONSOLE = ((), ("--rehearse",), ("--rehearse=",))
"""Command lines that open the console with nothing else asked for; click takes a tenth of the first frame."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run amlkeys and return its exit code; nothing is imported here that `--version` does not need."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        sys.stdout.write(f"amlkeys {tui.__version__}\n")
        return 0
    if given in (["--help"], ["-h"]) and (text := kept_help()):
        sys.stdout.write(text)
        return 0
    foreign = foreign_packages()
    if foreign:
        sys.stderr.write(f"amlkeys: {foreign}\n")
        return 2
    if tuple(given) in _CONSOLE and on_terminal() and not places_no_text():
        return _console("" if given else None)
    if arguments is not None:
        return _within(given)
    _collect_rarely()
    return _invoke(given)


def _within(given: list[str]) -> int:
    """Run a command within another program, which gets its signals back."""
    import signal
    import threading

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        return _invoke(given)
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


def _collect_rarely() -> None:
    """Look for garbage seldom, and not at the end of the process, where looking took a fifth of a short command."""
    import atexit
    import gc

    gc.set_threshold(100_000, 20, 50)
    atexit.register(gc.freeze)


def on_terminal() -> bool:
    """Whether there is a person to type and a screen to read."""
    return sys.stdin.isatty() and sys.stderr.isatty() and sys.stdout.isatty()


def places_no_text() -> bool:
    """Whether the terminal cannot move its cursor, so that only lines can be written."""
    return os.environ.get("TERM", "").casefold() in {"", "dumb", "unknown"}


def _console(rehearse: str | None) -> int:
    """Open the console as the shortest command lines ask for it, without reading them with click first."""
    from tui.settings import Settings

    try:
        from tui.console import open_console

        return open_console(Settings(rehearse=rehearse))
    except (Exception, KeyboardInterrupt) as error:
        from tui.commands.failures import failure_of

        found = failure_of(error)
        return _complain(False, found.exit, found.kind, found.sentence, None, found.details)


def kept_help() -> str:
    """The program's help as click tells it at eighty cells, kept in a file; empty where lines may be narrower.

    `COLUMNS=80 amlkeys --help > tui/help.txt` writes it anew.
    """
    if os.environ.get("COLUMNS"):
        return ""
    try:
        if os.get_terminal_size(sys.stdout.fileno()).columns < HELP_CELLS:
            return ""
    except (OSError, ValueError, AttributeError):
        pass  # no terminal: click takes eighty cells too
    with open(os.path.join(os.path.dirname(tui.__file__), "help.txt"), encoding="utf-8") as file:
        return file.read()


def foreign_packages() -> str:
    """Say which of our packages comes from elsewhere, for PyPI has unrelated ones of the same names; empty if none."""
    home = _parent(tui.__file__)  # asked as importlib.util would, which takes long to load
    for name in ("actions", "azsim"):
        asked = (finder.find_spec(name, None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
        spec = next((spec for spec in asked if spec is not None), None)
        found = _parent(spec.origin) if spec and spec.origin else None
        if found != home:
            place = f"comes from {found}" if found else "is missing"
            return f"The package '{name}' {place}, not from {home}. Install amlkeys in an environment of its own."
    return ""


def _parent(origin: str) -> str:
    """The folder that holds the package of an `__init__.py`."""
    return os.path.dirname(os.path.dirname(os.path.realpath(origin)))


def _invoke(given: list[str]) -> int:
    """Run the command line; click's own complaints keep their usage line."""
    import click

    from tui.commands.flags import attach_rehearse

    as_json, arguments = "--json" in given, attach_rehearse(given)
    try:
        code = root().main(args=arguments, prog_name="amlkeys", standalone_mode=False)
    except click.ClickException as error:
        text = error.format_message()
        taken = next(
            (word for word in arguments if word.startswith("--rehearse=") and word not in given), "--rehearse="
        )
        if isinstance(error, click.MissingParameter) and taken != "--rehearse=":
            text += f" {taken.partition('=')[2]} was taken as the estate; write --rehearse= for the demo estate."
        return _complain(as_json, error.exit_code, "usage", text, getattr(error, "ctx", None))
    except click.exceptions.Exit as error:
        return error.exit_code
    except (Exception, KeyboardInterrupt, click.Abort) as error:
        from tui.commands.failures import failure_of

        found = failure_of(KeyboardInterrupt() if isinstance(error, click.Abort) else error)
        return _complain(as_json, found.exit, found.kind, found.sentence, None, found.details)
    return code if isinstance(code, int) else 0


def _complain(
    as_json: bool,
    code: int,
    kind: str,
    sentence: str,
    context: click.Context | None,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Tell an error on stderr, and on stdout too where JSON was asked for."""
    from tui.commands.output import complain

    usage = f"{context.get_usage()}\n" if context is not None else ""
    content = {"exit": code, "kind": kind, "sentence": sentence, **(details or {})}
    complain(f"{usage}amlkeys: {sentence}", content, as_json)
    return code


def root() -> click.Group:
    """Make the command `amlkeys`; its commands are loaded when they are named."""
    import click

    from tui.commands.flags import Group, attach_rehearse, common_options

    class Root(Group):
        """Loads a command's module when the command is used."""

        def make_context(
            self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
        ) -> click.Context:
            return super().make_context(info_name, attach_rehearse(args), parent, **extra)

        def list_commands(self, ctx: click.Context) -> list[str]:
            return list(COMMANDS)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            return load(cmd_name)

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            with formatter.section("Commands"):
                formatter.write_dl(list(COMMANDS.items()))

    @click.command(cls=Root, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(tui.__version__, prog_name="amlkeys", message="%(prog)s %(version)s")
    @click.pass_context
    def amlkeys(context: click.Context) -> int:
        """Guarded key and identity operations for Azure Machine Learning.

        Without a command the console opens. Nothing is changed unless --live is given, and nothing real is touched
        with --rehearse.
        """
        if context.invoked_subcommand is not None:
            return 0
        return _open(context)

    amlkeys.params = [param for param in amlkeys.params if not getattr(param, "hidden", False)]
    amlkeys.params += common_options(hidden=False)
    return amlkeys


def _open(context: click.Context) -> int:
    """Open the console, or the plain walk; without a terminal name the commands."""
    from tui.commands.flags import settings_of

    settings = settings_of(context)
    if not (on_terminal() or (settings.plain and sys.stdin.isatty() and sys.stderr.isatty())):
        import click

        names = ", ".join(COMMANDS)
        raise click.UsageError(f"The console needs a terminal. Without one, name a command: {names}.", context)
    if settings.plain or places_no_text():
        from tui.plain import walk

        if not settings.plain:
            name = os.environ.get("TERM") or "not set"
            sys.stderr.write(f"TERM is {name}: everything is asked on lines, as with --plain.\n")
        return walk(settings)
    from tui.console import open_console

    return open_console(settings)


def load(name: str) -> click.Command | None:
    """Import the module of one command, and no other."""
    module: Any
    if name in {"workspaces", "show"}:
        from tui.commands import fleet as module
    elif name == "posture":
        from tui.commands import posture as module
    elif name == "activity":
        from tui.commands import activity as module
    elif name == "cmk":
        from tui.commands import cmk as module
    elif name in {"inspect", "plan", "run", "apply"}:
        from tui.commands import acting as module
    elif name == "role":
        from tui.commands import role as module
    elif name in {"runs", "resume", "waiting", "stop", "report", "note"}:
        from tui.commands import recorded as module
    elif name == "runbook":
        from tui.commands import runbook as module
    elif name == "audit":
        from tui.commands import audit as module
    elif name in {"completion", "man"}:
        from tui.commands import shells as module
    elif name == "doctor":
        from tui.commands import doctor as module
    elif name == "rehearsal":
        from tui.commands import rehearsal as module
    else:
        return None
    command: click.Command = getattr(module, name)
    return command
