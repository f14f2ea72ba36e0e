"""What is amiss with the endpoints of a workspace, graded; authentication is told of and never changed."""

from __future__ import annotations

from datetime import datetime

from actions.endpoint_keys.state import Endpoint, EndpointKeysOptions, Vault
from actions.guard.model import Finding, Severity

OLD_DAYS = 90
_ENTRA = (
    "switch it to Entra tokens, which expire and name their caller; clients that send a key fail from that moment on"
)


def findings(
    endpoints: tuple[Endpoint, ...],
    unlisted: tuple[str, ...],
    vault: Vault | None,
    options: EndpointKeysOptions,
    now: datetime,
) -> tuple[Finding, ...]:
    """Grade every endpoint, and what could not be read."""
    found = [finding for endpoint in endpoints for finding in (*_access(endpoint), *_keys(endpoint, now, options))]
    found += [
        Finding(
            id="endpoints-unlisted", severity=Severity.UNKNOWN, subject=text.partition(":")[0],
            sentence=f"could not be listed, so none of them is shown ({text.partition(': ')[2]})",
        )
        for text in unlisted
    ]  # fmt: skip
    if vault is not None and vault.problem:
        found.append(Finding(id="vault", severity=Severity.HIGH, subject=vault.name, sentence=vault.problem))
    elif vault is not None and not vault.roles:
        sentence = "uses access policies: whether you may set secrets there shows when the key is published"
        found.append(Finding(id="vault-policies", severity=Severity.INFO, subject=vault.name, sentence=sentence))
    return tuple(found)


def _access(endpoint: Endpoint) -> list[Finding]:
    """How an endpoint is reached, and by whom."""
    found: list[Finding] = []

    def add(name: str, severity: Severity, sentence: str, remedy: str = "") -> None:
        finding = Finding(id=name, severity=severity, subject=endpoint.name, sentence=sentence, remedy=remedy)
        found.append(finding)

    if endpoint.kind == "service":
        open_to_all = " and lets everybody in, without a key" if endpoint.auth == "none" else ""
        add(
            "v1-service", Severity.HIGH if open_to_all else Severity.WARN, f"is a web service of SDK v1{open_to_all}",
            "move it to a managed online endpoint; its address changes",
        )  # fmt: skip
    elif endpoint.kind == "managed" and endpoint.auth == "key":
        add("key-auth", Severity.INFO, "is called with keys, which do not expire and name nobody", _ENTRA)
    elif endpoint.kind == "kubernetes" and endpoint.auth == "key":
        add(
            "key-auth-kubernetes", Severity.INFO, "is called with keys; on Kubernetes the other mode is Azure ML tokens"
        )
    if endpoint.scoring.startswith("http://"):
        remedy = "give the cluster's inference router a certificate"
        add("clear-text", Severity.WARN, "has a scoring address without TLS: keys travel in clear", remedy)
    if endpoint.network == "enabled":
        add("public-network", Severity.INFO, "is reachable from the internet", "a private endpoint closes it")
    return found


def _keys(endpoint: Endpoint, now: datetime, options: EndpointKeysOptions) -> list[Finding]:
    """How an endpoint's keys are doing."""
    found: list[Finding] = []

    def add(name: str, severity: Severity, sentence: str, remedy: str = "") -> None:
        finding = Finding(id=name, severity=severity, subject=endpoint.name, sentence=sentence, remedy=remedy)
        found.append(finding)

    if not endpoint.rotates:
        return found
    if endpoint.problem:
        add("keys-unread", Severity.UNKNOWN, f"its keys cannot be read ({endpoint.problem})")
    elif endpoint.primary and endpoint.primary == endpoint.secondary:
        remedy = "rotate with --only secondary first"
        add("same-keys", Severity.HIGH, "has the same Primary and Secondary key: replacing one cuts off all", remedy)
    if endpoint.traffic.classes.get("4xx"):
        many = endpoint.traffic.classes["4xx"]
        add("refused", Severity.WARN, f"answered {many:.0f} requests of the last day with a 4xx; 401 means a stale key")
    last = max(endpoint.rotated, endpoint.ours.partition(" ")[0])
    if not last or (now - datetime.fromisoformat(last)).days > OLD_DAYS:
        add("old-keys", Severity.WARN, "no replacement of its keys is known of in the last 90 days")
    if endpoint.handed == "Secondary":
        add(
            "handed",
            Severity.WARN,
            "its clients were moved to Secondary by the last rotation; the plan asks about them",
        )
    if options.primary_first:
        add(
            "primary-first",
            Severity.HIGH,
            "Primary dies before any client is told: each is cut off until it has the new key",
        )
    return found
