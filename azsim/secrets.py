"""Simulated secrets: made from a seed, never stored, and marked so that a leak can be found by searching."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

MARK = "azsimCanary"
"""Every simulated secret contains this text; no output, log or record may."""

_KEY_HEAD = base64.b64decode(f"{MARK}Key0+")


def _stream(length: int, *parts: object) -> bytes:
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.shake_256(text.encode()).digest(length)


def _text(length: int, *parts: object) -> str:
    return base64.b32encode(_stream(length, *parts)).decode().rstrip("=").lower()[:length]


def storage_key(seed: int, account_id: str, slot: str, generation: int) -> str:
    """A 512-bit account key in base64 (88 characters); its text starts with `azsimCanaryKey0+`."""
    tail = _stream(64 - len(_KEY_HEAD), seed, "storage", account_id.casefold(), slot.casefold(), generation)
    return base64.b64encode(_KEY_HEAD + tail).decode()


def endpoint_key(seed: int, endpoint_id: str, slot: str, generation: int) -> str:
    """A scoring key of an online or serverless endpoint (`slot` is Primary or Secondary)."""
    return f"{MARK}Ep{_text(40, seed, 'endpoint', endpoint_id.casefold(), slot.casefold(), generation)}"


def client_secret(seed: int, app_id: str) -> str:
    """The password with which an application of the estate signs in."""
    return f"{MARK}~{_text(32, seed, 'client', app_id.casefold())}"


def control_token(seed: int, salt: str) -> str:
    """The token that opens the control face of a served rehearsal."""
    return f"{MARK}.{_text(40, seed, 'control', salt)}"


def named_secret(seed: int, owner_id: str, name: str, generation: int = 0) -> str:
    """Any other secret: a connection's, a registry password, a notebook key, a vault secret."""
    return f"{MARK}.{_text(40, seed, 'named', owner_id.casefold(), name.casefold(), generation)}"


def access_token(seed: int, claims: dict[str, object]) -> str:
    """A three-part JWT with readable claims; the third part starts with the mark and binds the other two."""
    head = _b64url(b'{"typ":"JWT","alg":"RS256","kid":"azsim"}')
    payload = _b64url(msgspec.json.encode(claims))
    return f"{head}.{payload}.{_signature(seed, head, payload)}"


def read_access_token(seed: int, token: str) -> dict[str, object] | None:
    """The claims of a token made by `access_token` with the same seed, or None when it is not one."""
    parts = token.split(".")
    if len(parts) != 3 or not hmac.compare_digest(parts[2].encode(), _signature(seed, parts[0], parts[1]).encode()):
        return None
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=dict[str, object])


def fingerprint(key: str) -> str:
    """SHA-256 of the decoded key in upper-case hex, as Azure's storage logs print it."""
    return hashlib.sha256(base64.b64decode(key)).hexdigest().upper()


def sign(key: str, string_to_sign: str) -> str:
    """The base64 HMAC-SHA256 that Shared Key requests and shared access signatures carry."""
    digest = hmac.new(base64.b64decode(key), string_to_sign.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _signature(seed: int, head: str, payload: str) -> str:
    return MARK + _b64url(_stream(32, seed, "token", head, payload))


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
