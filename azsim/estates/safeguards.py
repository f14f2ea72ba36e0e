"""What few workspaces have: logs that are sent somewhere, blobs that can be had back, a vault whose secrets may be listed."""

from __future__ import annotations

from azsim.clock import unix
from azsim.estates import shapes as az
from azsim.estates.book import Book
from azsim.estates.directory import ADA
from azsim.estates.shapes import Json

_KEPT = (("storage-connection", 40, 690), ("registry-password", 610, 120), ("datastore-clicks", 735, -5))
"""Secrets of one vault: name, age and days until it expires."""


def one_workspace(book: Book, workspace: str) -> list[Json]:
    """Guard one workspace well, but for a secret that nobody renewed; gives what its vault keeps."""
    linked = book.find(workspace)["properties"]
    logs = {
        "logs": [{"category": name, "enabled": True} for name in ("AmlComputeClusterEvent", "AmlRunStatusChangedEvent")]
    }
    audit = {"logs": [{"categoryGroup": "audit", "enabled": True}]}
    place = f"{workspace.split('/providers/')[0]}/providers/Microsoft.OperationalInsights/workspaces/law-security"
    for resource, body in ((workspace, logs), (linked["keyVault"], audit)):
        identity = f"{resource}/providers/Microsoft.Insights/diagnosticSettings/to-security"
        book.put({"id": identity, "location": None, "properties": {**body, "workspaceId": place}})
    weeks = {"enabled": True, "days": 14}
    blobs = {"deleteRetentionPolicy": weeks, "containerDeleteRetentionPolicy": weeks}
    book.put({"id": f"{linked['storageAccount']}/blobServices/default", "properties": blobs})
    vault = book.find(linked["keyVault"])
    policy = az.access_policy(ADA["objectId"], keys=[], secrets=["list"], certificates=[])
    vault["properties"]["accessPolicies"].append(policy)
    return [
        {
            "vault": vault["name"],
            "name": name,
            "attributes": {
                "created": unix(book.ago(age)), "updated": unix(book.ago(age)), "exp": unix(book.ago(-left)),
            },
        }
        for name, age, left in _KEPT
    ]  # fmt: skip
