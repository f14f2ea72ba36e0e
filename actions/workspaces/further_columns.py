"""Columns of rights, and of what is asked of each workspace, vault, account or subscription by itself. Pure.

A column that is asked for directly says so in its meaning: somebody with thousands of workspaces wants to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actions.guard.model import Severity
from actions.workspaces.cells import Fields, FleetColumn, Properties, Seen, asked, behind, tally
from actions.workspaces.direct_reads import App, Mine, has_own_key
from actions.workspaces.roles import Counted, lets_read_secrets, places_of
from actions.workspaces.rows import NONE, UNREAD

_WARN, _HIGH, _CRITICAL = Severity.WARN, Severity.HIGH, Severity.CRITICAL
_EACH = "; asked of each workspace"
_CONTRIBUTE = "Microsoft.DocumentDB/databaseAccounts/write"
_MANAGED = frozenset({"amlcompute", "computeinstance"})
RIGHTS_FROM: Fields = {
    "assignments": ("principalId", "principalType", "roleDefinitionId", "scope", "condition"),
    "roles": ("roleName", "type", "permissions"),
    "containers": ("managementGroupAncestorsChain",),
}
_ROLES_FROM: Fields = {"roles": RIGHTS_FROM["roles"]}


def _my_roles(seen: Seen) -> str:
    """The names of the caller's roles that reach the workspace."""

    def told(mine: Mine) -> str:
        if seen.rights is None or seen.rights.roles is None:
            return UNREAD
        reaching = [seen.rights.name(each.role) for each in mine.held if each.reaches(seen.id)]
        names = ", ".join(dict.fromkeys(reaching))
        return (names or NONE) if mine.whole else f"{names}, rest {UNREAD}" if names else UNREAD

    return asked("mine", told)(seen)


def _counted(found: Counted) -> str:
    told = tally(found.many, found.wide, "wide")
    return f"{told}, rest {UNREAD}" if found.unknown else told


def _readable(seen: Seen) -> bool:
    """Whether the roles of others can be told at all: seeing none in a subscription is no answer."""
    return seen.rights is not None and seen.rights.roles is not None and seen.rights.sees(seen.id.subscription)


def _who_can(word: str) -> Callable[[Seen], str]:
    def cell(seen: Seen) -> str:
        if not _readable(seen) or seen.rights is None:
            return UNREAD
        found = seen.rights.count(word, places_of(seen.id, seen.own), _by_policy(seen) if word == "secrets" else ())
        told = _counted(found)
        unread = word == "secrets" and "vaults" in seen.linked and seen.linked["vaults"] is None
        return f"{told}, rest {UNREAD}" if unread and not found.unknown else told

    return cell


def _by_policy(seen: Seen) -> list[str]:
    """Whom the vault's access policies let read secrets; roles decide where the vault says so."""
    vault = seen.linked.get("vaults") or {}
    if vault.get("enableRbacAuthorization") is True:
        return []
    return [str(each.get("objectId") or "") for each in vault.get("accessPolicies") or () if lets_read_secrets(each)]


def _custom_roles(seen: Seen) -> str:
    if not _readable(seen) or seen.rights is None:
        return UNREAD
    return _counted(Counted(*seen.rights.custom(places_of(seen.id, seen.own).values())))


def _support_apps(seen: Seen) -> str:
    """How many support apps hold a role on the whole subscription or above it, and whether one may assign roles."""

    def told(apps: Sequence[App]) -> str:
        if not _readable(seen) or seen.rights is None:
            return UNREAD
        known = {app.principal for app in apps}
        held = [each for each in seen.rights.above_groups(seen.id.subscription) if each.principal.casefold() in known]
        strong = {each.principal for each in held if ("assign", "workspace") in seen.rights.given(each.role)}
        many = len({each.principal for each in held})
        return f"{many}, {len(strong)} assigning" if strong else f"{many} held" if many else NONE

    return asked("apps", told)(seen)


def _ml_app(seen: Seen) -> str:
    """Whether Azure Machine Learning's application may make in the subscription what a key of one's own needs."""

    def told(ids: frozenset[str]) -> str:
        if not _readable(seen) or seen.rights is None:
            return UNREAD
        roles = seen.rights.roles or {}
        held = [each for each in seen.rights.above_groups(seen.id.subscription) if each.principal.casefold() in ids]
        return (
            "there" if any(each.role in roles and roles[each.role].grants(_CONTRIBUTE) for each in held) else "missing"
        )

    side = _metadata(seen)  # empty while that is being asked
    return NONE if side == "service side" else side and asked("ml-app", told)(seen)


def _side(found: Properties) -> str:
    return "service side" if found.get("enableServiceSideCMKEncryption") is True else "managed group"


def _metadata(seen: Seen) -> str:
    return behind("side", "enableServiceSideCMKEncryption", _side)(seen) if has_own_key(seen.own) else "Microsoft"


def _inner(compute: Properties) -> Properties:
    found: Properties = compute.get("properties") or {}
    return found


def _kind(compute: Properties) -> str:
    return str(compute.get("computeType") or "").casefold()


def _ssh(compute: Properties) -> bool | None:
    inner = _inner(compute)
    told = (inner.get("sshSettings") or {}).get("sshPublicAccess") or inner.get("remoteLoginPortPublicAccess")
    return None if told is None else str(told).casefold() == "enabled"


def _bad(judge: Callable[[Properties], bool | None], word: str, fine: str) -> Callable[[Sequence[Properties]], str]:
    """Say how many are bad; `fine` where none is, `-` where none says anything."""

    def told(found: Sequence[Properties]) -> str:
        judged = [judge(each) for each in found]
        bad = judged.count(True)
        return f"{bad} {word}" if bad else fine if False in judged else NONE

    return told


def _opposite(name: str) -> Callable[[Properties], bool | None]:
    return lambda found: None if found.get(name) is None else found[name] is False


def _identities(found: Sequence[Properties]) -> str:
    """How many of the computes that could have an identity have one."""
    able = [each for each in found if _kind(each) in _MANAGED]
    kinds = [str((each.get("identity") or {}).get("type") or "none").casefold() for each in able]
    having = len(kinds) - kinds.count("none")
    return f"{having} of {len(able)}" if able else NONE


def _attached(found: Sequence[Properties]) -> list[str]:
    ids = [
        str(each.get("resourceId") or "").rstrip("/").casefold()
        for each in found
        if _kind(each) in {"aks", "kubernetes"}
    ]
    return list(dict.fromkeys(ids))


def _cluster_accounts(seen: Seen) -> str:
    """Whether a kubeconfig alone opens one of the attached AKS clusters; other clusters are not Azure's to tell."""

    def told(found: Sequence[Properties]) -> str:
        wanted = [each for each in _attached(found) if "/managedclusters/" in each]
        read = [(seen.clusters or {}).get(each) for each in wanted]
        open_ = sum(each is not None and each.get("disableLocalAccounts") is not True for each in read)
        unknown = f", rest {UNREAD}" if open_ else UNREAD
        word = f"{open_} on" if open_ else "off" if wanted else NONE
        return f"{word if open_ else ''}{unknown}" if None in read else word

    return asked("computes", told)(seen)


def _services(found: Sequence[Properties]) -> str:
    """The services of SDK v1, and those that anybody may call."""
    loose = sum(each.get("authEnabled") is not True and each.get("aadAuthEnabled") is not True for each in found)
    return tally(len(found), loose, "open")


def _scoring(seen: Seen) -> str:
    """Whether the deployments log what they are asked."""
    told = _bad(_opposite("appInsightsEnabled"), "silent", "on")
    return asked("deployments", told)(seen) if "deployments" in seen.direct else told(seen.deployments or ())


def _secrets(found: Sequence[str]) -> str:
    """The worst that the times of a vault's secrets say."""
    for life in ("expired", "soon", "old"):
        if life in found:
            return f"{found.count(life)} {life}"
    return UNREAD if "unknown" in found else "ok" if found else NONE


def _sum(points: Sequence[float]) -> str:
    return f"{sum(points):.0f}" if points else NONE


def _change(found: Any) -> str:
    return f"{found.days}d{' failed' if found.failed else ''}" if found else NONE


def _column(
    name: str, meaning: str, read: Callable[[Seen], str], grades: Mapping[str, Severity], direct: str, fields: Fields,
) -> FleetColumn:  # fmt: skip
    return FleetColumn(name, meaning, fields, read, grades, (direct,))


def _computes(name: str, meaning: str, read: Callable[[Sequence[Properties]], str], **grades: Severity) -> FleetColumn:
    return _column(name, f"{meaning}{_EACH}", asked("computes", read), grades, "computes", {})


RIGHTS = (
    _column("my-roles", "your own roles that reach it, through groups too; asked of each subscription", _my_roles, {},
            "mine", _ROLES_FROM),
    FleetColumn("can-regenerate", "how many can regenerate its keys or its account's, and how many too widely", RIGHTS_FROM,
                _who_can("regenerate"), {"wide": _WARN}),
    FleetColumn("can-read-secrets", "how many can read its keys and secrets by a role or the vault's policy",
                {**RIGHTS_FROM, "vaults": ("enableRbacAuthorization", "accessPolicies")}, _who_can("secrets"),
                {"wide": _WARN}),
    FleetColumn("can-assign", "how many can assign roles on it or on what it is linked to", RIGHTS_FROM, _who_can("assign"),
                {"wide": _WARN}),
    FleetColumn("custom-roles", "custom roles that count here, and those that allow by patterns", RIGHTS_FROM,
                _custom_roles, {"wide": _WARN}),
    _column("support-apps", "support apps with a role on its subscription; the directory is asked", _support_apps,
            {"held": _WARN, "assigning": _CRITICAL}, "apps", RIGHTS_FROM),
)  # fmt: skip
FURTHER = (
    *RIGHTS,
    FleetColumn("metadata", "who keeps its metadata: Microsoft, or with a key of its own service side or managed group",
                {"workspaces": ("enableServiceSideCMKEncryption",)}, _metadata, direct=("side",)),
    _column("providers", "whether what a key of its own needs is registered; asked of each subscription",
            asked("providers", lambda found: f"{len(found)} missing" if found else "ok"), {"missing": _HIGH},
            "providers", {}),
    FleetColumn("ml-app", "whether Azure ML's application may make what a key of its own needs; the directory is asked",
                {**RIGHTS_FROM, "workspaces": ("enableServiceSideCMKEncryption",)}, _ml_app, {"missing": _WARN},
                ("ml-app", "side")),
    _computes("computes", "how many computes it has", lambda found: tally(len(found), 0, "")),
    _computes("ssh", "whether a compute takes SSH from outside", _bad(_ssh, "open", "closed"), open=_HIGH),
    _computes("node-address", "whether a compute's nodes have public addresses",
              _bad(lambda found: _inner(found).get("enableNodePublicIp"), "public", "private")),
    _computes("compute-accounts", "whether computes take local accounts", _bad(_opposite("disableLocalAuth"), "on", "off")),
    _computes("compute-identity", "how many computes have an identity of their own", _identities),
    _computes("clusters", "how many Kubernetes clusters are attached", lambda found: tally(len(_attached(found)), 0, "")),
    _column("cluster-accounts", f"whether attached AKS clusters take local accounts{_EACH}", _cluster_accounts,
            {"on": _WARN}, "computes", {"clusters": ("disableLocalAccounts",)}),
    _column("v1-services", f"services of SDK v1 on ACI and AKS, and those that anybody may call{_EACH}",
            asked("services", _services), {"open": _HIGH}, "services", {}),
    _column("v1-tls", f"whether all services of SDK v1 are called over TLS{_EACH}",
            asked("services", _bad(lambda found: found.get("sslEnabled") is not True, "plain", "yes")), {"plain": _HIGH},
            "services", {}),
    _column("logs", f"whether its own logs are sent anywhere{_EACH}",
            asked("logs", lambda found: "sent" if found else "none"), {"none": _WARN}, "logs", {}),
    _column("vault-logs", "whether the vault's logs are sent anywhere; asked of each vault",
            asked("vault-logs", lambda found: "sent" if found else "none"), {"none": _WARN}, "vault-logs", {}),
    _column("scoring-logs", "whether its deployments log what they are asked", _scoring, {"silent": _WARN}, "deployments",
            {"endpoints": ("authMode",), "deployments": ("appInsightsEnabled",)}),
    _column("vault-secrets", "secrets of its vault that are expired, soon or old, by their times alone; asked of each vault",
            asked("secrets", _secrets), {"expired": _HIGH, "soon": _WARN, "old": _WARN}, "secrets", {}),
    _column("key-calls", "calls of its account in a week that were signed with a key; asked of each account",
            asked("key-calls", _sum), {}, "key-calls", {}),
    _column("runs", f"runs that ended in a week{_EACH}", asked("runs", _sum), {}, "runs", {}),
    _column("last-change", f"how long ago it was changed last, in 90 days{_EACH}", asked("changes", _change),
            {"failed": _WARN}, "changes", {}),
)  # fmt: skip
"""Behind those that lists alone tell."""
