"""A drill: a story, an estate, things that go wrong, and a goal; read from a file that people can read too."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from tui.commands.failures import USAGE, CommandError

FOLDER = Path(__file__).parent / "drills"


class Goal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be reached.

    `state` is how the run ends, or how the plan comes out where nothing may run (`blocked`, `needs-decision`). `outages`
    tells which are allowed: those announced, or none. `writes` tells whether anything may be changed, and whether no more
    than the par. `replaced` and `kept` are slots of the account's or endpoint's keys that must be new, or must not be.
    `checks` read as in a runbook: `storage-keys lacks stale`, `identity-access == ok`.
    """

    state: str = "done"
    outages: Literal["announced", "none"] = "announced"
    writes: Literal["any", "par", "none"] = "any"
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


class Drill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scenario, as its file holds it; `faults` and `behaviour` are the rehearsal cloud's own data.

    It is played on the demo estate. `options` and `decided` are the calm way through it, `par` the changes that this makes,
    `calm` that way in a sentence. `grade` is 1 (calm) to 5.
    """

    title: str
    grade: int
    story: str
    action: str
    target: str = ""
    calm: str
    par: int
    options: dict[str, Any] = {}
    decided: dict[str, str] = {}
    faults: tuple[dict[str, Any], ...] = ()
    behaviour: dict[str, Any] = {}
    goal: Goal = Goal()


def names() -> list[str]:
    """Name the drills there are."""
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def load_drill(name: str) -> Drill:
    """Read a drill by name; an unknown one names those there are."""
    if name not in names():
        sentence = f"There is no drill {name!r}; there are {', '.join(names())}."
        raise CommandError(sentence, exit_code=USAGE, kind="usage")
    return parse_drill((FOLDER / f"{name}.md").read_text(encoding="utf-8"))


def parse_drill(text: str) -> Drill:
    """Read a drill: TOML between two lines of `+++`, then its story."""
    import tomllib

    _, head, story = text.split("+++\n", 2)
    return msgspec.convert({**tomllib.loads(head), "story": story.strip()}, Drill)
