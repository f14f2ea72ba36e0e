"""What one start of amlkeys was asked for, before anything is read or opened."""

from __future__ import annotations

import msgspec

from actions.guard.reach import Mode


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The flags that every command shares; an empty text means that the flag was not given.

    `rehearse` is None for real Azure, empty for the demo estate, else a file or a `https://localhost` address.
    `speed` is how many rehearsed seconds pass in a real one while a run waits; 0 skips waits at once.
    """

    rehearse: str | None = None
    rehearse_ca: str = ""
    live: bool = False
    dry_run: bool = False
    cloud: str = ""
    tenant: str = ""
    subscription: str = ""
    config: str = ""
    journal: str = ""
    json: bool = False
    plain: bool = False
    wait: bool = True
    try_anyway: bool = False
    seed: int = 7
    speed: float = 0.0
    drill: str | None = None
    """The drill that the console opens with; empty for the list of drills, None for neither."""

    @property
    def mode(self) -> Mode:
        """How far this start may go; plans only, unless asked for more."""
        if self.live:
            return Mode.LIVE
        return Mode.DRY_RUN if self.dry_run else Mode.LOOK

    @property
    def rehearsal(self) -> bool:
        """True when nothing real is touched."""
        return self.rehearse is not None


_PLACE = ("rehearse_ca", "seed", "cloud", "tenant", "subscription", "config", "journal")
"""The settings that say where something is done, beside `rehearse`."""


def place_words(settings: Settings) -> list[str]:
    """The words that take another command to the same place as this one: cloud, sign-in, settings and journal.

    A journal's address that holds a password is left out; whoever gave it has it.
    """
    from actions.guard.secret import looks_secret

    words: list[str] = []
    if settings.rehearse is not None:
        words.append(f"--rehearse={settings.rehearse}" if settings.rehearse else "--rehearse")
    for name in _PLACE:
        value = getattr(settings, name)
        if value != getattr(type(settings)(), name) and not looks_secret(str(value)):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words
