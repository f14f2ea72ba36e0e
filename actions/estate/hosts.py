"""Host names under pseudonyms: what stands before one of Azure's own domains is a name, the rest is Azure's."""

from __future__ import annotations

import re

from actions.estate.naming import Names

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)
_TOP = re.compile(r"\.(?:com|net|io|ms|cn|us|example|org|de|eu|nl|uk|ch|fr|local|internal|[a-z]{2,})$", re.IGNORECASE)
_OURS = (
    ".blob.", ".file.", ".queue.", ".table.", ".dfs.", ".web.", ".vault.", ".vaultcore.", ".azurecr.", ".documents.azure.",
    ".openai.azure.", ".cognitiveservices.azure.", ".search.windows.", ".inference.ml.azure.", ".models.ai.azure.", ".hcp.",
    ".database.windows.", ".azurewebsites.", ".instances.azureml.", ".cloudapp.azure.", ".azurecontainer.", ".servicebus.",
    ".services.ai.azure.", ".onmicrosoft.", ".azuredatabricks.", ".redis.", ".notebooks.", ".postgres.database.azure.",
    ".mysql.database.azure.",
)  # fmt: skip
"""What follows a name that a customer chose."""
_AZURE = (
    "azure.com", "azure.net", "windows.net", "azureml.ms", "microsoft.com", "microsoftonline.com", "azurecr.io", "azmk8s.io",
    "azure.cn", "azure.us", "chinacloudapi.cn", "usgovcloudapi.net", "microsoftonline.us", "azurewebsites.net",
    "azurecontainer.io", "windows.com", "office.com", "microsoftazure.us", "azuredatabricks.net",
)  # fmt: skip


def is_host(text: str) -> bool:
    """Whether a text is a host name with a domain, and no number, version or file."""
    return bool(
        _HOST.fullmatch(text) and _TOP.search(text) and not text.replace(".", "").isdigit() and _is_domain(text)
    )


def _is_domain(text: str) -> bool:
    """Two-part words such as `routes.Lakehouse` are no hosts; domains are spelled in lower case."""
    return text.count(".") >= 2 or text == text.casefold()


def host_of(host: str, names: Names) -> str:
    """A host under its pseudonym."""
    folded = f".{host.casefold()}"
    first, _, rest = host.partition(".")
    if any(part in f"{folded}." for part in _OURS) and not any(folded == part.rstrip(".") for part in _OURS):
        return f"{names.of(first, 'host')}.{rest}"
    if any(folded.endswith(f".{domain}") for domain in _AZURE):
        return host
    made = names.of(host, "domain")
    return made if made.endswith(".example") else f"{made}.example"
