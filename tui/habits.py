"""The App's part that works on every screen: going back and forward, copying, and writing what is shown to a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from actions.guard.text import many
from tui._textual import PrivateApp
from tui.config import Environment
from tui.render import clean
from tui.screens.base import ConsoleScreen
from tui.sheets import Sheet
from tui.themes import HIGH_CONTRAST
from tui.trail import Trail, Visit
from tui.widgets.virtual_table import VirtualTable

READABLE = "a new file, readable by you alone"
ENDINGS = f"its ending says the form: .csv, .json or .md; {READABLE}"


class Habits(PrivateApp):
    """Keys that no screen needs to know; none of them asks anything of Azure but reads."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("minus", "last_workspace", "last workspace", show=False, id="trail.last"),
        Binding("left_square_bracket", "trail(-1)", "workspace before", show=False, id="trail.back"),
        Binding("right_square_bracket", "trail(1)", "workspace after", show=False, id="trail.forward"),
        Binding("ctrl+y", "copy_id", "copy the id", show=False, id="copy.id"),
        Binding("ctrl+e", "export_table", "export", id="export.table", tooltip="export a table to a file"),
        Binding("ctrl+s", "picture", "save a picture", show=False, id="export.picture"),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, id="suspend", priority=True),
    ]

    def __init__(self, driver_class: type | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self.trail = Trail()
        self.register_theme(HIGH_CONTRAST)
        self._usual_theme = ""

    def wear(self, environment: Environment | None) -> None:
        """Take an environment's theme, or the usual one again; a theme chosen meanwhile in the palette stays."""
        wanted = environment.theme if environment else ""
        if wanted and not self._usual_theme:
            self._usual_theme = self.theme
        if wanted:
            self.theme = wanted
        elif self._usual_theme:
            self.theme, self._usual_theme = self._usual_theme, ""

    def go_to(self, visit: Visit) -> None:
        """Show a workspace without noting it as a new visit."""
        raise NotImplementedError

    def _over_screen(self) -> bool:
        """Whether nothing asks a question at the moment."""
        return isinstance(self.screen, ConsoleScreen)

    def console_screens(self) -> list[ConsoleScreen[object]]:
        """The console's own screens, the one on top last; questions are none."""
        return [screen for screen in self.screen_stack if isinstance(screen, ConsoleScreen) and screen.is_mounted]

    def remark(self, text: str) -> None:
        """Say something in the line of remarks, over a question in the question's."""
        note: Callable[[str], None] | None = getattr(self.screen, "note", None)
        if note is not None:
            note(text)
            return
        for screen in self.console_screens()[-1:]:
            screen.status.say(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer these keys only over a screen, not over a question."""
        if action == "export_table":
            return bool(getattr(self.screen, "has_sheets", False))
        if action in {"last_workspace", "trail", "copy_id"}:
            return not isinstance(self.screen, ModalScreen)
        return super().check_action(action, parameters)

    def action_last_workspace(self) -> None:
        """Open the workspace that was open last."""
        visit = self.trail.present
        if visit is None:
            self.remark("No workspace was opened yet.")
        else:
            self.go_to(visit)

    def action_trail(self, by: int) -> None:
        """Go back or forward among the workspaces that were opened."""
        visit = self.trail.step(by)
        if visit is None:
            self.remark("There is no workspace further that way.")
        else:
            self.go_to(visit)

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the terminal's clipboard (OSC 52), unless it looks like a secret or no terminal takes it."""
        reason = self.kept_back(text)
        if reason:
            self.notify(reason, severity="warning", markup=False)
        else:
            super().copy_to_clipboard(text)

    def kept_back(self, text: str) -> str:
        """Why a text is not copied; empty where it is."""
        from actions.guard.secret import looks_secret
        from tui.taking import MOST_COPIED

        if looks_secret(text):
            return "Not copied: it looks like a secret."
        if len(text.encode()) > MOST_COPIED:
            return "Not copied: it is too long for a terminal's clipboard. Write it to a file instead."
        return ""

    def copy_as(self, text: str, what: str) -> str:
        """Copy a text, and say what became of it."""
        from tui.taking import copied

        reason = self.kept_back(text)
        if reason:
            return reason
        super().copy_to_clipboard(text)
        return copied(what)

    def action_copy_id(self) -> None:
        """Copy the id of what is shown: of the screen's own subject, or of the row under the cursor."""
        table = self._table()
        row = table.row if table is not None else None
        subject = getattr(self.screen, "subject", "") or (row.key if row is not None else "")
        if subject:
            self.remark(self.copy_as(subject, f"the id of {clean(subject.rpartition('/')[2])}"))
        else:
            self.remark("There is no id to copy here.")

    def _table(self) -> VirtualTable | None:
        """The table of the screen, where it has one that is shown."""
        return next((found for found in self.screen.query(VirtualTable) if found.visible and found.size.height), None)

    def action_export_table(self) -> None:
        """Write a table that is shown, as it is now; where there are several, ask which."""
        from tui.dialogs.ask import Pick, PickDialog

        found: list[Sheet] = getattr(self.screen, "sheets", list)()
        if len(found) < 2:
            self._export(found)
            return
        picks = [
            Pick(str(n), clean(one.title), f"{many(len(one.rows), 'row')}: {', '.join(one.columns)}")
            for n, one in enumerate(found)
        ]
        picks.append(Pick("all", "all of them", "in one file, each below its name"))

        def chosen(picked: str | None) -> None:
            if picked is not None:
                self._export(found if picked == "all" else [found[int(picked)]])

        self.push_screen(PickDialog("Which table", picks), chosen)

    def _export(self, sheets: list[Sheet]) -> None:
        """Write tables in the form that the file's ending says."""
        from tui.taking import tables_for

        if not sheets:
            self.remark("There is no table to export here.")
            return
        one = "-".join(re.findall(r"\w+", clean(sheets[0].title))) if len(sheets) == 1 else "tables"
        question = "Where to write the table" if len(sheets) == 1 else f"Where to write the {len(sheets)} tables"
        self._save(question, f"amlkeys-{one.lower()}.csv", lambda place: tables_for(place, sheets), ENDINGS)

    def action_picture(self) -> None:
        """Write the screen as an SVG, as it was when the key was pressed."""
        if self._over_screen():
            picture = self.export_screenshot()
            self._save("Where to write the picture", "amlkeys.svg", lambda _place: picture)

    def _save(self, question: str, name: str, text: Callable[[str], str], hint: str = READABLE) -> None:
        from actions.guard.secret import looks_secret
        from tui.dialogs.ask import AskDialog
        from tui.dialogs.failure import FailureDialog, told
        from tui.taking import write_private

        def write(place: str | None) -> None:
            if not place:
                return
            try:
                found = text(place)
                if looks_secret(found):
                    self.remark("Not written: it looks like a secret.")
                    return
                path = write_private(place, found)
            except OSError as error:
                self.push_screen(FailureDialog(told(error)))
                return
            self.remark(f"Wrote {clean(str(path))}.")

        self.push_screen(AskDialog(question, "file", name, hint=hint), write)
