"""Azure's six ways to say no, in one clean sentence with the real reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError

from actions.cloud.data import CloudError, Forbidden, NotFound, SignInNeeded, Throttled, UnknownOutcome
from actions.cloud.errors import clean, failure_in, from_answer, from_exception, unreadable
from actions.cloud.transport import NeverSent
from azsim.secrets import storage_key


def body_of(recording: dict[str, object]) -> bytes:
    answer = recording["response"]
    assert isinstance(answer, dict)
    body = answer["body"]
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("ml/datastores-get-404-managementfrontend", "NotFoundError", NotFound),
        ("ml/connections-get-404-account-rp", "", NotFound),
        ("ml/online-endpoints-regenerate-keys-poll-404", "OperationNotFound", NotFound),
        ("ml/workspaces-get-404-arm-gateway", "ResourceNotFound", NotFound),
        ("ml/datastores-list-secrets-504-transient-error", "", CloudError),
        ("arm/error-403-authorization-failed", "AuthorizationFailed", Forbidden),
        ("arm/error-401-invalid-authentication-token", "InvalidAuthenticationToken", SignInNeeded),
        ("arm/error-429-resource-requests-throttled", "ResourceRequestsThrottled", Throttled),
        ("authorization/role-assignments-create-400-principal-not-found", "PrincipalNotFound", CloudError),
        ("authorization/role-assignments-create-409-exists", "RoleAssignmentExists", CloudError),
        ("insights/activity-log-error-400", "", CloudError),
        ("keyvault-data/error-403-forbidden-by-policy", "", Forbidden),
        ("resourcegraph/error-400-invalid-query", "ParserFailure", CloudError),
        ("storage/storage-accounts-get-404-resource-group-not-found", "ResourceGroupNotFound", NotFound),
        ("graph/service-principals-get-404", "", NotFound),
        ("entra/token-401-invalid-client", "invalid_client", SignInNeeded),
    ],
)
def test_recorded_errors(wire_dir: Path, name: str, code: str, kind: type[CloudError]) -> None:
    file = wire_dir / f"{name}.json"
    if not file.exists():
        pytest.skip(f"no recording {name}")
    recording = json.loads(file.read_text())
    answer = recording["response"]
    error = from_answer("the thing", answer["status"], answer["headers"] or {}, body_of(recording), change=False)
    assert type(error) is kind
    assert error.status == answer["status"]
    assert error.code not in {"", "UserError", "ServiceError"}
    assert code in {"", error.code}
    assert error.sentence.startswith("the thing: ")
    assert error.sentence.isprintable()
    assert "no reason given" not in error.sentence


def test_a_long_code_is_told_and_a_key_beside_it_is_not() -> None:
    key = storage_key(7, "stlab01", "key1", 0)
    body = {"error": {"code": "StorageAccountOperationInProgress", "message": f"Conflict over {key}."}}
    error = from_answer("regenerate key1", 409, {}, json.dumps(body).encode(), change=False)
    assert error.sentence == "regenerate key1: Conflict over <secret>. (StorageAccountOperationInProgress, 409)"
    assert clean("a" * 40) == "<secret>", "one long word is none"


def test_a_change_answered_5xx_may_have_happened() -> None:
    body = b'{"error":{"code":"ServerBusy","message":"busy"}}'
    assert isinstance(from_answer("x", 503, {}, body, change=True), UnknownOutcome)
    assert not isinstance(from_answer("x", 503, {}, body, change=False), UnknownOutcome)
    assert not isinstance(from_answer("x", 409, {}, body, change=True), UnknownOutcome)


def test_an_answer_that_is_not_azures_leaves_a_change_unknown() -> None:
    assert isinstance(unreadable("x", change=True), UnknownOutcome)
    assert type(unreadable("x", change=False)) is CloudError


def test_the_missing_permission_is_named() -> None:
    text = (
        "The client 'ada' with object id 'x' does not have authorization to perform action "
        "'Microsoft.Storage/storageAccounts/listKeys/action' over scope '/subscriptions/s' or the scope is invalid."
    )
    body = json.dumps({"error": {"code": "AuthorizationFailed", "message": text}}).encode()
    error = from_answer("keys of stx", 403, {"x-ms-request-id": "r"}, body, change=False)
    told = "keys of stx: not permitted; it needs Microsoft.Storage/storageAccounts/listKeys/action at /subscriptions/s"
    assert error.sentence.startswith(told)
    assert error.request_id == "r"


def test_the_blob_service_keeps_its_detail_to_itself() -> None:
    xml = (
        b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>Server failed.\n'
        b"RequestId:1</Message><AuthenticationErrorDetail>signature 'abc='</AuthenticationErrorDetail></Error>"
    )
    assert failure_in(xml, {}).code == "AuthenticationFailed"
    assert failure_in(xml, {}).message == "Server failed."
    assert failure_in(b"", {"x-ms-error-code": "KeyBasedAuthenticationNotPermitted"}).code.startswith("KeyBased")


@pytest.mark.parametrize("body", [b"null", b"[]", b"<html>", b"{", b'{"error":null}', b'{"error":[]}', b"\xff\xfe"])
def test_odd_bodies_are_survived(body: bytes) -> None:
    error = from_answer("x", 502, {}, body, change=False)
    assert "502" in error.sentence


@pytest.mark.parametrize(
    "secret",
    [
        "AccountKey=abc",
        "https://stx.blob.core.windows.net/c?sv=2022&sig=abc%3D",
        "sig=aGVsbG8%3D",
        "Bearer eyJ0eXAi.eyJhdWQi.c2ln",
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Imk2.eyJhdWQiOiJodHRwczovL21hbmFnZW1lbnQ.c2lnbmF0dXJl",
        "q2lQbXlzZWNyZXRrZXlpc3ZlcnlzZWNyZXQxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        "p8Qf2vXk0Lr7YtB4nJ6sZcW1mHd9UgEe",
    ],
)
def test_nothing_like_a_secret_is_shown(secret: str) -> None:
    shown = clean(f"failed with {secret} at the end")
    words = [part for part in secret.replace("=", " ").replace("?", " ").split() if len(part) > 8]
    assert all(word not in shown for word in words if not word.startswith(("https", "AccountKey")))
    assert shown.startswith("failed with")
    assert shown.endswith("at the end")


@pytest.mark.parametrize(
    "name",
    [
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Storage/x/stx",
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/regenerateKeys/action",
        "azureml-blobstore-36e6486a-7c55-597f-b93c-f9272bfb1328",
        "0123456789abcdef0123456789abcdef",
        "fraud-score.westeurope.inference.ml.azure.com",
    ],
)
def test_names_stay(name: str) -> None:
    assert clean(name) == name


def test_text_from_azure_is_one_harmless_line() -> None:
    shown = clean("a\r\nb\x1b[31mred\u202e" + " word" * 500)
    assert shown.isprintable()
    assert len(shown) <= 400
    assert shown.startswith("a b")


@pytest.mark.parametrize(
    ("error", "change", "kind"),
    [
        (NeverSent("refused"), True, CloudError),
        (ServiceRequestError("Server disconnected"), True, UnknownOutcome),
        (ServiceResponseError("cut"), True, UnknownOutcome),
        (ServiceResponseError("cut"), False, CloudError),
        (AzureError("odd"), True, UnknownOutcome),
    ],
)
def test_only_a_connection_that_never_was_proves_that_nothing_was_sent(
    error: AzureError, change: bool, kind: type[CloudError]
) -> None:
    assert type(from_exception("x", error, change=change)) is kind
