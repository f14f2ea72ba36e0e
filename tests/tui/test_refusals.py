"""What is not there is not advised: request ids, and holders' keys that may not be read."""

from __future__ import annotations

from actions.cloud.data import CloudError
from azsim.estates.small import small
from azsim.faults import Fault
from tests.tui.consoles import NOON, console, opened, press, session, shown
from tui.dialogs.failure import told


def test_a_request_id_is_quoted_where_there_is_one() -> None:
    lost = told(CloudError("Storage: the connection was lost", status=0, code=""))
    assert (lost.means, lost.request_id) == ("No answer came from Azure.", "")
    assert "request id" not in lost.advice
    assert (
        "quote the request id"
        in told(CloudError("Storage: refused", status=409, code="Conflict", request_id="a-1")).advice
    )
    assert told(CloudError("Storage: refused", status=409, code="Conflict")).advice == "Try again."


async def test_keys_that_may_not_be_read_are_said_to_be_so() -> None:
    denied = Fault(kind="status", status=403, code="AuthorizationFailed", route="POST .*/listKeys")
    async with opened(console(session(small(NOON), faults=[denied]))) as pilot:
        await press(pilot, "enter", "end")
        assert "keys: not read" in shown(pilot)
        assert "Press h" in shown(pilot)
        await press(pilot, "h")
        assert "keys: could not be read" in shown(pilot)
        assert "Press h" not in shown(pilot)
        await press(pilot, "end")
        assert "Could not be read" in shown(pilot)
