"""What can be made to go wrong in a rehearsal, in words: faults on requests, and ways in which Azure can behave."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple


class Where(NamedTuple):
    """The requests that a fault can hit, as a pattern of `METHOD host/path`."""

    id: str
    name: str
    meaning: str
    route: str


class What(NamedTuple):
    """What happens to a request that is hit, as the rehearsal cloud's own data."""

    id: str
    name: str
    meaning: str
    fault: dict[str, Any]


class Often(NamedTuple):
    """How often a fault strikes."""

    id: str
    name: str
    limits: dict[str, Any]


class Way(NamedTuple):
    """One thing that Azure leaves unconfirmed or does slowly, with what it can be; the values' words stand beside them."""

    option: str
    name: str
    values: tuple[tuple[Any, str], ...]


PLACES = (
    Where("storage-key", "replacing a storage key", "regenerateKey of an account", r"POST .*storageAccounts/[^/]+/regenerateKey"),
    Where("resync", "resyncing a workspace", "resyncKeys, and diagnosing it", r"POST .*/(resyncKeys|diagnose)"),
    Where("reading-keys", "reading keys", "listKeys and listSecrets, anywhere", r"POST .*/list(Keys|Secrets)"),
    Where("datastore", "changing a datastore", "its key is replaced by PUT", r"PUT .*/datastores/"),
    Where("roles", "giving access", "role assignments and access policies", r"PUT .*/(roleAssignments|accessPolicies)/"),
    Where("endpoint-key", "replacing an endpoint key", "regenerateKeys of an endpoint", r"POST .*Endpoints/[^/]+/regenerateKeys"),
    Where("workspace", "changing a workspace", "such as its encryption key", r"(PATCH|PUT) .*/workspaces/[^/]+$"),
    Where("proof", "trying a key on blobs", "proofs that a key works, or is dead", r"\.blob\.core\."),
    Where("directory", "reading the directory", "Microsoft Graph", r"graph\.microsoft\."),
    Where("reading", "every read of Azure", "GET on Resource Manager", r"GET management\."),
    Where("all", "every request", "sign-in included", ""),
)  # fmt: skip

HAPPENINGS = (
    What("lost-answer", "the answer is lost", "it took effect, then the line drops", {"kind": "reset_after"}),
    What("lost-request", "the line drops before", "it never took effect", {"kind": "reset_before"}),
    What("done-504", "504, although it was done", "the gateway lost patience", {"kind": "status", "status": 504, "commit": True}),
    What("not-504", "504, and it was not done", "the same answer", {"kind": "status", "status": 504}),
    What("error-500", "500, and it was not done", "an error of the service", {"kind": "status", "status": 500}),
    What("busy-409", "409, something else runs there", "try again later", {"kind": "status", "status": 409}),
    What("forbidden", "403, no right", "yours were taken away", {"kind": "status", "status": 403, "code": "AuthorizationFailed"}),
    What("throttled", "429, wait 17 seconds", "Azure asks to slow down", {"kind": "throttle", "retryAfter": 17}),
    What("slow", "the answer takes 30 seconds", "", {"kind": "delay", "seconds": 30.0}),
    What("fails", "accepted, then it fails", "a long-running operation", {"kind": "fail_operation"}),
    What("stuck", "accepted, and it never ends", "a long-running operation", {"kind": "stuck_operation"}),
)  # fmt: skip

TIMES = (
    Often("once", "the next one", {"times": 1}),
    Often("three", "the next three", {"times": 3}),
    Often("third", "one in three, by chance", {"rate": 0.33}),
    Often("always", "all of them, until lifted", {}),
)

_YES_NO = ((True, "yes"), (False, "no"))
_NO_YES = ((False, "no"), (True, "yes"))
_POLLS = (
    ("404", "OperationNotFound, as recorded"), ("200", "200 when it is done"), ("status", "a status to poll"),
    ("at-once", "nothing to poll: at once"),
)  # fmt: skip


def _seconds(*values: float | None) -> tuple[tuple[float | None, str], ...]:
    return tuple((value, _length(value)) for value in values)


def _length(value: float | None) -> str:
    if value is None:
        return "never"
    if not value:
        return "at once"
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if value >= size:
            many = value / size
            return f"{many:g} {word}{'' if many == 1 else 's'}"
    return f"{value:g} seconds"


WAYS = (
    Way("resyncTakes", "the key that a resync takes", (
        ("in_use", "the slot it used"), ("key1", "key1"), ("key2", "key2"), ("newest", "the newest"), ("oldest", "the oldest"))),
    Way("resyncRewritesSystemDatastores", "a resync rewrites system datastores", _YES_NO),
    Way("resyncRestores", "access that a resync gives back", (
        ("nothing", "none"), ("roles", "roles"), ("policies", "access policies"), ("everything", "all"))),
    Way("resyncAnswer", "how a resync answers", (
        ("202", "202, then it is done"), ("200", "200 at once"), ("202-bare", "202 without an address to poll"),
        ("lying", "success, and nothing changed"))),
    Way("selfSyncHours", "a workspace syncs by itself after", (
        (1.0, "1 hour"), (0.1, "6 minutes"), (24.0, "1 day"), (None, "never"))),
    Way("operationPolls", "polls until an operation ends", ((1, "1"), (3, "3"), (10, "10"))),
    Way("operationSeconds", "an operation ends after", ((None, "polls, not time"), (60.0, "1 minute"), (900.0, "15 minutes"))),
    Way("operationOutcome", "how operations end", (
        ("succeed", "well"), ("fail", "they fail"), ("stuck", "never"), ("vanish", "nobody knows them any more"),
        ("lie", "success, and nothing changed"))),
    Way("regenerateAnswer", "how a new storage key is answered", (
        ("200", "200"), ("503-after-commit", "503, although it was made"), ("503-before-commit", "503, and it was not made"),
        ("409-in-progress", "409, one is under way"))),
    Way("sharedKeyAnswer", "what a dead storage key is told", (
        ("AuthenticationFailed", "AuthenticationFailed"), ("KeyBasedAuthenticationNotPermitted", "no key is permitted"),
        ("AuthorizationFailure", "a firewall refuses everybody"))),
    Way("keyPropagationSeconds", "an old storage key works on for", _seconds(0.0, 60.0, 600.0)),
    Way("rolePropagationSeconds", "a new role counts after", _seconds(0.0, 120.0, 1800.0)),
    Way("principalReplicationSeconds", "a new identity is known after", _seconds(0.0, 120.0, 1800.0)),
    Way("existingAssignmentIdInMessage", "409 names the assignment there is", _NO_YES),
    Way("deviceCodePolls", "polls until a device code counts", ((1, "1"), (3, "3"), (10, "10"))),
    Way("throttling", "request budgets really refuse", _NO_YES),
    Way("endpointRegeneratePoll", "the poll after a new endpoint key", _POLLS),
    Way("serverlessRegeneratePoll", "the same for serverless endpoints", (_POLLS[-1], *_POLLS[:-1])),
    Way("endpointKeyPropagationSeconds", "an old endpoint key works on for", _seconds(0.0, 60.0, 600.0)),
    Way("endpointKeyValue", "a key that is sent along", (("honoured", "is taken"), ("ignored", "is ignored"))),
    Way("graphReads", "you may read the directory", _YES_NO),
    Way("graphGroupMembers", "you may read who is in a group", _YES_NO),
    Way("graphSignInReports", "reports of sign-ins answer", _NO_YES),
    Way("pimLicensed", "the tenant has privileged identities", _NO_YES),
    Way("pimListsPermanent", "permanent roles show among those", _YES_NO),
    Way("cosmosKeySeconds", "Cosmos DB takes a new version after", _seconds(1800.0, 0.0, None)),
    Way("cosmosRecoverySeconds", "Cosmos DB recovers after", _seconds(3600.0, 0.0, 86_400.0)),
    Way("storageKeySeconds", "storage takes a new version after", _seconds(86_400.0, 3600.0, None)),
    Way("registryKeySeconds", "a registry takes a new version after", _seconds(3600.0, 0.0, None)),
    Way("diskKeySeconds", "disks take a new version after", _seconds(3600.0, 0.0, None)),
    Way("activityDelaySeconds", "the activity log shows it after", _seconds(180.0, 0.0, 3600.0)),
)  # fmt: skip
"""All that the rehearsal cloud's `behaviour` offers; the first value of each is its default."""


def fault(where: str, what: str, often: str) -> dict[str, Any]:
    """A fault as the rehearsal cloud's own data."""
    place, happening = _by_id(PLACES, where), _by_id(HAPPENINGS, what)
    return {"route": place.route, **happening.fault, **_by_id(TIMES, often).limits}


def told_fault(where: str, what: str, often: str) -> str:
    """A fault in a sentence."""
    return f"{_by_id(PLACES, where).name}: {_by_id(HAPPENINGS, what).name} ({_by_id(TIMES, often).name})"


def _by_id(among: Sequence[Any], wanted: str) -> Any:
    return next(each for each in among if each.id == wanted)


def way(option: str) -> Way:
    """One way to behave by the name of its option."""
    return next(each for each in WAYS if each.option == option)


def told_value(found: Way, value: Any) -> str:
    """A value in words; one that is not offered by itself."""
    return next((word for known, word in found.values if known == value), str(value))


_LENGTH = re.compile(r"(\d{1,5})\s*([smhd])")
_SIZES = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def length(text: str) -> int:
    """Read a length of time (`90m`, `2h 30m`, `3d`) as seconds; raises ValueError with a sentence."""
    found = _LENGTH.findall(text.casefold())
    if not found or _LENGTH.sub("", text.casefold()).strip():
        raise ValueError("Write a length of time such as 90s, 45m, 2h 30m or 3d.")
    return sum(int(many) * _SIZES[size] for many, size in found)


def short_path(path: str) -> str:
    """The end of a path that tells what was asked: the last resource and what was done to it."""
    parts = path.strip("/").split("/")
    return "/".join(parts[-2:])
