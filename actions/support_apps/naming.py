"""Which service principals may be support apps: by name, type, application id and owner tenant.

A display name proves nothing, for any user of a tenant may register such a name. The rest of a support app's name is
documented nowhere; nothing is read from it.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from actions.support_apps.state import AppKind

LIKELY, CANDIDATE = "Microsoft-AzureML-Support-App-", "aml-"
PREFIXES = (LIKELY, CANDIDATE)
MICROSOFT = frozenset(
    {
        "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
        "72f988bf-86f1-41af-91ab-2d7cd011db47",
        "47df5bb7-e6bc-4256-afb0-dd8c8e3c1ce8",
    }
)
"""Tenants in which Microsoft registers its applications: Microsoft Services, Microsoft, and one more that tools know."""
FIRST_PARTY = {
    "0736f41a-0425-4b46-bdb5-1563eff02385": "Azure Machine Learning",
    "acf13426-7a5f-47ed-bfa0-680d65b48fe8": "Azure Machine Learning Services",
    "910f6787-801a-4880-b971-54d0029386da": "Azure Machine Learning Authorization App 1",
    "bf283ae6-5efd-44a8-b56a-2a7939982d60": "Azure Machine Learning Authorization App 2",
    "27bb8476-8ca7-4034-a3a7-bcdcc76b140f": "AML Registries",
    "a232010e-820c-4083-83bb-3ace5fc29d0b": "Azure Cosmos DB",
    "57506a73-e302-42a9-b869-6f12d9ec29e9": "Azure Cosmos DB",
}
"""Application ids of Microsoft's own principals around Azure Machine Learning; an id, unlike a name, cannot be copied."""
MACHINE_LEARNING = "0736f41a-0425-4b46-bdb5-1563eff02385"
_FOLDS = str.maketrans(
    {
        "\u0430": "a", "\u0435": "e", "\u043e": "o", "\u0440": "p", "\u0441": "c", "\u0443": "y", "\u0445": "x",
        "\u0456": "i", "\u0455": "s", "\u0458": "j", "\u0432": "b", "\u043c": "m", "\u043d": "h", "\u0442": "t",
        "\u043a": "k", "\u0433": "r", "\u0501": "d", "\u051b": "q", "\u051d": "w", "\u04cf": "l", "\u044f": "r",
        "\u03b1": "a", "\u03bf": "o", "\u03c1": "p", "\u03b9": "i", "\u03bd": "v", "\u03c5": "u", "\u03ba": "k",
        "\u03c4": "t", "\u03b7": "n", "\u03bc": "u", "\u03c7": "x", "\u03b5": "e", "\u03b6": "z", "\u03b2": "b",
        "\u0131": "i", "\u0261": "g", "\u0251": "a", "\u029f": "l", "\u0280": "r", "\u1d0f": "o", "\u1d04": "c",
        "0": "o", "1": "l", "|": "l",
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u02d7": "-",
    }
)  # fmt: skip
"""Letters of other scripts, digits and dashes that look like those of the two prefixes (Unicode's confusables, cut to
what can stand in them), applied to the case-folded compatibility form."""


def folded(name: str) -> str:
    """Spell a name by what it looks like: compatibility form, no marks or invisible letters, look-alikes replaced."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    shown = "".join(letter for letter in letters if unicodedata.category(letter) not in {"Mn", "Me", "Cf", "Cc"})
    return shown.translate(_FOLDS).replace("i", "l")


_FOLDED = tuple(folded(prefix) for prefix in PREFIXES)


def prefix_of(name: str) -> str:
    """The prefix that a name starts with, in any case; "" for none."""
    lower = name.lower()
    return next((prefix for prefix in PREFIXES if lower.startswith(prefix.lower())), "")


def looks_like(name: str) -> bool:
    """Whether a name only looks as if it started with one of the prefixes, and is written otherwise."""
    return not prefix_of(name) and folded(name).startswith(_FOLDED)


def kind_of(item: dict[str, Any], tenant: str) -> AppKind | None:
    """Tell what a service principal is as Graph shows it; None for one that has nothing to do with this review."""
    name, app_id = str(item.get("displayName") or ""), str(item.get("appId") or "").casefold()
    if app_id in FIRST_PARTY:
        return "first-party"
    prefix, alike = prefix_of(name), looks_like(name)
    if not prefix and not alike:
        return None
    if str(item.get("servicePrincipalType") or "").casefold() == "managedidentity":
        return "managed-identity"
    if alike:
        return "look-alike"
    if str(item.get("appOwnerOrganizationId") or "").casefold() == tenant.casefold() and tenant:
        return "own"
    return kind_of_name(name)


def kind_of_name(name: str) -> AppKind:
    """Tell what a service principal may be by its name alone, where the directory cannot be read."""
    prefix = prefix_of(name)
    if prefix:
        return "likely" if prefix == LIKELY else "candidate"
    return "look-alike" if looks_like(name) else "unknown"
