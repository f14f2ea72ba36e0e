"""Pseudonyms for a picture: every name of the organisation's own becomes another one, the same everywhere.

Azure's words stay: types, kinds, regions, states, built-in roles, Microsoft's own applications and tenants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from actions.cloud.data import ResourceId
from actions.estate.hosts import host_of, is_host
from actions.estate.naming import Names
from actions.support_apps.naming import FIRST_PARTY, MICROSOFT, looks_like, prefix_of

Raw = dict[str, Any]
_ID = re.compile(
    r"/(?:subscriptions|providers/Microsoft\.Management/managementGroups)/[^\s'\",;?<>()\[\]]+", re.IGNORECASE
)
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<host>[^/\s:?'\"]+)(?P<port>:\d+)?(?P<path>[^\s'\"]*)", re.IGNORECASE
)
_HOSTS = re.compile(r"(?<![\w.-])[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*){2,}(?![\w-])", re.IGNORECASE)
"""Hosts within a longer text; with fewer dots it may be any word."""
_MAIL = re.compile(r"[\w.+#'-]+@[\w-]+(?:\.[\w-]+)+")
_GUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_CODE = frozenset({"dev.azure.com", "github.com", "pkgs.dev.azure.com"})
"""Hosts whose paths are names."""
_SPLIT = re.compile(r"[/.:@\s_]")
_NAMES = frozenset(
    {
        "account", "accountname", "containername", "computename", "datastorename", "defaultdomain", "deploymentname",
        "dnsprefix", "endpointname", "fileshareName".casefold(), "filesystem", "keyname", "noderesourcegroup", "resourcegroup",
        "resourcegroupname", "serviceprovisionedresourcegroup", "vault", "workspacename", "artifactname", "adminusername",
    }
)  # fmt: skip
"""Fields whose whole value is a name."""
_PEOPLE = frozenset(
    {"caller", "createdby", "displayname", "lastmodifiedby", "updatedby", "userprincipalname", "friendlyname"}
)
_AUTHORS = frozenset({"createdby", "lastmodifiedby", "updatedby"})
_PARTS = {
    "tenant": "company",
    "subscriptions": "subscription",
    "users": "person",
    "groups": "team",
    "signedIn": "person",
}
"""What a display name names, by the part of the document that it stands in."""
_TEXTS = frozenset({"description", "notes", "appdescription", "thumbprint", "customkeyidentifier"})
"""Free text, which is emptied."""
_SHARES = frozenset({"mirrortraffic", "traffic"})
"""Fields whose keys are names: of deployments."""
_WORDS = frozenset({"kind", "location", "localizedvalue", "type"})
_KINDS = {
    "resourcegroups": "group", "workspaces": "workspace", "storageaccounts": "account", "vaults": "vault",
    "registries": "registry", "components": "insights", "onlineendpoints": "endpoint", "batchendpoints": "endpoint",
    "serverlessendpoints": "endpoint", "services": "service", "deployments": "deployment", "datastores": "datastore",
    "connections": "connection", "computes": "compute", "jobs": "job", "databaseaccounts": "cosmos", "locks": "lock",
    "managedclusters": "cluster", "userassignedidentities": "identity", "diskencryptionsets": "disks", "keys": "key",
}  # fmt: skip


def pseudonymise(document: Raw, salt: str) -> tuple[Raw, dict[str, str]]:
    """The document under other names, and which name became which; the same salt gives the same names."""
    made = Pseudonyms(document, salt)
    return made.document(), dict(sorted(made.names.given.items()))


class Pseudonyms:
    """One document on its way to other names."""

    def __init__(self, document: Raw, salt: str) -> None:
        self._document = document
        self.names = Names(salt, kept_guids=frozenset({*FIRST_PARTY, *MICROSOFT, *_built_in(document)}))
        self.names.know(_named(document))

    def document(self) -> Raw:
        """Everything under its new name."""
        parts = {
            name: value for name, value in self._document.items() if name not in {"servicePrincipals", "applications"}
        }
        made: Raw = {name: self._value(value, name) for name, value in parts.items()}
        for name in ("servicePrincipals", "applications"):
            made[name] = [self._app(item) for item in self._document.get(name) or ()]
        roles = zip(made.get("roleDefinitions") or (), self._document.get("roleDefinitions") or (), strict=True)
        for role, before in roles:
            custom = before.get("roleType") == "CustomRole"
            role["roleName"] = self.names.of(before["roleName"], "role") if custom else before["roleName"]
        for name in {"unread", "suspicious"} & made.get("about", {}).keys():  # last: any name may stand in them
            made["about"][name] = self.names.replace_all(made["about"][name])
        return made

    def _app(self, item: Raw) -> Raw:
        """A service principal or application: Microsoft's keep their names, support apps what they begin with."""
        made: Raw = self._value(item, "")
        for field in ("displayName", "appDisplayName"):
            if item.get(field):
                made[field] = self._app_name(item, str(item[field]))
        return made

    def _app_name(self, item: Raw, name: str) -> str:
        prefix = prefix_of(name)
        if prefix:
            rest = name[len(prefix) :]
            changed = self._guids(rest)
            return name[: len(prefix)] + (changed if changed != rest else self.names.of(rest, "app"))
        ours = str(item.get("appOwnerOrganizationId") or "").casefold() not in MICROSOFT
        ours = ours and str(item.get("appId") or "").casefold() not in FIRST_PARTY
        return self.names.of(name, "app") if ours and not looks_like(name) else name

    def _value(self, value: Any, key: str, parent: str = "") -> Any:
        if isinstance(value, dict):
            if key == "tags":
                return {}
            shares = key.casefold() in _SHARES
            spelled = {name: self.names.of(name) if shares else self._text(name, "") for name in value}
            return {spelled[name]: self._value(inner, name, key or parent) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, key, parent) for inner in value]
        return self._text(value, key, parent) if isinstance(value, str) and value else value

    def _text(self, text: str, key: str, parent: str = "") -> str:
        """One text under its new names, by what the field is and by what the text looks like."""
        folded = key.casefold()
        if folded in _TEXTS:
            return ""
        if folded == "managementgroups":
            return self._segment(text, folded)
        if folded == "condition":
            return self._condition(text)
        if folded in _WORDS and not text.startswith("/"):
            return text
        if folded in _NAMES or (folded in _PEOPLE and not _MAIL.search(text) and not _GUID.fullmatch(text)):
            return self._named(text, _PARTS.get(parent, "person" if folded in _AUTHORS else "name"))
        if folded == "name" and parent != "sku" and self.names.knows(text):
            return self.names.of(text)
        return self._inside(text)

    def _condition(self, text: str) -> str:
        """A condition of a role assignment: the names it compares with; roles in it stay, unless they are one's own."""
        text = re.sub(r"'([^'/*]+)(\*?)'", lambda m: f"'{self.names.of(m[1])}{m[2]}'", text)
        return _GUID.sub(lambda m: self.names.given.get(m[0].casefold(), m[0]), text)

    def _named(self, text: str, kind: str) -> str:
        """A whole name; one that Azure makes of a word and a GUID keeps the word, and a domain stays one."""
        if text.casefold().startswith("azureml") and not self.names.knows(text):
            return self._guids(text)
        if is_host(text) and not self.names.knows(text):
            return host_of(text, self.names)
        return self.names.of(text, kind)

    def _inside(self, text: str) -> str:
        """A text with whatever is a name in it: ids, addresses, people, GUIDs, and names known from elsewhere."""
        if is_host(text):
            return host_of(text, self.names)
        if self.names.is_distinct(text):
            return self.names.of(text)
        kept: list[str] = []

        def put(made: str) -> str:
            kept.append(made)
            return f"\x00{len(kept) - 1}\x00"

        text = _URL.sub(lambda m: put(self._url(m)), text)
        text = _ID.sub(lambda m: put(self._id(m[0])), text)
        text = _MAIL.sub(lambda m: put(self._mail(m[0])), text)
        text = _HOSTS.sub(lambda m: put(host_of(m[0], self.names)) if is_host(m[0]) else m[0], text)
        text = self._tokens(self._guids(text))
        return re.sub("\x00(\\d+)\x00", lambda m: kept[int(m[1])], text)

    def _url(self, match: re.Match[str]) -> str:
        host, path = match["host"], match["path"]
        made = host_of(host, self.names) if is_host(host) else self._guids(host)
        if ".vault" in host and path.startswith(("/keys/", "/secrets/")):
            parts = path.split("/")
            parts[2] = self.names.of(parts[2], "key")
            path = "/".join(parts)
        elif re.search(r"\.(blob|file|dfs)\.", host) and path.strip("/"):
            head, _, rest = path.lstrip("/").partition("/")
            path = "/" + self._named(head, "name") + (f"/{rest}" if rest else "")
        elif host.casefold() in _CODE:
            path = "/".join(self.names.of(part) for part in path.split("/"))
        path = _ID.sub(lambda m: self._id(m[0]), path)
        return f"{match['scheme']}{made}{match['port'] or ''}{self._tokens(self._guids(path))}"

    def _id(self, text: str) -> str:
        """An id, segment by segment: names stand behind their types."""
        parts, made = text.split("/"), [""]
        kind, index = "", 1
        while index < len(parts):
            part = parts[index]
            if part.casefold() == "providers" and index + 1 < len(parts):
                made += [part, parts[index + 1]]
                index += 2
            elif not kind:
                made.append(part)
                kind, index = part.casefold(), index + 1
            else:
                made.append(self._segment(part, kind))
                kind, index = "", index + 1
        return "/".join(made)

    def _segment(self, part: str, kind: str) -> str:
        if kind in {"ticks", "versions", "locations"}:
            return self._guids(part)
        changed = self._guids(part)
        if _GUID.fullmatch(part) or (part.casefold().startswith("azureml") and not self.names.knows(part)):
            return changed
        return self.names.of(part, _KINDS.get(kind, "name"))

    def _mail(self, text: str) -> str:
        user, _, domain = text.partition("@")
        return f"{self.names.of(user, 'person')}@{host_of(domain, self.names)}"

    def _guids(self, text: str) -> str:
        return _ADDRESS.sub(lambda m: self.names.address(m[0]), _GUID.sub(lambda m: self.names.guid(m[0]), text))

    def _tokens(self, text: str) -> str:
        """Replace known names that stand in a longer text."""
        return self.names.replace(text) if _SPLIT.search(text) else text


def _built_in(document: Raw) -> Iterator[str]:
    """The roles that Azure brings: all that are held and not the organisation's own."""
    own = {
        str(item.get("name") or "").casefold()
        for item in document.get("roleDefinitions") or ()
        if item.get("roleType") == "CustomRole"
    }
    held = [str(item["properties"].get("roleDefinitionId") or "") for item in document.get("roleAssignments") or ()]
    names = {ResourceId(text).name.casefold() for text in held}
    names |= {str(item.get("name") or "").casefold() for item in document.get("roleDefinitions") or ()}
    yield from sorted(names - own)


def _named(document: Raw) -> Iterator[tuple[str, str]]:
    """The names of resources with their kinds, those with the strictest rules for names first."""
    order = ("storageaccounts", "vaults", "registries")
    rows: list[tuple[int, str, str]] = []
    for item in document.get("resources") or ():
        last = str(item["type"]).casefold().rpartition("/")[2]
        rank = order.index(last) if last in order else len(order)
        rows.append((rank, str(item["name"]), _KINDS.get(last, "name")))
    rows += [(9, str(item.get("name") or ""), "key") for item in document.get("keys") or ()]
    rows += [(9, str(item.get("name") or ""), "secret") for item in document.get("vaultSecrets") or ()]
    for _, name, kind in sorted(rows):
        if name:
            yield name, kind
