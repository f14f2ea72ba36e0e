"""A table that draws only what is visible: 50,000 rows open at once, and a cursor move repaints two lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.render import GAP, Column, clean, fill, fit, look, mark, pad
from tui.sheets import Sheet
from tui.widgets.rows import (
    Query,
    TableRow,
    arrange,
    columns_in_view,
    natural,
    parse_query,
    rows_as_sheets,
    searchable,
    widest,
    window_top,
)
from tui.widgets.rows import TableColumn as TableColumn

_STATE_CELLS = 3
_STATE = attrgetter("state")


class VirtualTable(Widget, can_focus=True):
    """Rows under a header, with a cursor, a filter and an order; texts are drawn as they are, never as markup."""

    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr;
        background: $background;
        & > .virtual-table--header { color: $text-muted; text-style: bold; }
        & > .virtual-table--cursor { background: $primary-muted; color: $foreground; }
        &:focus > .virtual-table--cursor { background: $primary; color: $text; text-style: bold; }
        & > .virtual-table--dim { color: $text-muted; }
        & > .virtual-table--note { color: $text-accent; }
        & > .virtual-table--good { color: $text-success; }
        & > .virtual-table--warn { color: $text-warning; }
        & > .virtual-table--bad { color: $text-error; }
        &:ansi { background: ansi_default; }
        &:ansi > .virtual-table--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
        &:ansi:focus > .virtual-table--cursor {
            background: ansi_default; color: ansi_default; text-style: reverse bold;
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"virtual-table--{part}" for part in ("header", "cursor", "dim", "note", "good", "warn", "bad")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False, id="table.up"),
        Binding("down", "move(1)", "down", show=False, id="table.down"),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False, id="table.page-up"),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False, id="table.page-down"),
        Binding("home,g", "jump(0)", "first row", show=False, id="table.first"),
        Binding("end,G", "jump(-1)", "last row", show=False, id="table.last"),
        Binding("left", "shift(-1)", "columns before", show=False, id="table.left"),
        Binding("right", "shift(1)", "more columns", show=False, id="table.right"),
        Binding("enter", "open", "open", id="table.open"),
    ]

    class Opened(Message):
        """Enter was pressed on a row."""

        def __init__(self, table: VirtualTable, row: TableRow) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> VirtualTable:
            """The table, for selectors."""
            return self.table

    class Moved(Message):
        """The cursor is on another row, or on none."""

        def __init__(self, table: VirtualTable, row: TableRow | None) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> VirtualTable:
            """The table, for selectors."""
            return self.table

    def __init__(
        self,
        columns: Sequence[TableColumn],
        *,
        placeholder: str = "",
        ascii_only: bool = False,
        opens: bool = True,
        states: str = "state",
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.placeholder = placeholder
        self._ascii, self._opens, self._states = ascii_only, opens, states
        self._rows: list[TableRow] = []
        self._texts: list[str] = []
        self._counts: Counter[str] | None = None
        self._view: list[int] = []
        self._filter = ""
        self._sort: tuple[int, bool] | None = None
        self._cursor = 0
        self._top = 0
        self._widest: list[TableRow] = []
        self._widths: list[tuple[int, int]] = []
        self._fitted = 0
        self._shift, self._hidden = 0, 0
        self._styles: dict[str, Style] = {}
        self._marked: frozenset[str] = frozenset()

    def on_mount(self) -> None:
        """Draw no symbol where the app draws none."""
        self._ascii = self._ascii or self.app.has_class("-ascii")

    # What is shown

    @property
    def rows(self) -> Sequence[TableRow]:
        """All rows, shown or not."""
        return self._rows

    @property
    def shown(self) -> int:
        """How many rows pass the filter."""
        return len(self._view)

    def shown_rows(self) -> list[TableRow]:
        """The rows that pass the filter, in the order in which they are shown."""
        return [self._rows[number] for number in self._view]

    @property
    def has_sheets(self) -> bool:
        """Whether there is anything to take away."""
        return bool(self._view)

    def sheets(self) -> list[Sheet]:
        """The rows that are shown, in their order."""
        return rows_as_sheets(self.id or "table", self.columns, self.shown_rows(), self._states)

    def shown_counts(self) -> Counter[str]:
        """How many of them have which state; those of all rows are counted once, for every key of a filter asks."""
        if len(self._view) < len(self._rows):
            return Counter(map(_STATE, map(self._rows.__getitem__, self._view)))
        if self._counts is None:
            self._counts = Counter(map(_STATE, self._rows))
        return self._counts

    @property
    def row(self) -> TableRow | None:
        """The row under the cursor."""
        return self._rows[self._view[self._cursor]] if self._view else None

    @property
    def cursor(self) -> int:
        """The cursor's place among the rows that are shown."""
        return self._cursor

    def set_columns(self, columns: Sequence[TableColumn], rows: Iterable[TableRow]) -> None:
        """Show other columns, and the rows as they are below them, in the order in which they come."""
        before = self.row
        self.columns, self._shift, self._sort = tuple(columns), 0, None
        self._take(rows, before)

    def set_rows(self, rows: Iterable[TableRow]) -> None:
        """Show other rows; the cursor stays on the row of the same key where there still is one.

        Rows that are the same as before are not painted anew.
        """
        before, found = self.row, list(rows)
        if found != self._rows:
            self._take(found, before)

    def _take(self, rows: Iterable[TableRow], before: TableRow | None) -> None:
        self._rows = list(rows)
        self._widest = widest(self._rows, len(self.columns))
        self._texts, self._counts = [], None
        self._arrange(before)

    def replace(self, row: TableRow) -> None:
        """Show other cells for the row of this key; only its line is painted anew, or nothing when it is the same."""
        number = next((n for n, known in enumerate(self._rows) if known.key == row.key), None)
        if number is None or self._rows[number] == row:
            return
        self._rows[number] = row
        self._texts, self._counts = [], None
        if self._filter or self._sort is not None:
            self._rearrange()
            return
        if any(len(cell) > len(self._widest[n].cells[n]) for n, cell in enumerate(row.cells)):
            self._widest = widest(self._rows, len(self.columns))
            before = self._widths
            self._measure()
            if self._widths != before:
                self.refresh()
                return
        self.refresh(Region(0, number - self._top + 1, self.size.width, 1))

    def filter(self, text: str) -> None:
        """Show only rows that pass a filter (see `parse_query`)."""
        if text != self._filter:
            self._filter = text
            self._rearrange()

    @property
    def order(self) -> tuple[int, bool] | None:
        """The column that orders the rows and whether backwards, None where they are as they came."""
        return self._sort

    def sort(self, column: int | None, *, backwards: bool = False) -> None:
        """Order by a column, or as the rows came (None)."""
        self._sort = None if column is None else (column, backwards)
        self._rearrange()

    def show_marks(self, keys: Iterable[str]) -> None:
        """Mark the rows of these keys by a symbol; rows that come and go keep theirs."""
        marked = frozenset(keys)
        if marked != self._marked:
            self._marked = marked
            self.refresh()

    def show_placeholder(self, text: str) -> None:
        """Say what there is to say while there are no rows; lines are separated by line breaks."""
        self.placeholder = text
        if not self._view:
            self.refresh()

    def move_to(self, key: str) -> None:
        """Put the cursor on the row of a key, if it is shown."""
        place = self._place_of(key)
        if place is not None:
            self._go(place)

    def _place_of(self, key: str) -> int | None:
        return next((place for place, number in enumerate(self._view) if self._rows[number].key == key), None)

    def _rearrange(self) -> None:
        """Apply filter and order to the same rows; the cursor stays on the one it was on, which has the same number."""
        number = self._view[self._cursor] if self._view else None
        before = None if number is None else self._rows[number]
        self._arrange(before, number)

    def _arrange(self, before: TableRow | None, number: int | None = None) -> None:
        """Apply filter and order; the cursor stays on the row it was on, looked for by its number or else by its key."""
        query: Query = parse_query(self._filter, [column.name or column.title for column in self.columns])
        if query and len(self._texts) != len(self._rows):
            self._texts = [searchable(row) for row in self._rows]
        value, backwards = None, False
        if self._sort is not None:
            column, backwards = self._sort
            value = self.columns[column].value or (lambda row: natural(row.cells[column]))
        empty = not self._view
        self._view = arrange(self._rows, self._texts, query, value, backwards=backwards)
        if empty != (not self._view):
            self.refresh_bindings()
        place = None
        if number is not None:
            with suppress(ValueError):
                place = self._view.index(number)
        elif before is not None:
            place = self._place_of(before.key)
        self._cursor = place if place is not None else max(0, min(self._cursor, len(self._view) - 1))
        self._top = window_top(self._cursor, self._top, self._window, len(self._view))
        self._measure()
        self.refresh()
        if self.row != before:
            self.post_message(self.Moved(self, self.row))

    @property
    def _window(self) -> int:
        """How many rows fit below the header."""
        return max(1, self.size.height - 1)

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._go(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move by what is visible, one row staying in sight."""
        self._go(self._cursor + by * max(1, self._window - 1))

    def action_jump(self, to: int) -> None:
        """Move to the first (0) or the last (-1) row."""
        self._go(to if to >= 0 else len(self._view) + to)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Enter to the screen where no row can be opened, and the arrows where all columns are in view."""
        if action == "shift":
            return bool(self._shift or self._hidden)
        return action != "open" or (self._opens and bool(self._view))

    def action_shift(self, by: int) -> None:
        """Bring other columns into view; the first one stays."""
        wanted = self._shift + (by if by < 0 or self._hidden else 0)
        if wanted != self._shift and wanted >= 0:
            self._shift = wanted
            self._measure()
            self.refresh()

    def action_open(self) -> None:
        """Tell whoever listens that the row was chosen."""
        if self.row is not None:
            self.post_message(self.Opened(self, self.row))

    def _go(self, to: int) -> None:
        """Put the cursor on a row that exists and repaint as little as that takes."""
        to = max(0, min(to, len(self._view) - 1))
        if to == self._cursor or not self._view:
            return
        left, self._cursor = self._cursor, to
        top = window_top(to, self._top, self._window, len(self._view))
        if top == self._top:
            self.refresh(*(Region(0, place - top + 1, self.size.width, 1) for place in (left, to)))
        else:
            self._top = top
            self.refresh()
        self.post_message(self.Moved(self, self.row))

    def on_resize(self) -> None:
        """Keep the cursor in view; the columns were fitted to the new width when it was painted."""
        top = window_top(self._cursor, self._top, self._window, len(self._view))
        if top != self._top:
            self._top = top
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked; a click on the cursor opens it."""
        place = self._top + event.y - 1
        if event.y > 0 and place < len(self._view):
            if place == self._cursor and self._opens:
                self.action_open()
            self._go(place)

    def on_mouse_scroll_down(self) -> None:
        """Move on with the wheel."""
        self._go(self._cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        """Move back with the wheel."""
        self._go(self._cursor - 3)

    # Drawing

    def notify_style_update(self) -> None:
        """Look the styles up anew after a change of theme."""
        self._styles = {}
        super().notify_style_update()

    def _measure(self) -> None:
        """Choose the columns for this width and give each its share."""
        self._fitted = self.size.width
        cells = self._fitted - _STATE_CELLS
        if cells <= 0:
            return
        numbers = self._in_view(cells)
        columns = [Column(self._title(n), self.columns[n].minimum, self.columns[n].right) for n in numbers]
        texts = [[clean(row.cells[n]) + " " * self.columns[n].reserve for n in numbers] for row in self._widest]
        self._widths = list(zip(numbers, fit(columns, texts, cells), strict=True))

    def _in_view(self, cells: int) -> list[int]:
        """The columns that have room with what each needs at least."""
        able = [n for n, column in enumerate(self.columns) if column.from_width <= self.size.width]
        found, self._shift = columns_in_view([self.columns[n].minimum for n in able], self._shift, cells)
        self._hidden = len(able) - self._shift - len(found)
        return [able[place] for place in found]

    def _style(self, part: str) -> Style:
        """A part's style, looked up once a theme."""
        if part not in self._styles:
            name = f"virtual-table--{part}"
            style = self.get_component_rich_style(name) if name in self.COMPONENT_CLASSES else self.rich_style
            self._styles[part] = style
        return self._styles[part]

    def render_line(self, y: int) -> Strip:
        """Draw one line: the header, a row, a line of the placeholder, or nothing."""
        if self._fitted != self.size.width:
            self._measure()
        if y == 0:
            return self._line([Segment(self._header(), self._style("header"))])
        place = self._top + y - 1
        if place < len(self._view):
            return self._row_line(self._rows[self._view[place]], on_cursor=place == self._cursor)
        lines = self.placeholder.split("\n") if not self._view else []
        return self._line([Segment("   " + lines[y - 2], self._style("dim"))] if 2 <= y < len(lines) + 2 else [])

    def _title(self, number: int) -> str:
        """A column's title, marked where it orders the rows."""
        title = self.columns[number].title
        if self._sort is None or self._sort[0] != number:
            return title
        return f"{title} v" if self._sort[1] else f"{title} ^"

    def _header(self) -> str:
        """The titles, where more columns are, and which rows are in view where not all are."""
        texts: list[str] = []
        for number, cells in self._widths:
            title = self._title(number)
            texts.append(fill(title, cells, right=self.columns[number].right, ascii_only=self._ascii))
        aside = f"{'<' if self._shift else ' '}{'>' if self._hidden else ' '}".ljust(_STATE_CELLS)
        line = aside + (" " * GAP).join(texts)
        count = len(self._view)
        if count <= self._window:
            return line
        place = f" {self._top + 1}-{min(count, self._top + self._window)} of {count} "
        room = self.size.width - len(place)
        return pad(line.rstrip(), room) + place if len(line.rstrip()) <= room else line

    def _row_line(self, row: TableRow, *, on_cursor: bool) -> Strip:
        """The state's symbol in its colour, then the cells."""
        cells = (
            fill(self._seen(row, number), cells, right=self.columns[number].right, ascii_only=self._ascii)
            for number, cells in self._widths
        )
        chosen = "*" if row.key in self._marked else " "
        symbol = f"{'>' if on_cursor else ' '}{mark(row.state, ascii_only=self._ascii)}{chosen}"
        text = (" " * GAP).join(cells)
        if on_cursor:
            return self._line([Segment(symbol + text, self._style("cursor"))], "cursor")
        return self._line([Segment(symbol, self._style(look(row.state).tone)), Segment(text, self._style("plain"))])

    def _seen(self, row: TableRow, number: int) -> str:
        """What is seen of a cell."""
        text, draw = clean(row.cells[number]), self.columns[number].draw
        return draw(text, self._ascii) if draw is not None else text

    def _line(self, segments: list[Segment], part: str = "plain") -> Strip:
        """Fill a line to the full width, since Textual leaves what is missing unpainted."""
        strip = Strip(segments)
        return strip.adjust_cell_length(self.size.width, self._style(part))
