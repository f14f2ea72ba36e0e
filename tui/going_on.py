"""The command that goes on with a recorded run where it ran: to be copied and typed as it stands."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.render import clean
from tui.settings import place_words

if TYPE_CHECKING:
    from actions.guard.history import RunHistory
    from tui.session import Session


def resume_command(run: RunHistory, session: Session) -> str:
    """Name the cloud and tenant that the run is bound to where this session's own words would not lead there."""
    bound, settings = run.plan.binding, session.settings
    if not bound.rehearsal and not settings.rehearsal:
        here = session.banner()
        pairs = (("cloud", bound.cloud, here.cloud), ("tenant", bound.tenant, here.tenant))
        other = {flag: clean(its) for flag, its, mine in pairs if its and mine and its.casefold() != mine.casefold()}
        settings = replace(settings, **other)
    words = place_words(settings)
    return shlex.join(["amlkeys", "resume", run.id, *words, f"--{run.mode}"])


def way_on(run: RunHistory, session: Session) -> list[str]:
    """What the record of a halted run says of going on with it."""
    return [f"Go on with: {resume_command(run, session)}", *filter(None, [elsewhere(run, session)])]


def elsewhere(run: RunHistory, session: Session) -> str:
    """Say where a run was rehearsed, if that was on another rehearsal than this one; its address is in no record."""
    bound, here = run.plan.binding, session.banner()
    if not bound.rehearsal or not here.tenant or bound.tenant.casefold() == here.tenant.casefold():
        return ""
    return f"It ran on another rehearsal, of tenant {clean(bound.tenant)}: name that one after --rehearse."
