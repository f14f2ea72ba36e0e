"""Shared access signatures: which account key signed one, found offline, and the same one signed by the other key.

A token does not say which key signed it; the service recomputes the signature with both, and so does this. The strings
to sign are those of the pages "Create an account SAS" and "Create a service SAS". A user delegation SAS is signed by
Microsoft Entra and outlives every account key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from actions.guard.secret import Secret

_OLDEST = "2015-04-05"
"""Older versions sign other texts; nobody has made tokens with them for years."""
_SNAPSHOTS, _SCOPES = "2018-11-09", "2020-12-06"
_HEADERS = ("rscc", "rscd", "rsce", "rscl", "rsct")
_WHOLE = {"blob": "c", "file": "s"}


class NotCheckable(Exception):
    """Nobody but the service can tell which key signed this token; the text says why."""


@dataclass(frozen=True)
class Place:
    """What a datastore's token is for: `service` blob or file, `container` the container or share."""

    account: str
    service: str
    container: str


def delegated(token: Secret) -> bool:
    """Whether Microsoft Entra signed the token, so that no account key matters to it."""
    values = _values(token)
    return "skoid" in values or "sktid" in values


def ends(token: Secret) -> str:
    """Return the token's own end as it is written there; empty where a stored access policy sets it."""
    return _values(token).get("se", "")


def ended(token: Secret, now: datetime) -> bool:
    """Whether the token's own end has passed."""
    end = ends(token)
    return bool(end) and _moment(end) <= now


def signer(token: Secret, place: Place, keys: Mapping[str, Secret]) -> str:
    """Return the slot whose key signed the token, empty for neither; raises `NotCheckable`."""
    values = _values(token)
    text = _text(values, place)
    given = values.get("sig", "")
    return next((slot for slot, key in keys.items() if hmac.compare_digest(_sign(key, text), given)), "")


def signed_anew(token: Secret, place: Place, key: Secret, *, now: datetime, hours: float = 0) -> Secret:
    """Return the token signed by another key: same permissions, services and addresses, and the same end.

    With `hours` it begins now and ends so much later, unless a stored access policy sets its end. Raises
    `NotCheckable`.
    """
    values = {name: value for name, value in _values(token).items() if name != "sig"}
    if hours and "se" in values:
        values["se"] = _written(now + timedelta(hours=hours))
        if "st" in values:
            values["st"] = _written(now)
    values["sig"] = _sign(key, _text(values, place))
    return Secret("&".join(f"{name}={quote(value, safe='')}" for name, value in values.items()))


def _values(token: Secret) -> dict[str, str]:
    """Take a token apart; a plus sign in it is a plus sign, never a space."""
    pairs = (part.partition("=") for part in token.reveal().lstrip("?").split("&") if part)
    return {name: unquote(value) for name, _, value in pairs}


def _text(values: Mapping[str, str], place: Place) -> str:
    version = values.get("sv", "")
    if not version or version < _OLDEST:
        message = f"its version {version or '(none)'} is older than {_OLDEST}"
        raise NotCheckable(message)
    return _account_text(values, place, version) if "ss" in values else _service_text(values, place, version)


def _account_text(values: Mapping[str, str], place: Place, version: str) -> str:
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if version >= _SCOPES:
        names.append("ses")
    return "\n".join([place.account, *(values.get(name, "") for name in names), ""])


def _service_text(values: Mapping[str, str], place: Place, version: str) -> str:
    """Lay out the text of a service SAS; one for a directory or a single blob or file covers a path nobody tells us."""
    if values.get("sr", "") != _WHOLE.get(place.service):
        message = f"it is for less than the whole {'share' if place.service == 'file' else 'container'}"
        raise NotCheckable(message)
    resource = f"/{place.service}/{place.account}/{place.container}"
    lines = [*(values.get(name, "") for name in ("sp", "st", "se")), resource]
    lines += [values.get(name, "") for name in ("si", "sip", "spr", "sv")]
    if place.service == "blob" and version >= _SNAPSHOTS:
        lines += [values["sr"], ""]
        lines += [values.get("ses", "")] if version >= _SCOPES else []
    return "\n".join([*lines, *(values.get(name, "") for name in _HEADERS)])


def _sign(key: Secret, text: str) -> str:
    try:
        decoded = base64.b64decode(key.reveal(), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(hmac.new(decoded, text.encode(), hashlib.sha256).digest()).decode()


def _moment(text: str) -> datetime:
    """Read an end: a date, or a time in UTC with or without seconds; what cannot be read may be live still."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
