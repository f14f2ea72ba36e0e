"""What the page of one workspace and the list of all of them judge alike: secrets by their times, logs, traffic. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from actions.cloud.data import KeptSecret, MetricSeries

LIFE = timedelta(days=730)
"""How long a secret that Azure Machine Learning sets lives by default (Regenerate storage account access keys)."""
_SOON = timedelta(days=30)
Life = Literal["expired", "soon", "old", "fine", "unknown"]
PROVIDERS = ("Microsoft.MachineLearningServices", "Microsoft.DocumentDB", "Microsoft.Search", "Microsoft.Storage",
             "Microsoft.KeyVault")  # fmt: skip
"""What a workspace with a key of its own is made of: its subscription must have registered these."""
WEEK = timedelta(days=7)
KEYED = "Authentication eq 'AccountKey' or Authentication eq 'SAS'"
"""The calls of a storage account that were signed with one of its keys, as its metric `Transactions` splits them."""
_PLACES = {"workspaceId": "Log Analytics", "storageAccountId": "a storage account", "eventHubName": "an event hub"}


def life_of(kept: KeptSecret, now: datetime) -> Life:
    """Judge a secret's age against its own expiry, or where it has none against the two years that are usual."""
    if kept.expires is not None and kept.expires <= now:
        return "expired"
    if kept.expires is not None and kept.expires - now < _SOON:
        return "soon"
    if kept.updated is not None and now - kept.updated > LIFE:
        return "old"
    return "fine" if kept.updated is not None else "unknown"


def logged(properties: Mapping[str, Any]) -> str:
    """Which logs a diagnostic setting sends where; empty for one that sends none, or nowhere."""
    names = [
        str(each.get("category") or each.get("categoryGroup"))
        for each in properties.get("logs") or ()
        if each.get("enabled") is True
    ]
    places = [place for key, place in _PLACES.items() if properties.get(key)]
    return f"{', '.join(names)} to {' and '.join(places)}" if names and places else ""


def registered(provider: Mapping[str, Any]) -> bool:
    """Whether a subscription has registered a resource provider."""
    return str(provider.get("registrationState") or "").casefold() == "registered"


def added(several: Iterable[MetricSeries]) -> tuple[float | None, ...]:
    """Add series point by point; a time that no series knows stays unknown."""
    sums: dict[str, float | None] = {}
    for series in several:
        for when, value in series.points:
            key, before = when.isoformat(), sums.get(when.isoformat())
            sums[key] = before if value is None else (before or 0.0) + value
    return tuple(sums[key] for key in sorted(sums))
