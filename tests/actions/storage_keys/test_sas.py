"""The signer of a token is found offline, against the rehearsal cloud's own signatures and against texts from the page."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from actions.guard.secret import Secret
from actions.storage_keys import sas
from azsim import sas as azsim_sas
from azsim import secrets

ACCOUNT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/stx"
KEYS = {slot: Secret(secrets.storage_key(7, ACCOUNT_ID, slot, 1)) for slot in ("key1", "key2")}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
END = "2026-09-01T00:00:00Z"


def place(service: str = "blob") -> sas.Place:
    return sas.Place(account="stx", service=service, container="data")


def made_by_azsim(slot: str, service: str = "blob", end: str = END) -> Secret:
    return Secret(azsim_sas.container_token(KEYS[slot].reveal(), "stx", service, "data", end))


def token(values: dict[str, str], text: str, slot: str = "key1") -> Secret:
    """A token whose signature covers a text written out by hand."""
    digest = hmac.new(base64.b64decode(KEYS[slot].reveal()), text.encode(), hashlib.sha256).digest()
    pairs = {**values, "sig": base64.b64encode(digest).decode()}
    return Secret("&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items()))


@pytest.mark.parametrize("service", ["blob", "file"])
@pytest.mark.parametrize("slot", ["key1", "key2"])
def test_finds_the_slot_that_signed(slot, service):
    assert sas.signer(made_by_azsim(slot, service), place(service), KEYS) == slot


def test_a_token_of_another_key_has_no_signer():
    stranger = Secret(secrets.storage_key(8, ACCOUNT_ID, "key1", 1))
    made = Secret(azsim_sas.container_token(stranger.reveal(), "stx", "blob", "data", END))
    assert sas.signer(made, place(), KEYS) == ""
    assert sas.signer(made_by_azsim("key1"), sas.Place("stx", "blob", "elsewhere"), KEYS) == ""


TEXTS = [
    (
        {"sv": "2015-04-05", "sr": "c", "sp": "r", "st": "2026-01-01", "se": END, "sip": "10.0.0.1", "spr": "https"},
        f"r\n2026-01-01\n{END}\n/blob/stx/data\n\n10.0.0.1\nhttps\n2015-04-05\n\n\n\n\n",
    ),
    ({"sv": "2019-12-12", "sr": "c", "si": "policy"}, "\n\n\n/blob/stx/data\npolicy\n\n\n2019-12-12\nc\n\n\n\n\n\n"),
    (
        {"sv": "2022-11-02", "sr": "c", "sp": "rl", "se": END, "ses": "scope", "rscd": "attachment"},
        f"rl\n\n{END}\n/blob/stx/data\n\n\n\n2022-11-02\nc\n\nscope\n\nattachment\n\n\n",
    ),
    (
        {"sv": "2019-12-12", "ss": "bf", "srt": "sco", "sp": "rwl", "se": END, "spr": "https"},
        f"stx\nrwl\nbf\nsco\n\n{END}\n\nhttps\n2019-12-12\n",
    ),
    (
        {"sv": "2022-11-02", "ss": "b", "srt": "co", "sp": "r", "se": END, "ses": "scope"},
        f"stx\nr\nb\nco\n\n{END}\n\n\n2022-11-02\nscope\n",
    ),
]


@pytest.mark.parametrize(("values", "text"), TEXTS)
def test_signs_the_text_of_the_page(values, text):
    made = token(values, text)
    assert sas.signer(made, place(), KEYS) == "key1"
    again = sas.signed_anew(made, place(), KEYS["key2"], now=NOW)
    assert sas.signer(again, place(), KEYS) == "key2"
    rest = [part for part in again.reveal().split("&") if not part.startswith("sig=")]
    assert rest == [f"{name}={quote(value, safe='')}" for name, value in values.items()]


def test_azsim_accepts_what_was_signed_anew():
    again = sas.signed_anew(made_by_azsim("key1", "file"), place("file"), KEYS["key2"], now=NOW)
    keys = [key.reveal() for key in KEYS.values()]
    assert azsim_sas.signer(again.reveal(), "stx", "file", "data", keys) == KEYS["key2"].reveal()


def test_the_end_stays_unless_hours_are_given():
    assert sas.ends(sas.signed_anew(made_by_azsim("key1"), place(), KEYS["key2"], now=NOW)) == END
    longer = sas.signed_anew(made_by_azsim("key1"), place(), KEYS["key2"], now=NOW, hours=48)
    assert sas.ends(longer) == "2026-03-03T12:00:00Z"
    by_policy = token(TEXTS[1][0], TEXTS[1][1])
    assert sas.ends(sas.signed_anew(by_policy, place(), KEYS["key2"], now=NOW, hours=48)) == ""


def test_hours_also_move_the_beginning():
    again = sas.signed_anew(token(*TEXTS[0]), place(), KEYS["key2"], now=NOW, hours=1)
    assert "st=2026-03-01T12%3A00%3A00Z" in again.reveal()


@pytest.mark.parametrize(
    ("end", "is_over"),
    [
        ("2026-02-28", True),
        ("2026-03-02", False),
        ("2026-03-01T11:59Z", True),
        (END, False),
        ("soon", False),
        ("", False),
    ],
)
def test_knows_when_a_token_has_ended(end, is_over):
    assert sas.ended(Secret(f"sv=2022-11-02&se={end}" if end else "sv=2022-11-02&si=policy"), NOW) is is_over


def test_a_user_delegation_sas_depends_on_no_key():
    assert sas.delegated(Secret("sv=2022-11-02&skoid=1&sktid=2&sig=x"))
    assert not sas.delegated(made_by_azsim("key1"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sv=2012-02-12&sr=c&sp=r&sig=x", "older than"),
        ("sr=c&sig=x", "none"),
        ("sv=2022-11-02&sr=b&sp=r&sig=x", "less than the whole container"),
        ("sv=2022-11-02&sr=d&sdd=1&sp=r&sig=x", "less than the whole container"),
    ],
)
def test_says_why_a_token_cannot_be_checked(text, why):
    with pytest.raises(sas.NotCheckable, match=why):
        sas.signer(Secret(text), place(), KEYS)


def test_a_plus_sign_in_a_token_is_kept():
    made = token(
        {"sv": "2022-11-02", "sr": "c", "si": "a+b"}, "\n\n\n/blob/stx/data\na+b\n\n\n2022-11-02\nc\n\n\n\n\n\n\n"
    )
    raw = Secret(made.reveal().replace("%2B", "+"))
    assert sas.signer(raw, place(), KEYS) == "key1"


def test_a_key_that_is_no_base64_signs_nothing():
    assert sas.signer(made_by_azsim("key1"), place(), {"key1": Secret("not a key")}) == ""
