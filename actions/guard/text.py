"""Foreign text made harmless: what Azure, a file or an operator wrote is shown as plain characters on one line."""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """Return a text on one line: control, bidirectional and invisible characters become `\ufffd`, whitespace one space."""
    return _UNSAFE.sub("\ufffd", " ".join(text.split())) if text else text
