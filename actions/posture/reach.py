"""Whether this host reaches the data planes, now: each is asked once, without any credential.

A storage account and a registry answer their firewall's refusal to whoever asks; a vault answers everybody with its
challenge, so that its firewall shows only to somebody signed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from actions.cloud.data import CloudError, Probe
from actions.posture.facts import Fact, Reading, Subject, stamp

NETWORK = "network"
_LABEL = "reached from this host, now"
_REFUSALS = frozenset({"authorizationfailure", "denied", "forbidden", "forbiddenbyfirewall"})
_REMEDY = "run amlkeys where its firewall lets it in, or proofs by key come to nothing"
_SERVICES = {
    "storageAccount": ("blob service", "no storage account"),
    "keyVault": ("vault", "no key vault"),
    "containerRegistry": ("registry", "no container registry"),
}


async def read_reach(subject: Subject) -> tuple[Fact, ...]:
    """Ask the account's blobs, the vault and the registry at the addresses that Azure gives for them."""
    linked = await subject.linked
    return tuple(await asyncio.gather(*(_reached(subject, key, linked.get(key)) for key in _SERVICES)))


def address(key: str, read: Reading) -> str:
    """Where one of them answers, as it says itself; empty where it does not say."""
    properties = read.properties or {}
    if key == "storageAccount":
        return str((properties.get("primaryEndpoints") or {}).get("blob") or "") + "?comp=list"
    if key == "keyVault":
        vault = str(properties.get("vaultUri") or "").rstrip("/")
        return f"{vault}/secrets?api-version=7.5" if vault else ""
    host = str(properties.get("loginServer") or "")
    return f"https://{host}/v2/" if host else ""


def _reached(subject: Subject, key: str, read: Reading | None) -> Awaitable[Fact]:
    service, none = _SERVICES[key]

    async def ask() -> Fact:
        label = f"{service} {_LABEL}"
        if read is None:
            return subject.own.fact(NETWORK, "reach", label, none, "absent")
        where = address(key, read) if read.properties is not None else ""
        if not where.startswith("https://"):
            missing = read.missing or "its address is not told"
            return read._replace(missing=missing).unread(NETWORK, "reach", label)
        try:
            probe = await subject.cloud.reach(where)
        except CloudError as error:
            return read._replace(missing=error.sentence).unread(NETWORK, "reach", label)
        host = where.removeprefix("https://").partition("/")[0].partition("?")[0]
        return _told(read._replace(source=f"GET {host}, unsigned", as_of=stamp(subject.cloud)), label, probe, key)

    return ask()


def _told(read: Reading, label: str, probe: Probe, key: str) -> Fact:
    if not probe.status:
        return read.fact(NETWORK, "reach", label, f"no: {probe.detail or probe.code}", "warn", _REMEDY)
    if probe.status == 403 and probe.code.casefold() in _REFUSALS | {""}:
        told = f"no: it turns this address away ({' '.join(filter(None, ('403', probe.code)))})"
        return read.fact(NETWORK, "reach", label, told, "warn", _REMEDY)
    if probe.status in range(300, 400) or probe.status >= 500:
        told = f"not to be told: {probe.status} {probe.code}".rstrip() + ", which something between may have answered"
        return read.fact(NETWORK, "reach", label, told, "unknown", "try again, and look at the proxy on the way")
    note = "its firewall shows only to somebody signed in" if key == "keyVault" else ""
    return read.fact(NETWORK, "reach", label, "yes", "good", note=note)
