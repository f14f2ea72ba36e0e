"""The fleet's columns: how each workspace is secured, in one word each, with the grade of the word. Pure functions.

A column says which properties of which source it is read from, so that a list asks for nothing that nobody sees. What
needs a request for every workspace (its computes, its deployments) is no column: the page of one workspace tells it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from actions.guard.model import Finding, Severity
from actions.workspaces.rows import NONE, UNREAD, WorkspaceRow, worst_grade

Properties = Mapping[str, Any]
Fields = Mapping[str, tuple[str, ...]]


class Seen(NamedTuple):
    """What is known of one workspace: its own properties, and those of each resource it is linked to.

    `linked` by the source's name: None could not be read or is not among what can be seen, a missing name is not there.
    `endpoints` are None where they could not be read.
    """

    own: Properties
    linked: Mapping[str, Properties | None]
    endpoints: Sequence[Properties] | None


class FleetColumn(NamedTuple):
    """One column: its name, what it says, what it is read from, and the grades of its words.

    Without `read` it is a cell of the row itself. `?` is always graded unknown, and a word that `grades` lacks is fine.
    """

    name: str
    meaning: str
    fields: Fields = MappingProxyType({})
    read: Callable[[Seen], str] | None = None
    grades: Mapping[str, Severity] = MappingProxyType({})

    def grade(self, word: str) -> Severity | None:
        """Grade a cell; None where there is nothing to say."""
        if word == UNREAD and self.read is not None:
            return Severity.UNKNOWN
        found = self.grades.get(word)
        return found or self.grades.get(word.rpartition(" ")[2])


def _word(value: object, words: Mapping[str, str]) -> str:
    """Tell one of Azure's words, whose casing varies; one that is not known is told as it is."""
    if value is None or value == "":
        return UNREAD
    return words.get(str(value).casefold(), str(value))


def _switch(value: object, on: str = "on", off: str = "off") -> str:
    return UNREAD if value is None else on if value is True else off


def _own(read: Callable[[Properties], str]) -> Callable[[Seen], str]:
    return lambda seen: read(seen.own)


def _of(source: str, read: Callable[[Properties], str]) -> Callable[[Seen], str]:
    """Read a linked resource: `-` where there is none, `?` where it cannot be seen."""

    def cell(seen: Seen) -> str:
        if source not in seen.linked:
            return NONE
        found = seen.linked[source]
        return UNREAD if found is None else read(found)

    return cell


def _link(name: str) -> Callable[[Seen], str]:
    return lambda seen: str(seen.own.get(name) or "").rstrip("/").rpartition("/")[2] or NONE


def _private_endpoints(own: Properties) -> str:
    states = [
        str(((each.get("properties") or {}).get("privateLinkServiceConnectionState") or {}).get("status") or "")
        for each in own.get("privateEndpointConnections") or ()
    ]
    approved = sum(state.casefold() == "approved" for state in states)
    if not states:
        return NONE
    return str(approved) if approved == len(states) else f"{approved} of {len(states)} approved"


def _network(found: Properties) -> str:
    """Who passes a service's own firewall; absent `publicNetworkAccess` and rules mean everybody."""
    rules: Properties = found.get("networkAcls") or found.get("networkRuleSet") or {}
    if str(found.get("publicNetworkAccess") or "").casefold() in {"disabled", "securedbyperimeter"}:
        return "closed"
    return "chosen" if str(rules.get("defaultAction") or "").casefold() == "deny" else "open"


def _policy(account: Properties) -> str:
    days = (account.get("keyPolicy") or {}).get("keyExpirationPeriodInDays")
    return f"{days}d" if days else NONE


def _key_source(account: Properties) -> str:
    return _word((account.get("encryption") or {}).get("keySource"), _KEY_SOURCES)


def _endpoint_network(seen: Seen) -> str:
    """How many endpoints answer from the internet, how many do not."""
    if seen.endpoints is None:
        return UNREAD
    told = [_word(each.get("publicNetworkAccess"), _OPEN) for each in seen.endpoints]
    return ", ".join(f"{told.count(word)} {word}" for word in sorted(set(told))) or NONE


def _endpoint_tls(seen: Seen) -> str:
    if seen.endpoints is None:
        return UNREAD
    uris = [str(each.get("scoringUri") or "").casefold() for each in seen.endpoints]
    plain = sum(uri.startswith("http://") for uri in uris)
    return (f"{plain} plain" if plain else "yes") if any(uris) else NONE


_ACCESS = {"enabled": "open", "disabled": "closed"}
_OPEN = {"enabled": "public", "disabled": "private"}
_ISOLATION = {"allowonlyapprovedoutbound": "approved", "allowinternetoutbound": "internet", "disabled": "off"}
_MODES = {"identity": "identity", "accesskey": "keys", "userdelegationsas": "signature"}
_KEY_SOURCES = {"microsoft.storage": "Microsoft", "microsoft.keyvault": "own key"}
_TLS = {f"tls1_{minor}": f"1.{minor}" for minor in range(4)}
_ACCOUNT, _VAULT, _REGISTRY = ("publicNetworkAccess", "networkAcls"), ("publicNetworkAccess", "networkAcls"), ("sku",)
_WARN, _HIGH = Severity.WARN, Severity.HIGH

KEYS_FROM: Fields = {"accounts": ("allowSharedKeyAccess", "keyCreationTime", "keyPolicy")}
IDENTITY_FROM: Fields = {
    "grants": ("principalId", "roleDefinitionId", "scope"),
    "vaults": ("enableRbacAuthorization", "accessPolicies"),
}
ENDPOINTS_FROM: Fields = {"endpoints": ("authMode",)}

ALL: tuple[FleetColumn, ...] = (
    FleetColumn("workspace", "its name; always there"),
    FleetColumn("group", "its resource group"),
    FleetColumn("region", "where it is"),
    FleetColumn("keys", "the older key of its account and its age in days", KEYS_FROM),
    FleetColumn("identity", "how much of what its identity needs is there", IDENTITY_FROM),
    FleetColumn("endpoints", "its endpoints by how callers prove themselves", ENDPOINTS_FROM),
    FleetColumn("cmk", "the version of its own encryption key"),
    FleetColumn("key-age", "the older key's age against the account's policy, or 90 days", KEYS_FROM),
    FleetColumn("severity", "the gravest grade of what is shown"),
    FleetColumn("findings", "what was found on keys and identity", {**KEYS_FROM, **IDENTITY_FROM}),
    FleetColumn("subscription", "its subscription's name"),
    FleetColumn("kind", "Default, Hub, Project or FeatureStore"),
    FleetColumn(
        "public-access", "whether the workspace answers from the internet", {"workspaces": ("publicNetworkAccess",)},
        _own(lambda own: _word(own.get("publicNetworkAccess"), _ACCESS)), {"open": _WARN},
    ),
    FleetColumn(
        "private-endpoints", "its private endpoints, and how many of them are approved",
        {"workspaces": ("privateEndpointConnections",)}, _own(_private_endpoints), {"approved": _WARN},
    ),
    FleetColumn(
        "isolation", "what its managed network lets out: approved, internet, or off", {"workspaces": ("managedNetwork",)},
        _own(lambda own: _word((own.get("managedNetwork") or {}).get("isolationMode"), _ISOLATION)),
    ),
    FleetColumn(
        "hbi", "made for sensitive data (high business impact)", {"workspaces": ("hbiWorkspace",)},
        _own(lambda own: _switch(own.get("hbiWorkspace"))),
    ),
    FleetColumn(
        "datastores", "how its system datastores reach the account: keys, identity or signature", {},
        _own(lambda own: _word(own.get("systemDatastoresAuthMode"), _MODES)),
    ),
    FleetColumn("storage", "its storage account", {}, _link("storageAccount")),
    FleetColumn(
        "shared-keys", "whether the account takes its keys at all", {"accounts": ("allowSharedKeyAccess",)},
        _of("accounts", lambda found: "refused" if found.get("allowSharedKeyAccess") is False else "allowed"),
    ),
    FleetColumn(
        "key-policy", "after how many days the account wants its keys changed", {"accounts": ("keyPolicy",)},
        _of("accounts", _policy),
    ),
    FleetColumn(
        "https-only", "whether the account refuses plain HTTP", {"accounts": ("supportsHttpsTrafficOnly",)},
        _of("accounts", lambda found: _switch(found.get("supportsHttpsTrafficOnly"), "yes", "no")), {"no": _HIGH},
    ),
    FleetColumn(
        "tls", "the oldest TLS that the account takes", {"accounts": ("minimumTlsVersion",)},
        _of("accounts", lambda found: _word(found.get("minimumTlsVersion"), _TLS)), {"1.0": _WARN, "1.1": _WARN},
    ),
    FleetColumn(
        "storage-network", "who passes the account's firewall: closed, chosen or open", {"accounts": _ACCOUNT},
        _of("accounts", _network), {"open": _WARN},
    ),
    FleetColumn(
        "encryption", "whose key encrypts the account", {"accounts": ("encryption",)}, _of("accounts", _key_source)
    ),
    FleetColumn("vault", "its key vault", {}, _link("keyVault")),
    FleetColumn(
        "vault-access", "how the vault gives access: roles or policies", {"vaults": ("enableRbacAuthorization",)},
        _of("vaults", lambda found: "roles" if found.get("enableRbacAuthorization") is True else "policies"),
    ),
    FleetColumn(
        "purge-protection", "whether what is deleted in the vault can be destroyed at once",
        {"vaults": ("enablePurgeProtection",)},
        _of("vaults", lambda found: "on" if found.get("enablePurgeProtection") is True else "off"), {"off": _WARN},
    ),
    FleetColumn(
        "soft-delete", "whether the vault keeps what is deleted", {"vaults": ("enableSoftDelete",)},
        _of("vaults", lambda found: "off" if found.get("enableSoftDelete") is False else "on"), {"off": _HIGH},
    ),
    FleetColumn(
        "vault-network", "who passes the vault's firewall: closed, chosen or open", {"vaults": _VAULT},
        _of("vaults", _network), {"open": _WARN},
    ),
    FleetColumn("registry", "its container registry", {}, _link("containerRegistry")),
    FleetColumn(
        "registry-admin", "whether a password pulls and pushes images", {"registries": ("adminUserEnabled",)},
        _of("registries", lambda found: _switch(found.get("adminUserEnabled"))), {"on": _WARN},
    ),
    FleetColumn(
        "registry-tier", "the registry's tier; only Premium has a firewall", {"registries": _REGISTRY},
        _of("registries", lambda found: _word((found.get("sku") or {}).get("name"), {})),
    ),
    FleetColumn(
        "registry-network", "who passes the registry's firewall: closed, chosen or open",
        {"registries": ("publicNetworkAccess", "networkRuleSet")}, _of("registries", _network), {"open": _WARN},
    ),
    FleetColumn("insights", "its Application Insights", {}, _link("applicationInsights")),
    FleetColumn(
        "insights-key", "whether the instrumentation key is enough to send telemetry", {"components": ("DisableLocalAuth",)},
        _of("components", lambda found: "refused" if found.get("DisableLocalAuth") is True else "enough"),
    ),
    FleetColumn(
        "endpoint-network", "how many endpoints answer from the internet", {"endpoints": ("publicNetworkAccess",)},
        _endpoint_network,
    ),
    FleetColumn(
        "endpoint-tls", "whether all endpoints are called over TLS", {"endpoints": ("scoringUri",)}, _endpoint_tls,
        {"plain": _HIGH},
    ),
)  # fmt: skip
BY_NAME = {column.name: column for column in ALL}
USUAL = ("workspace", "group", "region", "keys", "identity", "endpoints", "cmk")
"""What a list shows when nothing is chosen."""


def near(name: str, names: Iterable[str] = BY_NAME) -> str:
    """Say which columns are near to a name that is none, to end a sentence with."""
    known = tuple(names)
    found = [each for each in known if name and each.startswith(name)] or difflib.get_close_matches(name, known, n=3)
    return f"; near it: {', '.join(found)}" if found else ""


def needs(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Which properties of which sources these columns are read from."""
    found: dict[str, dict[str, None]] = {}
    for name in names:
        for source, fields in BY_NAME[name].fields.items():
            found.setdefault(source, {}).update(dict.fromkeys(fields))
    return {source: tuple(fields) for source, fields in found.items()}


def beside(names: Iterable[str]) -> tuple[str, ...]:
    """Those that are no cells of the row itself, in their order: a row's `cells` are parallel to them."""
    return tuple(name for name in names if BY_NAME[name].read is not None)


def usual_asked(names: Iterable[str]) -> frozenset[str]:
    """Which of the usual cells that take a source of their own these columns ask for."""
    asked = set(names)
    found = {"endpoints"} & asked
    found |= {"keys"} if asked & {"keys", "key-age", "findings"} else set()
    found |= {"identity"} if asked & {"identity", "findings"} else set()
    return frozenset(found)


def cells_of(names: Iterable[str], seen: Seen) -> tuple[str, ...]:
    """The cells of one workspace for columns that are `beside`."""
    return tuple(read(seen) for name in names if (read := BY_NAME[name].read) is not None)


def grade_of(row: WorkspaceRow, names: Sequence[str], others: Sequence[str]) -> Severity | None:
    """The gravest grade of what is shown of a row: its findings, and its cells, which are those of `others`."""
    asked = usual_asked(names)
    found = row.severity
    if not asked >= {"keys", "identity"}:
        found = worst_grade(each.severity for each in row.findings if _cell_of(each) in asked)
    if not row.cells:
        return found
    graded = (BY_NAME[name].grade(word) for name, word in zip(others, row.cells, strict=False) if name in names)
    return worst_grade(grade for grade in (found, *graded) if grade is not None)


def _cell_of(finding: Finding) -> str:
    """Which of the usual cells a finding is told in."""
    return "identity" if finding.id.startswith("identity") else "keys"
