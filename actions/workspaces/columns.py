"""The fleet's columns: how each workspace is secured, in one word each, with the grade of the word. Pure functions.

A column says which properties of which source it is read from, so that a list asks for nothing that nobody sees.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence

from actions.guard.model import Finding, Severity
from actions.workspaces.cells import (
    ACCESS,
    ISOLATION,
    Fields,
    FleetColumn,
    Properties,
    Seen,
    asked,
    behind,
    linked,
    own,
    switch,
    word_of,
)
from actions.workspaces.further_columns import FURTHER
from actions.workspaces.rows import NONE, UNREAD, WorkspaceRow, worst_grade


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
    return word_of((account.get("encryption") or {}).get("keySource"), _KEY_SOURCES)


def _isolation(found: Properties) -> str:
    return word_of((found.get("managedNetwork") or {}).get("isolationMode"), ISOLATION)


def _mode(found: Properties) -> str:
    return word_of(found.get("systemDatastoresAuthMode"), _MODES)


def _endpoints(read: Callable[[Sequence[Properties]], str]) -> Callable[[Seen], str]:
    """Read the endpoints, from the workspace itself where Resource Graph does not tell them."""
    direct = asked("endpoints", read)

    def cell(seen: Seen) -> str:
        if "endpoints" in seen.direct:
            return direct(seen)
        return UNREAD if seen.endpoints is None else read(seen.endpoints)

    return cell


def _endpoint_network(found: Sequence[Properties]) -> str:
    """How many endpoints answer from the internet, how many do not."""
    told = [word_of(each.get("publicNetworkAccess"), _OPEN) for each in found]
    return ", ".join(f"{told.count(word)} {word}" for word in sorted(set(told))) or NONE


def _endpoint_tls(found: Sequence[Properties]) -> str:
    uris = [str(each.get("scoringUri") or "").casefold() for each in found]
    plain = sum(uri.startswith("http://") for uri in uris)
    return (f"{plain} plain" if plain else "yes") if any(uris) else NONE


_OPEN = {"enabled": "public", "disabled": "private"}
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

_LISTED: tuple[FleetColumn, ...] = (
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
        own(lambda found: word_of(found.get("publicNetworkAccess"), ACCESS)), {"open": _WARN},
    ),
    FleetColumn(
        "private-endpoints", "its private endpoints, and how many of them are approved",
        {"workspaces": ("privateEndpointConnections",)}, own(_private_endpoints), {"approved": _WARN},
    ),
    FleetColumn(
        "isolation", "what its managed network lets out: approved, internet, or off", {"workspaces": ("managedNetwork",)},
        behind("network", "managedNetwork", _isolation), direct=("network",),
    ),
    FleetColumn(
        "hbi", "made for sensitive data (high business impact)", {"workspaces": ("hbiWorkspace",)},
        own(lambda found: switch(found.get("hbiWorkspace"))),
    ),
    FleetColumn(
        "datastores", "how its system datastores reach the account: keys, identity or signature", {},
        behind("mode", "systemDatastoresAuthMode", _mode), direct=("mode",),
    ),
    FleetColumn("storage", "its storage account", {}, _link("storageAccount")),
    FleetColumn(
        "shared-keys", "whether the account takes its keys at all", {"accounts": ("allowSharedKeyAccess",)},
        linked("accounts", lambda found: "refused" if found.get("allowSharedKeyAccess") is False else "allowed"),
    ),
    FleetColumn(
        "key-policy", "after how many days the account wants its keys changed", {"accounts": ("keyPolicy",)},
        linked("accounts", _policy),
    ),
    FleetColumn(
        "https-only", "whether the account refuses plain HTTP", {"accounts": ("supportsHttpsTrafficOnly",)},
        linked("accounts", lambda found: switch(found.get("supportsHttpsTrafficOnly"), "yes", "no")), {"no": _HIGH},
    ),
    FleetColumn(
        "tls", "the oldest TLS that the account takes", {"accounts": ("minimumTlsVersion",)},
        linked("accounts", lambda found: word_of(found.get("minimumTlsVersion"), _TLS)), {"1.0": _WARN, "1.1": _WARN},
    ),
    FleetColumn(
        "storage-network", "who passes the account's firewall: closed, chosen or open", {"accounts": _ACCOUNT},
        linked("accounts", _network), {"open": _WARN},
    ),
    FleetColumn(
        "encryption", "whose key encrypts the account", {"accounts": ("encryption",)}, linked("accounts", _key_source)
    ),
    FleetColumn("vault", "its key vault", {}, _link("keyVault")),
    FleetColumn(
        "vault-access", "how the vault gives access: roles or policies", {"vaults": ("enableRbacAuthorization",)},
        linked("vaults", lambda found: "roles" if found.get("enableRbacAuthorization") is True else "policies"),
    ),
    FleetColumn(
        "purge-protection", "whether what is deleted in the vault can be destroyed at once",
        {"vaults": ("enablePurgeProtection",)},
        linked("vaults", lambda found: "on" if found.get("enablePurgeProtection") is True else "off"), {"off": _WARN},
    ),
    FleetColumn(
        "soft-delete", "whether the vault keeps what is deleted", {"vaults": ("enableSoftDelete",)},
        linked("vaults", lambda found: "off" if found.get("enableSoftDelete") is False else "on"), {"off": _HIGH},
    ),
    FleetColumn(
        "vault-network", "who passes the vault's firewall: closed, chosen or open", {"vaults": _VAULT},
        linked("vaults", _network), {"open": _WARN},
    ),
    FleetColumn("registry", "its container registry", {}, _link("containerRegistry")),
    FleetColumn(
        "registry-admin", "whether a password pulls and pushes images", {"registries": ("adminUserEnabled",)},
        linked("registries", lambda found: switch(found.get("adminUserEnabled"))), {"on": _WARN},
    ),
    FleetColumn(
        "registry-tier", "the registry's tier; only Premium has a firewall", {"registries": _REGISTRY},
        linked("registries", lambda found: word_of((found.get("sku") or {}).get("name"), {})),
    ),
    FleetColumn(
        "registry-network", "who passes the registry's firewall: closed, chosen or open",
        {"registries": ("publicNetworkAccess", "networkRuleSet")}, linked("registries", _network), {"open": _WARN},
    ),
    FleetColumn("insights", "its Application Insights", {}, _link("applicationInsights")),
    FleetColumn(
        "insights-key", "whether the instrumentation key is enough to send telemetry", {"components": ("DisableLocalAuth",)},
        linked("components", lambda found: "refused" if found.get("DisableLocalAuth") is True else "enough"),
    ),
    FleetColumn(
        "endpoint-network", "how many endpoints answer from the internet", {"endpoints": ("publicNetworkAccess",)},
        _endpoints(_endpoint_network), direct=("endpoints",),
    ),
    FleetColumn(
        "endpoint-tls", "whether all endpoints are called over TLS", {"endpoints": ("scoringUri",)},
        _endpoints(_endpoint_tls), {"plain": _HIGH}, ("endpoints",),
    ),
)  # fmt: skip
ALL = (*_LISTED, *FURTHER)
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


def directs(names: Iterable[str]) -> tuple[str, ...]:
    """What these columns need that is asked of each workspace by itself, each once."""
    return tuple(dict.fromkeys(source for name in names for source in BY_NAME[name].direct))


def beside(names: Iterable[str]) -> tuple[str, ...]:
    """Those that are no cells of the row itself, in their order: a row's `cells` are parallel to them."""
    return tuple(name for name in names if BY_NAME[name].read is not None)


def usual_asked(names: Iterable[str]) -> frozenset[str]:
    """Which of the usual cells that take a source of their own these columns ask for."""
    wanted = set(names)
    found = {"endpoints"} & wanted
    found |= {"keys"} if wanted & {"keys", "key-age", "findings"} else set()
    found |= {"identity"} if wanted & {"identity", "findings"} else set()
    return frozenset(found)


def cells_of(names: Iterable[str], seen: Seen) -> tuple[str, ...]:
    """The cells of one workspace for columns that are `beside`."""
    return tuple(read(seen) for name in names if (read := BY_NAME[name].read) is not None)


def grade_of(row: WorkspaceRow, names: Sequence[str], others: Sequence[str]) -> Severity | None:
    """The gravest grade of what is shown of a row: its findings, and its cells, which are those of `others`."""
    usual = usual_asked(names)
    found = row.severity
    if not usual >= {"keys", "identity"}:
        found = worst_grade(each.severity for each in row.findings if _cell_of(each) in usual)
    if not row.cells:
        return found
    graded = (BY_NAME[name].grade(word) for name, word in zip(others, row.cells, strict=False) if name in names)
    return worst_grade(grade for grade in (found, *graded) if grade is not None)


def _cell_of(finding: Finding) -> str:
    """Which of the usual cells a finding is told in."""
    return "identity" if finding.id.startswith("identity") else "keys"
