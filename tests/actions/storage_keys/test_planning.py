"""The plan is a pure function of what is found, chosen and done; each situation is one line of a table."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.cloud.data import CloudError, StorageKey
from actions.guard.model import Outcome, Progress, Risk, Step, Steps, risk_of
from actions.guard.secret import Secret
from actions.storage_keys.doing import by_slot
from actions.storage_keys.state import StorageKeysOptions
from tests.actions.storage_keys.cases import CASES, USUAL, Case
from tests.actions.storage_keys.told import inspection, plan, progress, wanted


def ids(steps: Sequence[Step]) -> str:
    return " ".join(step.id for step in steps)


def planned(case: Case) -> Steps:
    wish = wanted(case.start or case.found, case.options, **case.state)
    found = inspection(case.found, replaced=case.replaced, **case.state)
    return plan(wish, found, case.decided, progress(case.done))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_situation_has_its_plan(case):
    steps = planned(case)
    assert ids(steps.steps) == case.steps
    assert steps.outcome == case.outcome
    assert " ".join(sorted(decision.id for decision in steps.decisions)) == case.decisions
    assert "; ".join(sorted({gap.holder for gap in steps.gaps})) == case.gaps
    assert case.says in " ".join((steps.summary, *steps.reasons))
    if case.contingent is not None:
        assert ids(sorted(steps.contingent, key=lambda step: step.id)) == " ".join(sorted(case.contingent.split()))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_nobody_else_may_touch_the_account_or_any_workspace_on_it(case):
    found = inspection(case.found, replaced=case.replaced, **case.state)
    assert set(planned(case).leases) == {found.account.id, *(item.id for item in found.workspaces)}


def test_half_a_pair_of_keys_is_no_pair():
    with pytest.raises(CloudError, match="does not list both keys"):
        by_slot((StorageKey(slot="key1", created=None, secret=Secret("x"), fingerprint=Secret("x").fingerprint()),))


def test_there_are_enough_situations_and_none_twice():
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_step_tells_all_an_operator_needs(case):
    for step in (*planned(case).steps, *planned(case).contingent):
        assert step.title
        assert step.proof
        assert step.breaks
        if step.request is not None:
            assert step.before
            assert step.az.startswith("az ")
            assert step.request.scope
        if step.kind == "regenerate":
            assert (step.risk, step.undo) == (Risk.IRREVERSIBLE, "")
            assert step.arguments["old"]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_step_is_the_same_whenever_it_is_planned(case):
    """An approval holds by the step's hash: the same id in two plans of one goal is the same step."""
    steps = planned(case)
    before = plan(
        wanted(case.start or case.found, case.options, **case.state),
        inspection(case.start or case.found, **case.state),
        case.decided,
        Progress(),
    )
    known = {step.id: step.digest() for step in (*before.steps, *before.contingent)}
    for step in (*steps.steps, *steps.contingent):
        assert known.get(step.id, step.digest()) == step.digest()


def test_what_may_become_necessary_is_approved_with_the_plan():
    """From the first plan to the goal no step comes up that was not in it, if nobody interferes."""
    wish = wanted(USUAL, {"on_insist": "accept-gap"})
    first = plan(wish, inspection(USUAL), {}, Progress())
    approved = {step.id: step.digest() for step in (*first.steps, *first.contingent)}
    for case in CASES:
        if case.start == USUAL and case.options.get("on_insist") == "accept-gap":
            for step in planned(case).steps:
                assert approved.get(step.id) == step.digest(), step.id


def test_the_estimated_gap_is_the_measured_resync():
    done = "regenerate:key2 resync:fraud:key2 resync-again:fraud:key2"
    found = inspection("fraud=key1", replaced="key2")
    steps = plan(wanted("fraud=key1", {"on_insist": "accept-gap"}), found, {}, progress(done))
    assert [gap.seconds for gap in steps.gaps] == [20.0]


def test_no_key_dies_with_a_holder_on_it_unless_that_was_announced():
    for case in CASES:
        steps = planned(case)
        if steps.outcome is not Outcome.READY:
            continue
        held: dict[str, str] = {holder.label: holder.holds for holder in inspection(case.found, **case.state).holders}
        announced = {gap.holder for gap in steps.gaps}
        for step in steps.steps:
            label = step.id.split(":")[1]
            if step.kind in ("move", "resync", "hand-over", "recover") and label in held:
                held[label] = step.id.rpartition(":")[2]
                for name in held:
                    if step.kind in ("resync", "recover") and name.startswith(f"{label}/wbs"):
                        held[name] = held[label]
            if step.kind == "regenerate":
                left = {name for name, slot in held.items() if slot == step.arguments["slot"]}
                keyless = set(case.state.get("keyless", "").split())
                assert left - announced - keyless == set(), case.name


def test_the_worst_step_sets_the_risk():
    assert risk_of(planned(CASES[0]).steps) is Risk.IRREVERSIBLE


def test_leaked_and_only_must_agree():
    with pytest.raises(ValueError, match="contradict"):
        StorageKeysOptions(leaked="key1", only="key2")
    with pytest.raises(ValueError, match="negative"):
        StorageKeysOptions(soak=-1)


HELD = st.sampled_from(["key1", "key2", "neither", "missing", "identity"])


@given(
    workspaces=st.lists(HELD.filter(lambda held: held != "missing"), max_size=3),
    datastores=st.lists(st.tuples(st.integers(0, 3), st.booleans(), HELD), max_size=5),
    leaked=st.sampled_from(["", "key1", "key2"]),
)
def test_any_estate_whose_workspaces_follow_is_led_to_the_goal(workspaces, datastores, leaked):
    """Play the plan step by step against a cloud that does as told: it ends, and nobody loses a key on the way."""
    state = {f"w{number}": held for number, held in enumerate(workspaces)}
    signs = {f"w{owner}/d{number}": sign for number, (owner, sign, _) in enumerate(datastores)}
    state |= {f"w{owner}/d{number}": held for number, (owner, _, held) in enumerate(datastores)}
    generation = {"key1": 0, "key2": 0}

    def told() -> str:
        return " ".join(f"{name}{'~' if signs.get(name) else '='}{held}" for name, held in state.items())

    wish = wanted(told(), {"leaked": leaked})
    done: list[str] = []
    for _ in range(60):
        replaced = " ".join(slot for slot, count in generation.items() if count)
        steps = plan(wish, inspection(told(), replaced=replaced), {}, progress(" ".join(done)))
        if steps.outcome is Outcome.NO_CHANGES:
            break
        assert steps.outcome is Outcome.READY
        step = steps.steps[0]
        assert step.id not in done
        done.append(step.id)
        if step.kind in ("move", "resync"):
            state[step.id.split(":")[1]] = step.arguments["slot"]
        elif step.kind == "regenerate":
            slot = step.arguments["slot"]
            generation[slot] += 1
            assert slot not in state.values(), "a key died under a holder"
    assert steps.outcome is Outcome.NO_CHANGES
    assert generation == {slot: int(leaked in ("", slot)) for slot in generation}
    lost = {held for name, held in state.items() if not (signs.get(name) and held == "missing")}
    assert lost <= {"key1", "key2", "identity"}, "only a lost SAS has nothing to be signed anew from"
