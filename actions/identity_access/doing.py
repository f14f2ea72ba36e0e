"""Making one change, and proving it by reading Resource Manager again."""

from __future__ import annotations

import msgspec

from actions.cloud.data import Answer, CloudError, NotFound, ResourceId
from actions.cloud.protocol import Cloud
from actions.guard.contract import Hand
from actions.guard.model import Proof, Step, Verdict
from actions.identity_access import steps
from actions.identity_access.reading import read_vault

REPLICATION_TRIES, REPLICATION_SECONDS = 36, 5.0
"""A fresh identity is unknown to the directory for a while; Azure's own command line tries as often and as long."""
Words = dict[str, tuple[str, ...]]


async def do(step: Step, hand: Hand) -> dict[str, str]:
    """Make the step's change; evidence tells what was there already, so that undo takes away only what was added."""
    if step.kind == steps.RESYNC:
        return _told(await hand.cloud.resync_keys(ResourceId(step.subject)))
    if step.kind == steps.GRANT:
        return await _grant(step, hand)
    if step.kind == steps.TAKE_ROLE:
        assert step.request is not None
        return _told(await hand.cloud.send(step.request))
    return await _policy(step, hand)


async def _grant(step: Step, hand: Hand) -> dict[str, str]:
    """PUT the assignment; one that exists already under another name is what was wanted, and not ours to remove."""
    assert step.request is not None
    role = f"/subscriptions/{ResourceId(step.subject).subscription}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{role}/{step.arguments['role']}",
        "principalId": step.arguments["principal"],
        "principalType": "ServicePrincipal",
    }
    body = msgspec.json.encode({"properties": properties})
    for attempt in range(REPLICATION_TRIES):
        try:
            answer = await hand.cloud.send(step.request, body)
        except CloudError as error:
            if error.code == "RoleAssignmentExists":
                return {"exists": "yes", "request id": error.request_id}
            if error.code != "PrincipalNotFound" or attempt == REPLICATION_TRIES - 1:
                raise
            hand.say("the directory does not know the identity yet; trying again")
            await hand.cloud.sleep(REPLICATION_SECONDS)
        else:
            return {**_told(answer), "added": step.request.path}
    raise AssertionError("the last try returns or raises")


async def _policy(step: Step, hand: Hand) -> dict[str, str]:
    assert step.request is not None
    return _told(await hand.cloud.send(step.request, steps.policy_body(step.arguments)))


def _told(answer: Answer) -> dict[str, str]:
    return {"status": str(answer.status), "state": answer.state, "request id": answer.request_id}


async def prove(step: Step, cloud: Cloud) -> Proof:
    """Read back what the step changed; neither diagnose nor the activity log is evidence."""
    if step.kind == steps.RESYNC:
        return Proof(
            verdict=Verdict.NOT_VERIFIABLE,
            sentence="Azure took the resync; what access it restores is documented nowhere, so everything is read again",
        )
    if step.kind in (steps.GRANT, steps.TAKE_ROLE):
        return await _prove_role(step, cloud)
    return await _prove_policy(step, cloud)


async def _prove_role(step: Step, cloud: Cloud) -> Proof:
    wanted = (step.arguments["principal"].casefold(), step.arguments["role"].casefold())
    scope = step.arguments["scope"].rstrip("/").casefold()
    found = [
        item.id.text
        for item in await cloud.role_assignments(step.arguments["scope"])
        if str(item.properties.get("principalId", "")).casefold() == wanted[0]
        and ResourceId(str(item.properties.get("roleDefinitionId", ""))).name.casefold() == wanted[1]
        and str(item.properties.get("scope", "")).rstrip("/").casefold() == scope
    ]
    if step.kind == steps.GRANT:
        if not found:
            return Proof(verdict=Verdict.FAILED, sentence="the role assignment is not there")
        told = "the assignment is there; whether the workspace can use it yet cannot be seen from here"
        return Proof(verdict=Verdict.VERIFIED, sentence=told, evidence={"assignment": ResourceId(found[0]).name})
    gone = step.arguments["id"].casefold() not in {item.casefold() for item in found}
    if gone:
        return Proof(verdict=Verdict.VERIFIED, sentence="the role assignment is gone")
    return Proof(verdict=Verdict.FAILED, sentence="the role assignment is still there")


async def _prove_policy(step: Step, cloud: Cloud) -> Proof:
    try:
        vault = await read_vault(cloud, step.subject)
    except NotFound:
        return Proof(verdict=Verdict.FAILED, sentence="the vault is not there any more")
    if vault.problem:
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=f"the vault's policies cannot be read: {vault.problem}")
    held = vault.policies.get(step.arguments["principal"].casefold(), {})
    words = msgspec.json.decode(step.arguments["words"], type=Words)
    have = {(kind, word.casefold()) for kind, given in held.items() for word in given}
    asked = {(kind, word.casefold()) for kind, given in words.items() for word in given}
    if step.kind == steps.POLICY:
        lacking = {item for item in asked - have if (item[0], "all") not in have}
        if lacking:
            return Proof(
                verdict=Verdict.FAILED, sentence=f"the policy lacks {len(lacking)} of {len(asked)} permissions"
            )
        return Proof(verdict=Verdict.VERIFIED, sentence="the access policy is there with every permission")
    if asked & have:
        return Proof(verdict=Verdict.FAILED, sentence="some of the permissions are still there")
    return Proof(verdict=Verdict.VERIFIED, sentence="the permissions are gone")
