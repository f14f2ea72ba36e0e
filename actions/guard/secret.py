"""Secrets that cannot leak by accident, the fingerprints that stand for them, and texts that look like one."""

from __future__ import annotations

import base64
import binascii
import re
import sys
from contextlib import suppress
from typing import NewType, NoReturn

Fingerprint = NewType("Fingerprint", str)
"""SHA-256 as 64 upper-case hex digits; for storage keys of the decoded bytes, as Azure's storage logs print it."""

_SET_DUMPABLE = 4
"""PR_SET_DUMPABLE of prctl(2): a pipe in core_pattern takes dumps whatever the limit is."""
_SHAPES = (  # compiled when first asked for: the first frame asks for nothing
    r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"  # an account key: 64 bytes in base64
    r"|[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}"  # a key that Azure marks as one
    r"|(?<![\w~.-])[\w~.-]{3}[0-9]Q~[\w~.-]{31,34}(?![\w~.-])"  # an application's password in Entra
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\."
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|[A-Za-z0-9+.-]://[^\s/:@?#]*:[^\s/:@?#]+@"  # a password in an address; its scheme is looked at no further
    r"|\b(?:gh[opsu]_[A-Za-z0-9]{36}|github_pat_\w{22}|glpat-[\w-]{20}|xox[abprs]-[\w-]{10}|hf_[A-Za-z0-9]{30}"
    r"|sk-[A-Za-z0-9_-]{20}|dapi[0-9a-f]{32}|AKIA[0-9A-Z]{16}\b)"
    r"|(?i:accountkey|sharedaccesskey|[?&]sig|password|client[_-]?secret)\s*=\s*[^\s;&]{8,}"
)


def _printed(value: bytes) -> Fingerprint:
    """The fingerprint of some bytes; OpenSSL is loaded for it, which the first frame need not wait for."""
    from hashlib import sha256

    return Fingerprint(sha256(value).hexdigest().upper())


def looks_secret(text: str) -> bool:
    """Tell whether a text looks as if it held a key, a token, a password or a signed address."""
    return re.search(_SHAPES, text) is not None


def hidden(text: str) -> str:
    """Put `<secret>` in the place of what looks like one: people paste keys where they write notes."""
    return re.sub(_SHAPES, "<secret>", text)


def keep_out_of_dumps() -> None:
    """Let no core dump hold what this process keeps in memory: none is written, nor handed to Linux's collector."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def short(fingerprint: Fingerprint | None) -> str:
    """Give the eight digits that people compare on a screen, or a dash where nothing is known."""
    return fingerprint[:8] if fingerprint else "-"


class Secret:
    """A value that does not print, compare, hash, copy, pickle or serialise; only `reveal` gives it out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself: to be called only where a request body or a signature is made."""
        return self._value

    def fingerprint(self) -> Fingerprint:
        """Fingerprint an opaque secret (endpoint key, SAS, connection key) by its text."""
        return _printed(self._value.encode())

    def key_fingerprint(self) -> Fingerprint:
        """Fingerprint a storage account key by its decoded bytes; a text that is no base64 counts as opaque."""
        try:
            decoded = base64.b64decode(self._value, validate=True)
        except (binascii.Error, ValueError):
            return self.fingerprint()
        return _printed(decoded)

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def _refuse(self, *_: object) -> NoReturn:
        message = "a secret is neither compared, hashed, copied nor serialised"
        raise TypeError(message)

    __eq__ = _refuse
    __hash__ = _refuse
    __reduce__ = _refuse
    __reduce_ex__ = _refuse
    __getstate__ = _refuse
    __copy__ = _refuse
    __deepcopy__ = _refuse
