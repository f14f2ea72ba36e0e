"""Built-in roles by their ids, which are the same in every cloud; names are only for people ("Azure built-in roles")."""

from __future__ import annotations

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
AI_ADMINISTRATOR = "b78c5d69-af96-48a3-bf8d-a8b4d589de94"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
FILE_PRIVILEGED_CONTRIBUTOR = "69566ab7-960f-475b-8e7c-b3118f30c6bd"
FILE_SMB_CONTRIBUTOR = "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb"
STORAGE_ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
CERTIFICATES_OFFICER = "a4417e6f-fecd-4de8-b567-7b0420556985"
INSIGHTS_CONTRIBUTOR = "ae349356-3a1b-4a5e-921d-050484c6347e"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"

NAMES: dict[str, str] = {
    OWNER: "Owner",
    CONTRIBUTOR: "Contributor",
    AI_ADMINISTRATOR: "Azure AI Administrator",
    BLOB_CONTRIBUTOR: "Storage Blob Data Contributor",
    BLOB_OWNER: "Storage Blob Data Owner",
    FILE_PRIVILEGED_CONTRIBUTOR: "Storage File Data Privileged Contributor",
    FILE_SMB_CONTRIBUTOR: "Storage File Data SMB Share Contributor",
    STORAGE_ACCOUNT_CONTRIBUTOR: "Storage Account Contributor",
    VAULT_ADMINISTRATOR: "Key Vault Administrator",
    VAULT_CONTRIBUTOR: "Key Vault Contributor",
    SECRETS_OFFICER: "Key Vault Secrets Officer",
    CRYPTO_OFFICER: "Key Vault Crypto Officer",
    CRYPTO_USER: "Key Vault Crypto User",
    CRYPTO_SERVICE_ENCRYPTION_USER: "Key Vault Crypto Service Encryption User",
    CERTIFICATES_OFFICER: "Key Vault Certificates Officer",
    INSIGHTS_CONTRIBUTOR: "Application Insights Component Contributor",
    ACR_PULL: "AcrPull",
}


def role_name(guid: str) -> str:
    """The role's name, or its id where we do not know it."""
    return NAMES.get(guid.casefold(), guid)
