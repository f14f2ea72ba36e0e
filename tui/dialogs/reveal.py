"""The question before a key is shown: its own confirmation, typed."""

from __future__ import annotations

from tui.dialogs.base import Field, TypedDialog
from tui.render import clean


class RevealDialog(TypedDialog[bool | None]):
    """Ask for the endpoint's name; True when the key is to be shown."""

    def __init__(self, name: str, slot: str, *, place: str, seconds: int) -> None:
        super().__init__()
        self._slot, self._seconds = clean(slot), seconds
        self.title_text = f"{place}: show the {self._slot} key of {clean(name)} on this terminal?"
        self.fields = (Field("name", "name", clean(name)),)
        self.go_label = "Show it"

    def body_text(self) -> str:
        """What that means."""
        return "\n".join(
            (
                "Whoever sees or records this terminal has the key then. Wherever",
                "possible have the next rotation publish it to a Key Vault instead.",
                f"It is shown for {self._seconds} seconds; that you saw it is journalled.",
                "",
                f"To see it, type the name {self.fields[0].expected}",
            )
        )

    def confirmed(self, typed: dict[str, str]) -> None:
        """Show it: the name was typed."""
        self.dismiss(True)
