"""A value and its copy hash the same, and any change of content shows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.guard.model import (
    PLAN_SCHEMA,
    Binding,
    Outcome,
    Plan,
    Request,
    Risk,
    Step,
    Steps,
    Wait,
    WaitKind,
    canonical,
    digest,
)

NAMES = st.text(max_size=12)
REQUESTS = st.builds(
    Request, method=NAMES, path=NAMES, api_version=NAMES, permission=NAMES, scope=NAMES, host=st.sampled_from(["", "h"])
)
WAITS = st.builds(
    Wait, kind=st.sampled_from(WaitKind), reason=NAMES, source=NAMES, seconds=st.one_of(st.integers(0, 9), st.floats(0, 9)),
    poll_seconds=st.sampled_from([15, 15.0, 1.5]),
)  # fmt: skip
STEPS = st.builds(
    Step, id=NAMES, kind=NAMES, title=NAMES, subject=NAMES, arguments=st.dictionaries(NAMES, NAMES, max_size=2),
    request=st.none() | REQUESTS, wait=st.none() | WAITS, risk=st.sampled_from(Risk),
    breaks=st.sampled_from(["nothing", "".join(["no", "thing"]), "x"]), undo=NAMES,
)  # fmt: skip


def copied(value: Any) -> Any:
    """Write and read a value as a file or the journal does."""
    return msgspec.json.decode(msgspec.json.encode(value), type=type(value))


@given(STEPS)
def test_a_copy_hashes_the_same(step: Step) -> None:
    assert digest(copied(step)) == digest(step)
    assert copied(copied(step)).digest() == step.digest()


@given(STEPS, STEPS)
def test_steps_hash_alike_only_when_they_are_alike(one: Step, other: Step) -> None:
    assert (one.digest() == other.digest()) == (one == other)


def test_a_plan_with_its_schema_spelled_out_is_the_same_plan() -> None:
    binding = Binding(cloud="AzureCloud", tenant="t", user="u", user_id="i", rehearsal=True)
    plan = Plan(
        action="a", target="t", name="n", made_at="m", binding=binding, goal_text="g", goal={"n": 1.0}, options={},
        body=Steps(outcome="ready", summary="s"),  # type: ignore[arg-type]
    )  # fmt: skip
    spelled = msgspec.convert({"schema": "/".join(PLAN_SCHEMA.split("/")), **msgspec.to_builtins(plan)}, Plan)
    assert spelled.digest() == plan.digest()
    assert msgspec.structs.replace(plan, name="o").digest() != plan.digest()


@pytest.mark.parametrize(
    ("value", "text"),
    [({"b": 2.0, "a": [1, 1.5]}, b'{"a":[1,1.5],"b":2}'), (Wait(kind=WaitKind.TIME, reason="r", source="s", poll_seconds=15.0),
      b'{"kind":"time","reason":"r","source":"s"}')],
)  # fmt: skip
def test_canonical_json(value: object, text: bytes) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize(
    ("summary", "reasons", "told"),
    [
        ("nothing can be removed now", ("the cluster is old; re-create it first", "a page is missing."),
         "nothing can be removed now: the cluster is old; re-create it first; a page is missing."),
        ("Blocked: a lock forbids it.", ("a lock forbids it.",), "Blocked: a lock forbids it."),
        ("It is tagged.", (), "It is tagged."),
    ],
)  # fmt: skip
def test_a_summary_and_its_reasons_are_one_text(summary: str, reasons: tuple[str, ...], told: str) -> None:
    assert Steps(outcome=Outcome.BLOCKED, summary=summary, reasons=reasons).told == told
