"""The comparison itself: it must see what a client would trip over, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from azsim.wire import Response, json_response
from tests.wire.compare import differences
from tests.wire.listing import Row
from tests.wire.recording import Recording

ID = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Keyvault/vaults/{}"
GUIDS = ("00000000-0000-0000-0000-000000000001", "0f0f0f0f-1111-2222-3333-444444444444")


def recording(body: Any, *, headers: dict[str, str] | None = None, recorder: str = "", year: int = 2025) -> Recording:
    """A recorded answer 200 with this body."""
    when = datetime(year, 11, 4, tzinfo=UTC)
    headers = headers or {"Content-Type": "application/json; charset=utf-8"}
    return Recording("ml/x", "recording", recorder, when, "GET", "h", "/", {}, None, 200, headers, body, "")


def found(recorded: Any, ours: Any, **facts: Any) -> set[str]:
    """The differences between two bodies."""
    return differences(recording(recorded, **facts), json_response(200, ours))


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        ({"id": ID.format(GUIDS[0], "rg", "kv")}, {"id": ID.format(GUIDS[1], "other", "vault")}),
        ({"at": "2025-11-04T04:54:09.2712327Z"}, {"at": "2026-01-01T00:00:00.0000000Z"}),
        ({"at": "2022-09-08T18:55:30.287909+00:00"}, {"at": "2022-09-08T18:55:30.2879090+00:00"}),
        ({"value": [{"a": 1}, {"a": None}]}, {"value": [{"a": None}]}),
        ({"secret": "REDACTED-KEY"}, {"secret": "anything at all"}),
        ({"tags": {"a": "b"}}, {"tags": {}}),
        ({"message": "Could not find datastore: 7."}, {"message": "Could not find datastore: 12."}),
    ],
)
def test_what_only_names_times_and_values_differ_in_is_alike(recorded: Any, ours: Any) -> None:
    assert found(recorded, ours) == set()


@pytest.mark.parametrize(
    ("recorded", "ours", "difference"),
    [
        ({"a": 1}, {}, "body.a: missing"),
        ({}, {"a": 1}, "body.a: extra"),
        ({"a": {"b": 1}}, {}, "body.a: missing"),
        ({"keyVault": {}, "x": 1}, {"keyVault": {}, "x": 1, "keyvault": 1}, "body.keyvault: extra"),
        ({"a": 100.0}, {"a": 100}, "body.a: integer instead of number"),
        ({"a": "true"}, {"a": True}, "body.a: boolean instead of text"),
        ({"a": None}, {"a": "x"}, "body.a: text instead of null"),
        ({"a": []}, {"a": [1]}, "body.a[]: extra"),
        ({"status": "Updating"}, {"status": "InProgress"}, "body.status: 'InProgress' instead of 'Updating'"),
        (
            {"at": "2025-11-04T04:54:09.2712327Z"},
            {"at": "2025-11-04T04:54:09Z"},
            "body.at: time Z instead of time .0000000Z",
        ),
        (
            {"id": ID.format(GUIDS[0], "rg", "kv")},
            {"id": ID.format(GUIDS[0], "rg", "kv").replace("Keyvault", "KeyVault")},
            "body.id: /subscriptions/*/resourceGroups/*/providers/Microsoft.KeyVault/vaults/* instead of "
            "/subscriptions/*/resourceGroups/*/providers/Microsoft.Keyvault/vaults/*",
        ),
    ],
)
def test_what_a_client_would_trip_over_is_seen(recorded: Any, ours: Any, difference: str) -> None:
    assert found(recorded, ours) == {difference}


def test_headers_and_status() -> None:
    """Missing headers always count, extra ones only where the recorder kept all."""
    body = {"a": 1}
    asked = {"Content-Type": "application/json", "Location": f"https://h/locations/eastus/status/{GUIDS[0]}?a=1&b=2"}
    ours = Response(202, {"Content-Type": "application/json", "X-Extra": "1"}, b'{"a":1}')
    assert differences(recording(body, headers=asked), ours) == {
        "status 202 instead of 200",
        "header location: missing",
    }
    assert "header x-extra: extra" in differences(recording(body, headers=asked, recorder="PowerShell"), ours)
    ours.headers["Location"] = f"https://h/locations/westus/status/{GUIDS[1]}?a=3"
    assert (
        "header location: https://h/locations/{region}/status/{guid}?a instead of "
        "https://h/locations/{region}/status/{guid}?a,b"
    ) in differences(recording(body, headers=asked), ours)


def test_eras_are_no_difference() -> None:
    """The cluster's header was renamed, and signatures came in 2024."""
    asked = {"x-aml-cluster": "vienna-eastus-01", "Location": "https://h/status/x?type=location"}
    ours = {
        "azureml-served-by-cluster": "vienna-eastus-01",
        "Location": "https://h/status/x?type=location&t=1&c=2&s=3&h=4",
    }
    assert differences(recording(None, headers=asked, year=2023), Response(200, ours)) == set()
    assert len(differences(recording(None, headers=asked, year=2026), Response(200, ours))) == 1


def test_a_listed_row_covers_by_pattern() -> None:
    """Stars stand for anything, brackets for themselves."""
    row = Row("ml/*", "body.value[].*: extra", "why")
    assert row.covers("ml/computes-list", "body.value[].id: extra")
    assert not row.covers("ml/computes-list", "body.value.id: extra")
    assert not row.covers("arm/x", "body.value[].id: extra")
