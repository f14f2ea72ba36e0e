"""How the workspace's endpoints, services and computes are protected, and what Application Insights takes in."""

from __future__ import annotations

import asyncio
from typing import Any

from actions.posture.clusters import read_clusters
from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.posture.flows import scored
from actions.posture.linked import read_children
from actions.posture.scoring import read_logging
from actions.posture.traffic import read_requests

ENDPOINTS, COMPUTES, INSIGHTS = "endpoints", "computes", "insights"
_AUTH: dict[str, tuple[str, Grade]] = {
    "key": ("key", "info"),
    "amltoken": ("workspace token", "good"),
    "aadtoken": ("Entra token", "good"),
}


async def read_endpoints(subject: Subject) -> tuple[Fact, ...]:
    """Tell how callers prove themselves to each endpoint and v1 service, and over what transport."""
    cloud = subject.cloud
    online, serverless, batch, services = await asyncio.gather(
        read_children(subject, "onlineEndpoints", cloud.online_endpoints),
        read_children(subject, "serverlessEndpoints", cloud.serverless_endpoints),
        read_children(subject, "batchEndpoints", cloud.batch_endpoints),
        read_children(subject, "services", cloud.web_services),
    )
    facts = [fact for each in (*online, *serverless, *batch) for fact in _endpoint(each)]
    facts += [fact for each in services for fact in _service(each)]
    if not facts:
        own = subject.own
        facts = [own.fact(ENDPOINTS, "endpoints", "endpoints", "none", "absent")]
    logged, asked = await asyncio.gather(read_logging(subject, online), read_requests(subject, online))
    return (*facts, *logged, *asked, *scored([*online, *serverless, *batch]))


def _endpoint(read: Reading) -> tuple[Fact, ...]:
    if read.properties is None:
        return (read.unread(ENDPOINTS, "auth", "authentication"),)
    mode = str(read.properties.get("authMode") or "")
    told, grade = _AUTH.get(mode.casefold(), (mode or "not told", "unknown"))
    keyed = mode.casefold() == "key"
    facts = [
        read.fact(ENDPOINTS, "auth", "authentication", told, grade, leads_to="action:endpoint-keys" if keyed else "")
    ]
    public = read.properties.get("publicNetworkAccess")
    if public is not None:
        closed = str(public).casefold() == "disabled"
        facts.append(read.fact(ENDPOINTS, "public-access", "public access", str(public), "good" if closed else "info"))
    uri = str(read.properties.get("scoringUri") or "")
    if uri:
        plain = uri.casefold().startswith("http://")
        remedy = "serve it over TLS" if plain else ""
        facts.append(
            read.fact(
                ENDPOINTS, "tls", "TLS", "no: plain HTTP" if plain else "yes", "high" if plain else "good", remedy
            )
        )
    return tuple(facts)


def _service(read: Reading) -> tuple[Fact, ...]:
    """A service of SDK v1: on ACI authentication is off by default, on AKS it is by key."""
    if read.properties is None:
        return (read.unread(ENDPOINTS, "v1-auth", "v1 service"),)
    place = str(read.properties.get("computeType") or "v1")
    keyed, token = read.properties.get("authEnabled") is True, read.properties.get("aadAuthEnabled") is True
    told = "token" if token else "key" if keyed else "none: anybody who reaches it may call it"
    grade: Grade = "info" if keyed or token else "high"
    remedy = "" if keyed or token else "turn authentication on, or move it to an online endpoint"
    note = f"{_DEFAULTS.get(place.casefold(), '')}SDK v1, which makes such services, is supported no longer since June 2026"
    return (
        read.fact(ENDPOINTS, "v1-auth", f"authentication on {place}", told, grade, remedy, note=note),
        *_group_disk(read, place),
        _tls(read, "v1-tls", f"TLS on {place}", secure=read.properties.get("sslEnabled") is True),
    )


_DEFAULTS = {
    "aci": "by default an ACI service asks for no key and takes no token; ",
    "aks": "by default an AKS service asks for a key, and takes tokens only where they replace it; ",
}
"""The page's table of defaults, which still holds (Configure authentication for models deployed as web services)."""


def _group_disk(read: Reading, place: str) -> tuple[Fact, ...]:
    """What encrypts the disk under a container group; Azure answers a key only where one was given."""
    if place.casefold() != "aci":
        return ()
    given = (read.properties or {}).get("encryptionProperties") or {}
    name, version = str(given.get("keyName") or ""), str(given.get("keyVersion") or "")[:8]
    told = f"key {name}, version {version or 'not told'}" if name else "Microsoft-managed key"
    note = "the page of 2020 tells of keys of one's own only; all container groups are encrypted today"
    return (read.fact(ENDPOINTS, "v1-disk", "disk on ACI", told, "info", note=note),)


def _tls(read: Reading, word: str, label: str, *, secure: bool) -> Fact:
    """Whether what is sent, keys included, can be read on the way."""
    if secure:
        return read.fact(ENDPOINTS, word, label, "yes", "good")
    return read.fact(
        ENDPOINTS, word, label, "no: plain HTTP", "high", "serve it over TLS, or move it to an online endpoint"
    )


async def read_computes(subject: Subject) -> tuple[Fact, ...]:
    """Tell each compute's SSH port, public address and local accounts."""
    found = await read_children(subject, "computes", subject.cloud.computes)
    if not found:
        none = subject.own.fact(COMPUTES, "computes", "computes", "none", "absent")
        return (none, *await read_clusters(subject, found))
    hbi = subject.workspace.properties.get("hbiWorkspace")
    return (*(fact for each in found for fact in _compute(each, hbi)), *await read_clusters(subject, found))


def _disks(read: Reading, kind: str, hbi: Any) -> tuple[Fact, ...]:
    """The OS disk is Microsoft's to encrypt; the scratch disk is encrypted as the workspace was made to be."""
    if kind.casefold() not in {"amlcompute", "computeinstance"}:
        return ()
    scratch = {True: "scratch disk encrypted", False: "scratch disk not encrypted on its own"}
    told = f"OS disk by a Microsoft-managed key; {scratch.get(hbi, 'scratch disk not told')}"
    note = "follows from high business impact; Microsoft's pages disagree on whether that concerns the OS disk too"
    return (
        read.fact(COMPUTES, "disks", f"disks of {kind}", told, "info" if hbi is not None else "unknown", note=note),
    )


def _compute(read: Reading, hbi: Any) -> tuple[Fact, ...]:
    if read.properties is None:
        return (read.unread(COMPUTES, "compute", "computes"),)
    inner = read.properties.get("properties") or {}
    kind = str(read.properties.get("computeType") or "compute")
    facts: list[Fact] = []
    ssh = (inner.get("sshSettings") or {}).get("sshPublicAccess") or inner.get("remoteLoginPortPublicAccess")
    if ssh is not None:
        is_open = str(ssh).casefold() == "enabled"
        remedy = "make the compute anew without public SSH" if is_open else ""
        facts.append(read.fact(COMPUTES, "ssh", f"SSH of {kind}", str(ssh), "high" if is_open else "good", remedy))
    public = inner.get("enableNodePublicIp")
    if public is not None:
        told = "public address" if public else "no public address"
        facts.append(read.fact(COMPUTES, "public-ip", f"address of {kind}", told, "info" if public else "good"))
    local = read.properties.get("disableLocalAuth")
    if local is not None:
        told = "off" if local else "on"
        facts.append(read.fact(COMPUTES, "local-auth", f"local accounts of {kind}", told, "good" if local else "info"))
    if kind.casefold() in {"amlcompute", "computeinstance"}:
        told = read.identity or "none: it acts as the person who starts a run, or with the keys of datastores"
        facts.append(read.fact(COMPUTES, "identity", f"identity of {kind}", told, "info"))
    facts += _disks(read, kind, hbi)
    return tuple(facts) or (read.fact(COMPUTES, "compute", kind, "nothing to grade", "info"),)


async def read_insights(subject: Subject) -> tuple[Fact, ...]:
    """Tell whether telemetry can be sent with a key, and from where."""
    own = subject.own
    read = (await subject.linked).get("applicationInsights")
    if read is None:
        return (own.fact(INSIGHTS, "insights", "Application Insights", "not linked", "absent"),)
    if read.properties is None:
        return (read.unread(INSIGHTS, "insights", "Application Insights"),)
    closed = read.properties.get("DisableLocalAuth") is True
    ingestion = str(read.properties.get("publicNetworkAccessForIngestion") or "not told")
    query = str(read.properties.get("publicNetworkAccessForQuery") or "not told")
    into = str(read.properties.get("WorkspaceResourceId") or "").rpartition("/")[2]
    return (
        read.fact(
            INSIGHTS, "kept", "telemetry is kept in", into or "itself: a classic resource", "info" if into else "warn",
            "" if into else "move it to a Log Analytics workspace; classic resources are retired",
        ),
        read.fact(
            INSIGHTS, "local-auth", "local authentication", "off" if closed else "on: the instrumentation key is enough",
            "good" if closed else "info",
        ),
        read.fact(INSIGHTS, "ingestion", "ingestion from public networks", ingestion, "info"),
        read.fact(INSIGHTS, "query", "queries from public networks", query, "info"),
    )  # fmt: skip
