"""Questions of the fleet list: which columns it has, and which view; both change only what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.dialogs.ask import Pick, PickDialog
from tui.dialogs.base import Dialog
from tui.render import clean
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

_ROWS = 10


class Chosen:
    """The columns to choose from, in the order in which they are shown; those that were chosen come first. Pure."""

    def __init__(self, chosen: Sequence[str], others: Sequence[str]) -> None:
        self.names = [*chosen, *(name for name in others if name not in chosen)]
        self._on = set(chosen)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Those that are chosen."""
        return tuple(name for name in self.names if name in self._on)

    def turn(self, name: str) -> None:
        """Choose a column, or leave it out."""
        self._on ^= {name}

    def move(self, name: str, by: int) -> None:
        """Put a column earlier or later."""
        place = self.names.index(name)
        self.names.insert(max(0, place + by), self.names.pop(place))


class ColumnsDialog(Dialog[tuple[str, ...] | None]):
    """Choose the columns behind the name, and their order; None is a refusal, none at all are the usual ones."""

    DEFAULT_CSS = """
    ColumnsDialog VirtualTable { height: auto; max-height: 11; background: $surface; }
    ColumnsDialog #meaning { height: 2; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "show or hide", id="columns.turn"),
        Binding("u", "shift_column(-1)", "earlier", id="columns.earlier"),
        Binding("d", "shift_column(1)", "later", id="columns.later"),
        Binding("x", "usual", "the usual ones", id="columns.usual"),
        Binding("enter", "take", "take them", id="columns.take", priority=True),
    ]

    def __init__(self, chosen: Sequence[str], meanings: dict[str, str], *, ascii_only: bool = False) -> None:
        super().__init__()
        self.title_text = "Columns of the list"
        self._chosen, self._meanings, self._ascii = Chosen(chosen, list(meanings)), meanings, ascii_only

    def compose_body(self) -> ComposeResult:
        """All columns, the chosen ones first."""
        yield VirtualTable(
            (TableColumn("", 3), TableColumn("column", 17), TableColumn("says", 20)), opens=False, ascii_only=self._ascii,
            id="columns",
        )  # fmt: skip
        yield Static(id="meaning")

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Tell the whole of what the column under the cursor says, and what it costs."""
        told = self._meanings[message.row.key] if message.row is not None else ""
        self.query_one("#meaning", Static).update(Text(clean(told)))

    def compose_answers(self) -> ComposeResult:
        """How to answer."""
        yield Static(Text("enter takes them; what was not read yet is read then"))

    def on_mount(self) -> None:
        """Show them."""
        super().on_mount()
        table = self.query_one(VirtualTable)
        table.styles.height = _ROWS + 1
        self._show("")
        table.focus()

    def _show(self, cursor: str) -> None:
        table, chosen = self.query_one(VirtualTable), self._chosen.chosen
        table.set_rows(
            TableRow(name, "", (f"[{'x' if name in chosen else ' '}]", name, clean(self._meanings[name])))
            for name in self._chosen.names
        )
        table.move_to(cursor)

    def action_turn(self) -> None:
        """Show or hide the column under the cursor, and go on to the next."""
        table = self.query_one(VirtualTable)
        if table.row is not None:
            self._chosen.turn(table.row.key)
            self._show(table.row.key)
            table.action_move(1)

    def action_shift_column(self, by: int) -> None:
        """Put the column under the cursor earlier or later."""
        row = self.query_one(VirtualTable).row
        if row is not None:
            self._chosen.move(row.key, by)
            self._show(row.key)

    def action_usual(self) -> None:
        """Have what the list shows when nothing is chosen."""
        self.dismiss(())

    def action_take(self) -> None:
        """Take what is chosen."""
        if self._chosen.chosen:
            self.dismiss(self._chosen.chosen)
        else:
            self.note("Choose at least one column, or press x for the usual ones.")


class ViewsDialog(PickDialog):
    """Choose a view; a saved one can be forgotten. The answer is `view:NAME`, `forget:NAME` or `save`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "save", "save what is shown", id="views.save"),
        Binding("d", "forget", "forget a saved one", id="views.forget"),
    ]

    def __init__(self, picks: Sequence[Pick], saved: Sequence[str], present: str = "") -> None:
        super().__init__("Views of the list", picks, present)
        self._saved = frozenset(saved)

    def action_save(self) -> None:
        """Save what is shown as a view."""
        self.dismiss("save")

    def action_forget(self) -> None:
        """Forget the saved view under the cursor."""
        row = self.query_one(VirtualTable).row
        if row is not None and row.key.removeprefix("view:") in self._saved:
            self.dismiss(f"forget:{row.key.removeprefix('view:')}")
        else:
            self.note("Only views that were saved from the console can be forgotten.")
