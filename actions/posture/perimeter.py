"""Who can reach the workspace and its resources over the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.posture.reach import read_reach

NETWORK = "network"
_PRIVATE = "allow public access only where it is needed, and reach it through a private endpoint"


async def read_network(subject: Subject) -> tuple[Fact, ...]:
    """Tell the workspace's own doors, its managed network, and the firewalls of what it is linked to."""
    own, properties = subject.own, subject.workspace.properties
    linked = await subject.linked
    guarded = (linked.get(key) for key in ("storageAccount", "keyVault", "containerRegistry"))
    return (
        *_doors(own, properties),
        *_isolation(own, properties),
        *(_firewall(each) for each in guarded if each is not None),
        *await read_reach(subject),
    )


def _doors(own: Reading, properties: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Public access and private endpoints; an answer that leaves public access out leaves it unknown."""
    public = properties.get("publicNetworkAccess")
    if public is None:
        access = own.fact(NETWORK, "public-access", "public access", "not told", "unknown", "look in the portal")
    else:
        closed = str(public).casefold() == "disabled"
        access = own.fact(
            NETWORK, "public-access", "public access", str(public), "good" if closed else "warn",
            "" if closed else _PRIVATE,
        )  # fmt: skip
    connections = properties.get("privateEndpointConnections") or ()
    states = [_state_of(each) for each in connections]
    waiting = [state for state in states if state.casefold() != "approved"]
    if not states:
        ends = own.fact(NETWORK, "private-endpoints", "private endpoints", "none", "absent")
    elif waiting:
        told = f"{len(states)}, of which {len(waiting)} {', '.join(sorted(set(waiting)))}"
        ends = own.fact(
            NETWORK, "private-endpoints", "private endpoints", told, "warn", "approve or remove the connection"
        )
    else:
        ends = own.fact(NETWORK, "private-endpoints", "private endpoints", f"{len(states)} approved", "good")
    return access, ends


def _state_of(connection: Mapping[str, Any]) -> str:
    inner: Mapping[str, Any] = connection.get("properties") or {}
    return str((inner.get("privateLinkServiceConnectionState") or {}).get("status") or "unknown")


def _isolation(own: Reading, properties: Mapping[str, Any]) -> tuple[Fact, ...]:
    managed: Mapping[str, Any] = properties.get("managedNetwork") or {}
    mode = str(managed.get("isolationMode") or "")
    grades: dict[str, Grade] = {
        "allowonlyapprovedoutbound": "good",
        "allowinternetoutbound": "info",
        "disabled": "info",
    }
    grade = grades.get(mode.casefold(), "unknown")
    facts = [own.fact(NETWORK, "isolation", "managed network", mode or "not told", grade)]
    if properties.get("v1LegacyMode") is True:
        told = "on: operations of api v2 stay inside the virtual network"
        facts.append(own.fact(NETWORK, "v1-legacy", "v1 legacy mode", told, "info"))
    return tuple(facts)


def _firewall(read: Reading) -> Fact:
    """The service's own firewall, and whether Azure's trusted services pass it."""
    if read.properties is None:
        return read.unread(NETWORK, "firewall", "firewall")
    rules: Mapping[str, Any] = read.properties.get("networkAcls") or read.properties.get("networkRuleSet") or {}
    public = str(read.properties.get("publicNetworkAccess") or "Enabled")
    trusted = str(rules.get("bypass") or read.properties.get("networkRuleBypassOptions") or "")
    passes = "trusted services pass" if "azureservices" in trusted.casefold() else "trusted services do not pass"
    if public.casefold() in {"disabled", "securedbyperimeter"}:
        return read.fact(NETWORK, "firewall", "firewall", f"public access {public}, {passes}", "good")
    default = str(rules.get("defaultAction") or "Allow")
    if default.casefold() == "deny":
        return read.fact(NETWORK, "firewall", "firewall", f"chosen networks only, {passes}", "good")
    return read.fact(NETWORK, "firewall", "firewall", "open to all networks", "warn", "let only chosen networks in")
