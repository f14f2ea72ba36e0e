"""The two lines on top of every screen: how far this may go, where, as whom, how fresh, and where one is."""

from __future__ import annotations

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from actions.guard.reach import Mode
from tui.modes import LIVE_AND_TWIN
from tui.render import clean, clip, clock, fill, width
from tui.widgets.lines import put

_LAST_MINUTE = 60
_TENANT_CELLS = len("  tenant 01234567") + 1
_NAME = " amlkeys "
_PLACE_CELLS, _WORD_CELLS = 30, 20
"""How much a long name may take, so that the mode stays in sight."""


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


class Banner(Vertical):
    """Shows the facts; changes its colour with the world and the mode, and always says both in words."""

    DEFAULT_CSS = """
    Banner {
        height: 2; width: 100%;
        & > Static { height: 1; width: 100%; }
        & > #banner-top { background: $primary-muted; color: $foreground; }
        & > #banner-trail { background: $surface; color: $foreground; }
        &.-rehearsal > #banner-top { background: $success-muted; }
        &.-live > #banner-top { background: $error-muted; }
        &.-rehearsal.-live > #banner-top { background: $warning-muted; }
        &:ansi > Static { background: ansi_default; }
        &:ansi > #banner-top { background: ansi_default; color: ansi_bright_blue; }
        &:ansi.-rehearsal > #banner-top { background: ansi_default; color: ansi_bright_green; }
        &:ansi.-live > #banner-top { background: ansi_default; color: ansi_bright_red; }
        &:ansi.-rehearsal.-live > #banner-top { background: ansi_default; color: ansi_bright_yellow; }
    }
    """

    def __init__(self, facts: BannerFacts, crumbs: tuple[str, ...], *, ascii_only: bool = False) -> None:
        super().__init__(classes="-rehearsal" if facts.rehearsal else None)
        self._ascii = ascii_only
        self._facts, self._crumbs, self._as_of = facts, crumbs, ""

    def compose(self) -> ComposeResult:
        """Two lines."""
        yield Static(id="banner-top")
        yield Static(id="banner-trail")

    def on_mount(self) -> None:
        """Fill the lines."""
        self._draw()

    def on_resize(self) -> None:
        """Fit the lines."""
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
        """Paint both lines."""
        cells = self.size.width or self.app.size.width  # so that the very first frame says it
        self.set_class(self._facts.rehearsal, "-rehearsal")
        self.set_class(self._facts.mode is Mode.LIVE, "-live")
        name, where, env, mode, who = top_line(self._facts, cells, ascii_only=self._ascii)
        text = Text(name, no_wrap=True)
        text.append(where, "bold reverse").append(" ")
        if env:
            text.append(env, f"bold reverse {self._facts.colour}").append(" ")
        text.append(mode, "bold").append(" ").append(who)
        put(self.query_one("#banner-top", Static), text)
        dry = LIVE_AND_TWIN if self._facts.mode is Mode.DRY_RUN else ""
        cloud = "  ".join(part for part in (self._facts.goal, dry, self._facts.cloud) if part)
        trail = second_line(self._crumbs, cloud, self._as_of, cells, ascii_only=self._ascii)
        put(self.query_one("#banner-trail", Static), Text(trail, no_wrap=True))
