"""Resource Graph: the query language's part that is understood, pages, formats, access and quota."""

from __future__ import annotations

from typing import Any

import pytest

from azsim.estates.demo import demo
from azsim.estates.small import fleet
from azsim.services import resourcegraph_query as kql
from azsim.services.resourcegraph import pinned
from azsim.wire import Response
from tests.support.small_cloud import ACCOUNT, GROUP, KEY_OPERATOR, READER, START, SUB, Small, assignment, code_of

URL = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
WORKSPACES = "resources | where type =~ 'Microsoft.MachineLearningServices/workspaces'"
ROWS: list[dict[str, Any]] = [
    {"id": "/a", "name": "Alpha", "size": 3, "properties": {"on": True, "tags": ["x", "y"], "deep": {"v": "One"}}},
    {"id": "/b", "name": "beta", "size": 10, "properties": {"on": False, "deep": {"v": None}}},
    {"id": "/c", "name": "Gamma", "size": None, "properties": {}},
]


def ask(sim: Small, query: str, **options: Any) -> Response:
    """Run a query with options such as top=5."""
    renamed = {f"${key}" if key in ("top", "skip", "skipToken") else key: value for key, value in options.items()}
    return sim.ask("POST", URL, {"query": query, "options": {"resultFormat": "objectArray", **renamed}})


def names(text: str) -> list[Any]:
    """The names that a query finds among the rows above."""
    return [row.get("name") for row in kql.parse(text).run(ROWS, lambda _row: True)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("name == 'Alpha'", ["Alpha"]),
        ("name == 'alpha'", []),
        ("name =~ 'alpha'", ["Alpha"]),
        ("name != 'Alpha'", ["beta", "Gamma"]),
        ("name !~ 'ALPHA'", ["beta", "Gamma"]),
        ("name in ('beta', 'Gamma')", ["beta", "Gamma"]),
        ("name in~ ('BETA')", ["beta"]),
        ("name !in ('beta')", ["Alpha", "Gamma"]),
        ("name !in~ ('BETA', 'gamma')", ["Alpha"]),
        ("name contains 'A' and not(name startswith 'a')", ["beta", "Gamma"]),
        ("name endswith 'TA' or (size == 3 and properties.on == true)", ["Alpha", "beta"]),
        ("size >= 3 and size < 10", ["Alpha"]),
        ("size > 2", ["Alpha", "beta"]),
        ("size <= 3", ["Alpha"]),
        ("tobool(properties.on)", ["Alpha"]),
        ("isnull(properties.deep.v)", ["beta", "Gamma"]),
        ("isempty(tostring(properties.deep.v)) and isnotempty(name)", ["beta", "Gamma"]),
        ("isnotnull(properties['deep']['v'])", ["Alpha"]),
        ("properties.tags[1] == 'y'", ["Alpha"]),
        ("tolower(name) == 'beta' or toupper(name) == 'GAMMA'", ["beta", "Gamma"]),
        ("tostring(properties.on) == 'true'", ["Alpha"]),
        ("coalesce(properties.deep.v, name) == 'beta'", ["beta"]),
        ("strcat(name, '-', tostring(size)) == 'beta-10'", ["beta"]),
        ("array_length(properties.tags) == 2", ["Alpha"]),
        ("toint(size) == 10", ["beta"]),
        ('name == @"Alpha" // a comment', ["Alpha"]),
    ],
)
def test_conditions(condition: str, found: list[str]) -> None:
    """Filters mean what the language says, nulls included."""
    assert names(f"resources | where {condition}") == found


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("order by name asc", ["Alpha", "Gamma", "beta"]),
        ("order by tolower(name)", ["Gamma", "beta", "Alpha"]),
        ("sort by size asc, name desc", ["Gamma", "Alpha", "beta"]),
        ("order by size desc | take 1", ["beta"]),
        ("limit 2 | where name == 'Gamma'", []),
        ("extend twice = strcat(name, name) | where twice == 'betabeta'", ["beta"]),
    ],
)
def test_steps(steps: str, found: list[str]) -> None:
    """Steps run in order; sorting is descending unless told otherwise."""
    assert names(f"resources | {steps}") == found


def test_projections_name_their_columns() -> None:
    """As the language does: paths joined by underscores, functions after their argument."""
    query = kql.parse("project id, properties.deep.v, low=tolower(name), tostring(size), 'x'")
    assert query.columns == ("id", "properties_deep_v", "low", "size", "Column5")
    first = query.run(ROWS, lambda _row: True)[0]
    assert first == {"id": "/a", "properties_deep_v": "One", "low": "alpha", "size": "3", "Column5": "x"}
    left = kql.parse("project-away properties, SIZE").run(ROWS, lambda _row: True)[0]
    assert set(left) == {"id", "name"}


@pytest.mark.parametrize(
    ("text", "token", "position"),
    [
        ("project id, location | where where", "<EOF>", 34),
        ("resources where name == 'a'", "where", 10),
        ("resources | where name ==", "<EOF>", 25),
        ("resources | where name ? 'a'", "?", 23),
        ("resources | sing", "sing", 12),
        ("resources |\n take x", "x", 6),
        ("", "<EOF>", 0),
        ("resources | where name in ()", ")", 27),
        ("resources | project (id)", "(", 20),
    ],
)
def test_what_is_no_query_is_refused_with_its_place(text: str, token: str, position: int) -> None:
    """As recorded: the token and the column at which the text ceases to be a query."""
    with pytest.raises(kql.QueryError) as caught:
        kql.parse(text)
    assert (caught.value.token, caught.value.position) == (token, position)
    answer = ask(Small(), text)
    assert code_of(answer) == (400, "BadRequest")
    details = answer.json()["error"]["details"]
    assert [item["code"] for item in details] == ["InvalidQuery", "ParserFailure"]
    assert answer.header("x-ms-user-quota-remaining") == "14"


@pytest.mark.parametrize(
    "text",
    ["resources | summarize count() by type", "resources | where ago(1d) > 3", "resources | order by id nulls last"],
)
def test_what_is_not_simulated_says_so(text: str) -> None:
    """The language is larger: a construct that is not understood is a loud 501, never a guess."""
    assert code_of(ask(Small(), text)) == (501, "NotSimulated")


def test_pages_of_one_result() -> None:
    """Rows without holes or repeats; counts on every page; the token only where the id is among the columns."""
    sim = Small(**fleet(250, START))
    query = f"{WORKSPACES} | project id, name | order by id asc"
    seen: list[str] = []
    token: dict[str, Any] = {}
    for _ in range(3):
        page = ask(sim, query, top=100, **token).json()
        assert (page["totalRecords"], page["count"], page["resultTruncated"]) == (250, len(page["data"]), "false")
        seen += [row["id"] for row in page["data"]]
        token = {"skipToken": page.get("$skipToken")}
    assert token == {"skipToken": None}
    assert len(set(seen)) == len(seen) == 250
    blind = ask(sim, f"{WORKSPACES} | project name", top=100).json()
    assert (blind["resultTruncated"], "$skipToken" in blind) == ("true", False)
    assert ask(sim, query, skip=240, top=100).json()["count"] == 10
    assert ask(sim, query).json()["count"] == 100
    assert ask(sim, query, top=5000).json()["count"] == 250


def test_rows_are_written_as_the_service_writes_them() -> None:
    """Type and group in lower case, the id as it is; tracked children have rows of their own."""
    sim = Small(**demo(START))
    row = ask(sim, "resources | where name =~ 'vision-lab'").json()["data"][0]
    assert row["type"] == "microsoft.machinelearningservices/workspaces"
    assert row["resourceGroup"] == "rg-vision"
    assert "/resourceGroups/RG-Vision/" in row["id"]
    kinds = {item["type"] for item in ask(sim, "project id, type", top=1000).json()["data"]}
    assert "microsoft.machinelearningservices/workspaces/onlineendpoints" in kinds
    assert "microsoft.machinelearningservices/workspaces/datastores" not in kinds
    assert "microsoft.authorization/locks" not in kinds


def test_tables() -> None:
    """Groups and subscriptions, and role assignments, have tables of their own."""
    sim = Small()
    groups = ask(sim, "resourcecontainers | where type endswith 'resourcegroups'").json()["data"]
    assert GROUP in [row["id"] for row in groups]
    subscriptions = ask(sim, "resourcecontainers | where type =~ 'microsoft.resources/subscriptions'").json()["data"]
    assert [row["name"] for row in subscriptions] == ["production", "lab"]
    roles = ask(sim, "authorizationresources | where type =~ 'microsoft.authorization/roleassignments'").json()["data"]
    assert {row["properties"]["principalType"] for row in roles} == {"User"}
    definitions = ask(sim, "authorizationresources | where type =~ 'microsoft.authorization/roledefinitions'", top=1000)
    owner = next(row for row in definitions.json()["data"] if row["properties"]["roleName"] == "Owner")
    assert owner["id"].casefold().startswith("/providers/microsoft.authorization/roledefinitions/")
    assert owner["properties"]["type"] == "BuiltInRole"
    nothing = Small(assignment(KEY_OPERATOR, ACCOUNT))
    assert ask(nothing, "authorizationresources").json()["data"] == [], (
        "who may not read roles in the subscription sees none"
    )
    asked = {"query": "resourcecontainers", "subscriptions": [SUB]}
    assert len(sim.ask("POST", URL, asked).json()["data"]) == 2
    nobody = sim.ask("POST", URL, {"query": "resources", "subscriptions": ["nope"]})
    assert nobody.json()["error"]["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"


def test_only_what_the_caller_may_read() -> None:
    """A missing row is not proof of absence."""
    reader = Small(assignment(READER, ACCOUNT))
    assert [row["id"] for row in ask(reader, "resources").json()["data"]] == [ACCOUNT]
    assert ask(Small(), "resources").json()["totalRecords"] == 3


def test_a_changed_world_gives_a_new_result() -> None:
    """Results are kept for their pages only while nothing changes."""
    sim = Small()
    query = "resources | where type =~ 'microsoft.storage/storageaccounts' | project id, t=tostring(tags.team)"
    assert ask(sim, query).json()["data"][0]["t"] == "fraud"
    sim.ask("PATCH", f"{ACCOUNT}?api-version=2023-05-01", {"tags": {"team": "risk"}})
    assert ask(sim, query).json()["data"][0]["t"] == "risk"


@pytest.mark.parametrize("options", ["x", {"$top": "many"}, {"$top": -1}, {"$skip": True}, {"$skip": None, "$top": []}])
def test_odd_options_are_refused(options: Any) -> None:
    """A number is a number; the service answers 400, never a page of something else."""
    assert Small().ask("POST", URL, {"query": "resources", "options": options}).status == 400


def test_table_format() -> None:
    """Columns with types and rows, by option or by the older api-versions' default."""
    sim = Small()
    table = ask(sim, "project id, tags, name", resultFormat="table").json()["data"]
    assert table["columns"] == [
        {"name": "id", "type": "string"},
        {"name": "tags", "type": "object"},
        {"name": "name", "type": "string"},
    ]
    assert [ACCOUNT, {"team": "fraud"}, "stfraud"] in table["rows"]
    old = sim.ask("POST", URL.replace("2021-03-01", "2019-04-01"), {"query": "project id"})
    assert "columns" in old.json()["data"]


def test_quota_is_told_and_refuses_where_budgets_refuse() -> None:
    """Fifteen in five seconds; after that 429 with the time to wait, if the estate says that budgets refuse."""
    sim = Small(behaviour={"throttling": True})
    left = [ask(sim, "resources").header("x-ms-user-quota-remaining") for _ in range(15)]
    assert left == [str(number) for number in range(14, -1, -1)]
    refused = ask(sim, "resources")
    assert refused.status == 429
    assert refused.json()["error"]["details"][0]["code"] == "RateLimiting"
    assert int(refused.header("Retry-After") or 0) in range(1, 6)
    assert (refused.header("x-ms-user-quota-resets-after") or "").startswith("00:00:0")
    lenient = Small()
    assert {ask(lenient, "resources").status for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (
            "resources | where type =~ 'Microsoft.Storage/storageAccounts' | project id",
            ["microsoft.storage/storageaccounts"],
        ),
        ("where type in~ ('a.b/c', 'A.b/d')", ["a.b/c", "a.b/d"]),
        ("resources | where type =~ 'a.b/c' and name == 'x'", None),
        ("resources | where type =~ 'a.b/c' or name == 'x'", None),
        ("resources | where name == 'x' | where type =~ 'a.b/c'", None),
        ("resources | where type == 'a.b/c'", None),
        ("resources | project id", None),
    ],
)
def test_only_a_filter_that_says_nothing_but_types_spares_the_others(text: str, kinds: list[str] | None) -> None:
    assert pinned(text) == kinds
