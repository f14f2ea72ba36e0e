"""Every way to fail as one sentence, an exit code and a kind; a traceback goes to a private log at most."""

from __future__ import annotations

import os
import re
import traceback
from typing import Any, NamedTuple

from tui.render import clean

DONE, FAILED, USAGE, PENDING, BLOCKED, NOT_PERMITTED, STOPPED, WAITING = range(8)
"""The exit codes; `PENDING` is for `--detailed-exit-code` alone."""


class Failure(NamedTuple):
    """What to tell of an error: `kind` is a stable word for programs, `details` more of it."""

    exit: int
    kind: str
    sentence: str
    details: dict[str, Any]


class CommandError(Exception):
    """A command cannot go on: a sentence, an exit code and a kind of its own."""

    def __init__(self, sentence: str, *, exit_code: int, kind: str, **details: Any) -> None:
        super().__init__(sentence)
        self.failure = Failure(exit_code, kind, sentence, details)


def failure_of(error: BaseException) -> Failure:
    """Tell an error apart; one that nobody foresaw is named by its type and place only, as its text may be secret.

    A name from Azure may stand in its sentence, so that this is cleaned.
    """
    found = _found(error)
    return found._replace(sentence="\n".join(clean(line) for line in found.sentence.split("\n")))


def _found(error: BaseException) -> Failure:
    if isinstance(error, CommandError):
        return error.failure
    if isinstance(error, KeyboardInterrupt):
        return Failure(FAILED, "interrupted", "Interrupted; nothing was changed.", {})
    return _own(error) or _of_azure(error) or Failure(FAILED, "internal", _internal(error), {})


def _own(error: BaseException) -> Failure | None:
    """Our own refusals, which bring their exit code along."""
    from actions.guard.errors import GuardError, StalePlan
    from actions.guard.gate import Refused
    from tui.session import SessionError

    if isinstance(error, SessionError):
        return Failure(USAGE, "session", str(error), {})
    if isinstance(error, Refused):
        return Failure(BLOCKED, "refused", f"The gate refused {error.method} {error.path}: {error.why}.", {})
    if isinstance(error, StalePlan):
        return Failure(error.exit, _kind(error), error.sentence, {"differences": list(error.differences)})
    return Failure(error.exit, _kind(error), error.sentence, {}) if isinstance(error, GuardError) else None


def _of_azure(error: BaseException) -> Failure | None:
    """What Azure refused, or could not do."""
    from actions.cloud.data import CloudError, Forbidden, SignInNeeded

    if not isinstance(error, CloudError):
        return None
    code = NOT_PERMITTED if isinstance(error, SignInNeeded | Forbidden) else FAILED
    text = error.sentence[:1].upper() + error.sentence[1:]
    sentence = text if text.endswith((".", "?", "!")) else f"{text}."
    details = {"status": error.status, "code": error.code, "requestId": error.request_id}
    return Failure(code, _kind(error), sentence, {key: value for key, value in details.items() if value})


def _kind(error: BaseException) -> str:
    """`StalePlan` becomes `stale-plan`, `ConfirmationError` `confirmation`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__.removesuffix("Error")).lower() or "error"


def _internal(error: BaseException) -> str:
    log = _logged(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {'/'.join(frames[-1].filename.split('/')[-2:])}:{frames[-1].lineno}" if frames else ""
    more = f" The traceback is in {log}." if log else " Set AMLKEYS_DEBUG=1 to keep the traceback in a log."
    return f"Internal error, {type(error).__name__}{place}.{more}"


def _logged(error: BaseException) -> str:
    """Append the places an unforeseen error came through, without its text, when asked for; return the log's path."""
    if not os.environ.get("AMLKEYS_DEBUG"):
        return ""
    from actions.guard.journal import state_folder

    path = state_folder() / "debug.log"
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames]
    text = f"{type(error).__name__}\n{''.join(places)}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as log:
            log.write(text)
    except OSError:
        return ""
    return str(path)
