"""The pseudonyms themselves: one for each name, in letters and digits that every Azure service takes as a name."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable

KEPT = frozenset(
    {
        "default",
        "serverless",
        "workspaceblobstore",
        "workspacefilestore",
        "workspaceartifactstore",
        "workspaceworkingdirectory",
    }
)
"""Names that Azure gives itself."""
_NOBODY = "0" * 32


class Names:
    """Gives each name its pseudonym; names compare without regard to case, as Azure's do."""

    def __init__(self, salt: str, *, kept_guids: frozenset[str] = frozenset()) -> None:
        self._space = uuid.uuid5(uuid.NAMESPACE_URL, f"amlkeys/pseudonyms/{salt}")
        self._salt, self._kept = salt, frozenset(each.replace("-", "").casefold() for each in kept_guids)
        self.given: dict[str, str] = {}
        """Which name became which."""
        self._made: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def know(self, names: Iterable[tuple[str, str]]) -> None:
        """Take in names with their kinds; their numbers come in an order that tells nothing about them."""
        kinds: dict[str, str] = {}
        for name, kind in names:
            kinds.setdefault(name.casefold(), kind)
        self._known = set(kinds) - KEPT
        for name in sorted(self._known, key=lambda each: hashlib.sha256(f"{self._salt}{each}".encode()).digest()):
            self.of(name, kinds[name])
        distinct = sorted((each for each in self._known if _distinct(each)), key=len, reverse=True)
        if distinct:
            words = "|".join(re.escape(each) for each in distinct)
            self._pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])", re.IGNORECASE)

    def knows(self, name: str) -> bool:
        """Whether something in the document has this name."""
        return name.casefold() in self._known

    def is_distinct(self, name: str) -> bool:
        """Whether a word that equals a known name can hardly be anything else."""
        return self.knows(name) and _distinct(name)

    def of(self, name: str, kind: str = "name") -> str:
        """The pseudonym of a name."""
        folded = name.casefold()
        if folded in KEPT or not folded:
            return name
        if folded not in self._made:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._made[folded] = self.given[name] = f"{kind}{number:03d}"
        return self._made[folded]

    def guid(self, text: str) -> str:
        """Another GUID in the same spelling; those of nobody and of Azure's own things stay."""
        bare = text.replace("-", "").casefold()
        if bare == _NOBODY or bare in self._kept:
            return text
        made = uuid.uuid5(self._space, bare)
        found = str(made) if "-" in text else made.hex
        self.given.setdefault(text.casefold(), found)
        return found

    def address(self, text: str) -> str:
        """Another IPv4 address, of the range for benchmarks; private ones and the whole world stay."""
        if text.startswith(("0.0.0.0", "10.", "127.", "192.168.", "169.254.")):
            return text
        digest = hashlib.sha256(f"{self._salt}{text}".encode()).digest()
        return f"198.{18 + digest[0] % 2}.{digest[1]}.{digest[2]}"

    def replace_all(self, texts: Iterable[str]) -> list[str]:
        """The same with every name that has a pseudonym by now, also one that could be a word: for sentences of our own."""
        named = sorted({*self._known, *self._made}, key=len, reverse=True)
        words = "|".join(re.escape(each) for each in named) or "(?!)"
        pattern = re.compile(rf"(?<![A-Za-z0-9-])(?:{words})(?![A-Za-z0-9-])", re.IGNORECASE)
        return [pattern.sub(lambda found: self.of(found[0]), text) for text in texts]

    def replace(self, text: str) -> str:
        """A text with the known names in it replaced."""
        return self._pattern.sub(lambda found: self.of(found[0]), text) if self._pattern else text


def _distinct(name: str) -> bool:
    return len(name) >= 4 and (len(name) >= 10 or any(letter in "-_.0123456789" for letter in name))
