"""The guarded actions by name: title, risk, runbook and target, without loading what they are made of."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

import msgspec

from actions.guard.reach import Risk

if TYPE_CHECKING:
    from actions.guard.contract import Action


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an action before it is loaded; `risk` is the worst that a plan of it can come to."""

    name: str
    title: str
    key: str
    """The letter that opens it in the console."""
    short: str
    """One word for the line of keys, where eighty cells hold all actions."""
    target_kind: str
    risk: Risk
    runbook: str
    place: str
    """Module and class, `actions.storage_keys:StorageKeys`."""
    serves_all: bool = False
    """Whether one run serves every workspace on the storage account, so that of several targets the first is enough."""

    @property
    def of_subscription(self) -> bool:
        """Whether it is done to a whole subscription; from a workspace it is opened for the one that this lies in."""
        return self.target_kind == "subscription"

    def load(self) -> Action[Any, Any, Any]:
        """Import the action's module and make the action."""
        module, _, name = self.place.partition(":")
        return cast("Action[Any, Any, Any]", getattr(importlib.import_module(module), name)())


_ENTRIES = (
    Entry(
        name="storage-keys",
        title="Storage keys, then resync",
        key="k",
        short="storage",
        target_kind="workspace or storage account",
        risk=Risk.IRREVERSIBLE,
        runbook="storage-keys",
        place="actions.storage_keys:StorageKeys",
        serves_all=True,
    ),
    Entry(
        name="identity-access",
        title="Managed identity access",
        key="i",
        short="identity",
        target_kind="workspace",
        risk=Risk.DISRUPTIVE,
        runbook="identity-access",
        place="actions.identity_access:IdentityAccess",
    ),
    Entry(
        name="endpoint-keys",
        title="Endpoint keys, with a hand-over",
        key="e",
        short="endpoints",
        target_kind="workspace or endpoint",
        risk=Risk.IRREVERSIBLE,
        runbook="endpoint-keys",
        place="actions.endpoint_keys:EndpointKeys",
    ),
    Entry(
        name="cmk-versions",
        title="Customer-managed key versions",
        key="c",
        short="CMK",
        target_kind="workspace",
        risk=Risk.DISRUPTIVE,
        runbook="cmk-versions",
        place="actions.cmk_versions:CmkVersions",
    ),
    Entry(
        name="support-apps",
        title="Support apps",
        short="support",
        key="s",
        target_kind="subscription",
        risk=Risk.DISRUPTIVE,
        runbook="support-apps",
        place="actions.support_apps:SupportApps",
    ),
)


class UnknownAction(ValueError):
    """No action has this name; the text lists those that there are."""


def entries() -> tuple[Entry, ...]:
    """List the actions that this installation has."""
    return _ENTRIES


def entry(name: str) -> Entry:
    """Look an action up by name; underscores count as dashes."""
    wanted = name.replace("_", "-")
    for known in entries():
        if known.name == wanted:
            return known
    raise UnknownAction(f"there is no action {name}; there are {', '.join(each.name for each in entries())}")


def actions() -> dict[str, Action[Any, Any, Any]]:
    """Load all actions, by name."""
    return {known.name: known.load() for known in entries()}
