"""The word that is typed to arm a session: it names the place, so that no habit arms another one."""

from __future__ import annotations


def arming_word(estate: str, tenant: str) -> str:
    """The word that arms a session: where it would change things, in at most twelve letters."""
    letters = "".join(letter for letter in (estate or tenant).casefold() if letter.isalnum() or letter == "-")
    return f"live-{letters[:12]}" if letters else "live"
