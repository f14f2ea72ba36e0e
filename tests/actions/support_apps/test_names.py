"""Names that are, look like, or only happen to be those of support apps; and lists of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.support_apps.listed import listed
from actions.support_apps.naming import kind_of, kind_of_name, looks_like, prefix_of
from azsim.estates import shapes as az

HOME, OTHER = az.stable_guid("home"), az.stable_guid("other")
ONE, TWO = az.stable_guid("one"), az.stable_guid("two")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Microsoft-AzureML-Support-App-x", "likely"),
        ("MICROSOFT-azureml-support-app-x", "likely"),
        ("aml-prod", "candidate"),
        ("AML-prod", "candidate"),
        ("Micr\u043esoft-AzureML-Support-App-x", "look-alike"),
        ("Microsoft-AzureML-Supp\u03bfrt-App-x", "look-alike"),
        ("\u0430ml-prod", "look-alike"),
        ("am1-prod", "look-alike"),
        ("aml\u2011prod", "look-alike"),
        ("a\u200bml-prod", "look-alike"),
        ("\uff41\uff4d\uff4c-prod", "look-alike"),
        ("Micros\u0301oft-AzureML-Support-App-x", "look-alike"),
        ("MIcrosoft-AzureML-Support-App-x", "likely"),
        ("Mlcrosoft-AzureML-Support-App-x", "look-alike"),
        ("aml", "unknown"),
        ("aml_prod", "unknown"),
        ("amlkeys", "unknown"),
        ("xaml-tool", "unknown"),
        ("Microsoft-AzureML", "unknown"),
        ("", "unknown"),
    ],
)
def test_kind_of_a_name(name: str, kind: str) -> None:
    assert kind_of_name(name) == kind


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"displayName": "aml-x", "appOwnerOrganizationId": HOME}, "own"),
        ({"displayName": "aml-x", "appOwnerOrganizationId": OTHER}, "candidate"),
        ({"displayName": "aml-x"}, "candidate"),
        ({"displayName": "aml-x", "servicePrincipalType": "ManagedIdentity"}, "managed-identity"),
        ({"displayName": "\u0430ml-x", "appOwnerOrganizationId": HOME}, "look-alike"),
        ({"displayName": "aml-x", "appId": "27BB8476-8CA7-4034-A3A7-BCDCC76B140F"}, "first-party"),
        ({"displayName": "Other"}, None),
        ({}, None),
    ],
)
def test_kind_of_a_principal(item: dict[str, str], kind: str | None) -> None:
    assert kind_of(item, HOME) == kind


@given(st.text(max_size=60))
def test_no_name_is_both(name: str) -> None:
    """A name that has the prefix does not also look like it."""
    assert not (prefix_of(name) and looks_like(name))


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ((f"{ONE}\taml-prod",), {ONE: "aml-prod"}),
        ((f"{ONE},{TWO},aml-prod",), {ONE: "aml-prod", TWO: "aml-prod"}),
        ((f"aml-prod {ONE}",), {ONE: "aml-prod"}),
        ((ONE, "aml-prod"), {ONE: "aml-prod"}),
        ((f"{ONE} aml-prod\n{TWO} aml-test",), {ONE: "aml-prod", TWO: "aml-test"}),
        ((f'"{ONE.upper()}";"Microsoft-AzureML-Support-App-{TWO}"',), {ONE: f"Microsoft-AzureML-Support-App-{TWO}"}),
        ((ONE, TWO), {ONE: "", TWO: ""}),
        (("aml-prod", ""), {}),
    ],
)
def test_a_given_list(entries: tuple[str, ...], found: dict[str, str]) -> None:
    """Tabs, commas, quotes, halves of a pair; a GUID inside a name is part of it."""
    assert listed(entries) == found


@given(st.lists(st.text(max_size=40), max_size=8))
def test_any_text_is_a_list(entries: list[str]) -> None:
    """Nothing that is pasted breaks it, and only ids come out as ids."""
    assert all(len(key) == 36 for key in listed(entries))
