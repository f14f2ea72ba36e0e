"""A workspace's keys told by their age: a bar of what the policy allows, or of what is usual where there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actions.workspaces import WorkspaceView
from tests.tui.command_line import amlkeys
from tui.describing import workspace_description
from tui.telling import description_lines

NOW = datetime(2026, 3, 9, tzinfo=UTC)


def told(days: int | None, policy: int | None, *, allowed: bool = True) -> dict[str, str]:
    """The facts of a workspace whose key1 is so many days old."""
    from actions.workspaces.rows import Keys

    created = None if days is None else NOW - timedelta(days=days)
    keys = Keys(created={"key1": created}, policy_days=policy, allowed=allowed)
    view = WorkspaceView(
        id="/w", name="w", kind="Default", region="r", subscription_name="s", as_of="", storage="/st", keys=keys,
        storage_network="", auth_mode="", public_network="", isolation="", private_endpoints=0, hub="",
        high_business_impact=False, key_vault="", encryption_key="", access=(), endpoints=(), computes=(),
        running_jobs=(), locks=(), holders=None, findings=(), unread=(),
    )  # fmt: skip
    return dict(workspace_description(view, NOW).facts)


@pytest.mark.parametrize(
    ("days", "policy", "text"),
    [
        (30, 60, "██████░░░░░░ 30d of the policy's 60d"),
        (45, None, "██████░░░░░░ 45d of the usual 90d"),
        (89, None, "███████████░ 89d of the usual 90d"),
        (412, 90, "████████████ 412d, 322d over the policy's 90d"),
        (0, 90, "░░░░░░░░░░░░ 0m of the policy's 90d"),
        (None, 90, "of unrecorded age"),
    ],
)
def test_the_age_of_a_key(days: int | None, policy: int | None, text: str) -> None:
    assert told(days, policy)["key1"] == text


def test_disabled_keys_are_said_to_be() -> None:
    assert told(1, None, allowed=False)["account keys"] == "disabled"


def test_bars_are_plain_characters_where_symbols_are_not_wanted() -> None:
    from actions.guard.contract import Description

    facts = Description(facts=(("key1", "██████░░░░░░ 45d"),))
    assert description_lines(facts, 80, ascii_only=True) == ["key1  ######...... 45d"]


def test_the_requests_signed_with_a_key_are_drawn_by_the_hour() -> None:
    answer = amlkeys("inspect", "storage-keys", "fraud-scoring", "--rehearse")
    (line,) = [line for line in answer.out.splitlines() if line.startswith("requests with a key, last day")]
    assert sum(letter in "▁▂▃▄▅▆▇█" for letter in line) in {24, 25}, "the present hour is not over"
