"""The fleet list's part that decides what is shown: columns, order, views; nothing here asks anything of Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui.config import FleetView
from tui.fleet_view import (
    ENVIRONMENT,
    USUAL_VIEW,
    asked_names,
    order,
    shown_names,
    table_columns,
    title,
    told_order,
    told_view,
)
from tui.known_fleet import KnownFleet
from tui.screens.base import ConsoleScreen
from tui.widgets.filter_bar import FilterBar
from tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from tui.environments import Environments


class FleetChoosing(ConsoleScreen[None]):
    """A screen with the list of workspaces whose columns, order and filter are chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "columns", "columns", id="fleet.columns", show=False, tooltip="choose the columns of the table"),
        Binding(
            "v", "views", "views", id="fleet.views", show=False, tooltip="views: columns, order and filter by name"
        ),
        Binding("ctrl+o", "sort", "sort", id="sort", show=False, tooltip="order by a column"),
    ]

    def __init__(self, environments: Environments, chosen: tuple[str, ...]) -> None:
        super().__init__()
        self._environments = environments
        self._chosen = chosen
        """The columns that were chosen; none are the usual ones."""
        self._view = "" if chosen else USUAL_VIEW
        self._fleet = KnownFleet(environments, self._names())

    def _names(self) -> tuple[str, ...]:
        return shown_names(self._chosen, environments=bool(self._environments.known))

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the columns that Azure is asked for."""
        return asked_names(self._fleet.names)

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one("#fleet", VirtualTable)

    def _count(self) -> None:
        """Say how many there are."""
        raise NotImplementedError

    # Columns

    def action_columns(self) -> None:
        """Choose the columns."""
        from actions.workspaces.columns import ALL
        from tui.dialogs.fleet import ColumnsDialog

        meanings = {column.name: column.meaning for column in ALL if column.name != "workspace"}
        if self._environments.known:
            meanings[ENVIRONMENT] = "the word of its environment in the settings"
        shown = [name for name in self._fleet.names if name in meanings]
        self.app.push_screen(ColumnsDialog(shown, meanings, ascii_only=self.ascii_only), self._columns_chosen)

    def _columns_chosen(self, chosen: tuple[str, ...] | None) -> None:
        if chosen is not None:
            self._view = "" if chosen else USUAL_VIEW
            self.show_columns(chosen, self.order_told())

    def show_columns(self, chosen: tuple[str, ...], sort: str) -> None:
        """Have these columns and this order; what is not known of them is read, behind what is."""
        self._chosen = chosen
        names, before = self._names(), self._fleet.names
        if names != before:
            self._fleet.show(names)
            columns = table_columns(names, self._fleet.days, chosen=bool(chosen))
            self.table.set_columns(columns, self._fleet.rows)
        place, backwards = order(names, sort)
        self.table.sort(place, backwards=backwards)
        self._count()
        if set(names) != set(before):
            self.read_anew()

    def read_anew(self) -> None:
        """Read the fleet with its present columns, in the place of a reading that is under way."""
        raise NotImplementedError

    # Order

    def order_told(self) -> str:
        """The present order, as views keep it."""
        found = self.table.order
        return told_order(self._fleet.names, found[0], backwards=found[1]) if found else ""

    def action_sort(self) -> None:
        """Choose a column to order by; the present one once more turns the order round."""
        from tui.dialogs.ask import Pick, PickDialog

        present = self.order_told()
        picks = [Pick("", "as listed")]
        for name in self._fleet.names:
            turned = name == present
            picks.append(Pick(f"-{name}" if turned else name, title(name), "the other way round" if turned else ""))
        self.app.push_screen(PickDialog("Order by", picks), self._sorted)

    def _sorted(self, picked: str | None) -> None:
        if picked is not None:
            place, backwards = order(self._fleet.names, picked)
            self.table.sort(place, backwards=backwards)

    # Views

    def views(self) -> list[tuple[FleetView, str]]:
        """All views with where each is from; saved ones that cannot be read are told and left out."""
        from tui.view_store import ViewError, ViewStore, all_views

        configured = self.console.session.config.fleet.views
        try:
            return all_views(configured, ViewStore().load())
        except ViewError as error:
            self.status.say(str(error))
            return all_views(configured, ())

    def action_views(self) -> None:
        """Choose a view, save what is shown as one, or forget one."""
        from tui.dialogs.ask import Pick
        from tui.dialogs.fleet import ViewsDialog

        known = self.views()
        picks = [
            Pick(f"view:{view.name}", f"{view.name} ({origin})" if origin else view.name, told_view(view))
            for view, origin in known
        ]
        saved = [view.name for view, origin in known if origin == "saved"]
        self.app.push_screen(ViewsDialog(picks, saved, f"view:{self._view}"), self._view_chosen)

    def _view_chosen(self, picked: str | None) -> None:
        """Show a view, or keep or forget one."""
        from tui.view_store import same

        what, _, name = (picked or "").partition(":")
        if what == "view":
            found = next((view for view, _ in self.views() if same(view, name)), None)
            if found is not None:
                self.show_view(found)
        elif what == "save":
            from tui.dialogs.ask import AskDialog

            present = "" if self._view == USUAL_VIEW else self._view
            hint = "columns, order and filter as they are now; the settings file is left alone"
            self.app.push_screen(AskDialog("Save what is shown as a view", "its name", present, hint=hint), self._save)
        elif what == "forget":
            self._keep(name, forget=True)

    def show_view(self, view: FleetView) -> None:
        """Show the columns, the order and the filter of a view."""
        self._view = view.name
        self.query_one(FilterBar).set(view.filter)
        self.table.filter(view.filter)
        self.show_columns(view.columns, view.sort)

    def _save(self, name: str | None) -> None:
        if name:
            self._keep(name)

    def _keep(self, name: str, *, forget: bool = False) -> None:
        """Save what is shown under a name, or drop that name; what goes wrong is told and nothing else changes."""
        from tui.view_store import ViewError, ViewStore

        try:
            if forget:
                ViewStore().forget(name)
                self.status.say(f"Forgot the view {name}.")
                return
            text, sort = self.query_one(FilterBar).text.strip(), self.order_told()
            view = FleetView(name=name.strip(), columns=self._chosen, sort=sort, filter=text)
            ViewStore().save(view)
        except (ViewError, ValueError) as error:
            self.status.say(str(error))
            return
        self._view = view.name
        self.status.say(f"Saved as the view {view.name}: {told_view(view)}.")
