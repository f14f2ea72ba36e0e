"""The console's bindings by their ids, and other keys for them: checked before the console opens, told in one sentence.

This imports every screen; it is for writing an example and for those who have keys of their own.
"""

from __future__ import annotations

import importlib
import pkgutil
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import REPLACED_KEYS, Keys, _character_to_key, _get_unicode_name_from_key
from textual.screen import ModalScreen, Screen

import tui.dialogs
import tui.screens
import tui.widgets
from tui.render import clean
from tui.session import SessionError

_MODIFIERS = {"ctrl", "shift", "alt", "super", "meta", "hyper"}
_LATE = (tui.screens, tui.dialogs, tui.widgets)


def classes(base: type[DOMNode]) -> Iterator[type[DOMNode]]:
    """Every class of the console below one of Textual's, those of late modules included."""
    for package in _LATE:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    importlib.import_module("tui.app")
    waiting, seen = [base], {base}
    while waiting:
        for each in set(waiting.pop().__subclasses__()) - seen:
            seen.add(each)
            waiting.append(each)
            if each.__module__.startswith("tui."):
                yield each


def bindings_of(*owners: type[DOMNode]) -> dict[str, tuple[str, ...]]:
    """The keys of some classes by the ids of their bindings; what is nearer to the focus comes first and wins."""
    found: dict[str, tuple[str, ...]] = {}
    for owner in owners:
        for each in owner.__mro__:
            for binding in vars(each).get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.id:
                    found.setdefault(binding.id, tuple(binding.key.split(",")))
    return found


def console_bindings() -> dict[str, str]:
    """Every key of the console by the id that `[keys]` takes."""
    everything = bindings_of(*sorted(classes(DOMNode), key=lambda each: each.__qualname__))
    return {name: ",".join(keys) for name, keys in everything.items()}


def keymap(wanted: Mapping[str, str]) -> dict[str, str]:
    """Give the settings' keys as Textual names them; raises `SessionError` for what would not work as it is written."""
    known = console_bindings()
    found: dict[str, str] = {}
    for name, keys in wanted.items():
        if name not in known:
            near = ", ".join(sorted(each for each in known if each.partition(".")[0] == name.partition(".")[0]))
            hint = f"; there are {near}" if near else "; amlkeys doctor --write-config lists them"
            raise SessionError(f"The settings' [keys] name a binding {clean(name)!r} that does not exist{hint}.")
        found[name] = ",".join(_key(name, key.strip() or key) for key in keys.split(","))
    _insist_apart(found)
    return found


def _key(name: str, text: str) -> str:
    """One key by Textual's name for it."""
    *modifiers, key = text.split("+") if len(text) > 1 else [text]
    named = _character_to_key(key) if len(key) == 1 else key
    if set(modifiers) <= _MODIFIERS and named and _exists(named):
        return "+".join((*modifiers, named))
    raise SessionError(
        f"The settings' [keys] give {clean(name)!r} the key {clean(text)!r}, which does not exist; "
        "write it as x, X, ?, f5, ctrl+x or escape."
    )


def _exists(key: str) -> bool:
    if len(key) == 1 or key in {each.value for each in Keys}:
        return True
    try:
        return bool(unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)).replace("_", " ")))
    except KeyError:
        return False


def _insist_apart(wanted: Mapping[str, str]) -> None:
    """Refuse a key that would take another binding's away where both can be pressed."""
    from tui.app import AmlkeysApp
    from tui.widgets.virtual_table import VirtualTable

    for screen in sorted(classes(Screen), key=lambda each: each.__qualname__):
        above = () if issubclass(screen, ModalScreen) else (AmlkeysApp,)
        here = bindings_of(VirtualTable, screen, *above)
        used: dict[str, list[str]] = defaultdict(list)
        for name, keys in here.items():
            for key in wanted[name].split(",") if name in wanted else keys:
                used[key].append(name)
        for key, names in used.items():
            for mine in (name for name in names if name in wanted and key not in here[name]):
                others = ", ".join(name for name in names if name != mine)
                if others:
                    raise SessionError(f"The settings' [keys] give {mine!r} the key {key!r}, which {others} has too.")
