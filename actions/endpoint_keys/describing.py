"""The endpoints of a workspace told to people, and what somebody who hands a key over needs to know."""

from __future__ import annotations

from datetime import datetime, timedelta

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud
from actions.endpoint_keys import reading
from actions.endpoint_keys.doing import of_slot
from actions.endpoint_keys.state import Endpoint, EndpointKeysInspection, Traffic
from actions.guard.bars import sparkline
from actions.guard.contract import Description, Table
from actions.guard.model import Step
from actions.guard.secret import Fingerprint, short

_KINDS = {"managed": "managed", "kubernetes": "Kubernetes", "serverless": "serverless", "batch": "batch",
          "service": "v1 service"}  # fmt: skip
_AUTH = {"key": "key", "amltoken": "Azure ML token", "aadtoken": "Entra token", "aad": "Entra token",
         "keyandaad": "key or Entra token", "none": "none"}  # fmt: skip


def describe(found: EndpointKeysInspection) -> Description:
    """Give the inspection as facts and tables."""
    rotating = [item for item in found.endpoints if item.rotates]
    facts = [
        ("workspace", found.workspace),
        ("endpoints", f"{len(found.endpoints)}, {len(rotating)} of them with keys that are rotated here"),
        *([("chosen", ", ".join(found.chosen))] if found.chosen else []),
    ]
    if found.vault is not None:
        facts.append(("new key goes to", f"secret {found.vault.secret} of vault {found.vault.name}"))
    tables = (_endpoints(found), _traffic(found), _keys(rotating))
    return Description(facts=(*facts, ("as of", found.as_of)), tables=tuple(table for table in tables if table.rows))


def _endpoints(found: EndpointKeysInspection) -> Table:
    rows = tuple(
        (item.name, _KINDS[item.kind], _AUTH.get(item.auth, item.auth), item.network or "-",
         "rotates" if item.rotates else item.why)
        for item in found.endpoints
    )  # fmt: skip
    states = tuple(
        "unknown" if item.problem else "warn" if item.kind == "service" else "ok" if item.rotates else "info"
        for item in found.endpoints
    )
    return Table(
        title="Endpoints", columns=("endpoint", "kind", "authentication", "network", "keys"), rows=rows, states=states
    )


def _traffic(found: EndpointKeysInspection) -> Table:
    """The last day of every endpoint that has a metric for it."""
    online = [item for item in found.endpoints if item.kind in ("managed", "kubernetes")]
    rows = tuple((item.name, sparkline(item.traffic.hours) or "-", *_counted(item.traffic)) for item in online)
    columns = ("endpoint", "requests an hour", "in all", "4xx", "5xx")
    return Table(title="Requests of the last day", columns=columns, rows=rows)


def _counted(traffic: Traffic) -> tuple[str, str, str]:
    if traffic.problem:
        return f"not readable ({traffic.problem})", "-", "-"
    return f"{traffic.total:.0f}", f"{traffic.classes.get('4xx', 0):.0f}", f"{traffic.classes.get('5xx', 0):.0f}"


def _keys(endpoints: list[Endpoint]) -> Table:
    rows = tuple(
        (item.name, _print(item.primary), _print(item.secondary), _when(item.rotated), item.ours or "none")
        for item in endpoints
    )
    columns = ("endpoint", "Primary", "Secondary", "last replaced (activity log)", "by amlkeys")
    return Table(title="Keys, by fingerprint", columns=columns, rows=rows)


def _print(fingerprint: str) -> str:
    return short(Fingerprint(fingerprint)) if fingerprint else "not read"


def _when(text: str) -> str:
    if not text or text.startswith("not"):
        return text or "not in the last 90 days"
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}Z"


async def brief(step: Step, cloud: Cloud, since: str) -> tuple[str, ...]:
    """What to tell the clients while a key is handed over, and how they have fared since; reads one pair of keys."""
    endpoint, to, dies = ResourceId(step.subject), step.arguments["to"], step.arguments["dies"]
    new = of_slot(await cloud.endpoint_keys(endpoint), to).fingerprint()
    return (
        f"Tell the clients of {endpoint.name}: use the {to} key, fingerprint {short(new)}, from {step.arguments['place']}.",
        f"When the run is resumed, the {dies} key dies. No metric tells which client uses which key.",
        await fares(step, cloud, since),
    )


async def fares(step: Step, cloud: Cloud, since: str) -> str:
    """How the clients have fared since a key is handed over: their requests and those that were refused; no secret."""
    endpoint = ResourceId(step.subject)
    span = max(cloud.now() - datetime.fromisoformat(since), timedelta(minutes=5))
    if not endpoint.type.endswith("/onlineendpoints"):
        return "Azure counts no requests of serverless endpoints, so there is nothing to watch."
    grain = "PT1M" if span <= timedelta(hours=6) else "PT1H"
    span = min(span, timedelta(days=30))
    traffic = await reading.traffic(cloud, endpoint, span, grain)
    if traffic.problem:
        return f"The requests since then cannot be read ({traffic.problem})."
    refused = await reading.refused_since(cloud, endpoint, span)
    told = "an unknown number" if refused is None else f"{refused:.0f}"
    rate = traffic.total / (span.total_seconds() / 3600)
    recent = sparkline(traffic.hours[-24:])
    return f"Since then: {traffic.total:.0f} requests ({rate:.0f} an hour), {told} refused with 401. {recent}"
