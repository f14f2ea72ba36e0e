"""Where each Azure cloud lives: hosts, token scopes and suffixes, as the SDK and the Azure CLI have them."""

from __future__ import annotations

import msgspec

from actions.guard.gate import Hosts


class PlaceError(ValueError):
    """No Azure cloud has this name; the message lists those that exist."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One Azure cloud; hosts carry no scheme and no slash."""

    name: str
    arm: str
    arm_audience: str
    """What a Resource Manager token is asked for; in US Government it is not the host (azure-mgmt-core)."""
    login: str
    other_logins: tuple[str, ...] = ()
    graph: str
    vault: str
    storage: str
    scoring: str
    registry: str

    @property
    def arm_scope(self) -> str:
        """Scope of Resource Manager tokens."""
        return f"https://{self.arm_audience}/.default"

    @property
    def graph_scope(self) -> str:
        """Scope of Microsoft Graph tokens."""
        return f"https://{self.graph}/.default"

    @property
    def vault_scope(self) -> str:
        """Scope of Key Vault data-plane tokens."""
        return f"https://{self.vault}/.default"

    @property
    def hosts(self) -> Hosts:
        """The host names as the gate tells them apart."""
        return Hosts(
            arm=self.arm,
            login=frozenset({self.login, *self.other_logins}),
            graph=self.graph,
            vault_suffix=f".{self.vault}",
            storage_suffix=f".{self.storage}",
            scoring_suffix=f".{self.scoring}",
        )


_PUBLIC = Place(
    name="AzureCloud",
    arm="management.azure.com",
    arm_audience="management.azure.com",
    login="login.microsoftonline.com",
    other_logins=("login.windows.net",),
    graph="graph.microsoft.com",
    vault="vault.azure.net",
    storage="core.windows.net",
    scoring="inference.ml.azure.com",
    registry="azurecr.io",
)
_US_GOVERNMENT = Place(
    name="AzureUSGovernment",
    arm="management.usgovcloudapi.net",
    arm_audience="management.core.usgovcloudapi.net",
    login="login.microsoftonline.us",
    graph="graph.microsoft.us",
    vault="vault.usgovcloudapi.net",
    storage="core.usgovcloudapi.net",
    scoring="inference.ml.azure.us",
    registry="azurecr.us",
)
_CHINA = Place(
    name="AzureChinaCloud",
    arm="management.chinacloudapi.cn",
    arm_audience="management.chinacloudapi.cn",
    login="login.chinacloudapi.cn",
    other_logins=("login.partner.microsoftonline.cn",),
    graph="microsoftgraph.chinacloudapi.cn",
    vault="vault.azure.cn",
    storage="core.chinacloudapi.cn",
    scoring="inference.ml.azure.cn",
    registry="azurecr.cn",
)

PLACES = {known.name: known for known in (_PUBLIC, _US_GOVERNMENT, _CHINA)}
PUBLIC = _PUBLIC


def place(name: str) -> Place:
    """Look an Azure cloud up by the name that `az cloud list` gives it, whatever its case."""
    for known in PLACES.values():
        if known.name.casefold() == name.casefold():
            return known
    raise PlaceError(f"there is no Azure cloud {name!r}; choose one of {', '.join(PLACES)}")
