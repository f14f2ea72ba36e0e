"""The gate: the one place below all interfaces that lets a request to Azure through or refuses it.

It is an allow-list of (method, route). Whatever is not listed as a read, a secret read or a sign-in is a write, and a
write passes only under the permit of the step that is running, bound to that step's method and path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from actions.guard.model import Mode, Request


class RequestClass(StrEnum):
    """What a request can do."""

    READ = "read"
    SECRET_READ = "secret-read"
    SIGN_IN = "sign-in"
    WRITE = "write"


class Refused(Exception):
    """The gate refused a request; nothing was sent."""

    def __init__(self, kind: RequestClass, method: str, path: str, why: str) -> None:
        super().__init__(f"{method} {path}: {why}")
        self.kind, self.method, self.path, self.why = kind, method, path, why


class Withheld(Refused):
    """A write that a dry run kept back: the permit was there, the mode was not."""


_ML = "microsoft.machinelearningservices/workspaces"
_READ_POSTS = frozenset(
    {
        (f"{_ML}", "diagnose"),
        (f"{_ML}/computes", "listnodes"),
        (f"{_ML}/onlineendpoints/deployments", "getlogs"),
        ("microsoft.storage", "checknameavailability"),
        ("microsoft.resourcegraph", "resources"),
    }
)
_SECRET_POSTS = frozenset(
    {
        ("microsoft.storage/storageaccounts", "listkeys"),
        (f"{_ML}", "listkeys"),
        (f"{_ML}", "liststorageaccountkeys"),
        (f"{_ML}/datastores", "listsecrets"),
        (f"{_ML}/connections", "listsecrets"),
        (f"{_ML}/onlineendpoints", "listkeys"),
        (f"{_ML}/onlineendpoints", "token"),
        (f"{_ML}/serverlessendpoints", "listkeys"),
        (f"{_ML}/batchendpoints", "listkeys"),
    }
)
_GRAPH_READS = frozenset({"directoryobjects/getbyids", "directoryobjects/getmembergroups"})
_DISGUISED = re.compile(r"%2f|%5c|\\|/\.{1,2}(?:/|$)|//", re.IGNORECASE)
_TOKEN_PATH = re.compile(r"/(?:[^/]+/)?(?:oauth2/(?:v2\.0/)?(?:token|devicecode))", re.IGNORECASE)
_VAULT_SECRET = re.compile(r"/secrets/[^/]+(?:/[^/]*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Hosts:
    """The host names of one Azure cloud, as the gate tells them apart."""

    arm: str
    login: frozenset[str]
    graph: str
    vault_suffix: str
    storage_suffix: str
    scoring_suffix: str = ".inference.ml.azure.com"


def _arm_action(path: str) -> tuple[str, str]:
    """Split a Resource Manager POST path into (resource type chain, action), both in lower case."""
    tail = path.casefold().rpartition("/providers/")[2].strip("/").split("/")
    chain, action = tail[:-1], tail[-1]
    types = [chain[0], *chain[1::2]] if chain else []
    return "/".join(types), action


def classify(method: str, url: str, hosts: Hosts) -> RequestClass:
    """Class a request by method, host and route; an unknown one is a write, so is a path that hides its segments.

    What hides its segments from a vault is a secret read.
    """
    parts = urlsplit(url)
    host, path, verb = (parts.hostname or "").casefold(), unquote(parts.path), method.upper()
    if host in hosts.login:
        known = verb == "GET" or (verb == "POST" and _TOKEN_PATH.fullmatch(path) is not None)
        return RequestClass.SIGN_IN if known else RequestClass.WRITE
    if verb in {"GET", "HEAD", "OPTIONS"}:
        secret = _VAULT_SECRET.fullmatch(path) or _DISGUISED.search(parts.path)
        if host.rstrip(".").endswith(hosts.vault_suffix) and secret:
            return RequestClass.SECRET_READ
        return RequestClass.READ
    if verb != "POST" or _DISGUISED.search(parts.path):
        return RequestClass.WRITE
    if host == hosts.graph:
        return RequestClass.READ if path.casefold().strip("/").partition("/")[2] in _GRAPH_READS else RequestClass.WRITE
    if host == hosts.arm and "/providers/" in path.casefold():
        action = _arm_action(path)
        if action in _READ_POSTS:
            return RequestClass.READ
        if action in _SECRET_POSTS:
            return RequestClass.SECRET_READ
    return RequestClass.WRITE


@dataclass
class Permit:
    """Leave to send one step's write: good for its method and path, dead when the step ends.

    `uses` counts how often it was spent; a permit for a non-idempotent request is spent once. With a `gate` it is good
    at no other: what a step may do on a dry run's twin it may not do in Azure.
    """

    request: Request
    gate: Gate | None = None
    alive: bool = True
    uses: int = 0
    once: bool = True

    def covers(self, method: str, host: str, path: str, arm_host: str) -> bool:
        """Tell whether the permit is for exactly this method, host and path (case-insensitively, as Azure routes)."""
        wanted = self.request.host or arm_host
        return (
            self.alive
            and not (self.once and self.uses)
            and method.upper() == self.request.method.upper()
            and host.casefold() == wanted.casefold()
            and not _DISGUISED.search(path)
            and unquote(path).rstrip("/").casefold() == self.request.path.rstrip("/").casefold()
        )


_current: ContextVar[Permit | None] = ContextVar("amlkeys_permit", default=None)
_secrets_allowed: ContextVar[bool] = ContextVar("amlkeys_secret_reads", default=False)


@contextmanager
def permit_for(request: Request, *, once: bool = True, gate: Gate | None = None) -> Iterator[Permit]:
    """Issue the permit of one step, for one gate, for the length of the block; only the engine calls this."""
    permit = Permit(request, gate, once=once)
    token = _current.set(permit)
    try:
        yield permit
    finally:
        permit.alive = False
        _current.reset(token)


@contextmanager
def secret_reads(*, announced: str) -> Iterator[None]:
    """Allow secret reads for the length of the block if they were announced: what for, in a sentence, not empty.

    Inspections and steps of an action that announces them, and the look at one workspace's holders; never a listing.
    """
    token = _secrets_allowed.set(bool(announced))
    try:
        yield
    finally:
        _secrets_allowed.reset(token)


@dataclass
class Gate:
    """Decides about every request; `mode` is asked each time, so disarming takes effect at once."""

    hosts: Hosts
    mode: Mode = Mode.LOOK
    refusals: list[tuple[str, str]] = field(default_factory=list)
    watch: Callable[[str, str], None] | None = None
    """Told the method and URL of each request that is let through, for whoever needs to know what an action asks."""

    def admit(self, method: str, url: str) -> RequestClass:
        """Return the request's class when it may be sent; raise `Refused` or `Withheld` when not: nothing is sent."""
        kind = classify(method, url, self.hosts)
        parts = urlsplit(url)
        if kind is RequestClass.SECRET_READ and not _secrets_allowed.get():
            self._refuse(Refused(kind, method, parts.path, "reads secrets, which was not announced here"))
        if kind is RequestClass.WRITE:
            self._admit_write(method, parts.hostname or "", parts.path)
        if self.watch is not None:
            self.watch(method, url)
        return kind

    def withhold(self, request: Request) -> Withheld:
        """Bring a dry run's write to the gate without a permit, so that it is refused and noted like any other."""
        try:
            kind = self.admit(request.method, f"https://{request.host or self.hosts.arm}{request.path}")
        except Refused as refusal:
            return Withheld(refusal.kind, refusal.method, refusal.path, "withheld in a dry run")
        return Withheld(kind, request.method, request.path, "a dry run does not send it")

    def _admit_write(self, method: str, host: str, path: str) -> None:
        """Spend the running step's permit, or refuse."""
        permit = _current.get()
        if permit is None:
            self._refuse(Refused(RequestClass.WRITE, method, path, "changes Azure and no step is running"))
        elif permit.gate is not None and permit.gate is not self:
            self._refuse(Refused(RequestClass.WRITE, method, path, "is allowed in another cloud only"))
        elif not permit.covers(method, host, path, self.hosts.arm):
            self._refuse(Refused(RequestClass.WRITE, method, path, "is not what the running step was approved for"))
        elif self.mode is not Mode.LIVE:
            self._refuse(Withheld(RequestClass.WRITE, method, path, f"withheld in {self.mode} mode"))
        else:
            permit.uses += 1

    def _refuse(self, refusal: Refused) -> None:
        self.refusals.append((refusal.method, refusal.path))
        raise refusal
