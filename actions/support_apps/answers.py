"""What may be answered about one assignment: keep it until a date, or remove it, each for a reason."""

from __future__ import annotations

import re
from datetime import date

from actions.guard.model import Choice, Decision
from actions.support_apps.state import Held, Kept

KEEP, REMOVE = "keep", "remove"
_WORDS = re.compile(r"\s*(\d{4}-\d{2}-\d{2})[\s,;:]+(\S.*)", re.DOTALL)
WHY = "the reason, for example: nobody has signed in with it since 2023"
WANTED = "YYYY-MM-DD and the reason, for example: 2027-03-01 the export still needs it"


def kept(held: Held, title: str, answer: str, as_of: str) -> Kept | str:
    """Read `keep:DATE REASON`; the sentence that says what is wrong with it where it cannot be taken."""
    found = _WORDS.fullmatch(answer.partition(":")[2])
    if found is None:
        return f"to keep it takes a review-by date and a reason ({WANTED})"
    try:
        until = date.fromisoformat(found[1])
    except ValueError:
        return f"{found[1]} is no date"
    if until <= date.fromisoformat(as_of[:10]):
        return f"{found[1]} is not to come: a review-by date lies in the future"
    return Kept(assignment=held.name, what=title, until=found[1], reason=" ".join(found[2].split()))


def why_removed(answer: str) -> str:
    """Read the reason of `remove:REASON`; empty where there is none."""
    return " ".join(answer.partition(":")[2].split())


def question(held: Held, title: str, blocks: tuple[str, ...], wrong: str = "") -> Decision:
    """Ask about one assignment; `wrong` says why an earlier answer could not be taken."""
    text = f"What about {title}?" + (f" The answer was not taken: {wrong}." if wrong else "")
    away = "remove this role assignment: it is exported first, and --undo RUN makes it again"
    if blocks:
        away = f"remove it; not possible now: {blocks[0]}"
    return Decision(
        id=held.name,
        question=text,
        choices=(
            Choice(id=KEEP, sentence="keep it, until a date and for a reason", words=WANTED),
            Choice(id=REMOVE, sentence=away, words=WHY),
        ),
    )
