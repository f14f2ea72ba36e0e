"""Pictures of the list with chosen columns and views, on a terminal of 80x24 and one of 120x40."""

from __future__ import annotations

from typing import Any

import pytest

from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.tui.consoles import NOON, console, session
from tests.tui.pictures import SIZES, Show
from tui.config import Appearance, Config, Fleet, FleetView

WIDE = (
    "public-access",
    "private-endpoints",
    "isolation",
    "hbi",
    "tls",
    "storage-network",
    "vault-network",
    "registry-network",
)
MINE = FleetView(name="old tls", columns=("tls", "storage", "subscription"), sort="-subscription", filter="tls:1.0")


@pytest.fixture
def picture(picture: Show) -> Show:
    """Compares the console on the demo company after some keys."""

    def show(size: tuple[int, int], fleet: Fleet, *keys: str, document: Any = None, **more: Any) -> None:
        config = Config(fleet=fleet, appearance=more.pop("look", Appearance()))
        picture(lambda: console(session(document or demo(NOON), config=config, **more)), size, *keys)

    return show


def long_names() -> dict[str, Any]:
    """The demo company with a workspace whose name and account are as long as Azure and an attacker allow."""
    document = demo(NOON)
    workspace = next(each for each in document["resources"] if each["id"].endswith("/workspaces/ads-bidding"))
    name = "[b]long" + "n" * 200
    made = {**workspace, "id": workspace["id"].replace("ads-bidding", name), "name": name}
    properties = {**workspace["properties"], "storageAccount": None, "keyVault": None, "containerRegistry": None}
    properties["managedNetwork"] = {"isolationMode": "\x1b[2Jsomething\u202enew"}
    document["resources"].append({**made, "properties": properties})
    return document


@SIZES
class TestFleetViews:
    def test_network(self, picture: Any, size: tuple[int, int]) -> None:
        """Open doors have `!` before them, closed ones none; `0 of 1 approved` further down; counts in the filter line."""
        picture(size, Fleet(), "v", "down", "enter")

    def test_storage(self, picture: Any, size: tuple[int, int]) -> None:
        """The oldest keys first, unrecorded ages above them as `?`; full bars end in `+`; TLS 1.0 is marked."""
        picture(size, Fleet(), "v", "down", "down", "enter")

    def test_own_view(self, picture: Any, size: tuple[int, int]) -> None:
        """A view of the settings: three workspaces, ordered by subscription backwards (`v`), its filter after the slash."""
        picture(size, Fleet(views=(MINE,)), "v", "end", "enter")

    def test_unknown(self, picture: Any, size: tuple[int, int]) -> None:
        """The vaults refuse: `?` in each of their cells and before each row, never a blank; the remark says why."""
        faults = [Fault(kind="status", status=403, code="Forbidden", route="ResourceGraph|KeyVault/vaults$")]
        picture(size, Fleet(columns=("purge-protection", "vault-network", "tls", "isolation")), faults=faults)

    def test_asked_of_each(self, picture: Any, size: tuple[int, int]) -> None:
        """One workspace refuses: `?` in its cells alone, which the remark tells; `!` before open SSH and open services."""
        faults = [Fault(kind="status", status=403, code="Forbidden", route="workspaces/pricing/computes")]
        columns = ("ssh", "cluster-accounts", "v1-services", "scoring-logs", "can-assign", "my-roles")
        picture(size, Fleet(columns=columns), faults=faults)

    def test_filter_of_no_column(self, picture: Any, size: tuple[int, int]) -> None:
        """What is typed looks into a column that is none: the filter line says so, with one that is near."""
        picture(size, Fleet(), "slash", *"regoin:eu")

    def test_long_names(self, picture: Any, size: tuple[int, int]) -> None:
        """The long name is cut, its markup and control characters are text, `-` where nothing is linked; columns align."""
        picture(
            size,
            Fleet(columns=("isolation", "tls", "storage", "purge-protection")),
            document=long_names(),
        )

    def test_more_columns(self, picture: Any, size: tuple[int, int]) -> None:
        """After two presses of `right`: the name stays, `<` before the titles says what is left of it."""
        picture(size, Fleet(columns=WIDE), "right", "right")

    def test_ascii(self, picture: Any, size: tuple[int, int]) -> None:
        """Bars of `#` and `.`, and nothing on the screen that is not ASCII."""
        picture(size, Fleet(columns=("keys", "key-age", "tls")), look=Appearance(ascii=True))

    def test_columns_dialog(self, picture: Any, size: tuple[int, int]) -> None:
        """Chosen columns first with [x], in their order; what each says; the keys below."""
        picture(size, Fleet(columns=("tls", "kind")), "t", "down")

    def test_views_dialog(self, picture: Any, size: tuple[int, int]) -> None:
        """The views with what each shows, one of the settings named as such; the cursor on the present one."""
        picture(size, Fleet(views=(MINE,)), "v")
