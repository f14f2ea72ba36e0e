"""Columns of rights and of what is asked of each workspace by itself: their words, what they cost, and what fails alone."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.workspaces import FleetPage, fleet, whole_fleet
from actions.workspaces.cells import PENDING, Seen
from actions.workspaces.columns import ALL, BY_NAME, USUAL, beside, cells_of, directs
from actions.workspaces.direct import DUE, PAGE, Readings
from actions.workspaces.direct_reads import DIRECT, App, Change, Mine
from actions.workspaces.roles import Held, Rights, role_of
from azsim.cloud import Cloud
from azsim.estates.book import OWNER
from azsim.estates.demo import demo
from azsim.estates.small import fleet as members
from azsim.faults import Fault
from tests.actions.test_fleet_columns import asked_for
from tests.support.rehearsed import rehearsed

S = "/subscriptions/s1"
WORKSPACE = ResourceId(f"{S}/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w")
VAULT = f"{S}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
ROLES = dict(
    role_of({"id": f"/providers/Microsoft.Authorization/RoleDefinitions/{name}", "properties": told})
    for name, told in {
        "owner": {"roleName": "Owner", "type": "BuiltInRole", "permissions": [{"actions": ["*"]}]},
        "reader": {"roleName": "Reader", "type": "BuiltInRole", "permissions": [{"actions": ["*/read"]}]},
        "tuner": {
            "roleName": "ML tuner", "type": "CustomRole",
            "permissions": [{"actions": ["Microsoft.MachineLearningServices/workspaces/*"]}],
        },
        "looker": {
            "roleName": "Looker", "type": "CustomRole",
            "permissions": [{"actions": ["Microsoft.MachineLearningServices/workspaces/read"]}],
        },
    }.items()
)  # fmt: skip
HERE, ABOVE = f"{S}/resourceGroups/g", "/providers/Microsoft.Management/managementGroups/root"


def rights(*held: tuple[str, str, str]) -> Rights:
    return Rights([Held(who, "User", role, scope) for who, role, scope in held], ROLES)


def told(name: str, seen: Seen) -> tuple[str, str]:
    (text,) = cells_of((name,), seen)
    grade = BY_NAME[name].grade(text)
    return text, grade.value if grade else ""


def at(found: Rights | None = None, own: Any = None, **more: Any) -> Seen:
    return Seen(own or {}, more.pop("linked", {}), (), WORKSPACE, rights=found, **more)


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("can-regenerate", rights(("ada", "owner", HERE)), ("1", "")),
        ("can-regenerate", rights(("ada", "owner", HERE), ("bob", "owner", S)), ("2, 1 wide", "warn")),
        ("can-regenerate", rights(("ada", "owner", HERE), ("ada", "tuner", HERE)), ("1", "")),
        ("can-regenerate", rights(("ada", "tuner", S)), ("1", "")),
        ("can-regenerate", rights(("ada", "tuner", ABOVE), ("eve", "reader", S)), ("1, 1 wide", "warn")),
        ("can-regenerate", rights(("ada", "reader", S)), ("-", "")),
        ("can-regenerate", rights(("ada", "reader", S), ("bob", "unheard-of", S)), ("-, rest ?", "unknown")),
        ("can-regenerate", rights(("ada", "owner", "/subscriptions/s2")), ("?", "unknown")),
        ("can-regenerate", Rights(None, ROLES), ("?", "unknown")),
        ("can-regenerate", Rights([Held("ada", "User", "owner", S)], None), ("?", "unknown")),
        ("can-assign", rights(("ada", "owner", f"{HERE}/providers/x/other/y"), ("bob", "tuner", S)), ("-", "")),
        ("custom-roles", rights(("ada", "owner", S)), ("-", "")),
        ("custom-roles", rights(("ada", "looker", S)), ("1", "")),
        ("custom-roles", rights(("ada", "looker", S), ("bob", "tuner", HERE)), ("2, 1 wide", "warn")),
        ("custom-roles", None, ("?", "unknown")),
    ],
)
def test_who_can_do_what(name: str, found: Rights | None, expected: tuple[str, str]) -> None:
    assert told(name, at(found)) == expected


def test_a_management_group_counts_for_the_subscriptions_below_it() -> None:
    held = [Held("ada", "User", "owner", ABOVE), Held("bob", "User", "owner", HERE), Held("eve", "User", "owner", "/")]
    for above, many in (
        ({"s1": frozenset({"root"})}, "3, 2 wide"),
        ({"s1": frozenset({"others"})}, "2, 1 wide"),
        ({}, "3, 2 wide"),
    ):
        assert told("can-assign", at(Rights(held, ROLES, above)))[0] == many


def test_a_vaults_policies_let_read_secrets_too() -> None:
    found, own = rights(("ada", "owner", HERE)), {"keyVault": VAULT}
    policies = [
        {"objectId": "bob", "permissions": {"secrets": ["Get"]}},
        {"objectId": "eve", "permissions": {"keys": ["get"]}},
    ]
    by_policy, by_roles = {"accessPolicies": policies}, {"accessPolicies": policies, "enableRbacAuthorization": True}
    assert told("can-read-secrets", at(found, own, linked={"vaults": by_policy})) == ("2", "")
    assert told("can-read-secrets", at(found, own, linked={"vaults": by_roles})) == ("1", "")
    assert told("can-read-secrets", at(found, own, linked={"vaults": None})) == ("1, rest ?", "unknown")
    assert told("can-regenerate", at(found, own, linked={"vaults": by_policy})) == ("1", "")


def compute(
    kind: str, local: bool | None = None, identity: str = "", resource: str = "", **inner: Any
) -> dict[str, Any]:
    return {
        "computeType": kind, "properties": inner, "disableLocalAuth": local, "resourceId": resource,
        "identity": {"type": identity} if identity else None,
    }  # fmt: skip


AKS = f"{HERE}/providers/Microsoft.ContainerService/managedClusters/aks1"
CLUSTERS = {AKS.casefold(): {"disableLocalAccounts": False}, f"{AKS}2".casefold(): {"disableLocalAccounts": True}}
KEYED = {"encryption": {"status": "Enabled"}}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("computes", (compute("AmlCompute"), compute("AKS")), ("2", "")),
        ("computes", (), ("-", "")),
        ("ssh", (compute("AmlCompute", remoteLoginPortPublicAccess="Disabled"),), ("closed", "")),
        ("ssh", (compute("ComputeInstance", sshSettings={"sshPublicAccess": "Enabled"}),), ("1 open", "high")),
        ("ssh", (compute("AKS"),), ("-", "")),
        ("node-address", (compute("AmlCompute", enableNodePublicIp=True),), ("1 public", "")),
        ("node-address", (compute("AmlCompute", enableNodePublicIp=False),), ("private", "")),
        ("compute-accounts", (compute("AmlCompute", local=False), compute("AmlCompute", local=True)), ("1 on", "")),
        ("compute-accounts", (compute("AmlCompute", local=True),), ("off", "")),
        ("compute-identity", (compute("AmlCompute", identity="SystemAssigned"), compute("AmlCompute")), ("1 of 2", "")),
        ("compute-identity", (compute("AKS"),), ("-", "")),
        ("clusters", (compute("AKS", resource=AKS), compute("AmlCompute")), ("1", "")),
        ("cluster-accounts", (compute("AKS", resource=AKS),), ("1 on", "warn")),
        ("cluster-accounts", (compute("AKS", resource=f"{AKS}2"),), ("off", "")),
        ("cluster-accounts", (compute("AKS", resource=f"{AKS}3"),), ("?", "unknown")),
        ("cluster-accounts", (compute("AKS", resource=AKS), compute("AKS", resource=f"{AKS}3")), ("1 on, rest ?", "unknown")),
        ("cluster-accounts", (compute("AmlCompute"),), ("-", "")),
        ("v1-services", ({"authEnabled": True}, {"authEnabled": False}), ("2, 1 open", "high")),
        ("v1-services", ({"aadAuthEnabled": True},), ("1", "")),
        ("v1-services", (), ("-", "")),
        ("v1-tls", ({"sslEnabled": False},), ("1 plain", "high")),
        ("v1-tls", ({"sslEnabled": True},), ("yes", "")),
        ("logs", 1, ("sent", "")),
        ("logs", 0, ("none", "warn")),
        ("vault-logs", 0, ("none", "warn")),
        ("scoring-logs", ({"appInsightsEnabled": True}, {"appInsightsEnabled": False}), ("1 silent", "warn")),
        ("scoring-logs", ({"appInsightsEnabled": True},), ("on", "")),
        ("scoring-logs", (), ("-", "")),
        ("vault-secrets", ("fine", "old", "expired", "expired"), ("2 expired", "high")),
        ("vault-secrets", ("fine", "old", "soon"), ("1 soon", "warn")),
        ("vault-secrets", ("fine",), ("ok", "")),
        ("vault-secrets", (), ("-", "")),
        ("key-calls", (10.0, 20.4), ("30", "")),
        ("key-calls", (), ("-", "")),
        ("runs", (1.0,), ("1", "")),
        ("last-change", Change(3, failed=False), ("3d", "")),
        ("last-change", Change(0, failed=True), ("0d failed", "warn")),
        ("last-change", (), ("-", "")),
        ("providers", (), ("ok", "")),
        ("providers", ("Microsoft.Search",), ("1 missing", "high")),
        ("support-apps", (App("app", "likely"),), ("1 held", "warn")),
        ("support-apps", (App("strong", "likely"), App("app", "own")), ("2, 1 assigning", "critical")),
        ("support-apps", (App("elsewhere", "likely"),), ("-", "")),
        ("ml-app", frozenset({"strong"}), ("there", "")),
        ("ml-app", frozenset({"app"}), ("missing", "warn")),
        ("my-roles", Mine((Held("ada", "User", "owner", S), Held("grp", "Group", "reader", HERE))), ("Owner, Reader", "")),
        ("my-roles", Mine((Held("ada", "User", "owner", "/subscriptions/s2"),)), ("-", "")),
        ("my-roles", Mine((Held("ada", "User", "owner", "/subscriptions/s2"),), whole=False), ("?", "unknown")),
        ("my-roles", Mine((Held("ada", "User", "owner", S),), whole=False), ("Owner, rest ?", "unknown")),
    ],
)  # fmt: skip
def test_what_is_asked_directly_says(name: str, value: Any, expected: tuple[str, str]) -> None:
    (source, *_) = BY_NAME[name].direct
    found = rights(("strong", "owner", S), ("app", "reader", S))
    seen = at(found, KEYED, clusters=CLUSTERS)
    assert told(name, seen._replace(direct={source: value})) == expected
    assert told(name, seen._replace(direct={source: None})) == ("?", "unknown"), "what cannot be read is never green"
    assert told(name, seen._replace(direct={source: PENDING})) == ("", ""), "while it is being asked"
    assert told(name, seen._replace(direct={})) == ("-", ""), "there is nothing to ask"


def test_who_keeps_the_metadata() -> None:
    assert told("metadata", at()) == ("Microsoft", "")
    assert told("metadata", at(own={**KEYED, "enableServiceSideCMKEncryption": True})) == ("service side", "")
    asked = at(own=KEYED, direct={"side": {"enableServiceSideCMKEncryption": True}})
    assert told("metadata", asked) == ("service side", "")
    assert told("metadata", at(own=KEYED, direct={"side": {}})) == ("managed group", "")
    assert told("metadata", at(own=KEYED, direct={"side": None})) == ("?", "unknown")
    assert told("ml-app", asked._replace(direct={**asked.direct, "ml-app": frozenset()})) == ("-", "")


def test_what_is_asked_directly_says_so() -> None:
    fallbacks = {"isolation", "datastores", "endpoint-network", "endpoint-tls", "metadata", "scoring-logs"}
    for column in ALL:
        assert set(column.direct) <= set(DIRECT)
        assert bool(column.direct) is ("asked" in column.meaning or column.name in fallbacks), column.name
    assert directs(USUAL) == ()


# --- through the real cloud layer

ASKED = tuple(column.name for column in ALL if "asked" in column.meaning)


async def pages_of(
    sim: Cloud, columns: tuple[str, ...], readings: Readings | None = None
) -> tuple[list[FleetPage], list[str]]:
    cloud = rehearsed(sim)
    await cloud.signed_in()
    before = sim.ledger.last
    pages = [page async for page in fleet(cloud, (), columns, readings)]
    assert {entry.kind for entry in sim.ledger.since(before)} <= {"read"}, "never a secret"
    return pages, [each for each in asked_for(sim, before) if "ResourceGraph" not in each]


def cells(pages: list[FleetPage], columns: tuple[str, ...], place: int = 0) -> dict[str, str]:
    """The last known cell of a column by workspace."""
    number = beside(columns).index(columns[place])
    return {row.name: row.cells[number] for page in pages for row in page.rows if row.cells}


async def test_the_demo_estate_tells_what_it_is_asked() -> None:
    sim = Cloud(demo())
    rows, unread = await whole_fleet(rehearsed(sim), (), ASKED)
    found = {row.name: dict(zip(beside(ASKED), row.cells, strict=True)) for row in rows}
    assert len(found) == 47
    assert {each["ssh"] for each in found.values()} == {"-", "1 open", "closed"}
    assert {each["my-roles"] for each in found.values()} >= {"Owner", "Reader"}
    assert {each["logs"] for each in found.values()} == {"sent", "none"}
    assert found["search-rank"]["vault-secrets"] == "1 expired"
    assert found["churn"]["vault-secrets"] == "?", "one may not list them"
    assert any(each["support-apps"].endswith("assigning") for each in found.values())
    (reason,) = unread
    assert reason.startswith("names and times of secrets of 43 vaults could not be read: ")


async def test_each_is_asked_once_and_those_who_share_are_asked_together() -> None:
    count = 60
    sim = Cloud(members(count))
    _, asked = await pages_of(sim, ("ssh", "clusters", "logs", "key-calls", "my-roles"))
    of = {word: sum(word in each for each in asked) for word in ("/computes", "/diagnosticSettings", "/metrics")}
    assert of == {"/computes": count, "/diagnosticSettings": count, "/metrics": count // 5}
    assert sum("roleAssignments" in each for each in asked) == 1
    assert len(asked) == 2 * count + count // 5 + 1 + 1, "and the subscriptions' names"


async def test_rows_come_before_they_are_asked_and_then_a_page_at_a_time() -> None:
    pages, _ = await pages_of(Cloud(members(PAGE + 10)), ("ssh", "tls"))
    bare, lists, none, first, last = pages
    assert [page.complete for page in pages] == [False, False, True, True, True]
    assert (bare.to_ask, [(page.asked, page.to_ask) for page in (lists, none, first, last)]) == (
        0, [(0, PAGE + 10), (0, PAGE + 10), (PAGE, PAGE + 10), (PAGE + 10, PAGE + 10)]
    )  # fmt: skip
    assert {row.cells for row in lists.rows} == {("", "1.2")}, "the lists' cells are there, the other is being asked"
    assert ({row.cells for row in first.rows}, len(first.rows), len(last.rows)) == ({("-", "1.2")}, PAGE, 10)


async def test_one_that_fails_fails_alone() -> None:
    faults = (Fault(kind="status", status=403, code="AuthorizationFailed", route="workspaces/churn/computes"),)
    pages, _ = await pages_of(Cloud(demo(), faults=faults), ("computes",))
    found = cells(pages, ("computes",))
    assert [name for name, text in found.items() if text == "?"] == ["churn"]
    assert "2" in found.values()
    (reason,) = pages[-1].unread
    assert reason.startswith("computes of 1 workspace could not be read")


async def test_what_was_asked_is_not_asked_again_before_it_is_due() -> None:
    sim, readings = Cloud(members(20)), Readings()
    _, first = await pages_of(sim, ("ssh", "key-calls"), readings)
    pages, again = await pages_of(sim, ("ssh", "clusters", "key-calls"), readings)
    assert (len(first), len(again)) == (20 + 4 + 1, 1), "another column of the same asking costs nothing either"
    assert not any(page.to_ask for page in pages)
    assert set(cells(pages, ("ssh", "clusters", "key-calls")).values()) == {"-"}
    sim.shift(DUE + timedelta(seconds=1))
    _, due = await pages_of(sim, ("ssh", "key-calls"), readings)
    assert len(due) == len(first)


async def test_what_failed_is_asked_again_when_somebody_asks_for_it() -> None:
    faults = (Fault(kind="status", status=403, code="AuthorizationFailed", route="workspaces/churn/computes", times=1),)
    sim, readings = Cloud(demo(), faults=faults), Readings()
    for expected in ("?", "?"):
        pages, _ = await pages_of(sim, ("computes",), readings)
        assert cells(pages, ("computes",))["churn"] == expected
        assert len(pages[-1].unread) == 1, "and is told again"
    readings.forget_failures()
    pages, asked = await pages_of(sim, ("computes",), readings)
    assert cells(pages, ("computes",))["churn"] != "?"
    assert sum("/computes" in each for each in asked) == 1


async def test_deployments_that_resource_graph_does_not_know_are_asked_of_their_workspaces() -> None:
    seen, without = await pages_of(Cloud(demo()), ("scoring-logs",))
    sim = Cloud(demo())
    handle = sim.handle
    word = b"onlineendpoints/deployments'"

    def blind(request: Any) -> Any:
        body = request.body.replace(word, b"nothing/ofthekind'")
        return handle(type(request)(request.method, request.url, request.headers, body))

    sim.handle = blind  # type: ignore[method-assign]
    direct, asked = await pages_of(sim, ("scoring-logs",))
    assert cells(direct, ("scoring-logs",)) == cells(seen, ("scoring-logs",))
    assert (any("/deployments" in each for each in without), any("/deployments" in each for each in asked)) == (
        False,
        True,
    )


async def test_a_reader_that_leaves_stops_the_asking() -> None:
    sim = Cloud(members(3 * PAGE))
    cloud = rehearsed(sim)
    async with aclosing(fleet(cloud, (), ("ssh",))) as pages:
        async for page in pages:
            if page.asked:
                break
    assert sum(entry.path.endswith("/computes") for entry in sim.ledger.entries) <= PAGE


async def test_an_estate_without_workspaces_is_complete_all_the_same() -> None:
    pages, _ = await pages_of(Cloud(members(0)), ("ssh",))
    assert [(page.rows, page.complete) for page in pages][-1] == ((), True)


async def test_roles_of_a_management_group_reach_its_own_subscriptions() -> None:
    """Resource Graph tells which management groups stand above a subscription; one more query than the others."""
    document = members(2_600)
    first, second = document["subscriptions"]
    first["managementGroups"], second["managementGroups"] = ["ml", "contoso"], ["contoso"]
    for scope, who in ((f"{ABOVE[:-4]}ml", "bob"), (f"{ABOVE[:-4]}contoso", "eve")):
        grant = {"scope": scope, "roleDefinitionId": f"/x/{OWNER}", "principalId": who * 4, "principalType": "User"}
        document["roleAssignments"].append({"properties": grant})
    document["roleAssignments"].append({"properties": {**document["roleAssignments"][0]["properties"], "scope": "/"}})
    sim = Cloud(document)
    rows, unread = await whole_fleet(rehearsed(sim), (), ("can-assign", "subscription"))
    found = {(row.subscription, row.cells[0]) for row in rows}
    assert found == {(first["subscriptionId"], "2, 2 wide"), (second["subscriptionId"], "1, 1 wide")}
    assert unread == ()


@pytest.mark.parametrize(
    ("claims", "told"), [({"groups": []}, "Reader"), ({}, "Reader, rest ?")], ids=["groups told", "not"]
)
async def test_who_may_read_some_groups_alone_is_told_roles_by_name(claims: dict[str, Any], told: str) -> None:
    """The list of a subscription is refused; what Resource Graph shows of one's own roles stands in its place."""
    document = members(20)
    workspace = next(item["id"] for item in document["resources"] if item["id"].endswith("/workspaces/ml-00000"))
    group = workspace.partition("/providers/")[0]
    (grant,) = document["roleAssignments"]
    document["roleAssignments"] = [{"properties": {**grant["properties"], "scope": group}}]
    document["signedIn"] = {**document["signedIn"], "claims": claims}
    pages, asked = await pages_of(Cloud(document), ("my-roles",))
    assert set(cells(pages, ("my-roles",)).values()) == {told}
    assert pages[-1].unread == ()
    assert sum("roleAssignments" in each for each in asked) == 1


async def test_rows_keep_their_order_and_hidden_subscriptions_are_not_asked() -> None:
    """Some workspaces tell their network in the list and some have to be asked for it; the lab's are nobody's to see."""
    document = demo()
    spaces = [item for item in document["resources"] if item["id"].rpartition("/")[0].endswith("/workspaces")]
    for item in spaces[::2]:
        item["properties"].pop("managedNetwork", None)
    sim = Cloud(document)
    usual, _ = await whole_fleet(rehearsed(sim), (), ("isolation",))
    assert [row.id for row in usual] == [row.id for row in (await whole_fleet(rehearsed(sim)))[0]]
    before = sim.ledger.last
    rows, _ = await whole_fleet(rehearsed(sim), (), ("ssh",), hidden=("contoso-LAB",))
    lab = {row.subscription for row in rows if row.subscription_name == "contoso-lab"}
    asked = {
        each.path.split("/")[2]
        for each in sim.ledger.since(before)
        if each.path.partition("?")[0].endswith("/computes")
    }
    assert len(rows) == 47
    assert lab
    assert not lab & asked
    assert len(asked) == 2
