"""The steps that restore access, and those that take away again what a run added."""

from __future__ import annotations

import shlex
import uuid

import msgspec

from actions.cloud import versions
from actions.cloud.data import ResourceId
from actions.guard.model import Request, Risk, Step, Wait, WaitKind
from actions.identity_access.reading import VAULT_VERSION
from actions.identity_access.roles import role_name
from actions.identity_access.state import Access, Added, Identity

RESYNC, GRANT, POLICY, PROPAGATION, TAKE_ROLE, TAKE_POLICY = (
    "resync", "grant", "policy", "propagation", "take-role", "take-policy",
)  # fmt: skip
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "amlkeys/role-assignment")
_ML = "Microsoft.MachineLearningServices/workspaces"
_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


def assignment_name(scope: str, principal: str, role: str) -> str:
    """The name of a role assignment: the same scope, principal and role always give the same GUID."""
    return str(uuid.uuid5(_NAMES, f"{scope.rstrip('/').casefold()}|{principal.casefold()}|{role.casefold()}"))


def resync(workspace: str) -> Step:
    """Resync the workspace's keys, which the documentation names as the way to restore the identity's access."""
    resource = ResourceId(workspace)
    return Step(
        id=f"{RESYNC}:{resource.name}", kind=RESYNC, subject=workspace,
        title=f"Resync the keys of {resource.name}: it may restore access by itself",
        request=Request(
            method="POST", path=f"{workspace}/resyncKeys", api_version=versions.RESYNC_KEYS, scope=workspace,
            permission=f"{_ML}/resynckeys/action",
        ),
        undo="not needed: a resync can be repeated",
        before="the workspace is there",
        proof="role assignments and policies are read again; what is still missing is granted next",
        az=f"az ml workspace sync-keys --name {shlex.quote(resource.name)} {_where(workspace)}",
    )  # fmt: skip


def grant(identity: Identity, row: Access) -> Step:
    """Assign one role to one identity at one scope."""
    name = assignment_name(row.scope, identity.principal, row.role)
    told = role_name(row.role)
    return Step(
        id=f"{GRANT}:{identity.name}:{row.key}", kind=GRANT, subject=row.scope,
        title=f"Grant {told} on {row.what} to {identity.name}",
        arguments={
            "principal": identity.principal, "role": row.role, "scope": row.scope, "name": name,
            "identity": identity.name, "key": row.key,
        },
        request=Request(
            method="PUT", path=f"{row.scope.rstrip('/')}/providers/{_ASSIGNMENTS}/{name}",
            api_version=versions.AUTHORIZATION, scope=row.scope, permission=f"{_ASSIGNMENTS}/write",
        ),
        risk=Risk.DISRUPTIVE,
        undo="amlkeys plan identity-access --undo RUN removes exactly this assignment",
        before="the assignment is still missing",
        proof="the role assignment is read back with this principal, role and scope",
        az=(
            f"az role assignment create --role {row.role} --scope {shlex.quote(row.scope)}"
            f" --assignee-object-id {identity.principal} --assignee-principal-type ServicePrincipal --name {name}"
        ),
    )  # fmt: skip


def policy(identity: Identity, row: Access, tenant: str) -> Step:
    """Add permissions to an identity's access policy in a vault; what it has stays."""
    vault = ResourceId(row.scope)
    arguments = {"principal": identity.principal, "tenant": tenant, "identity": identity.name, "key": row.key}
    arguments["words"] = msgspec.json.encode(row.words, order="sorted").decode()
    return Step(
        id=f"{POLICY}:{identity.name}:{row.key}", kind=POLICY, subject=row.scope,
        title=f"Add an access policy for {identity.name} to {vault.name}: everything but purge",
        arguments=arguments,
        request=Request(
            method="PUT", path=f"{row.scope}/accessPolicies/add", api_version=VAULT_VERSION, scope=row.scope,
            permission="Microsoft.KeyVault/vaults/accessPolicies/write",
        ),
        risk=Risk.DISRUPTIVE,
        undo="amlkeys plan identity-access --undo RUN removes exactly these permissions",
        before="the permissions are still missing",
        proof="the vault's policies are read back with these permissions",
        az=_az_policy(row.scope, "add", arguments),
    )  # fmt: skip


def propagation(workspace: str, seconds: float) -> Step:
    """Give new role assignments the time that Azure documents before they count."""
    return Step(
        id=f"{PROPAGATION}:{ResourceId(workspace).name}", kind=PROPAGATION, subject=workspace,
        title="Wait until the new access counts",
        wait=Wait(
            kind=WaitKind.TIME, seconds=seconds,
            reason="a new role assignment takes up to ten minutes to count, and Azure ML keeps permissions up to an hour",
            source="Troubleshoot Azure RBAC; Manage roles in your workspace",
        ),
        undo="not needed: nothing changes",
        proof="the time has passed, in Azure's clock",
    )  # fmt: skip


def take(added: Added) -> Step:
    """Remove exactly what an earlier run added."""
    return _take_role(added) if added.kind == "role" else _take_policy(added)


def _take_role(added: Added) -> Step:
    return Step(
        id=f"{TAKE_ROLE}:{ResourceId(added.id).name}", kind=TAKE_ROLE, subject=added.scope,
        title=f"Remove {role_name(added.role)} at {ResourceId(added.scope).name}: {added.title}",
        arguments={"id": added.id, "principal": added.principal, "role": added.role, "scope": added.scope},
        request=Request(
            method="DELETE", path=added.id, api_version=versions.AUTHORIZATION, scope=added.scope,
            permission=f"{_ASSIGNMENTS}/delete",
        ),
        risk=Risk.DISRUPTIVE,
        breaks="the identity loses this access within about ten minutes",
        undo="the same grant again",
        before="the assignment is still as the run left it",
        proof="the role assignment is not there any more",
        az=f"az role assignment delete --ids {shlex.quote(added.id)}",
    )  # fmt: skip


def _take_policy(added: Added) -> Step:
    vault = ResourceId(added.id)
    words = msgspec.json.encode(added.permissions, order="sorted").decode()
    arguments = {"principal": added.principal, "tenant": added.tenant, "words": words}
    return Step(
        id=f"{TAKE_POLICY}:{vault.name}:{added.principal}", kind=TAKE_POLICY, subject=added.id,
        title=f"Remove what was added to the access policy in {vault.name}: {added.title}",
        arguments=arguments,
        request=Request(
            method="PUT", path=f"{added.id}/accessPolicies/remove", api_version=VAULT_VERSION, scope=added.id,
            permission="Microsoft.KeyVault/vaults/accessPolicies/write",
        ),
        risk=Risk.DISRUPTIVE,
        breaks="the identity loses these permissions at once",
        undo="the same policy again",
        before="the permissions are still there",
        proof="the vault's policies are read back without them",
        az=_az_policy(added.id, "remove", arguments),
    )  # fmt: skip


def policy_body(arguments: dict[str, str]) -> bytes:
    """The request's body: one entry with the words of a policy step, which Azure adds to or takes from what is there."""
    words = msgspec.json.decode(arguments["words"])
    entry = {"tenantId": arguments["tenant"], "objectId": arguments["principal"], "permissions": words}
    return msgspec.json.encode({"properties": {"accessPolicies": [entry]}})


def _az_policy(vault: str, verb: str, arguments: dict[str, str]) -> str:
    """The plain request: `az keyvault set-policy` would replace the permissions that the entry has."""
    path = f"{vault}/accessPolicies/{verb}?api-version={VAULT_VERSION}"
    return shlex.join(["az", "rest", "--method", "put", "--url", path, "--body", policy_body(arguments).decode()])


def _where(resource: str) -> str:
    found = ResourceId(resource)
    return f"--resource-group {shlex.quote(found.group)} --subscription {found.subscription}"
