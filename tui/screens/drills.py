"""The drills by their grade, with how each went before; and the debrief of one that was played."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.debrief import earlier
from tui.drill_hand import debrief_lines, drill_rows
from tui.screens.base import ConsoleScreen
from tui.widgets.filter_bar import FilterBar
from tui.widgets.text_pane import TextPane
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from tui.debrief import Debrief
    from tui.drill import Drill


class DrillsScreen(ConsoleScreen[None]):
    """The list; enter begins one on an estate of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "filter", "filter", id="filter")]
    crumbs = ("workspaces", "drills")

    def compose_body(self) -> ComposeResult:
        """Filter and list."""
        yield FilterBar()
        yield VirtualTable(
            (
                TableColumn("grade", 5, right=True),
                TableColumn("what happens", 30),
                TableColumn("last", 4),
                TableColumn("times", 5, right=True),
                TableColumn("played", 9),
                TableColumn("when", 17, from_width=100),
                TableColumn("drill", 17, from_width=100),
            ),
            ascii_only=self.ascii_only,
            id="drills",
        )

    def on_mount(self) -> None:
        """List them."""
        table = self.query_one(VirtualTable)
        rows = drill_rows(earlier())
        table.set_rows(rows)
        self.query_one(FilterBar).count(f"{len(rows)} drills, 1 is calm, 5 is hard")
        table.focus()
        self.status.say("enter begins with its story, on an estate of its own")

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).start()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter as it is typed."""
        self.query_one(VirtualTable).filter(message.text)

    def on_filter_bar_closed(self) -> None:
        """Go back to the list."""
        self.query_one(VirtualTable).focus()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Begin a drill."""
        message.stop()
        self.console.begin_drill(message.row.key)


class DebriefScreen(ConsoleScreen[str | None]):
    """How a drill went; gives `again` where it is to be played once more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "to the drills", id="back"),
        Binding("a", "again", "play it again", id="debrief.again"),
    ]

    def __init__(self, name: str, drill: Drill, told: Debrief) -> None:
        super().__init__()
        self.crumbs = ("drills", name, "debrief")
        self._drill, self._told = drill, told

    def compose_body(self) -> ComposeResult:
        """All of it is text."""
        yield TextPane(id="debrief")

    def on_mount(self) -> None:
        """Tell it."""
        pane = self.query_one(TextPane)
        pane.show(lambda cells: debrief_lines(self._drill, self._told, cells, ascii_only=self.ascii_only))
        pane.focus()

    def action_again(self) -> None:
        """Play it once more."""
        self.dismiss("again")
