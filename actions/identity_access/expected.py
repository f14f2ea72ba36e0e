"""What each identity of a workspace should have, row by row; a pure function of the workspace's resources.

Sources: Microsoft's pages "Enterprise security and governance for Azure Machine Learning" (identity table, 2020 to
2025), "Manage roles in your workspace" (Azure AI Administrator for workspaces made after 2024-11-19) and "Set up
service authentication" (what a user-assigned identity needs). Any role of a row's set satisfies it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from actions.guard.model import Frozen
from actions.identity_access import roles
from actions.identity_access.state import Identity, Vault

AI_ADMINISTRATOR_SINCE = datetime(2024, 11, 19, tzinfo=UTC)
ALL_BUT_PURGE: dict[str, tuple[str, ...]] = {
    "keys": (
        "encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify", "get", "list", "create", "update", "import",
        "delete", "backup", "restore", "recover",
    ),
    "secrets": ("get", "list", "set", "delete", "backup", "restore", "recover"),
    "certificates": (
        "get", "list", "delete", "create", "import", "update", "managecontacts", "getissuers", "listissuers",
        "setissuers", "deleteissuers", "manageissuers", "recover", "backup", "restore",
    ),
}  # fmt: skip
"""What a vault policy is given: everything except purge, which the documentation rules out."""
CORE_WORDS: dict[str, tuple[str, ...]] = {
    "keys": ("get", "list", "wrapKey", "unwrapKey"),
    "secrets": ("get", "list", "set", "delete"),
    "certificates": ("get", "list"),
}
"""Without these a policy counts as missing; which list Azure ML itself writes is documented nowhere."""
_MANAGES = (roles.CONTRIBUTOR, roles.OWNER, roles.AI_ADMINISTRATOR)
_VAULT_DATA = (roles.SECRETS_OFFICER, roles.CRYPTO_OFFICER, roles.CERTIFICATES_OFFICER)


class Place(Frozen, frozen=True, kw_only=True):
    """The resources that a workspace is linked to; an empty id means that there is none."""

    workspace: str
    group: str
    storage: str = ""
    registry: str = ""
    insights: str = ""
    vault_group: str = ""
    cmk_vault: str = ""
    cmk_identity: str = ""
    created: str = ""


class Row(Frozen, frozen=True, kw_only=True):
    """One expectation: any of `roles`, or all of `together`, satisfies it; `grant` is what would be assigned.

    `words` instead of roles: a vault policy. `action` stands for the access when deny assignments are evaluated.
    """

    key: str
    what: str
    scope: str
    grant: str = ""
    roles: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = {}
    action: str = ""
    data: bool = False
    needed: bool = True
    why_not: str = ""
    repair: bool = True


def made_after_contributor(created: str) -> bool:
    """Tell whether a workspace was made when Azure AI Administrator had replaced Contributor on the group."""
    return bool(created) and datetime.fromisoformat(created).astimezone(UTC) >= AI_ADMINISTRATOR_SINCE


def rows(identity: Identity, place: Place, vault: Vault | None, *, legacy: bool = False) -> tuple[Row, ...]:
    """Give the expectations of one identity, in the order in which a person reads them."""
    if not identity.ours:
        return _visitor_rows(identity, place)
    user = identity.kind == "user-assigned"
    found = [
        Row(
            key="workspace", what="workspace", scope=place.workspace, grant=roles.CONTRIBUTOR, roles=_MANAGES,
            action="Microsoft.MachineLearningServices/workspaces/write",
        ),
        *_storage_rows(place, user=user),
        *_vault_rows(identity, vault, user=user),
        _registry_row(place),
        _insights_row(place, user=user),
        _group_row(place, user=user),
        _vault_group_row(place, legacy=legacy),
        _cmk_row(identity, place),
    ]  # fmt: skip
    return tuple(row for row in found if row is not None)


def _absent(key: str, what: str, why: str) -> Row:
    return Row(key=key, what=what, scope="", needed=False, why_not=why, repair=False)


def _storage_rows(place: Place, *, user: bool) -> list[Row]:
    if not place.storage:
        return [_absent("blob", "storage, blobs", "the workspace has no storage account")]
    account = "Microsoft.Storage/storageAccounts"
    found = [
        Row(
            key="blob", what="storage, blobs", scope=place.storage, grant=roles.BLOB_CONTRIBUTOR,
            roles=(roles.BLOB_CONTRIBUTOR, roles.BLOB_OWNER), data=True,
            action=f"{account}/blobServices/containers/blobs/write",
        ),
        Row(
            key="file", what="storage, files", scope=place.storage, grant=roles.FILE_PRIVILEGED_CONTRIBUTOR,
            roles=(roles.FILE_PRIVILEGED_CONTRIBUTOR, roles.FILE_SMB_CONTRIBUTOR), data=True, needed=False, repair=False,
            why_not="no document asks for it; templates grant it to hubs",
            action=f"{account}/fileServices/fileshares/files/write",
        ),
    ]  # fmt: skip
    if user:
        row = Row(
            key="storage", what="storage, management", scope=place.storage, grant=roles.CONTRIBUTOR,
            roles=(*_MANAGES, roles.STORAGE_ACCOUNT_CONTRIBUTOR), action=f"{account}/listkeys/action",
        )  # fmt: skip
        found.append(row)
    return found


def _vault_rows(identity: Identity, vault: Vault | None, *, user: bool) -> list[Row]:
    if vault is None:
        return [_absent("vault", "key vault", "the workspace has no key vault")]
    data = Row(key="vault", what="key vault, policy", scope=vault.id, words=ALL_BUT_PURGE)
    if vault.roles:
        data = Row(
            key="vault", what="key vault, data", scope=vault.id, grant=roles.VAULT_ADMINISTRATOR, data=True,
            roles=(roles.VAULT_ADMINISTRATOR,), together=_VAULT_DATA,
            action="Microsoft.KeyVault/vaults/secrets/setSecret/action",
        )  # fmt: skip
    control = Row(
        key="vault-control", what="key vault, management", scope=vault.id, grant=roles.CONTRIBUTOR,
        roles=(*_MANAGES, roles.VAULT_CONTRIBUTOR), action="Microsoft.KeyVault/vaults/write",
    )  # fmt: skip
    return [data, control] if user else [data]


def _registry_row(place: Place) -> Row:
    if not place.registry:
        return _absent("registry", "container registry", "the workspace has none yet")
    return Row(
        key="registry", what="container registry", scope=place.registry, grant=roles.CONTRIBUTOR, roles=_MANAGES,
        action="Microsoft.ContainerRegistry/registries/write",
    )  # fmt: skip


def _insights_row(place: Place, *, user: bool) -> Row:
    if not place.insights:
        return _absent("insights", "Application Insights", "the workspace has none")
    return Row(
        key="insights", what="Application Insights", scope=place.insights, grant=roles.CONTRIBUTOR,
        roles=(*_MANAGES, roles.INSIGHTS_CONTRIBUTOR), action="Microsoft.Insights/components/write", needed=user,
        why_not="documented for user-assigned identities only", repair=user,
    )  # fmt: skip


def _group_row(place: Place, *, user: bool) -> Row:
    newer = made_after_contributor(place.created)
    return Row(
        key="group", what="resource group", scope=place.group,
        grant=roles.AI_ADMINISTRATOR if newer else roles.CONTRIBUTOR, roles=_MANAGES, needed=not user, repair=not user,
        why_not="documented for the system-assigned identity only", action="Microsoft.Resources/deployments/write",
    )  # fmt: skip


def _vault_group_row(place: Place, *, legacy: bool) -> Row | None:
    if not place.vault_group or place.vault_group.casefold() == place.group.casefold():
        return None
    return Row(
        key="vault-group", what="key vault's group", scope=place.vault_group, grant=roles.CONTRIBUTOR, roles=_MANAGES,
        needed=legacy, repair=legacy, why_not="documented until 2020 only; --legacy restores it",
        action="Microsoft.KeyVault/vaults/write",
    )  # fmt: skip


def _cmk_row(identity: Identity, place: Place) -> Row | None:
    if not place.cmk_vault:
        return None
    reads = identity.id != "" and identity.id.casefold() == place.cmk_identity.casefold()
    return Row(
        key="cmk-vault", what="vault of the customer-managed key", scope=place.cmk_vault,
        grant=roles.CRYPTO_SERVICE_ENCRYPTION_USER, data=True, needed=reads, repair=reads,
        roles=(
            roles.CRYPTO_SERVICE_ENCRYPTION_USER, roles.CRYPTO_USER, roles.CRYPTO_OFFICER, roles.VAULT_ADMINISTRATOR,
        ),
        why_not="another identity reads the key", action="Microsoft.KeyVault/vaults/keys/wrap/action",
    )  # fmt: skip


def _visitor_rows(identity: Identity, place: Place) -> tuple[Row, ...]:
    """What an endpoint's or a compute's own identity should have; shown only, Azure ML grants it itself."""
    found: list[Row] = []
    if identity.kind == "endpoint" and place.storage:
        found.append(
            Row(
                key="blob", what="storage, blobs", scope=place.storage, data=True, repair=False,
                roles=(roles.BLOB_CONTRIBUTOR, roles.BLOB_OWNER),
                action="Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            )
        )  # fmt: skip
    if place.registry:
        found.append(
            Row(
                key="registry", what="container registry", scope=place.registry, repair=False,
                roles=(roles.ACR_PULL, roles.CONTRIBUTOR, roles.OWNER),
                action="Microsoft.ContainerRegistry/registries/pull/read",
            )
        )  # fmt: skip
    return tuple(found)
