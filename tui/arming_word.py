"""The word that is typed to arm a session: it names the place, so that no habit arms another one."""

from __future__ import annotations

import re

_LONG, _LONGEST = 16, 24


def arming_word(estate: str, tenant: str) -> str:
    """The word that arms a session: where it would change things, in as many whole words as are typed without pains."""
    words = re.findall(r"-?[^\W_]+", (estate or tenant).casefold())
    letters = words[0].lstrip("-")[:_LONGEST] if words else ""
    for word in words[1:]:
        if len(letters) + len(word) > _LONG:
            break
        letters += word
    return f"live-{letters}" if letters else "live"
