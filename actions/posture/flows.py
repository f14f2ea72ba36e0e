"""Which key, secret or identity each flow of a workspace stands on, so that "what breaks if it dies" can be read off."""

from __future__ import annotations

from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.workspaces.rows import uses_identity

FLOWS = "flows"


async def read_flows(subject: Subject) -> tuple[Fact, ...]:
    """Tell the flows that stand on what the workspace names; nothing more is asked of Azure."""
    own, linked = subject.own, await subject.linked
    kind = str((subject.workspace.raw.get("identity") or {}).get("type") or "")
    identity = f"the workspace's identity ({kind})" if kind else "no identity told"
    by_identity = uses_identity(subject.workspace.properties)
    data = "not told" if by_identity is None else identity if by_identity else "a key of the account"
    unsure: Grade = "unknown" if by_identity is None else "info"
    leads = "action:storage-keys" if by_identity is False else ""
    return (
        own.fact(FLOWS, "create", "create the workspace", "the operator's own sign-in", "info"),
        own.fact(FLOWS, "snapshots", "snapshots of code", data, unsure, leads_to=leads),
        own.fact(FLOWS, "training", "training: data in, outputs out", data, unsure, leads_to=leads),
        own.fact(FLOWS, "secrets", "secrets of runs and datastores", f"{identity}, in the vault", "info"),
        _images(subject, linked.get("containerRegistry"), identity),
        _metrics(subject, linked.get("applicationInsights")),
    )


def scored(endpoints: list[Reading]) -> tuple[Fact, ...]:
    """Tell what the callers of each endpoint stand on."""
    by_mode = {"key": "its Primary or Secondary key", "amltoken": "a workspace token", "aadtoken": "an Entra token"}
    facts: list[Fact] = []
    for each in endpoints:
        if each.properties is None:
            facts.append(each.unread(FLOWS, "scoring", "scoring"))
            continue
        mode = str(each.properties.get("authMode") or "").casefold()
        told = by_mode.get(mode, "not told")
        leads = "action:endpoint-keys" if mode == "key" else ""
        facts.append(
            each.fact(FLOWS, "scoring", "scoring", told, "info" if mode in by_mode else "unknown", leads_to=leads)
        )
    return tuple(facts)


def _images(subject: Subject, read: Reading | None, identity: str) -> Fact:
    """The admin user is a second way in: where it is on, its password may be what is used."""
    label = "deployment: images from the registry"
    if read is None:
        return subject.own.fact(FLOWS, "images", label, "no registry yet", "absent")
    if read.properties is None:
        return read.unread(FLOWS, "images", label)
    admin = read.properties.get("adminUserEnabled") is True
    return read.fact(FLOWS, "images", label, f"the admin user's password, or {identity}" if admin else identity, "info")


def _metrics(subject: Subject, read: Reading | None) -> Fact:
    label = "metrics and logs of scoring"
    if read is None:
        return subject.own.fact(FLOWS, "metrics", label, "not linked", "absent")
    if read.properties is None:
        return read.unread(FLOWS, "metrics", label)
    closed = read.properties.get("DisableLocalAuth") is True
    return read.fact(FLOWS, "metrics", label, "an Entra token" if closed else "the instrumentation key", "info")
