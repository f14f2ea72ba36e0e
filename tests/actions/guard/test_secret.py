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

from actions.guard.errors import UsageError
from actions.guard.secret import Secret, hidden, looks_secret, short
from tests.actions.guard.world import Desk

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


@pytest.mark.parametrize(
    "text",
    [
        f"key {'A' * 86}==",
        "DefaultEndpointsProtocol=https;AccountKey=abcdefgh1234",
        "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=abcdefgh1234=",
        "https://st.blob.core.windows.net/c?sv=1&sig=abcdefgh1234",
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
        f"{'a' * 52}JQQJ99{'B' * 26}",
        f"abc8Q~{'a' * 34}",
        "git clone https://ada:hunter2@git.contoso.example/x",
        "amqp://:hunter2@contoso.example",
        "-----BEGIN RSA PRIVATE KEY-----",
        f"ghp_{'a' * 36}",
        f"dapi{'0' * 32}",
        "AKIAABCDEFGHIJKLMNOP",
    ],
)
def test_what_looks_like_a_secret_is_known(text: str) -> None:
    """The shapes that Azure and its neighbours give their secrets."""
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "az storage account keys renew --account-name st --key key1",
        "/subscriptions/0/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w",
        "request id 9c5c1c7e-0000-4000-8000-000000000000",
        "azureml://registries/azureml/models/x/versions/1",
        "mcr.microsoft.com/azureml/x@sha256:" + "0a" * 32,
        "https://kv.vault.azure.net:443/keys/k/0123456789abcdef0123456789abcdef",
        "mailto:ada@contoso.example at http://host:8080/a@b",
        "password= is asked for",
        "disk-sk-encrypted-2024",
    ],
)
def test_ids_and_commands_are_no_secrets(text: str) -> None:
    """Else nothing could be copied."""
    assert not looks_secret(text)


async def test_what_people_paste_into_a_record_is_refused(desk: Callable[..., Desk]) -> None:
    at = desk()
    result = await at.go()
    key = base64.b64encode(bytes(range(64))).decode()
    with pytest.raises(UsageError, match="looks as if it held a secret"):
        at.engine.note(result.run, f"the key is {key}, I think")
    with pytest.raises(UsageError, match="looks as if it held a secret"):
        await at.planned(how=f"yes:{key}")
    assert key not in str([entry.data for entry in at.journal.entries()])
    assert hidden(f"it is {key}!") == "it is <secret>!"
