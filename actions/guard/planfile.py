"""Plan files: a plan as JSON with its own hash, for the owner's eyes only; an edited one is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from actions.guard.errors import PlanFileError
from actions.guard.files import MIB, read_whole
from actions.guard.journal import replace_private
from actions.guard.model import PLAN_SCHEMA, Plan
from actions.guard.text import plain

MAX_BYTES = 8 * MIB
MAX_AGE_SECONDS = 24 * 3600


def save(plan: Plan, path: Path) -> None:
    """Write a plan as `amlkeys.plan/1` (mode 0600), replacing the file whole; raise `PlanFileError`."""
    content = {"schema": PLAN_SCHEMA, "hash": plan.digest(), **msgspec.to_builtins(plan)}
    try:
        replace_private(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    except OSError as error:
        raise PlanFileError(f"{plain(str(path))} cannot be written: {error.strerror}.") from None


def load(path: Path) -> Plan:
    """Read a saved plan and check its hash; raise `PlanFileError` with the place of what is wrong.

    Whether it still fits what is there is `Engine.check`'s question.
    """
    name = plain(str(path))
    try:
        content = read_whole(path, MAX_BYTES)
    except OSError as error:
        raise PlanFileError(f"{name} cannot be read: {error.strerror}.") from None
    try:
        found = msgspec.json.decode(content, type=dict[str, Any])
        if found.get("schema") != PLAN_SCHEMA:
            raise PlanFileError(f"{name} is not a plan of this version ({PLAN_SCHEMA}).")
        claimed = found.pop("hash", None)
        plan = msgspec.convert(found, Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PlanFileError(f"{name} is not a plan: {plain(str(error))}.") from None
    except RecursionError:
        raise PlanFileError(f"{name} is not a plan: it is nested too deeply.") from None
    if claimed != plan.digest():
        raise PlanFileError(f"{name} was edited after it was made: its hash does not match. Make the plan anew.")
    if wrong := _wrong(plan):
        raise PlanFileError(f"{name} is not a plan: {wrong}.")
    return plan


def _wrong(plan: Plan) -> str:
    """Tell what no plan of ours says, whoever made the hash."""
    if not plan.target.startswith("/subscriptions/"):
        return f"{plain(plan.target)!r} is no resource id - at `$.target`"
    try:
        zoned = datetime.fromisoformat(plan.made_at).tzinfo is not None
    except ValueError:
        zoned = False
    return "" if zoned else f"{plain(plan.made_at)!r} is no time with its zone - at `$.made_at`"
