"""Shared access signatures: made with an account key, and checked against both keys of the account.

A token does not say which key signed it; the service recomputes the signature with each. Formats are those of
the documentation pages "Create a service SAS" and "Create an account SAS".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from azsim import secrets
from azsim.clock import parse

VERSION = "2022-11-02"
_BODY = ("rscc", "rscd", "rsce", "rscl", "rsct")


def fields(token: str) -> dict[str, str]:
    """The parameters of a token, decoded; a leading `?` is allowed."""
    return dict(parse_qsl(token.lstrip("?"), keep_blank_values=True))


def container_token(key: str, account: str, service: str, container: str, expiry: str) -> str:
    """A service SAS for a container (`service` "blob") or a share ("file"); carries the mark as its policy
    name."""
    values = {
        "sv": VERSION,
        "sr": "c" if service == "blob" else "s",
        "sp": "rl",
        "se": expiry,
        "si": secrets.MARK,
    }
    signature = secrets.sign(key, string_to_sign(values, account, service, container))
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in {**values, "sig": signature}.items())


def string_to_sign(values: Mapping[str, str], account: str, service: str, resource: str) -> str:
    """The text that the token's `sig` covers. `resource` is the container, or container/blob for `sr=b`."""

    def get(name: str) -> str:
        return values.get(name, "")

    version = get("sv")
    if "ss" in values:
        names = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
        lines = [account, *(get(name) for name in names)]
        if version >= "2020-12-06":
            lines.append(get("ses"))
        return "\n".join([*lines, ""])
    lines = [get("sp"), get("st"), get("se"), f"/{service}/{account}/{resource}"]
    lines += [get("si"), get("sip"), get("spr"), version]
    if service == "blob" and version >= "2018-11-09":
        lines += [get("sr"), get("snapshot")]
        if version >= "2020-12-06":
            lines.append(get("ses"))
    return "\n".join([*lines, *(get(name) for name in _BODY)])


def signer(token: str, account: str, service: str, resource: str, keys: Iterable[str]) -> str | None:
    """The key among `keys` that signed the token, or None. A user delegation SAS (`skoid`) is signed by no
    key."""
    values = fields(token)
    signature = values.get("sig", "")
    if not signature or "skoid" in values:
        return None
    text = string_to_sign(values, account, service, resource)
    return next((key for key in keys if secrets.sign(key, text) == signature), None)


def expired(token: str, now: datetime) -> bool:
    """True when the token's own end time has passed; a token whose end lies in a policy never expires
    here."""
    found = end(token)
    return found is not None and found <= now


@lru_cache(maxsize=256)
def end(token: str) -> datetime | None:
    """When a token's own time is up: at once where it names no time that can be read."""
    text = fields(token).get("se", "")
    try:
        return parse(text) if text else None
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
