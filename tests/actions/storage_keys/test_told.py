"""What people see: findings with a remedy, tables, questions, az commands that hold no secret."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from actions.guard.model import Outcome, Progress, Severity
from actions.storage_keys import StorageKeys, steps
from actions.storage_keys.findings import findings
from actions.storage_keys.state import Account
from tests.actions.storage_keys.cases import USUAL
from tests.actions.storage_keys.told import inspection, plan, wanted


def test_every_holder_is_a_row_with_its_slot_and_grade():
    found = inspection("fraud=key1 fraud/wbs*=neither fraud/raw~key2 fraud/conn!key1 fraud/lake=identity")
    table = StorageKeys().describe(found).tables[1]
    assert [(row[0], row[1], row[2]) for row in table.rows] == [
        ("fraud", "workspace's copy", "key1"),
        ("fraud/wbs", "system datastore", "a dead key"),
        ("fraud/raw", "datastore, SAS", "key2"),
        ("fraud/conn", "connection", "key1"),
        ("fraud/lake", "datastore", "needs no key"),
    ]
    assert table.states == (Severity.INFO, Severity.HIGH, *[Severity.INFO] * 3)
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_keys_show_age_fingerprint_and_how_many_hold_them():
    table = StorageKeys().describe(inspection("fraud=key1 fraud/a=key1 fraud/b=key2")).tables[0]
    assert [(row[0], row[1], row[3]) for row in table.rows] == [("key1", "AAAAAAAA", "2"), ("key2", "AAAAAAAA", "1")]


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ({"shared_keys": False}, "disabled"),
        ({"disabled_services": ("blob",)}, "disabled for blob"),
        ({"policy_days": 90}, "90 days"),
        ({"locks": ("freeze on rg",)}, "freeze on rg"),
        ({"locks_read": False}, "not readable"),
    ],
)
def test_facts_of_the_account(facts, value):
    assert value in dict(StorageKeys().describe(inspection("", **facts)).facts).values()


def test_traffic_without_a_holder_comes_from_elsewhere():
    [remark] = [item for item in findings(inspection("fraud/lake=identity", traffic=5.0)) if item.id == "traffic"]
    assert remark.severity is Severity.HIGH
    assert "from elsewhere" in remark.sentence
    [remark] = [item for item in findings(inspection(USUAL, traffic=5.0)) if item.id == "traffic"]
    assert remark.severity is Severity.WARN


def test_what_cannot_be_read_is_unknown_and_never_green():
    found = inspection("fraud=unknown", traffic=None, locks_read=False)
    unknown = {item.id for item in findings(found) if item.severity is Severity.UNKNOWN}
    assert unknown == {"locks-unknown", "traffic-unknown", "key-not-told", "jobs-unknown"}


def test_the_worst_comes_first():
    grades = [item.severity for item in findings(inspection("fraud=unreadable fraud/a=neither", traffic=3.0))]
    assert grades == sorted(grades, key=list(Severity).index)


def test_what_could_not_be_listed_is_part_of_the_question_even_without_traffic():
    missed = ("workspace sandbox",)
    found = inspection(USUAL, unlisted=missed)
    [decision] = plan(wanted(USUAL, {}, unlisted=missed), found, {}, Progress()).decisions
    assert "sandbox" in decision.question


def test_what_can_no_longer_be_listed_stops_the_run():
    """Holders that a refused list hides must never look like holders that have moved away."""
    wish = wanted(USUAL, {"external": "accept"})
    steps = plan(wish, inspection("", unlisted=("subscription prod",)), {}, Progress())
    assert steps.outcome is Outcome.BLOCKED
    assert "can no longer be listed" in steps.summary


@pytest.mark.parametrize("holders", [USUAL, "fraud=key1 fraud/raw~key1"])
def test_az_commands_parse_and_hold_no_secret(holders):
    steps = plan(wanted(holders, {}), inspection(holders), {}, Progress()).steps
    commands = [step.az for step in steps if step.az]
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "az"
        assert "--subscription" in words
    assert any(
        command.startswith("az storage account keys renew --account-name stfraud01 --key key2") for command in commands
    )
    assert any(command.startswith("az ml workspace sync-keys --name fraud") for command in commands)


def test_az_commands_survive_a_group_with_parentheses():
    group = "rg-ml(prod)"
    at = f"/subscriptions/s1/resourceGroups/{group}/providers/"
    account = Account(id=f"{at}Microsoft.Storage/storageAccounts/stfraud01", name="stfraud01")
    step = steps.regenerate(account, "key1", "0", gap=False)
    assert group in shlex.split(step.az)
    assert subprocess.run(["sh", "-n", "-c", step.az]).returncode == 0


def test_every_answer_of_every_question_says_where_it_leads():
    found = inspection("fraud=key1 fraud/conn!key1", traffic=9.0)
    for decision in plan(wanted("fraud=key1 fraud/conn!key1", {}, traffic=9.0), found, {}, Progress()).decisions:
        assert len(decision.choices) >= 2
        assert all(choice.sentence for choice in decision.choices)
        assert decision.question.endswith("?")
