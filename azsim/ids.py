"""Azure resource ids taken apart; ids compare case-folded, because services disagree on their casing."""

from __future__ import annotations


def segments(resource_id: str) -> list[str]:
    """The non-empty parts of an id."""
    return [part for part in resource_id.split("/") if part]


def fold(resource_id: str) -> str:
    """The form in which ids are compared: case-folded, without a trailing or a doubled slash."""
    if resource_id.endswith("/") or "//" in resource_id:
        resource_id = "/" + "/".join(segments(resource_id))
    return resource_id.casefold()


_MANAGEMENT_GROUPS = "/providers/microsoft.management/managementgroups/"


def management_group_of(scope: str) -> str:
    """The name, case-folded, of the management group that a scope is; "" for any other scope."""
    folded = fold(scope).rstrip("/")
    return folded.removeprefix(_MANAGEMENT_GROUPS) if folded.startswith(_MANAGEMENT_GROUPS) else ""


def access_scope(scope: str) -> str:
    """The form in which scopes of access are compared; the root and management groups, which hold everything, are ""."""
    folded = fold(scope).rstrip("/")
    return "" if folded.startswith(_MANAGEMENT_GROUPS) else folded


def type_of(resource_id: str) -> str:
    """`Microsoft.MachineLearningServices/workspaces/datastores` for a datastore's id; "" for a bare scope."""
    parts = segments(resource_id)
    folded = [part.casefold() for part in parts]
    if "providers" not in folded:
        is_group = len(parts) == 4 and folded[2] == "resourcegroups"
        return "Microsoft.Resources/resourceGroups" if is_group else ""
    start = len(folded) - 1 - folded[::-1].index("providers")
    tail = parts[start + 1 :]
    return "/".join([*tail[:1], *tail[1::2]])


def name_of(resource_id: str) -> str:
    """The last segment."""
    return resource_id.rstrip("/").rpartition("/")[2]


def parent_of(resource_id: str) -> str:
    """The id one level up: the owner of a child, the scope of an extension, the group of a top-level
    resource."""
    parts = segments(resource_id)
    folded = [part.casefold() for part in parts]
    if "providers" in folded:
        start = len(folded) - 1 - folded[::-1].index("providers")
        end = len(parts) - 2 if len(parts) - start > 4 else start
    else:
        end = len(parts) - 2
    return "".join(f"/{part}" for part in parts[: max(end, 0)])


def subscription_of(resource_id: str) -> str:
    """The subscription id, or "" for a tenant-level id."""
    parts = segments(resource_id)
    return parts[1] if len(parts) > 1 and parts[0].casefold() == "subscriptions" else ""


def group_of(resource_id: str) -> str:
    """The resource group's name, or ""."""
    parts = segments(resource_id)
    return parts[3] if len(parts) > 3 and parts[2].casefold() == "resourcegroups" else ""


def within(resource_id: str, scope: str) -> bool:
    """True when `resource_id` is `scope` or lies below it; both case-folded. The scope "" or "/" holds
    everything."""
    return scope in ("", "/") or resource_id == scope or resource_id.startswith(scope + "/")
