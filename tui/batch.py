"""One action on several targets, one after the other: who comes first, who may not, what is next. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from actions.guard.model import Mode

if TYPE_CHECKING:
    from actions.guard.history import RunSummary

PENDING, BLOCKED, NOTHING, LEFT_OUT = "pending", "blocked", "no-changes", "left-out"
_BEHIND = frozenset({"done", NOTHING, LEFT_OUT})
_TO_BEGIN = frozenset({PENDING, BLOCKED})


class Candidate(NamedTuple):
    """What was asked for: `word` is its environment, `late` puts it last, `account` the id of its storage account.

    `unread` says why the account is not known.
    """

    target: str
    name: str
    word: str = ""
    late: bool = False
    account: str = ""
    unread: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One target of a batch, in its place; `account` is the name of its storage account."""

    target: str
    name: str
    environment: str = ""
    account: str = ""


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """One target that was asked for and is no part of the batch, with the reason."""

    target: str
    name: str
    reason: str


class Order(NamedTuple):
    """The members in the order in which they are offered, and who was left out."""

    members: tuple[Member, ...]
    dropped: tuple[Dropped, ...]


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a member without a run: `no-changes`, `blocked` or `left-out`; `at` is ISO 8601 UTC."""

    target: str
    outcome: str
    sentence: str
    at: str
    by: str


class Standing(NamedTuple):
    """Where one member stands: `state` is a run's, or `pending`, `blocked`, `no-changes`, `left-out`."""

    member: Member
    state: str
    sentence: str = ""
    run: str = ""

    @property
    def behind(self) -> bool:
        """Whether the next one may follow."""
        return self.state in _BEHIND

    @property
    def to_begin(self) -> bool:
        """Whether a walk may be started: no run of it was begun in this batch."""
        return self.state in _TO_BEGIN


class Position(NamedTuple):
    """Where a batch stands: `done`, `open` (the next may begin), `running` or `stopped`; `at` is whom it depends on."""

    state: str
    at: Standing | None = None


def order(candidates: Sequence[Candidate], first: str = "", *, serves_all: bool = False) -> Order:
    """Put `first` (a target's id) before all others, those that are `late` last, else as they came; drop who may not.

    No two of one storage account are in a batch; `serves_all` says that the first one's run does it for both.
    """
    chosen = first.casefold()
    ranked = sorted(candidates, key=lambda each: (each.late, each.target.casefold() != chosen))
    kept: dict[str, Member] = {}
    members: list[Member] = []
    dropped: list[Dropped] = []
    for each in ranked:
        target, account = each.target.casefold(), each.account.casefold()
        reason = _reason(each, kept.get(target), kept.get(account) if account else None, serves_all=serves_all)
        if reason:
            dropped.append(Dropped(target=each.target, name=each.name, reason=reason))
            continue
        member = Member(
            target=each.target, name=each.name, environment=each.word, account=each.account.rpartition("/")[2]
        )
        members.append(member)
        kept |= {target: member} | ({account: member} if account else {})
    return Order(tuple(members), tuple(dropped))


def _reason(each: Candidate, same: Member | None, beside: Member | None, *, serves_all: bool) -> str:
    """Say why a candidate can be no member; empty where it can."""
    if same is not None:
        return f"it is done with {same.name}: both are the same target"
    if each.unread:
        return f"its storage account could not be read, so another one may share it ({each.unread})"
    if beside is not None:
        account = each.account.rpartition("/")[2]
        rest = "whose run serves both" if serves_all else "and no two of one account are acted on together"
        return f"it shares the storage account {account} with {beside.name}, {rest}"
    return ""


def not_first(candidates: Sequence[Candidate], target: str) -> str:
    """Say why this one cannot be the canary; empty where it can."""
    found = next((each for each in candidates if each.target.casefold() == target.casefold()), None)
    if found is None or not found.late or all(each.late for each in candidates):
        return ""
    return f"{found.name} is {found.word or 'production'}: that comes last, never first."


def counting(mode: Mode, runs: Iterable[RunSummary]) -> Mode:
    """Which runs count: once one is live, or the session is, only live ones; a dry run proves nothing for them."""
    live = mode is Mode.LIVE or any(run.mode is Mode.LIVE for run in runs)
    return Mode.LIVE if live else Mode.DRY_RUN


def standings(
    members: Sequence[Member], turns: Sequence[Turn], runs: Sequence[RunSummary], mode: Mode
) -> tuple[Standing, ...]:
    """Tell where each member stands by the batch's runs (newest first) in the mode that counts, else by its turns."""
    counted = counting(mode, runs)
    newest: dict[str, RunSummary] = {}
    dry: set[str] = set()
    for run in runs:
        if run.mode is counted:
            newest.setdefault(run.target.casefold(), run)
        else:
            dry.add(run.target.casefold())
    last = {turn.target.casefold(): turn for turn in turns}
    return tuple(_standing(member, newest, last, dry) for member in members)


def _standing(
    member: Member, newest: Mapping[str, RunSummary], turns: Mapping[str, Turn], dry: Iterable[str]
) -> Standing:
    target = member.target.casefold()
    run, turn = newest.get(target), turns.get(target)
    if run is not None:
        return Standing(member, str(run.state), run.sentence, run.id)
    if turn is not None:
        return Standing(member, turn.outcome, turn.sentence)
    return Standing(member, PENDING, "walked in a dry run only" if target in dry else "")


def position(found: Sequence[Standing]) -> Position:
    """Tell where a batch stands: it goes on only with the first member that is not behind."""
    at = next((each for each in found if not each.behind), None)
    if at is None:
        return Position("done")
    if at.state == PENDING:
        return Position("open", at)
    return Position("running" if at.state == "running" else "stopped", at)


def canary(found: Sequence[Standing]) -> Standing | None:
    """The one that goes first: nobody else is offered before it is done. One with nothing to do proves nothing."""
    return next((each for each in found if each.state not in {NOTHING, LEFT_OUT}), None)


def account(found: Sequence[Standing], dropped: Sequence[Dropped]) -> list[str]:
    """Tell in plain sentences what was done, where it stands, what was not begun and who is no part of it."""
    where = position(found)
    done = _names(each for each in found if each.state == "done")
    lines = [f"Done: {done}." if done else "Done: none."]
    idle = _names(each for each in found if each.state == NOTHING)
    lines += [f"Nothing to do: {idle}."] if idle else []
    if where.at is not None and where.state in {"running", "stopped"}:
        at, verb = where.at, "Under way" if where.state == "running" else "Stopped at"
        run = f" (run {at.run})" if at.run else ""
        lines.append(f"{verb}: {at.member.name}{run}, {at.state}. {at.sentence}".rstrip())
    rest = _names(each for each in found if each.state == PENDING)
    lines += [f"Not begun: {rest}."] if rest else []
    left = [f"{each.member.name} ({each.sentence})" for each in found if each.state == LEFT_OUT]
    left += [f"{each.name} ({each.reason})" for each in dropped]
    return lines + [f"Left out: {one}." for one in left]


def _names(found: Iterable[Standing]) -> str:
    return ", ".join(each.member.name for each in found)
