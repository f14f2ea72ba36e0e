"""The guarded action `endpoint-keys`: both keys of endpoints replaced, with time for their clients in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud
from actions.endpoint_keys import describing, doing, planning, reading, steps
from actions.endpoint_keys.findings import findings
from actions.endpoint_keys.state import (
    Endpoint,
    EndpointKeysGoal,
    EndpointKeysInspection,
    EndpointKeysOptions,
    Vault,
)
from actions.guard.contract import Description, Hand, Past, no_past
from actions.guard.model import Progress, Proof, Risk, Step, Steps
from actions.guard.secret import Secret


class EndpointKeys:
    """Replaces the idle key, waits until a person has moved the clients to it, then replaces the other one."""

    name = "endpoint-keys"
    title = "Endpoint keys, with a hand-over"
    summary = "Replace the keys of a workspace's endpoints, and wait in between until the clients have been told."
    target_kind = "workspace or endpoint"
    secret_reads = (
        "It lists the keys of endpoints that have any (secret reads, which Azure logs) to tell by fingerprint which one "
        "changed; no key is shown or kept."
    )
    options = EndpointKeysOptions
    inspection = EndpointKeysInspection
    goal_type = EndpointKeysGoal

    def __init__(self) -> None:
        self._past: Past = no_past

    def recall(self, past: Past) -> None:
        """Take a way to ask our own journal what was done before."""
        self._past = past

    async def inspect(
        self,
        cloud: Cloud,
        target: ResourceId,
        options: EndpointKeysOptions,
        *,
        last: EndpointKeysInspection | None = None,
        step: Step | None = None,
    ) -> EndpointKeysInspection:
        """Read every endpoint (their keys by secret read); with `last` and `step` only the endpoint of that step."""
        if last is not None and step is not None:
            return await _one(cloud, last, step)
        workspace = target.parent if target.type.endswith("endpoints") else target
        (listed, unlisted), vault, rotated, resource = await asyncio.gather(
            reading.endpoints(cloud, workspace), reading.find_vault(cloud, options.publish),
            reading.rotations(cloud, workspace), cloud.workspace(workspace),
        )  # fmt: skip
        names = list(options.endpoint)
        chosen = tuple(item.key for item in listed if _named(item, names) or item.id.casefold() == target.key)
        wanted = [item for item in listed if item.rotates and (not chosen or item.key in chosen)]
        keyed = dict(zip((item.key for item in wanted), await _with_keys(cloud, wanted, vault), strict=True))
        full = await asyncio.gather(*(self._told(cloud, keyed.get(item.key, item), rotated) for item in listed))
        found = tuple(full)
        known = {name.casefold() for item in listed for name in (item.name, item.key)}
        unknown = tuple(name for name in names if name.casefold() not in known)
        if target != workspace and not chosen:
            unknown = (*unknown, target.name)
        return EndpointKeysInspection(
            target=target.text, name=workspace.name, as_of=cloud.now().isoformat(), workspace=workspace.text,
            region=str(resource.raw.get("location") or ""), endpoints=found, chosen=chosen, slots=options.slots,
            vault=vault, unlisted=unlisted, unknown=unknown,
            findings=findings(found, unlisted, vault, options, cloud.now()),
        )  # fmt: skip

    async def _told(self, cloud: Cloud, endpoint: Endpoint, rotated: dict[str, str] | str) -> Endpoint:
        """Add the last day's requests, and what is known of earlier replacements."""
        online = endpoint.kind in ("managed", "kubernetes")
        traffic = (
            await reading.traffic(cloud, ResourceId(endpoint.id), timedelta(days=1)) if online else endpoint.traffic
        )
        logged = "" if isinstance(rotated, str) else rotated.get(endpoint.id.casefold(), "")
        ours, handed = "", ""
        for deed in self._past(self.name, endpoint.id):
            if deed.kind == steps.REGENERATE:
                ours = f"{deed.at} in run {deed.run}"
                handed = "" if deed.arguments["slot"] == handed else handed
            elif deed.kind == steps.HAND_OVER:
                handed = deed.arguments["to"]
        return msgspec.structs.replace(endpoint, traffic=traffic, rotated=logged, ours=ours, handed=handed)

    def goal(self, inspection: EndpointKeysInspection, options: EndpointKeysOptions) -> EndpointKeysGoal:
        """Freeze the keys as they are, and the operator's choices."""
        return planning.goal_of(inspection, options)

    def plan(
        self,
        goal: EndpointKeysGoal,
        inspection: EndpointKeysInspection,
        decided: dict[str, str],
        progress: Progress,
    ) -> Steps:
        """Give what remains; pure."""
        return planning.plan_of(goal, inspection, decided, progress)

    async def do(self, step: Step, hand: Hand) -> dict[str, str]:
        """Make one change."""
        return await doing.do(step, hand)

    async def prove(self, step: Step, hand: Hand) -> Proof:
        """Verify one change by reading."""
        return await doing.prove(step, hand)

    def confirmation(self, inspection: EndpointKeysInspection, risk: Risk) -> tuple[str, str]:
        """The endpoint's name where it is one, else the workspace's; and the keys that die."""
        candidates = [item for item in inspection.candidates if item.rotates]
        name = candidates[0].name if len(candidates) == 1 else inspection.name
        return name, "+".join(inspection.slots) if risk is Risk.IRREVERSIBLE else ""

    def describe(self, inspection: EndpointKeysInspection) -> Description:
        """Give the inspection as facts and tables."""
        return describing.describe(inspection)

    async def brief(self, step: Step, cloud: Cloud, since: str) -> tuple[str, ...]:
        """Tell what a person needs to know while a hand-over lasts."""
        return await describing.brief(step, cloud, since) if step.kind == steps.HAND_OVER else ()

    async def fares(self, step: Step, cloud: Cloud, since: str) -> str:
        """Tell how the clients have fared since a hand-over began."""
        return await describing.fares(step, cloud, since) if step.kind == steps.HAND_OVER else ""

    async def secret_of(self, step: Step, cloud: Cloud) -> Secret:
        """Read the key that a hand-over is about, for the one screen that shows it."""
        return doing.of_slot(await cloud.endpoint_keys(ResourceId(step.subject)), step.arguments["to"])


def _named(endpoint: Endpoint, names: list[str]) -> bool:
    return any(name.casefold() in {endpoint.name.casefold(), endpoint.key.casefold()} for name in names)


async def _with_keys(cloud: Cloud, endpoints: list[Endpoint], vault: Vault | None) -> list[Endpoint]:
    return await asyncio.gather(*(reading.with_keys(cloud, item, vault) for item in endpoints))


async def _one(cloud: Cloud, last: EndpointKeysInspection, step: Step) -> EndpointKeysInspection:
    """Read one endpoint anew and keep the rest; the time is that of this reading."""

    async def fresh(item: Endpoint) -> Endpoint:
        return await reading.anew(cloud, item, last.vault) if item.id.casefold() == step.subject.casefold() else item

    found = [await fresh(item) for item in last.endpoints]
    return msgspec.structs.replace(last, endpoints=tuple(found), as_of=cloud.now().isoformat())
