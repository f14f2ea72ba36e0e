"""Pictures of the fleet and of a guarded question in the theme for eyes that need strong contrast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.snapshots import Snap
from tests.tui.consoles import on_small, prepared
from tui.app import AmlkeysApp
from tui.config import Appearance, Config

STRONG = Config(appearance=Appearance(theme="high-contrast"))


@pytest.fixture
def strong() -> Iterator[AmlkeysApp]:
    """The console in high contrast; its session is closed afterwards."""
    app = on_small(STRONG)
    yield app
    app.board.wait()
    app.session.close()


class TestHighContrast:
    def test_fleet(self, strong: AmlkeysApp, snap: Snap):
        """White on black, the cursor's row in yellow, states told by symbol as well as by colour."""
        snap(lambda: strong, size=(80, 24), run_before=prepared())

    def test_arming(self, strong: AmlkeysApp, snap: Snap):
        """The question in a yellow frame, Cancel with the focus, and the hint that tab goes to the word."""
        snap(lambda: strong, size=(80, 24), run_before=prepared("m"))
