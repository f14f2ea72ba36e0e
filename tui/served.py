"""A served rehearsal as `rehearsal serve` told of it: the line in a file, or an address and the environment."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tui.render import clean

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SessionError(Exception):
    """A session cannot be made of these flags; the text is one sentence with the place."""


class Served(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rehearsal served over TLS: the one JSON line that `amlkeys rehearsal serve` prints, or the environment."""

    url: str
    ca: str
    tenant: str
    client_id: str
    client_secret: str
    control_token: str = ""


def of_line(raw: dict[str, Any], name: str) -> Served:
    """Read the line of a served rehearsal from a file."""
    try:
        return _checked(msgspec.convert(raw, Served))
    except msgspec.ValidationError as error:
        raise SessionError(f"{clean(name)} is not what 'rehearsal serve' printed: {clean(str(error))}.") from None


def of_address(url: str, ca_file: str) -> Served:
    """Complete an address by what `serve` printed, handed over in the environment."""
    names = {"tenant": "TENANT", "client_id": "CLIENT", "client_secret": "SECRET", "control_token": "TOKEN"}
    found = {name: os.environ.get(f"AMLKEYS_REHEARSAL_{key}", "") for name, key in names.items()}
    found["ca"] = ca_file or os.environ.get("AMLKEYS_REHEARSAL_CA", "")
    missing = [
        f"AMLKEYS_REHEARSAL_{names[name]}" for name in ("tenant", "client_id", "client_secret") if not found[name]
    ]
    missing += [] if found["ca"] else ["--rehearse-ca or AMLKEYS_REHEARSAL_CA"]
    if missing:
        raise SessionError(f"To rehearse against an address, set {', '.join(missing)}, or pass the file with its line.")
    return _checked(Served(url=url, **found))


def _checked(served: Served) -> Served:
    """Refuse any address but this machine's: a rehearsal never leaves it."""
    try:
        parts = urlsplit(served.url)
        here = parts.scheme == "https" and parts.hostname in _LOOPBACK and parts.port
    except ValueError:
        here = False
    if not here:
        raise SessionError(f"A rehearsal is served on https://localhost:PORT only, not on {clean(served.url)}.")
    return served
