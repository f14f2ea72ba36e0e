"""The Kubernetes clusters attached to a workspace: version, TLS, local accounts, and whose keys encrypt them."""

from __future__ import annotations

import asyncio
from typing import Any

from actions.cloud import versions
from actions.cloud.data import ResourceId
from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.posture.linked import read_one

CLUSTERS = "clusters"
_NOTE = (
    "data disks take a customer-managed key from 1.24 on, the OS disk only when the cluster is made; the page of 2020 says "
    "at any time, from 1.16 on"
)


async def read_clusters(subject: Subject, computes: list[Reading]) -> tuple[Fact, ...]:
    """Tell the clusters among the computes that the workspace lists."""
    if computes and computes[0].properties is None:
        return (computes[0].unread(CLUSTERS, "cluster", "Kubernetes clusters"),)
    attached = [each for each in computes if _kind(each) in {"aks", "kubernetes"}]
    tls = [fact for each in attached for fact in _tls(each)]
    ids = [str((each.properties or {}).get("resourceId") or "") for each in attached]
    clusters = [ResourceId(text) for text in dict.fromkeys(ids) if "/managedclusters/" in text.casefold()]
    found = await asyncio.gather(*(read_one(subject.cloud, each, versions.MANAGED_CLUSTER) for each in clusters))
    facts = (*tls, *(fact for each in found for fact in _cluster(each)))
    return facts or (subject.own.fact(CLUSTERS, "cluster", "Kubernetes clusters", "none", "absent"),)


def _kind(read: Reading) -> str:
    return str((read.properties or {}).get("computeType") or "").casefold()


def _tls(read: Reading) -> tuple[Fact, ...]:
    """TLS of what is scored on a cluster that SDK v1 attached; others answer through their own ingress."""
    inner: dict[str, Any] = (read.properties or {}).get("properties") or {}
    status = str((inner.get("sslConfiguration") or {}).get("status") or "")
    if not status:
        told = "not told"
        return (read.fact(CLUSTERS, "tls", "TLS of v1 services", told, "unknown", "look at the cluster's ingress"),)
    secure = status.casefold() in {"enabled", "auto"}
    remedy = "" if secure else "turn TLS on for the compute"
    return (read.fact(CLUSTERS, "tls", "TLS of v1 services", status, "good" if secure else "warn", remedy),)


def _cluster(read: Reading) -> tuple[Fact, ...]:
    if read.properties is None:
        return (read.unread(CLUSTERS, "cluster", "Kubernetes cluster"),)
    told = read.properties
    version = str(told.get("currentKubernetesVersion") or told.get("kubernetesVersion") or "")
    disks = str(told.get("diskEncryptionSetID") or "").rpartition("/")[2]
    kms = ((told.get("securityProfile") or {}).get("azureKeyVaultKms") or {}).get("enabled") is True
    closed = told.get("disableLocalAccounts") is True
    grade: Grade = "good" if closed else "warn"
    return (
        read.fact(CLUSTERS, "version", "version", version or "not told", "info" if version else "unknown"),
        read.fact(
            CLUSTERS, "disks", "disks", f"key of {disks}" if disks else "Microsoft-managed key", "info", note=_NOTE
        ),
        read.fact(CLUSTERS, "kms", "secrets of the cluster", "key of a vault" if kms else "Microsoft-managed key", "info"),
        read.fact(
            CLUSTERS, "local-accounts", "local accounts", "off" if closed else "on: a kubeconfig is enough", grade,
            "" if closed else "turn local accounts off once people sign in with Entra",
        ),
    )  # fmt: skip
