"""The shape of an answer against the shape of a recorded one: keys, nesting, casing, types, forms of texts, headers.

Values are compared by their form (a GUID, a time with seven digits, an id with these segments); words that mean
something to a client (codes, types, states, sentences of errors) are compared as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from azsim.wire import Response
from tests.wire.recording import Recording

GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?"
WORDS = frozenset(
    """
    type kind status provisioningState level unit code credentialsType secretsType datastoreType permissions tokenType
    token_type resultTruncated computeType componentName errorCode error keySource keyName error_codes namespace
    interval tenantCategory state isolationMode serviceDataAccessAuthIdentity kty
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""Keys whose values are words of the protocol."""
SENTENCES = frozenset({"message", "error_description"})
FREE = frozenset({"tags", "claims", "userAssignedIdentities", "traffic", "mirrorTraffic"})
"""Objects whose keys are names that people chose."""
BLANKED = re.compile(
    r"Sanitized|REDACTED.*|\*+|veryFaked.*|value|string|Recorded User|X+|USER_CODE|DEVICE_CODE", re.DOTALL
)
"""What recorders put in place of a secret or of a person."""
UNIMPORTANT = frozenset(
    """
    date content-length connection set-cookie vary pragma expires strict-transport-security x-content-type-options
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
"""Headers that every server sends, and that were left out where a recording was retyped."""
NEW_THROTTLING = datetime(2024, 8, 1, tzinfo=UTC)
"""Until then Resource Manager rolled out signed operation URLs, global budgets and the operation identifier."""
CAME_LATER = re.compile(
    r"x-ms-ratelimit-remaining-subscription-global-\w+|x-ms-operation-identifier|x-cache|cache-control"
)
RENAMED = {"x-aml-cluster": "azureml-served-by-cluster"}
"""Headers that have another name since 2025."""
_SEGMENT_WORDS = re.compile(r"^(subscriptions|resourcegroups|providers|locations)$", re.IGNORECASE)


def differences(recording: Recording, response: Response) -> set[str]:
    """Every way in which our answer has another shape than the recorded one, in words."""
    found: set[str] = set()
    if response.status != recording.status:
        found.add(f"status {response.status} instead of {recording.status}")
    found |= set(_headers(recording, response))
    found |= set(_bodies(recording, response))
    return found


def _headers(recording: Recording, response: Response) -> Iterator[str]:
    is_old = recording.recorded < NEW_THROTTLING
    ours = {name.lower(): value for name, value in response.headers.items()}
    theirs = {RENAMED.get(name.lower(), name.lower()): value for name, value in recording.headers.items()}
    for name in sorted(theirs.keys() - UNIMPORTANT):
        if name not in ours:
            yield f"header {name}: missing"
            continue
        left, right = _header_form(name, theirs[name], is_old), _header_form(name, ours[name], is_old)
        if left != right:
            yield f"header {name}: {right} instead of {left}"
    if recording.has_all_headers:
        for name in sorted(ours.keys() - theirs.keys() - UNIMPORTANT):
            if not (is_old and CAME_LATER.fullmatch(name)):
                yield f"header {name}: extra"


def _header_form(name: str, value: str, is_old: bool) -> str:
    if name == "content-type":
        return value.lower().replace(" ", "")
    if name.startswith(("x-ms-ratelimit", "x-ms-user-quota-remaining", "retry-after")):
        return "digits" if value.isdigit() else value
    if value.startswith("http"):
        return _url_form(value, is_old)
    return re.sub(r"\d{8}T\d{6}Z|\d+", "#", re.sub(GUID, "{guid}", value)) if name == "www-authenticate" else "text"


def _url_form(value: str, is_old: bool) -> str:
    """A link with its ids blanked and its query's keys; signatures and newer prefixes are no difference to old ones."""
    parts = urlsplit(value)
    path = re.sub(GUID, "{guid}", parts.path)
    path = re.sub(r"/[A-Za-z0-9_-]{43}$", "/{43}", path)
    path = re.sub(r"/locations/\w+/", "/locations/{region}/", path)
    keys = ",".join(
        key for key, _ in parse_qsl(parts.query, keep_blank_values=True) if not (is_old and key in ("t", "c", "s", "h"))
    )
    path = path.replace("/oe:", "/oeidp:") if is_old else path
    return f"{parts.scheme}://{parts.netloc}{path}?{keys}"


def _bodies(recording: Recording, response: Response) -> Iterator[str]:
    is_literal_null = "literal null" in recording.note or '"null"' in recording.note
    if recording.body is None:
        expected = b"null" if is_literal_null else b""
        if recording.source_kind == "recording" and response.body != expected:
            is_there = "present" if response.body else "empty"
            yield f"body {is_there} where the recorded one is {expected.decode() or 'empty'}"
        return
    theirs, ours = _shape(recording.body), _shape(response.json())
    for path in sorted(theirs.keys() - ours.keys()):
        if _parent(path) in ours or not _parent(path):
            yield f"{path}: missing"
    for path in sorted(ours.keys() - theirs.keys()):
        if _parent(path) in theirs or not _parent(path):
            yield f"{path}: extra"
    for path in sorted(theirs.keys() & ours.keys()):
        if "anything" not in theirs[path] and not theirs[path] & ours[path]:
            yield f"{path}: {_said(ours[path])} instead of {_said(theirs[path])}"


def _said(forms: set[str]) -> str:
    return " or ".join(sorted(forms))


def _parent(path: str) -> str:
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def _shape(value: Any, path: str = "body", key: str = "") -> dict[str, set[str]]:
    """Path -> the forms that occur there; the items of a list share one path."""
    shape: dict[str, set[str]] = {path: {_form(value, key)}}
    children: list[tuple[str, str, Any]] = []
    if isinstance(value, dict) and key not in FREE:
        children = [(f"{path}.{name.replace('.', '·')}", name, item) for name, item in value.items()]
    elif isinstance(value, list):
        children = [(f"{path}[]", key, item) for item in value]
    for child_path, name, item in children:
        for inner, forms in _shape(item, child_path, name).items():
            shape.setdefault(inner, set()).update(forms)
    return shape


def _form(value: Any, key: str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "list"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    return _text_form(str(value), key)


def _text_form(text: str, key: str) -> str:
    if BLANKED.fullmatch(text):
        return "anything"
    if key in WORDS:
        return f"'{text}'"
    if key in SENTENCES:
        return f"'{_sentence(text)}'"
    if re.fullmatch(GUID, text):
        return "guid"
    if found := re.fullmatch(TIME, text):
        return f"time {_fraction(found[1], found[2])}{found[2] or ''}"
    if text.startswith(("/subscriptions/", "/providers/")):
        return _id_form(text)
    return "url" if text.startswith(("http://", "https://")) else "text"


def _fraction(digits: str | None, zone: str | None) -> str:
    if not digits:
        return ""
    if zone != "Z":
        return ".fraction"
    return ".milliseconds" if len(digits) <= 3 else f".{'0' * len(digits)}"


def _sentence(text: str) -> str:
    text = re.sub(r"/subscriptions/[\w./-]*[\w-]", lambda found: _id_form(found[0]), text)
    text = re.sub(r"(action|scope|the code) '?[\w./-]+'?", r"\1 *", text)
    text = re.sub(GUID, "{guid}", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "{hex}", text)
    text = re.sub(r"location=\w+", "location=*", text)
    text = re.sub(TIME, "{time}", text)
    return re.sub(r"\d+", "#", text)


def _id_form(text: str) -> str:
    """An id with its names blanked: what is left is the casing of the fixed parts."""
    parts, result, provider_at = text.split("/")[1:], [], -1
    for at, part in enumerate(parts):
        if part.lower() == "providers":
            provider_at = at
        if provider_at >= 0 and at > provider_at:
            offset = at - provider_at
            result.append(part if offset == 1 or offset % 2 == 0 else "*")
        else:
            result.append(part if _SEGMENT_WORDS.match(part) else "*")
    return "/" + "/".join(result)
