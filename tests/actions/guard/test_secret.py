"""A secret has no way out but `reveal`."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import pickle
import traceback
from collections.abc import Callable

import msgspec
import pytest

from actions.guard.secret import Secret, short

VALUE = base64.b64encode(b"not a real key").decode()


@pytest.mark.parametrize(
    "leak",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        msgspec.json.encode,
        msgspec.to_builtins,
        hash,
        lambda secret: secret == secret,
        lambda secret: secret in {"x": 1},
        vars,
    ],
)
def test_ways_out_are_closed(leak: Callable[[Secret], object]) -> None:
    """Comparing, hashing, copying and serialising fail, and the failure does not name the value."""
    with pytest.raises(TypeError) as caught:
        leak(Secret(VALUE))
    assert VALUE not in "".join(traceback.format_exception(caught.value))


def test_texts_hide_the_value() -> None:
    """Printing and formatting give a constant."""
    secret = Secret(VALUE)
    assert {repr(secret), str(secret), f"{secret}", f"{secret!r:>20}".strip()} == {"<secret>"}


def test_key_fingerprint_is_of_the_decoded_bytes() -> None:
    """Storage keys are fingerprinted as Azure's storage logs do; other secrets by their text."""
    assert Secret(VALUE).key_fingerprint() == hashlib.sha256(b"not a real key").hexdigest().upper()
    assert Secret(VALUE).fingerprint() == hashlib.sha256(VALUE.encode()).hexdigest().upper()
    assert Secret("no base64!").key_fingerprint() == Secret("no base64!").fingerprint()
    assert short(Secret(VALUE).key_fingerprint()) == hashlib.sha256(b"not a real key").hexdigest().upper()[:8]
    assert short(None) == "-"
