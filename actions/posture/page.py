"""One workspace's whole page: all sections, read side by side: no secret, and nothing that is changed."""

from __future__ import annotations

import asyncio

import msgspec

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud
from actions.posture.cosmos import read_cosmos
from actions.posture.data_at_rest import read_impact, read_registry, read_storage
from actions.posture.encryption import read_encryption
from actions.posture.facts import Fact, Section, Subject, stamp
from actions.posture.flows import read_flows
from actions.posture.grants import read_grants
from actions.posture.identity import read_identity
from actions.posture.linked import read_linked
from actions.posture.others import read_others
from actions.posture.own_rights import read_own_rights
from actions.posture.perimeter import read_network
from actions.posture.serving import read_computes, read_endpoints, read_insights
from actions.posture.sign_in import read_sign_in
from actions.posture.support import read_support
from actions.posture.traffic import read_traffic
from actions.posture.vault import read_vault


async def nothing(_subject: Subject) -> tuple[Fact, ...]:
    """For a section whose facts come with another's reading, so that no list is asked for twice."""
    return ()


SECTIONS = (
    Section("sign-in", "Sign-in", read_sign_in),
    Section("rights", "What I may do here", read_own_rights),
    Section("others", "What others may do here", read_others),
    Section("endpoints", "Endpoints and services", read_endpoints),
    Section("identity", "Managed identity", read_identity),
    Section("support", "Support apps in the subscription", read_support),
    Section("network", "Network", read_network),
    Section("impact", "High business impact", read_impact),
    Section("storage", "Storage", read_storage),
    Section("encryption", "Encryption key", read_encryption),
    Section("cosmos", "Metadata and Cosmos DB", read_cosmos),
    Section("registry", "Container registry", read_registry),
    Section("computes", "Computes", read_computes),
    Section("vault", "Key vault", read_vault),
    Section("insights", "Application Insights", read_insights),
    Section("scoring", "Scoring requests", nothing),
    Section("clusters", "Kubernetes clusters", nothing),
    Section("traffic", "Traffic", read_traffic),
    Section("flows", "What each flow stands on", read_flows),
)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """How one workspace is secured, as of one time; the facts stand in the order of `SECTIONS`."""

    workspace: str
    name: str
    as_of: str
    facts: tuple[Fact, ...]

    def count(self) -> dict[str, int]:
        """How many facts have each grade."""
        grades = [fact.grade for fact in self.facts]
        return {grade: grades.count(grade) for grade in dict.fromkeys(grades)}


async def read_page(cloud: Cloud, workspace: ResourceId) -> Page:
    """Read a workspace's page without any secret; raises `CloudError` where the workspace itself cannot be read."""
    found = await cloud.workspace(workspace)
    as_of = stamp(cloud)
    async with asyncio.TaskGroup() as group:
        linked, grants = (group.create_task(read_linked(cloud, found)), group.create_task(read_grants(cloud, found)))
        subject = Subject(found, as_of, cloud, linked, grants)
        parts = await asyncio.gather(*(section.read(subject) for section in SECTIONS))
    order = [section.name for section in SECTIONS]
    facts = sorted((fact for part in parts for fact in part), key=lambda fact: order.index(fact.section))
    return Page(workspace=found.id.text, name=found.name, as_of=as_of, facts=tuple(facts))
