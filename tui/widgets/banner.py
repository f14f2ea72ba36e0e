"""The two lines on top of every screen: how far this may go, where, as whom, how fresh, and where one is."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from actions.guard.reach import Mode
from tui.modes import LIVE_AND_TWIN
from tui.render import clean, clip, clock, fill, width

_LAST_MINUTE = 60
_TENANT_CELLS = len("  tenant 01234567") + 1
_NAME = " amlkeys "
_PLACE_CELLS, _WORD_CELLS = 30, 20
"""How much a long name may take, so that the mode stays in sight."""


Styled = list[tuple[str, str]]
"""A line's texts, each with how it differs from the line's own style."""


class BannerFacts(msgspec.Struct, frozen=True):
    """What the banner says; `left` is how many seconds live will last, `as_of` when the shown data were read."""

    mode: Mode
    rehearsal: bool
    estate: str
    cloud: str
    tenant: str
    user: str
    left: float = 0.0
    environment: str = ""
    colour: str = ""
    goal: str = ""


def place(facts: BannerFacts) -> str:
    """The word for the world that this session works in."""
    return f"REHEARSAL {clean(facts.estate)}".strip() if facts.rehearsal else "AZURE"


def mode_words(facts: BannerFacts) -> str:
    """The mode; live with what is left, told in minutes because a ticking second would cost every slow line."""
    if facts.mode is not Mode.LIVE:
        return facts.mode.upper()
    left = f"{round(facts.left)} s" if facts.left <= _LAST_MINUTE else f"{int(facts.left // 60)} min"
    return f"LIVE {left} left"


def tick_after(facts: BannerFacts) -> float:
    """How long the mode's words stay true, in seconds; 0 when they do not change by themselves."""
    if facts.mode is not Mode.LIVE:
        return 0.0
    return 1.0 if facts.left <= _LAST_MINUTE else max(1.0, facts.left % 60 + 0.1)


def top_line(facts: BannerFacts, cells: int, *, ascii_only: bool = False) -> tuple[str, str, str, str, str]:
    """Give the parts of the first line: name of the program, place, environment, mode, and who in which tenant.

    Where they do not fit, the program's name goes first, then a tenant id loses its last digits, then the user.
    """
    where, mode = f" {clip(place(facts), _PLACE_CELLS, ascii_only=ascii_only)} ", f" {mode_words(facts)} "
    env = f" {clip(clean(facts.environment), _WORD_CELLS, ascii_only=ascii_only)} " if facts.environment else ""
    user = clean(facts.user) or "not signed in"
    tenant = f"  tenant {clean(facts.tenant)}" if facts.tenant else ""
    room = cells - width(where) - width(mode) - 3 - (width(env) + 1 if env else 0)
    short = min(width(tenant), _TENANT_CELLS)
    name = _NAME if room - width(_NAME) >= width(user) + short else ""
    room -= width(name)
    who = clip(user, max(room - short, 8), ascii_only=ascii_only)
    return name, where, env, mode, who + clip(tenant, max(room - width(who), 0), ascii_only=ascii_only)


def second_line(crumbs: tuple[str, ...], cloud: str, as_of: str, cells: int, *, ascii_only: bool = False) -> str:
    """Where one is, in which cloud, and when what is shown was read; the end of a long way is what matters."""
    fresh = f"{cloud}  as of {clock(as_of)} " if as_of else f"{cloud} "
    trail = [clean(crumb) for crumb in crumbs]
    room = cells - width(fresh) - 2
    while len(trail) > 1 and width(" > ".join(trail)) > room:
        trail = trail[1:]
    return " " + fill(" > ".join(trail), room, ascii_only=ascii_only) + " " + fresh


class Banner(Widget):
    """Shows the facts; changes its colour with the world and the mode, and always says both in words."""

    DEFAULT_CSS = """
    Banner {
        height: 2; width: 100%; background: $surface; color: $foreground;
        & > .banner--top { background: $primary-muted; color: $foreground; }
        &.-rehearsal > .banner--top { background: $success-muted; }
        &.-live > .banner--top { background: $error-muted; }
        &.-rehearsal.-live > .banner--top { background: $warning-muted; }
        &:ansi { background: ansi_default; }
        &:ansi > .banner--top { background: ansi_default; color: ansi_bright_blue; }
        &:ansi.-rehearsal > .banner--top { background: ansi_default; color: ansi_bright_green; }
        &:ansi.-live > .banner--top { background: ansi_default; color: ansi_bright_red; }
        &:ansi.-rehearsal.-live > .banner--top { background: ansi_default; color: ansi_bright_yellow; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"banner--top"}

    def __init__(self, facts: BannerFacts, crumbs: tuple[str, ...], *, ascii_only: bool = False) -> None:
        super().__init__(classes="-rehearsal" if facts.rehearsal else None)
        self._ascii = ascii_only
        self._facts, self._crumbs, self._as_of = facts, crumbs, ""
        self._lines: list[Styled] = []

    def on_mount(self) -> None:
        """Wear the colours."""
        self._draw()

    def show(
        self,
        facts: BannerFacts | None = None,
        *,
        crumbs: tuple[str, ...] | None = None,
        as_of: str | None = None,
    ) -> None:
        """Change what is said; nothing is painted when it is the same."""
        before = (self._facts, self._crumbs, self._as_of)
        self._facts = facts or self._facts
        self._crumbs = self._crumbs if crumbs is None else crumbs
        self._as_of = self._as_of if as_of is None else as_of
        if before != (self._facts, self._crumbs, self._as_of) and self.is_mounted:
            self._draw()

    @property
    def facts(self) -> BannerFacts:
        """What is said now."""
        return self._facts

    def _draw(self) -> None:
        """Paint the lines that say something else than before."""
        self.set_class(self._facts.rehearsal, "-rehearsal")
        self.set_class(self._facts.mode is Mode.LIVE, "-live")
        cells, before = self.size.width, self._lines
        self._lines = [self._top(cells), self._trail(cells)]
        changed = [y for y, line in enumerate(self._lines) if not before or line != before[y]]
        if changed:
            self.refresh(*(Region(0, y, cells, 1) for y in changed))

    def _top(self, cells: int) -> Styled:
        name, where, env, mode, who = top_line(self._facts, cells, ascii_only=self._ascii)
        lead: Styled = [(name, ""), (where, "bold reverse"), (" ", "")]
        if env:
            lead += [(env, f"bold reverse {self._facts.colour}"), (" ", "")]
        return [*lead, (mode, "bold"), (f" {who}", "")]

    def _trail(self, cells: int) -> Styled:
        dry = LIVE_AND_TWIN if self._facts.mode is Mode.DRY_RUN else ""
        cloud = "  ".join(part for part in (self._facts.goal, dry, self._facts.cloud) if part)
        return [(second_line(self._crumbs, cloud, self._as_of, cells, ascii_only=self._ascii), "")]

    def render_line(self, y: int) -> Strip:
        """Draw one of the two lines, as wide as they are now."""
        cells = self.size.width
        line = self._top(cells) if y == 0 else self._trail(cells)
        style = self.get_component_rich_style("banner--top") if y == 0 else self.rich_style
        segments = [Segment(text, style + Style.parse(how) if how else style) for text, how in line if text]
        return Strip(segments).adjust_cell_length(cells, style.background_style)
