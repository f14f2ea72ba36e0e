"""The command that goes on with a run: whole, to be copied, and leading to where it ran."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actions.guard.journal import Journal
from tests.tui.command_line import ACCEPT, amlkeys, estate_file
from tui.config import Config
from tui.going_on import elsewhere, resume_command, way_on
from tui.session import Banner, Session, ignore
from tui.settings import Settings


class At(Session):
    """A session that is signed in somewhere, without being so."""

    tenant, place = "t-1", "AzureCloud"

    def banner(self) -> Banner:
        return replace(super().banner(), tenant=self.tenant, cloud=self.place)


def at(settings: Settings, **where: str) -> At:
    found = At(settings, Config(), ignore)
    for name, value in where.items():
        setattr(found, name, value)
    return found


@pytest.fixture
def run(tmp_path: Any) -> Any:
    """A dry run that waits out no soak: it stands in the journal, stopped."""
    estate = f"--rehearse={estate_file(tmp_path)}"
    answer = amlkeys("run", "storage-keys", "small-ml", *ACCEPT, "--dry-run", estate)
    assert answer.exit == 0, answer.err
    journal = Journal.open(rehearsal=True)
    try:
        return journal.run(journal.runs()[0].id)
    finally:
        journal.close()


def bound(run: Any, **changes: Any) -> Any:
    return replace(run, plan=replace(run.plan, binding=replace(run.plan.binding, **changes)))


def test_a_served_rehearsal_is_named_as_it_was(run: Any) -> None:
    served = Settings(rehearse="https://localhost:4381", rehearse_ca="/tmp/my ca.pem")
    found = resume_command(run, at(served))
    assert found == (
        f"amlkeys resume {run.id} --rehearse=https://localhost:4381 --rehearse-ca '/tmp/my ca.pem' --dry-run"
    )


def test_a_run_on_another_cloud_or_tenant_of_azure_names_it(run: Any) -> None:
    real = bound(run, rehearsal=False, cloud="AzureUSGovernment", tenant="t-2")
    assert resume_command(real, at(Settings())).endswith(" --cloud AzureUSGovernment --tenant t-2 --dry-run")
    there = at(Settings(cloud="AzureUSGovernment"), place="AzureUSGovernment", tenant="t-2")
    assert resume_command(real, there) == f"amlkeys resume {run.id} --cloud AzureUSGovernment --dry-run"
    assert elsewhere(real, there) == ""


def test_another_rehearsal_cannot_be_named_and_is_said_to_be_one(run: Any) -> None:
    assert way_on(run, at(Settings(rehearse=""), tenant=run.plan.binding.tenant))[1:] == []
    assert way_on(run, at(Settings(rehearse="")))[1:] == [
        f"It ran on another rehearsal, of tenant {run.plan.binding.tenant}: name that one after --rehearse."
    ]
