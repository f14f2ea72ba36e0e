"""Who is signed in and how: each fact good, bad, unknown and absent; never the token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.posture.facts import Fact
from actions.posture.page import read_page
from actions.posture.sign_in import read_sign_in
from azsim.cloud import Cloud
from azsim.principals import rehearsal_app_id
from azsim.tokens import LIFETIME
from tests.actions.posture.test_page import estate, facts_of
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import ADA, TENANT, WORKSPACE


def signed(**claims: Any) -> dict[str, Any]:
    """The estate, whose user's tokens say this besides."""
    document = estate()
    return document | {"signedIn": document["signedIn"] | {"claims": claims}}


CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("sign-in.user", "info", ADA, {}),
    ("sign-in.tenant", "info", f"{TENANT} in AzureCloud", {}),
    ("sign-in.token", "good", "23 h 59 min left", {}),
    ("sign-in.mfa", "good", "yes (pwd, mfa)", {"amr": ["pwd", "mfa"]}),
    ("sign-in.mfa", "warn", "no (pwd only)", {"amr": ["pwd"]}),
    ("sign-in.mfa", "unknown", "does not say", {}),
    ("sign-in.device", "good", "device d-1", {"deviceid": "d-1"}),
    ("sign-in.device", "info", "no device", {}),
    ("sign-in.contexts", "info", "c1, c2", {"acrs": ["c1", "c2"]}),
    ("sign-in.revocation", "info", "at once", {"xms_cc": ["CP1"]}),
    ("sign-in.revocation", "info", "when the token ends", {}),
]


@pytest.mark.parametrize(
    ("word", "grade", "value", "claims"), CASES, ids=lambda case: case if isinstance(case, str) else ""
)
async def test_a_fact_of_the_sign_in(word: str, grade: str, value: str, claims: dict[str, Any]) -> None:
    fact = (await facts_of(signed(**claims)))[word]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value
    assert bool(fact.remedy) == (grade in {"warn", "unknown"})


async def by_word(sim: Cloud, cloud: Any) -> dict[str, Fact]:
    page = await read_page(cloud, ResourceId(WORKSPACE))
    return {f"{fact.section}.{fact.id}": fact for fact in page.facts}


async def test_a_token_that_ends_soon_is_renewed_by_the_reading_itself() -> None:
    sim = Cloud(estate())
    cloud = rehearsed(sim)
    await cloud.signed_in()
    sim.shift(LIFETIME - timedelta(minutes=4))
    assert (await by_word(sim, cloud))["sign-in.token"].grade == "good"


async def test_a_token_near_its_end_is_told() -> None:
    sim = Cloud(estate())
    cloud = rehearsed(sim)
    await cloud.signed_in()
    sim.shift(LIFETIME - timedelta(minutes=10))
    fact = (await by_word(sim, cloud))["sign-in.token"]
    assert (fact.grade, "9 min left" in fact.value) == ("warn", True), fact.value


async def test_an_application_has_no_second_factor_and_no_device() -> None:
    from actions.cloud.azure import AzureCloud
    from actions.cloud.rehearsal import Account
    from actions.guard.secret import Secret
    from azsim import secrets
    from tests.support.rehearsed import face

    sim = Cloud(estate())
    app = rehearsal_app_id(TENANT)
    secret = Secret(secrets.client_secret(sim.world.seed, app))
    facts = await by_word(sim, AzureCloud.in_process(face(sim), Account(TENANT, app, secret)))
    assert facts["sign-in.user"].value.startswith("service principal")
    assert facts["sign-in.mfa"].grade == facts["sign-in.device"].grade == "absent"


async def test_who_cannot_sign_in_is_unknown() -> None:
    from actions.posture.facts import Subject
    from azsim.faults import Fault

    sim = Cloud(estate())
    cloud = rehearsed(sim)
    workspace = await cloud.workspace(ResourceId(WORKSPACE))
    cloud.credential.forget()
    sim.faults.add(Fault(kind="status", route="/token", status=400, code="invalid_grant"))
    subject = Subject(workspace, "", cloud, None, None)  # type: ignore[arg-type]
    (fact,) = await read_sign_in(subject)
    assert fact.grade == "unknown"


async def test_the_token_itself_is_in_no_fact() -> None:
    sim = Cloud(estate())
    cloud = rehearsed(sim)
    token = (await cloud.credential.get_token_info(cloud.place.arm_scope)).token
    page = await read_page(cloud, ResourceId(WORKSPACE))
    assert not [fact for fact in page.facts if token.split(".")[2] in str(fact)]
