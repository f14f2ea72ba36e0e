"""Who is signed in, how long that lasts, and what the token says about the way it came about; never the token itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actions.cloud.data import CloudError, SignedIn
from actions.posture.facts import Fact, Grade, Reading, Subject, failed, stamp

SIGN_IN = "sign-in"
_SOURCE = "the claims of the access token"
_STRONG = frozenset({"mfa", "fido", "hwk", "ngcmfa", "rsa", "wia"})
_SOON = 900
_RENEWED = "renewed by itself, also before a step that would outlive it"
_PAGE = "the page of 2020 speaks of Azure Active Directory, which is Microsoft Entra ID today"


async def read_sign_in(subject: Subject) -> tuple[Fact, ...]:
    """Tell who the operator is to Azure, and which constraints the token carries."""
    cloud = subject.cloud
    try:
        who = await cloud.signed_in()
    except CloudError as error:
        return (failed("sign-in", _SOURCE, cloud, error).unread(SIGN_IN, "user", "signed in as"),)
    read = Reading(who.user, _SOURCE, stamp(cloud), who.claims)
    return (
        read.fact(SIGN_IN, "user", "signed in as", f"{who.kind}, object id {who.object_id}", "info", note=_PAGE),
        read.fact(SIGN_IN, "tenant", "tenant", f"{who.tenant} in {cloud.name}", "info"),
        _life(read, who, (who.expires - cloud.now()).total_seconds()),
        *_constraints(read, who),
    )


def _life(read: Reading, who: SignedIn, left: float) -> Fact:
    """How long the token lasts; a renewal is asked of the way to sign in, which may need a person."""
    until = f"until {who.expires:%Y-%m-%d %H:%M}Z, {_span(left)} left"
    grade: Grade = "good" if left > _SOON else "warn"
    remedy = "" if left > _SOON else "sign in anew before a long run"
    return read.fact(SIGN_IN, "token", "token", until, grade, remedy, note=_RENEWED)


def _constraints(read: Reading, who: SignedIn) -> tuple[Fact, ...]:
    """MFA and device for people; an application has neither."""
    if who.kind != "user":
        none = f"none for a {who.kind}"
        return (
            read.fact(SIGN_IN, "mfa", "multi-factor sign-in", none, "absent"),
            read.fact(SIGN_IN, "device", "device", none, "absent"),
            _revocable(read, who),
        )
    ways = _texts(who.claims.get("amr"))
    strong = sorted(_STRONG & {way.casefold() for way in ways})
    if not ways:
        mfa = read.fact(SIGN_IN, "mfa", "multi-factor sign-in", "the token does not say", "unknown", _ASK)
    elif strong:
        mfa = read.fact(SIGN_IN, "mfa", "multi-factor sign-in", f"yes ({', '.join(ways)})", "good")
    else:
        mfa = read.fact(SIGN_IN, "mfa", "multi-factor sign-in", f"no ({', '.join(ways)} only)", "warn", _ASK)
    device = str(who.claims.get("deviceid") or "")
    told = f"bound to device {device}" if device else "bound to no device that the token names"
    contexts = _texts(who.claims.get("acrs"))
    return (
        mfa,
        read.fact(SIGN_IN, "device", "device", told, "good" if device else "info"),
        *(
            (read.fact(SIGN_IN, "contexts", "authentication contexts", ", ".join(contexts), "info"),)
            if contexts
            else ()
        ),
        _revocable(read, who),
    )


_ASK = "require it by Conditional Access for Azure management"


def _revocable(read: Reading, who: SignedIn) -> Fact:
    """A client that takes claims challenges (`xms_cc` cp1) loses its token at once when it is revoked."""
    at_once = "cp1" in {text.casefold() for text in _texts(who.claims.get("xms_cc"))}
    told = "at once (continuous access evaluation)" if at_once else "when the token ends"
    return read.fact(SIGN_IN, "revocation", "a revoked sign-in ends", told, "info")


def _texts(claim: Any) -> list[str]:
    if isinstance(claim, str):
        return [claim] if claim else []
    return [str(item) for item in claim] if isinstance(claim, Iterable) else []


def _span(seconds: float) -> str:
    minutes = max(int(seconds // 60), 0)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
