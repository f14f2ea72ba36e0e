"""The built-in roles that matter for Azure ML estates, from Microsoft's page "Azure built-in roles"."""

from __future__ import annotations

from dataclasses import dataclass

_ML = "Microsoft.MachineLearningServices/workspaces"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
_FILES = "Microsoft.Storage/storageAccounts/fileServices/fileshares/files"
_VAULT = "Microsoft.KeyVault/vaults"
_COMMON = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
)
_VAULT_READ = (
    *_COMMON,
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    f"{_VAULT}/*/read",
    "Microsoft.KeyVault/operations/read",
)
_ML_ALL = tuple(f"{_ML}/*/{verb}" for verb in ("read", "action", "delete", "write"))
_ML_KEPT = (
    f"{_ML}/delete",
    f"{_ML}/write",
    f"{_ML}/listKeys/action",
    f"{_ML}/hubs/write",
    f"{_ML}/hubs/delete",
    f"{_ML}/featurestores/write",
    f"{_ML}/featurestores/delete",
)


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition."""

    guid: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


BUILT_IN: tuple[Role, ...] = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "Full access, and may assign roles.", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Manages all resources, but may not assign roles.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
            "Microsoft.Subscription/cancel/action",
            "Microsoft.Subscription/enable/action",
        ),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "Views all resources, changes nothing.", ("*/read",)),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Manages who has access.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Manages role assignments.",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
        "Azure AI Administrator",
        "Manages workspaces and the resources that they depend on.",
        (
            *_COMMON,
            "Microsoft.CognitiveServices/*",
            "Microsoft.ContainerRegistry/registries/*",
            "Microsoft.DataFactory/factories/*",
            "Microsoft.DocumentDb/databaseAccounts/*",
            "Microsoft.Features/features/read",
            "Microsoft.Features/providers/features/read",
            "Microsoft.Features/providers/features/register/action",
            "Microsoft.Insights/components/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Insights/generateLiveToken/read",
            "Microsoft.Insights/logDefinitions/read",
            "Microsoft.Insights/metricAlerts/*",
            "Microsoft.Insights/metricdefinitions/read",
            "Microsoft.Insights/metrics/read",
            "Microsoft.Insights/scheduledqueryrules/*",
            "Microsoft.Insights/topology/read",
            "Microsoft.Insights/transactions/read",
            "Microsoft.Insights/webtests/*",
            "Microsoft.KeyVault/*",
            f"{_ML}/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/subscriptions/operationresults/read",
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Resources/subscriptions/resourceGroups/write",
            "Microsoft.Search/searchServices/read",
            "Microsoft.Search/searchServices/write",
            "Microsoft.Search/searchServices/delete",
            "Microsoft.Search/searchServices/indexes/*",
            "Microsoft.Search/searchServices/listAdminKeys/action",
            "Microsoft.Search/searchServices/privateEndpointConnections/*",
            "Microsoft.Storage/storageAccounts/*",
        ),
    ),
    Role(
        "64702f94-c441-49e6-a78b-ef80e0188fee",
        "Azure AI Developer",
        "Works within a workspace without managing it.",
        (
            *_ML_ALL,
            "Microsoft.MachineLearningServices/locations/*/read",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/deployments/*",
        ),
        _ML_KEPT,
        (
            "Microsoft.CognitiveServices/accounts/OpenAI/*",
            "Microsoft.CognitiveServices/accounts/ContentSafety/*",
        ),
    ),
    Role(
        "f6c7c914-8db3-469d-8ca1-694a8f32e121",
        "AzureML Data Scientist",
        "All actions within a workspace but managing computes and the workspace itself.",
        _ML_ALL,
        (
            *_ML_KEPT,
            f"{_ML}/computes/*/write",
            f"{_ML}/computes/*/delete",
            f"{_ML}/computes/listKeys/action",
        ),
    ),
    Role(
        "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
        "AzureML Compute Operator",
        "Manages the computes of a workspace.",
        (f"{_ML}/computes/*", f"{_ML}/notebooks/vm/*"),
    ),
    Role(
        "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
        "AzureML Registry User",
        "Uses the assets of registries.",
        (
            "Microsoft.MachineLearningServices/registries/read",
            "Microsoft.MachineLearningServices/registries/assets/*",
        ),
    ),
    Role(
        "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
        "AzureML Metrics Writer (preview)",
        "Writes metrics to a workspace.",
        data_actions=(f"{_ML}/metrics/*/write",),
    ),
    Role(
        "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
        "Azure AI Enterprise Network Connection Approver",
        "Approves private endpoint connections to the resources that a workspace depends on.",
        (
            "Microsoft.ContainerRegistry/registries/read",
            "Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action",
            f"{_VAULT}/read",
            f"{_VAULT}/privateEndpointConnectionsApproval/action",
            f"{_ML}/read",
            f"{_ML}/privateEndpointConnectionsApproval/action",
            "Microsoft.Storage/storageAccounts/read",
            "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action",
        ),
    ),
    Role(
        "ea01e6af-a1c1-4350-9563-ad00f8c72ec5",
        "Azure Machine Learning Workspace Connection Secrets Reader",
        "Reads the secrets of connections.",
        (f"{_ML}/connections/listsecrets/action", f"{_ML}/metadata/secrets/read"),
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "All data-plane operations on a vault; does not manage the vault itself.",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/*",),
    ),
    Role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        "Manages vaults, without access to what they hold.",
        (*_COMMON, "Microsoft.KeyVault/*"),
        (
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ),
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Reads the metadata of vaults, keys, secrets and certificates.",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/*/read", f"{_VAULT}/secrets/readMetadata/action"),
    ),
    Role(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        "All operations on keys but managing permissions.",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/keys/*", f"{_VAULT}/keyrotationpolicies/*"),
    ),
    Role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        "Cryptographic operations with keys.",
        data_actions=(
            f"{_VAULT}/keys/read",
            f"{_VAULT}/keys/update/action",
            f"{_VAULT}/keys/backup/action",
            *(f"{_VAULT}/keys/{verb}/action" for verb in ("encrypt", "decrypt", "wrap", "unwrap", "sign", "verify")),
        ),
    ),
    Role(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        "Reads key metadata, wraps and unwraps.",
        (
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
        ),
        data_actions=(f"{_VAULT}/keys/read", f"{_VAULT}/keys/wrap/action", f"{_VAULT}/keys/unwrap/action"),
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        "All operations on secrets but managing permissions.",
        _VAULT_READ,
        data_actions=(f"{_VAULT}/secrets/*",),
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        "Reads secret contents.",
        data_actions=(f"{_VAULT}/secrets/getSecret/action", f"{_VAULT}/secrets/readMetadata/action"),
    ),
    Role(
        "a4417e6f-fecd-4de8-b567-7b0420556985",
        "Key Vault Certificates Officer",
        "All operations on certificates but managing permissions.",
        _VAULT_READ,
        data_actions=(
            f"{_VAULT}/certificatecas/*",
            f"{_VAULT}/certificates/*",
            f"{_VAULT}/certificatecontacts/write",
        ),
    ),
    Role(
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",
        "Key Vault Data Access Administrator",
        "Assigns the Key Vault data roles.",
        (
            *_COMMON,
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "Microsoft.Resources/subscriptions/read",
            f"{_VAULT}/*/read",
        ),
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        "Reads and assigns user-assigned identities.",
        (
            *_COMMON,
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ),
    ),
    Role(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        "Creates, reads, updates and deletes user-assigned identities.",
        (
            *_COMMON,
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
        ),
    ),
    Role(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        "Reads, writes and deletes containers and blobs.",
        (
            *(f"{_BLOBS}/containers/{verb}" for verb in ("delete", "read", "write")),
            f"{_BLOBS}/generateUserDelegationKey/action",
        ),
        data_actions=tuple(
            f"{_BLOBS}/containers/blobs/{verb}" for verb in ("delete", "read", "write", "move/action", "add/action")
        ),
    ),
    Role(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        "Reads containers and blobs.",
        (f"{_BLOBS}/containers/read", f"{_BLOBS}/generateUserDelegationKey/action"),
        data_actions=(f"{_BLOBS}/containers/blobs/read",),
    ),
    Role(
        "69566ab7-960f-475b-8e7c-b3118f30c6bd",
        "Storage File Data Privileged Contributor",
        "Reads, writes and deletes files, whatever the file permissions say.",
        data_actions=(
            *(f"{_FILES}/{verb}" for verb in ("read", "write", "delete")),
            f"{_FILES}/modifypermissions/action",
            "Microsoft.Storage/storageAccounts/fileServices/readFileBackupSemantics/action",
            "Microsoft.Storage/storageAccounts/fileServices/writeFileBackupSemantics/action",
        ),
    ),
    Role(
        "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb",
        "Storage File Data SMB Share Contributor",
        "Reads, writes and deletes files over SMB.",
        data_actions=tuple(f"{_FILES}/{verb}" for verb in ("read", "write", "delete")),
    ),
    Role(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        "Manages storage accounts, their keys included.",
        (
            *_COMMON,
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Storage/storageAccounts/*",
        ),
    ),
    Role(
        "81a9662b-bebf-436f-a333-f67b29880f12",
        "Storage Account Key Operator Service Role",
        "Lists and regenerates account keys.",
        (
            "Microsoft.Storage/storageAccounts/listkeys/action",
            "Microsoft.Storage/storageAccounts/regeneratekey/action",
        ),
    ),
    Role(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "AcrPull",
        "Pulls images.",
        ("Microsoft.ContainerRegistry/registries/pull/read",),
    ),
    Role(
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "AcrPush",
        "Pulls and pushes images.",
        (
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
    ),
    Role(
        "ae349356-3a1b-4a5e-921d-050484c6347e",
        "Application Insights Component Contributor",
        "Manages Application Insights.",
        (
            *_COMMON,
            "Microsoft.Insights/components/*",
            "Microsoft.Insights/generateLiveToken/read",
            "Microsoft.Insights/metricAlerts/*",
            "Microsoft.Insights/scheduledqueryrules/*",
            "Microsoft.Insights/topology/read",
            "Microsoft.Insights/transactions/read",
            "Microsoft.Insights/webtests/*",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
        ),
    ),
    Role(
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        "Monitoring Reader",
        "Reads all monitoring data.",
        ("*/read", "Microsoft.OperationalInsights/workspaces/search/action", "Microsoft.Support/*"),
    ),
)
