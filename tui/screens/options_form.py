"""An action's options, looked at and changed before it inspects; built from the action's own options struct."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App

from actions.guard.contract import Options
from tui.dialogs.ask import AskDialog, Pick, PickDialog
from tui.options import OptionField, expanded, option_fields, seconds, told_seconds
from tui.render import clean, indent
from tui.sheets import headed, sheet

Values = dict[str, Any]


def shown(field: OptionField, value: Any) -> str:
    """An option's value as people write it."""
    if field.kind == "flag":
        return "yes" if value else "no"
    if field.kind == "duration":
        return told_seconds(value)
    if field.kind == "texts":
        return ", ".join(clean(str(item)) for item in value) or "none"
    return clean(str(value)) or "not chosen"


def option_lines(fields: Sequence[OptionField], values: Values, cells: int) -> list[str]:
    """Tell every option with its value; those that differ from the default are marked."""
    if not fields:
        return []
    name_cells = max(len(field.name) for field in fields)
    told = [shown(field, values.get(field.name, field.default)) for field in fields]
    value_cells = min(18, max(len(text) for text in told))
    lines: list[str] = []
    for field, text in zip(fields, told, strict=True):
        changed = "*" if field.name in values else " "
        head = f"{changed} {field.name.replace('_', ' '):<{name_cells}}  {text:<{value_cells}}  "
        lines += indent(field.doc, cells, head)
    names = [field.name.replace("_", " ") for field in fields]
    rows = zip(names, told, (field.doc for field in fields), strict=True)
    return headed(lines, sheet("Options", ("option", "value", "means"), rows))


def parse(field: OptionField, text: str) -> Any:
    """Read a typed value; raises ValueError."""
    if field.kind == "duration":
        return seconds(text)
    if field.kind == "number":
        return type(field.default)(text)
    if field.kind == "texts":
        return list(expanded(item.strip() for item in text.split(",") if item.strip()))
    return text


class OptionsForm:
    """Asks for one option after the other until escape; `changed` is told after each."""

    def __init__(self, app: App[Any], options: type[Options], values: Values, changed: Callable[[], None]) -> None:
        self._app, self._changed = app, changed
        self.values = values
        self.fields = {field.name: field for field in option_fields(options)}

    def open(self, at: str = "") -> None:
        """Choose an option to change."""
        picks = [
            Pick(name, f"{name.replace('_', ' ')}: {shown(field, self.values.get(name, field.default))}", field.doc)
            for name, field in self.fields.items()
        ]
        self._app.push_screen(PickDialog("Options of the plan", picks, at), self._picked)

    def _picked(self, name: str | None) -> None:
        if name is None:
            return
        field = self.fields[name]
        value = self.values.get(name, field.default)
        if field.kind == "flag":
            self._set(field, not value)
        elif field.kind == "choice":
            picks = [Pick("", "not chosen"), *(Pick(choice, choice) for choice in field.choices)]
            if field.default:
                picks = picks[1:]
            dialog = PickDialog(f"{name.replace('_', ' ')}: {field.doc}", picks, str(value))
            self._app.push_screen(dialog, lambda text: self._set(field, text))
        else:
            self._ask(field, "" if value in ("", ()) else shown(field, value))

    def _ask(self, field: OptionField, text: str, hint: str = "") -> None:
        """Type a value; one that means nothing is asked for again."""
        title = f"{field.name.replace('_', ' ')}: {field.doc}"
        hint = hint or {"duration": "for example 1h, 30m, 0s", "texts": "separated by commas"}.get(field.kind, "")

        def typed(answer: str | None) -> None:
            if answer is None:
                self.open(field.name)
                return
            try:
                self._set(field, parse(field, answer))
            except ValueError:
                self._ask(field, answer, f"This is no {field.kind}: {clean(answer)}")
            except OSError as error:
                self._ask(field, answer, f"The list cannot be read: {error.strerror}")

        self._app.push_screen(AskDialog(title, "value", text, hint=hint), typed)

    def _set(self, field: OptionField, value: Any) -> None:
        """Take a value; the default is not kept as chosen."""
        if value is not None:
            self.values.pop(field.name, None)
            if value != field.default:
                self.values[field.name] = value
            self._changed()
        self.open(field.name)
