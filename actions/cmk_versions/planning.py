"""From the key's versions to the steps that remain: pure, so that the same state always gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from actions.cloud.data import ResourceId
from actions.cmk_versions import steps
from actions.cmk_versions.dependents import pins_itself
from actions.cmk_versions.findings import (
    LEAST_BITS,
    SOON,
    behind,
    is_rsa,
    lacking_ops,
    mismatched,
    revoked,
    unprotected,
)
from actions.cmk_versions.state import (
    CmkVersionsGoal,
    CmkVersionsInspection,
    CmkVersionsOptions,
    Followed,
    Key,
    Reader,
    Version,
    when,
)
from actions.guard.model import Choice, Decision, Outcome, Progress, Step, Steps
from actions.guard.text import many

_EXPIRING, _READERS = "expiring", "readers"


def goal_of(found: CmkVersionsInspection, options: CmkVersionsOptions) -> CmkVersionsGoal:
    """Freeze where the workspace shall go: a version that is there, one still to be made, or nowhere."""
    key, vault = found.key, found.vault
    now = datetime.fromisoformat(found.as_of).astimezone(UTC)
    if key is None or not found.encrypted:
        return _goal(found, f"{found.name} is encrypted with Microsoft's key; there is nothing to move")
    target = "" if options.rotate_key else _target(key, options)
    moving = bool(target or options.rotate_key)
    text = f"{found.name} is encrypted with the newest version of {key.name}, and so is what follows it"
    if target:
        text = f"{found.name} and what follows it use version {target[:8]} of {key.name}"
    return _goal(
        found, text, vault=vault.id if vault else "", host=key.host, key=key.name, identifier=key.identifier,
        pinned=key.pinned, target=target, uri=key.uri(target) if target else "", rotate=options.rotate_key,
        newest_at=max((item.created for item in key.versions), default=""), seen=not _unseen(found),
        extend_to=(now + timedelta(days=options.extend_days)).replace(microsecond=0).isoformat(),
        begin=now.replace(microsecond=0).isoformat(), follow=_followed(found, key, moving=moving),
        roles=bool(vault and vault.roles),
    )  # fmt: skip


def _goal(found: CmkVersionsInspection, text: str, **more: object) -> CmkVersionsGoal:
    known: dict[str, object] = {"vault": "", "host": "", "key": "", "identifier": "", "pinned": "", **more}
    return CmkVersionsGoal(text=text, workspace=found.workspace, name=found.name, **known)  # type: ignore[arg-type]


def _target(key: Key, options: CmkVersionsOptions) -> str:
    """The version to move to, empty where the workspace pins the right one or none at all."""
    if options.to:
        given = options.to.casefold()
        fitting = [item.version for item in key.versions if item.version.startswith(given)]
        wanted = fitting[0] if len(fitting) == 1 else given
        return "" if wanted == key.pinned else wanted
    newest, pinned = key.newest, key.current
    if newest is None or pinned is None or newest.version == key.pinned or newest.created < pinned.created:
        return ""
    return newest.version


def _followed(found: CmkVersionsInspection, key: Key, *, moving: bool) -> tuple[Followed, ...]:
    """The dependents to prove: all that use the key when the workspace moves, else those that are behind."""
    return tuple(
        Followed(id=item.id, kind=item.kind, name=item.name, seconds=item.seconds, source=item.source)
        for item in found.dependents
        if item.relation == "same" and not pins_itself(item) and (moving or behind(item, key))
    )


def plan_of(goal: CmkVersionsGoal, found: CmkVersionsInspection, decided: dict[str, str], progress: Progress) -> Steps:
    """Give the steps that remain."""
    leases = (goal.workspace,)
    key = found.key
    if key is None or not found.encrypted:
        return Steps(outcome=Outcome.NO_CHANGES, summary="it is encrypted with Microsoft's own key", leases=leases)
    view = _View(goal, found, key, decided)
    if reasons := tuple(view.obstacles()):
        return Steps(outcome=Outcome.BLOCKED, summary="nothing may be moved as it is", reasons=reasons, leases=leases)
    decisions = tuple(item for item in view.questions() if item.id not in decided)
    if decisions:
        asked = "; ".join(item.question for item in decisions)
        return Steps(outcome=Outcome.NEEDS_DECISION, summary=asked, decisions=decisions, leases=leases)
    if reasons := tuple(view.refusals()):
        return Steps(outcome=Outcome.BLOCKED, summary="nothing may be moved as it is", reasons=reasons, leases=leases)
    remaining = tuple(view.steps(progress))
    if remaining:
        return Steps(outcome=Outcome.READY, summary=many(len(remaining), "step"), steps=remaining, leases=leases)
    return Steps(outcome=Outcome.NO_CHANGES, summary=view.nothing(), leases=leases)


class _View:
    """The goal against what is found now."""

    def __init__(self, goal: CmkVersionsGoal, found: CmkVersionsInspection, key: Key, decided: dict[str, str]) -> None:
        self.goal, self.found, self.key, self.decided = goal, found, key, decided
        self.now = datetime.fromisoformat(found.as_of).astimezone(UTC)
        self.old = key.find(goal.pinned)
        self.is_old = key.pinned == goal.pinned
        self.rotating = goal.rotate or decided.get(_EXPIRING) == "rotate"

    @property
    def target(self) -> Version | None:
        """The version to move to, None while it is still to be made or where there is none to move to."""
        if self.goal.target:
            return self.key.find(self.goal.target)
        if not self.rotating:
            return None
        return next((item for item in self.key.versions if item.enabled and item.created > self.goal.newest_at), None)

    @property
    def wants_move(self) -> bool:
        """Whether the workspace is not yet where it shall go."""
        if self.goal.target:
            return self.key.pinned != self.goal.target
        target = self.target
        return self.rotating and (target is None or self.key.pinned != target.version) and self.is_old

    def obstacles(self) -> Iterator[str]:
        """What forbids to go on whatever is decided."""
        key, vault = self.key, self.found.vault
        if vault is not None and vault.gone:
            yield f"the key vault {ResourceId(vault.id).name} is {vault.gone}: recover it first, and never purge it"
            return
        if key.gone:
            yield f"the key {key.name} is {key.gone}: recover it first, and never purge it"
            return
        if mismatched(key, vault):
            yield f"the key identifier's host {key.host} is not the vault that the encryption names"
        if not key.source:
            yield f"the key's versions cannot be read ({key.problem})"
        elif self.goal.pinned and self.old is None:
            yield f"the version {self.goal.pinned[:8]} that the workspace pinned is not there"
        if (key.host, key.name.casefold()) != (self.goal.host, self.goal.key.casefold()):
            yield f"the workspace now names another key, {key.name} in {key.host}; make a new plan"
        elif not self.is_old and not self._arrived():
            yield f"the workspace now pins version {key.pinned[:8] or 'none'}, which nobody here chose; make a new plan"

    def _arrived(self) -> bool:
        if self.goal.target:
            return self.key.pinned == self.goal.target
        current = self.key.current
        return current is not None and self.rotating and current.created > self.goal.newest_at

    def questions(self) -> Iterator[Decision]:
        """What only the operator can decide: each repair of the old version, and readers that cannot be seen."""
        old = self.old
        if self.is_old and old is not None:
            yield from self._repairs(old)
        if self.wants_move and not self.goal.seen:
            unseen = _unseen(self.found)
            if unseen:
                told = ", ".join(f"{item.name} ({item.detail})" for item in unseen)
                yield _ask(
                    _READERS, f"Whether every identity can read the key could not be seen: {told}. Move all the same?",
                    ("trust", "move: somebody has verified that they can get, wrap and unwrap"),
                    ("stop", "do not move"),
                )  # fmt: skip

    def _repairs(self, old: Version) -> Iterator[Decision]:
        expires, begins = when(old.expires), when(old.not_before)
        if not old.enabled:
            yield _ask(
                steps.ENABLE, f"The pinned version {old.short} is disabled. Enable it again?",
                ("yes", "enable it, so that what is encrypted with it can be read"), ("no", "leave it; nothing is moved"),
            )  # fmt: skip
        if begins is not None and begins > self.now:
            yield _ask(
                steps.BEGIN, f"The pinned version {old.short} is not valid before {old.not_before[:10]}. Let it begin now?",
                ("yes", "let it be valid from now on"), ("no", "leave it; nothing is moved"),
            )  # fmt: skip
        if expires is not None and expires <= self.now:
            yield _ask(
                steps.EXTEND, f"The pinned version {old.short} expired on {old.expires[:10]}. Put its expiry off?",
                ("yes", f"let it expire on {self.goal.extend_to[:10]}"), ("no", "leave it; nothing is moved"),
            )  # fmt: skip
        elif self._expires_unheeded(old):
            yield _ask(
                _EXPIRING, f"The pinned version {old.short} expires on {old.expires[:10]} and is the newest. What now?",
                ("rotate", "make a new version and move the workspace to it"),
                ("extend", f"let it expire on {self.goal.extend_to[:10]}"), ("leave", "change nothing now"),
            )  # fmt: skip

    def _expires_unheeded(self, old: Version) -> bool:
        expires = when(old.expires)
        if expires is None or expires - self.now >= SOON or self.goal.target or self.goal.rotate:
            return False
        return old.expires < self.goal.extend_to or self.decided.get(_EXPIRING) == "rotate"

    def refusals(self) -> Iterator[str]:
        """What forbids the move, after what was decided."""
        old = self.old
        refused = [kind for kind in (steps.ENABLE, steps.BEGIN, steps.EXTEND) if self.decided.get(kind) == "no"]
        if self.is_old and old is not None and refused and any(item.id in refused for item in self._repairs(old)):
            yield f"the pinned version {old.short} stays as it is, and nothing is moved while it cannot be used"
        if not self.wants_move:
            return
        if self.decided.get(_READERS) == "stop":
            yield "not every identity that must read the key could be verified"
        yield from self._about_target()
        yield from self._about_vault()

    def _about_target(self) -> Iterator[str]:
        target = self.target
        if target is None and not self.rotating:
            yield f"there is no version {self.goal.target[:8]} of {self.key.name}"
        elif target is None:
            newest = next(iter(self.key.versions), None)
            if newest is not None and newest.kind:
                yield from shape_objections(newest, "a new version would be like the newest one, and that one")
        else:
            yield from objections(target, self.now)

    def _about_vault(self) -> Iterator[str]:
        if unprotected(self.found):
            yield "the vault has no purge protection (turn it on first; it cannot be turned off again)"
        for item in _unseen(self.found) if self.goal.seen else ():
            yield f"whether {item.name} can read the key can no longer be seen: {item.detail}"
        for item in self.found.readers:
            if item.required and item.state == "missing":
                yield f"{item.name} cannot read the key: {item.detail}"
        if self.found.state.casefold() != "succeeded":
            yield f"the workspace is not settled: its state is {self.found.state or 'unknown'}"

    def steps(self, progress: Progress) -> Iterator[Step]:
        """The way that remains."""
        goal, old = self.goal, self.old
        if self.is_old and old is not None:
            yield from self._repairing(old)
        if self.wants_move:
            for one in self.found.dependents:
                wait = steps.recover(goal, one.name, one.kind, one.id)
                if one.relation == "same" and revoked(one) and not progress.finished(wait.id):
                    yield wait
            if self.rotating and self.target is None:
                yield steps.rotate(goal)
            yield steps.move(goal)
        moving = bool(goal.target) or self.rotating
        for item in self._to_follow(moving=moving):
            step = steps.follow(goal, item)
            if not progress.finished(step.id):
                yield step
        reminder = steps.remind(goal)
        if moving and goal.pinned and not progress.finished(reminder.id) and (self.wants_move or progress.records):
            yield reminder

    def _to_follow(self, *, moving: bool) -> tuple[Followed, ...]:
        """The dependents frozen in the goal; a rotation decided afterwards makes all that use the key follow."""
        if moving and not (self.goal.target or self.goal.rotate):
            return _followed(self.found, self.key, moving=True)
        return self.goal.follow

    def _repairing(self, old: Version) -> Iterator[Step]:
        expires, begins = when(old.expires), when(old.not_before)
        if not old.enabled:
            yield steps.enable(self.goal)
        if begins is not None and begins > self.now:
            yield steps.begin(self.goal)
        is_expired = expires is not None and expires <= self.now
        if is_expired or (self.decided.get(_EXPIRING) == "extend" and old.expires < self.goal.extend_to):
            yield steps.extend(self.goal)

    def nothing(self) -> str:
        """Why nothing remains."""
        if not self.goal.pinned:
            return "the identifier names no version, and is left as it is; --to pins one"
        if self.key.current is not None and self.goal.target:
            return f"the workspace uses version {self.key.pinned[:8]}"
        return f"the workspace uses the newest version, {self.key.pinned[:8]}"


def _unseen(found: CmkVersionsInspection) -> list[Reader]:
    """The required readers whose access could not be read."""
    return [item for item in found.readers if item.required and item.state == "unknown"]


def _ask(name: str, question: str, *choices: tuple[str, str]) -> Decision:
    made = tuple(Choice(id=choice, sentence=sentence) for choice, sentence in choices)
    return Decision(id=name, question=question, choices=made)


def objections(version: Version, now: datetime) -> Iterator[str]:
    """Why a version may not be moved to."""
    expires, begins = when(version.expires), when(version.not_before)
    if not version.enabled:
        yield f"version {version.short} is disabled"
    if begins is not None and begins > now:
        yield f"version {version.short} is not valid before {version.not_before[:10]}"
    if expires is not None and expires - now < SOON:
        yield f"version {version.short} has less than 30 days left (until {version.expires[:10]})"
    if not version.kind:
        yield f"type and size of version {version.short} could not be read"
    else:
        yield from shape_objections(version, f"version {version.short}")


def shape_objections(version: Version, what: str) -> Iterator[str]:
    """Why a version of this type and size cannot encrypt a workspace."""
    if not is_rsa(version):
        yield f"{what} is of type {version.kind}; only RSA keys can wrap"
    elif version.size < LEAST_BITS:
        yield f"{what} has {version.size} bits; {LEAST_BITS} are the least"
    if lacks := lacking_ops(version):
        yield f"{what} may not {lacks}"
