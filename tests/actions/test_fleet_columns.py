"""The fleet's columns: what each says of good, bad, unknown and absent, what it costs, and where it is read instead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.guard.model import Severity
from actions.workspaces import WorkspaceRow, whole_fleet
from actions.workspaces.cells import Seen
from actions.workspaces.columns import ALL, BY_NAME, USUAL, beside, cells_of, grade_of, near, needs
from actions.workspaces.rows import access_findings, key_findings, keys_of, worst
from actions.workspaces.sources import OWN, WORKSPACES, query_of
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.estates.small import fleet as members
from azsim.faults import Fault
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import START
from tui.fleet_lines import FLEET_TITLES
from tui.fleet_lines import USUAL as SHOWN

GRAPH = "providers/Microsoft.ResourceGraph"
OPEN = {"publicNetworkAccess": "Enabled"}
EVERYTHING = tuple(column.name for column in ALL)
_BEHIND = {"network", "mode", "endpoints", "side"}
"""What is asked directly only where the lists do not tell it."""
LISTED = tuple(column.name for column in ALL if set(column.direct) <= _BEHIND)
PENDING = {"properties": {"privateLinkServiceConnectionState": {"status": "Pending"}}}
APPROVED = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}


def cell(name: str, own: Any = None, endpoints: Any = (), **linked: Any) -> tuple[str, str]:
    (text,) = cells_of((name,), Seen(own or {}, linked, endpoints))
    grade = BY_NAME[name].grade(text)
    return text, grade.value if grade else ""


@pytest.mark.parametrize(
    ("name", "own", "told"),
    [
        ("public-access", {"publicNetworkAccess": "Enabled"}, ("open", "warn")),
        ("public-access", {"publicNetworkAccess": "disabled"}, ("closed", "")),
        ("public-access", {}, ("?", "unknown")),
        ("private-endpoints", {"privateEndpointConnections": [APPROVED, APPROVED]}, ("2", "")),
        ("private-endpoints", {"privateEndpointConnections": [APPROVED, PENDING]}, ("1 of 2 approved", "warn")),
        ("private-endpoints", {"privateEndpointConnections": None}, ("-", "")),
        ("isolation", {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}, ("approved", "")),
        ("isolation", {"managedNetwork": {"isolationMode": "SomethingNew"}}, ("SomethingNew", "")),
        ("isolation", {"managedNetwork": None}, ("?", "unknown")),
        ("hbi", {"hbiWorkspace": True}, ("on", "")),
        ("hbi", {"hbiWorkspace": None}, ("?", "unknown")),
        ("datastores", {"systemDatastoresAuthMode": "AccessKey"}, ("keys", "")),
        ("datastores", {}, ("?", "unknown")),
        ("registry", {"containerRegistry": "/subscriptions/s/providers/x/registries/cr1"}, ("cr1", "")),
        ("insights", {"applicationInsights": None}, ("-", "")),
    ],
)
def test_what_a_workspace_says_itself(name: str, own: dict[str, Any], told: tuple[str, str]) -> None:
    assert cell(name, own) == told


@pytest.mark.parametrize(
    ("name", "source", "found", "told"),
    [
        ("shared-keys", "accounts", {}, ("allowed", "")),
        ("shared-keys", "accounts", {"allowSharedKeyAccess": False}, ("refused", "")),
        ("key-policy", "accounts", {"keyPolicy": {"keyExpirationPeriodInDays": 30}}, ("30d", "")),
        ("key-policy", "accounts", {"keyPolicy": None}, ("-", "")),
        ("https-only", "accounts", {"supportsHttpsTrafficOnly": True}, ("yes", "")),
        ("https-only", "accounts", {"supportsHttpsTrafficOnly": False}, ("no", "high")),
        ("https-only", "accounts", {}, ("?", "unknown")),
        ("tls", "accounts", {"minimumTlsVersion": "TLS1_2"}, ("1.2", "")),
        ("tls", "accounts", {"minimumTlsVersion": "TLS1_0"}, ("1.0", "warn")),
        ("storage-network", "accounts", {}, ("open", "warn")),
        ("storage-network", "accounts", {"publicNetworkAccess": "SecuredByPerimeter"}, ("closed", "")),
        ("storage-network", "accounts", {"networkAcls": {"defaultAction": "Deny"}}, ("chosen", "")),
        ("registry-network", "registries", {"networkRuleSet": {"defaultAction": "Deny"}}, ("chosen", "")),
        ("encryption", "accounts", {"encryption": {"keySource": "Microsoft.Keyvault"}}, ("own key", "")),
        ("vault-access", "vaults", {"enableRbacAuthorization": True}, ("roles", "")),
        ("purge-protection", "vaults", {"enablePurgeProtection": None}, ("off", "warn")),
        ("purge-protection", "vaults", {"enablePurgeProtection": True}, ("on", "")),
        ("soft-delete", "vaults", {"enableSoftDelete": False}, ("off", "high")),
        ("soft-delete", "vaults", {}, ("on", "")),
        ("registry-admin", "registries", {"adminUserEnabled": True}, ("on", "warn")),
        ("registry-tier", "registries", {"sku": {"name": "Premium"}}, ("Premium", "")),
        ("insights-key", "components", {"DisableLocalAuth": True}, ("refused", "")),
    ],
)
def test_what_a_linked_resource_says(name: str, source: str, found: dict[str, Any], told: tuple[str, str]) -> None:
    assert cell(name, **{source: found}) == told
    assert cell(name, **{source: None}) == ("?", "unknown"), "what cannot be seen is never green"
    assert cell(name) == ("-", ""), "there is none"


@pytest.mark.parametrize(
    ("name", "endpoints", "told"),
    [
        ("endpoint-network", [OPEN, OPEN, {"publicNetworkAccess": "Disabled"}], "1 private, 2 public"),
        ("endpoint-network", [], "-"),
        ("endpoint-network", None, "?"),
        ("endpoint-tls", [{"scoringUri": "http://20.50.1.2/score"}, {"scoringUri": "https://x/score"}], "1 plain"),
        ("endpoint-tls", [{"scoringUri": "https://x/score"}], "yes"),
        ("endpoint-tls", None, "?"),
    ],
)  # fmt: skip
def test_what_the_endpoints_say(name: str, endpoints: Any, told: str) -> None:
    found, grade = cell(name, endpoints=endpoints)
    assert found == told
    assert grade == ("high" if "plain" in told else "unknown" if told == "?" else "")


def row(*cells: str, findings: Any = ()) -> WorkspaceRow:
    return WorkspaceRow(
        id="/w", name="w", group="g", subscription="s", subscription_name="", region="r", kind="Default", storage="",
        severity=worst(findings), findings=tuple(findings), cells=cells, as_of="",
    )  # fmt: skip


def test_the_grade_is_that_of_what_is_shown() -> None:
    keys = key_findings("w", keys_of({}), START, by_identity=False)
    assert grade_of(row(findings=keys), USUAL, ()) is Severity.WARN
    assert grade_of(row("1.2", findings=keys), ("workspace", "tls"), ("tls",)) is None, "the keys are not shown"
    assert grade_of(row("no", findings=keys), ("keys", "https-only"), ("https-only",)) is Severity.HIGH
    assert grade_of(row("?"), ("tls",), ("tls",)) is Severity.UNKNOWN
    assert grade_of(row("no"), ("workspace",), ("https-only",)) is None, "read for the filter, not shown"
    assert grade_of(row(findings=keys), ("identity",), ()) is None
    assert grade_of(row(findings=keys), ("findings",), ()) is Severity.WARN
    assert access_findings(None) == ()


def test_a_column_costs_only_what_it_is_read_from() -> None:
    assert needs(("workspace", "region", "cmk", "storage", "subscription")) == {}
    assert needs(("tls", "https-only")) == {"accounts": ("minimumTlsVersion", "supportsHttpsTrafficOnly")}
    assert set(needs(USUAL)) == {"accounts", "grants", "vaults", "endpoints"}
    assert "accessPolicies" not in needs(("purge-protection",))["vaults"]
    assert query_of(WORKSPACES, (*OWN, "hbiWorkspace")).endswith(
        "hbiWorkspace = properties.hbiWorkspace | order by id asc"
    )


def test_names_are_told_and_known_to_the_interfaces() -> None:
    assert len(BY_NAME) == len(ALL)
    assert SHOWN == USUAL
    assert len(FLEET_TITLES) == len(USUAL)
    assert near("purg") == "; near it: purge-protection"
    assert near("xyzzy") == ""
    assert beside(EVERYTHING) == tuple(name for name in EVERYTHING if BY_NAME[name].read)


# --- through the real cloud layer


def asked_for(sim: Cloud, before: int) -> list[str]:
    return [f"{entry.method} {entry.path.partition('?')[0]}" for entry in sim.ledger.since(before)]


async def listed(sim: Cloud, columns: tuple[str, ...]) -> tuple[dict[str, dict[str, str]], tuple[str, ...], list[str]]:
    """The cells by workspace and column, what could not be read, and the requests behind the sign-in."""
    cloud = rehearsed(sim)
    await cloud.signed_in()
    before = sim.ledger.last
    rows, unread = await whole_fleet(cloud, (), columns)
    cells = {each.name: dict(zip(beside(columns), each.cells, strict=True)) for each in rows}
    assert {entry.kind for entry in sim.ledger.since(before)} == {"read"}, "never a secret"
    return cells, unread, asked_for(sim, before)


async def test_the_demo_estate_says_how_it_is_secured() -> None:
    cells, unread, _ = await listed(Cloud(demo()), LISTED)
    assert unread == ()
    assert {each["purge-protection"] for each in cells.values()} == {"off"}
    assert cells["network-pilot"]["private-endpoints"] == "0 of 1 approved"
    assert cells["recsys"]["tls"] == "1.0"
    assert {each["hbi"] for each in cells.values()} == {"on", "off"}
    assert cells["sandbox"]["datastores"] == "identity"


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("columns", "sources"),
    [
        (("workspace", "region", "cmk", "public-access"), 0),
        (("tls",), 1),
        (("purge-protection", "vault-network"), 1),
        (USUAL, 4),
        (LISTED, 9),
    ],
    ids=["its own", "one", "one for two", "usual", "all"],
)
async def test_two_thousand_workspaces_take_the_pages_that_there_are(columns: tuple[str, ...], sources: int) -> None:
    """Pages of 1,000 for each source that is needed, and two requests more: the names, and a page that may be short."""
    count = 2_000
    sim = Cloud(members(count))
    cells, unread, asked = await listed(sim, columns)
    assert (len(cells), unread) == (count, ())
    held = {
        "workspaces": count, "accounts": count // 5, "vaults": count // 5, "grants": len(sim.world.access.assignments),
        "endpoints": count // 10, "registries": 0, "components": 0,
        "assignments": len(sim.world.access.assignments), "roles": len(sim.world.access.definitions),
        "containers": len(sim.world.subscriptions),
    }  # fmt: skip
    least = sum(max(-(-held[name] // 1000), 1) for name in ("workspaces", *needs(columns)) if name in held)
    assert len(set(needs(columns)) - {"workspaces"}) == sources
    assert len(asked) <= least + 2


async def test_the_same_where_resource_graph_throttles() -> None:
    sim = Cloud(
        {**members(1_200), "behaviour": {"throttling": True}}, clock=FixedClock(START, timedelta(milliseconds=10))
    )
    for _ in range(3):
        cells, unread, _ = await listed(sim, LISTED)
        assert (len(cells), unread) == (1_200, ())
    assert {entry.status for entry in sim.ledger.entries if "ResourceGraph" in entry.path} == {200}


async def test_without_resource_graph_the_providers_say_the_same() -> None:
    """What the workspaces' own list leaves out is read from each of them, and so are endpoints, which no provider lists."""
    blind = Cloud(demo(), faults=(Fault(kind="status", status=403, code="Forbidden", route=GRAPH),))
    direct, unread, asked = await listed(blind, LISTED)
    seen, _, _ = await listed(Cloud(demo()), LISTED)
    assert {name for one in seen for name in seen[one] if direct[one][name] != seen[one][name]} == set()
    assert "?" not in {direct[one][name] for one in direct for name in ("isolation", "datastores", "endpoint-tls")}
    assert [reason.partition(" could not")[0] for reason in unread] == [
        "endpoints",
        "the management groups of subscriptions",
    ]
    assert any(path.endswith("Microsoft.ContainerRegistry/registries") for path in asked)
    assert len([path for path in asked if path.rpartition("/")[2] in direct]) == len(direct), "each workspace once"


@pytest.mark.parametrize(("name", "told"), [("isolation", "off"), ("datastores", "keys")])
async def test_the_usual_list_and_what_resource_graph_knows_ask_no_workspace(name: str, told: str) -> None:
    cells, _, asked = await listed(Cloud(demo()), (*USUAL, name))
    assert told in {each[name] for each in cells.values()}
    assert not [path for path in asked if path.rpartition("/")[2] in cells]


async def test_a_provider_that_refuses_leaves_its_own_columns_unknown() -> None:
    faults = (
        Fault(kind="status", status=403, code="Forbidden", route=GRAPH),
        Fault(kind="status", status=403, code="AuthorizationFailed", route="providers/Microsoft.KeyVault/vaults$"),
    )
    cells, unread, _ = await listed(Cloud(demo(), faults=faults), ("purge-protection", "tls"))
    assert {each["purge-protection"] for each in cells.values()} == {"?"}
    assert "?" not in {each["tls"] for each in cells.values()}
    (reason,) = unread
    assert reason.startswith("key vaults could not be read")


async def test_what_the_caller_may_not_see_is_unknown_and_not_absent() -> None:
    document = demo()
    hidden = next(each for each in document["resources"] if each["id"].endswith("registries/cradsbidding1913"))
    document["resources"].remove(hidden)
    cells, unread, _ = await listed(Cloud(document), ("registry", "registry-admin"))
    assert cells["ads-bidding"] == {"registry": "cradsbidding1913", "registry-admin": "?"}
    assert (cells["churn"]["registry-admin"], unread) == ("on", ())


async def test_a_type_that_resource_graph_does_not_know_is_read_from_its_provider() -> None:
    sim = blinded(Cloud(demo()), "microsoft.containerregistry/registries")
    cells, unread, asked = await listed(sim, ("registry-admin",))
    assert {each["registry-admin"] for each in cells.values()} == {"on"}
    assert unread == ()
    assert sum("Microsoft.ContainerRegistry" in path for path in asked) == 3, "one a subscription"


async def test_a_property_that_resource_graph_does_not_know_is_read_from_the_provider() -> None:
    sim = blinded(Cloud(demo()), "properties.publicNetworkAccess", "properties.nothingOfTheKind")
    cells, unread, asked = await listed(sim, ("public-access", "isolation"))
    assert {each["public-access"] for each in cells.values()} == {"open", "closed"}
    assert unread == ()
    assert sum(path.endswith("MachineLearningServices/workspaces") for path in asked) == 3


def blinded(sim: Cloud, word: str, other: str = "microsoft.nothing/ofthekind") -> Cloud:
    """A cloud whose Resource Graph does not know a type or a property."""
    handle = sim.handle

    def asked(request: Any) -> Any:
        if GRAPH in request.path:
            request = type(request)(
                request.method, request.url, request.headers, request.body.replace(word.encode(), other.encode())
            )
        return handle(request)

    sim.handle = asked  # type: ignore[method-assign]
    return sim
