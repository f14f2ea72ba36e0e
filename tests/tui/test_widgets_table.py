"""The virtual table in an app: moving, filtering, hostile texts."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tui._textual import screen_text
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

COLUMNS = (TableColumn("name", 8), TableColumn("group", 6), TableColumn("note", 4, from_width=100))


def rows(count: int) -> list[TableRow]:
    return [TableRow(str(n), "ok" if n % 3 else "warn", (f"name-{n}", f"group-{n % 7}", "note")) for n in range(count)]


class TableApp(App[None]):
    def __init__(self, found: list[TableRow]) -> None:
        super().__init__()
        self.table = VirtualTable(COLUMNS, placeholder="loading")
        self.found = found
        self.seen: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_rows(self.found)
        self.table.focus()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        self.seen.append(message.row.key)


@pytest.mark.asyncio
async def test_keys_reach_every_part_of_fifty_thousand_rows():
    app = TableApp(rows(50_000))
    async with app.run_test(size=(80, 24)) as pilot:
        for keys, place in [
            (["down"], 1),
            (["G"], 49_999),
            (["up"], 49_998),
            (["g"], 0),
            (["up"], 0),
            (["pagedown"], 22),
            (["end"], 49_999),
            (["home"], 0),
        ]:
            await pilot.press(*keys)
            assert app.table.cursor == place, keys
        await pilot.press("G", "enter")
        assert app.seen == ["49999"]
        assert "name-49999" in screen_text(app.screen)
        assert "49978-50000 of 50000" in screen_text(app.screen)


@pytest.mark.asyncio
async def test_the_cursor_stays_on_its_row_when_rows_are_filtered_sorted_and_replaced():
    app = TableApp(rows(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["down"] * 13)
        app.table.filter("name-1")
        assert app.table.row is not None
        assert app.table.row.key == "13"
        app.table.sort(0, backwards=True)
        assert app.table.row.key == "13"
        app.table.set_rows(rows(50))
        assert app.table.row.key == "13"
        app.table.filter("nothing like it")
        assert app.table.row is None
        await pilot.pause()
        assert "loading" in screen_text(app.screen)


@pytest.mark.asyncio
async def test_columns_appear_only_where_they_fit():
    app = TableApp(rows(3))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "note" not in screen_text(app.screen)
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert "note" in screen_text(app.screen)


@pytest.mark.asyncio
async def test_a_move_inside_the_window_repaints_two_lines_only(monkeypatch):
    app = TableApp(rows(1000))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        drawn: list[int] = []
        draw = app.table.render_line
        monkeypatch.setattr(app.table, "render_line", lambda y: drawn.append(y) or draw(y))
        await pilot.press("down")
        await pilot.pause()
        assert sorted(drawn) == [1, 2]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "name",
    [
        "[/b] [@click=app.quit]x[/]",
        "\x1b]52;c;aGk=\x07\x1b[2J",
        "a\nb\tc",
        "\u202eevil\u200b",
        "x" * 300,
        "日本語" * 40,
    ],
)
async def test_hostile_names_stay_plain_and_keep_the_layout(name):
    app = TableApp([TableRow("1", "ok", (name, "group", "n")), TableRow("2", "ok", ("calm", "group", "n"))])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        lines = screen_text(app.screen).split("\n")
        assert "calm" in lines[2]
        assert all("\x1b" not in line and "\u202e" not in line for line in lines)
        strips = [app.table.render_line(y) for y in range(4)]
        assert {strip.cell_length for strip in strips} == {80}


@pytest.mark.asyncio
async def test_enter_opens_only_while_there_is_a_row():
    app = TableApp(rows(2))
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.screen.active_bindings["enter"].binding.action == "open"
        app.table.filter("nothing like it")
        await pilot.pause()
        assert "enter" not in app.screen.active_bindings
        app.table.filter("")
        await pilot.press("enter")
        assert app.seen == ["0"]
