"""The values that travel between inspection, plan, run and report: frozen, secret-free, serialisable."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Any, cast

import msgspec

from actions.guard.reach import Mode as Mode
from actions.guard.reach import Risk as Risk

PLAN_SCHEMA = "amlkeys.plan/1"


class Severity(StrEnum):
    """Grade of a finding, worst first; `unknown` is what could not be read and is never green."""

    CRITICAL = "critical"
    HIGH = "high"
    WARN = "warn"
    UNKNOWN = "unknown"
    INFO = "info"


class Verdict(StrEnum):
    """Result of a verification; the three are never merged."""

    VERIFIED = "verified"
    NOT_VERIFIABLE = "not-verifiable"
    FAILED = "failed"


class Outcome(StrEnum):
    """What a plan came to."""

    NO_CHANGES = "no-changes"
    READY = "ready"
    NEEDS_DECISION = "needs-decision"
    BLOCKED = "blocked"


class WaitKind(StrEnum):
    """What ends a wait."""

    TIME = "time"
    CONDITION = "condition"
    PERSON = "person"


class RunState(StrEnum):
    """Where a run stands, as derived from its journal."""

    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    NEEDS_DECISION = "needs-decision"
    FAILED = "failed"
    DONE = "done"


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every value here: immutable, compared by content, strictly decoded."""


class Finding(Frozen, frozen=True, kw_only=True):
    """One graded remark of an inspection."""

    id: str
    severity: Severity
    subject: str
    sentence: str
    remedy: str = ""


class Proof(Frozen, frozen=True, kw_only=True):
    """Result of verifying a step, with the evidence as short texts (fingerprints, status codes, request ids)."""

    verdict: Verdict
    sentence: str
    evidence: dict[str, str] = {}


class Request(Frozen, frozen=True, kw_only=True):
    """The one change a step asks of Azure; the permit is bound to `method` and `path` on `host`.

    `host` is empty for Resource Manager, else the data-plane host name; `permission` is the RBAC action at `scope`.
    """

    method: str
    path: str
    api_version: str
    permission: str
    scope: str
    host: str = ""


class Wait(Frozen, frozen=True, kw_only=True):
    """A step that changes nothing: `seconds` is the length (time) or the bound (condition, person: 0 = none)."""

    kind: WaitKind
    reason: str
    source: str
    seconds: float = 0
    poll_seconds: float = 15


class Step(Frozen, frozen=True, kw_only=True):
    """One change or one wait, with all an operator needs to approve it.

    `id` names the same intent in every plan of the action (`regenerate:key2`); `arguments` are what `do` and `prove`
    need. `breaks` says what, whom and how long; `undo` how it is taken back, empty when it cannot be.
    """

    id: str
    kind: str
    title: str
    subject: str
    arguments: dict[str, str] = {}
    request: Request | None = None
    wait: Wait | None = None
    risk: Risk = Risk.SAFE
    breaks: str = "nothing"
    undo: str = ""
    before: str = ""
    proof: str = ""
    az: str = ""

    def digest(self) -> str:
        """Hash the step's whole content: two plans mean the same step only when this agrees."""
        return digest(self)


class Gap(Frozen, frozen=True, kw_only=True):
    """An outage announced beforehand: `holder` has no live key between two steps, for about `seconds`."""

    holder: str
    opens: str
    closes: str
    seconds: float
    reason: str


class Choice(Frozen, frozen=True, kw_only=True):
    """One answer to a decision, and what it leads to.

    Where `words` says what must be told with it, the answer is given as `id:words`.
    """

    id: str
    sentence: str
    words: str = ""

    def answered_by(self, text: str) -> bool:
        """Tell whether a text is this answer."""
        if text == self.id:
            return not self.words
        return bool(self.words) and text.startswith(f"{self.id}:")

    @property
    def shown(self) -> str:
        """Spell the answer as it is given."""
        return f"{self.id}:{self.words}" if self.words else self.id


class Decision(Frozen, frozen=True, kw_only=True):
    """A question only the operator can answer; given back as `--decide id=choice`."""

    id: str
    question: str
    choices: tuple[Choice, ...]


class Binding(Frozen, frozen=True, kw_only=True):
    """Whom and where a plan was made for; it is refused anywhere else."""

    cloud: str
    tenant: str
    user: str
    user_id: str
    rehearsal: bool


class Steps(Frozen, frozen=True, kw_only=True):
    """What an action's `plan` returns: the remaining way from an inspection to the goal.

    `contingent` are steps approved together with the plan that are taken only when Azure behaves as `title` says.
    `leases` are the ids of the resources that no other run may touch meanwhile.
    """

    outcome: Outcome
    summary: str
    steps: tuple[Step, ...] = ()
    contingent: tuple[Step, ...] = ()
    reasons: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    gaps: tuple[Gap, ...] = ()
    leases: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Say in one text how it stands and why; a reason that the summary gives already is not told twice."""
        news = "; ".join(reason.rstrip(".") for reason in self.reasons if reason not in self.summary)
        return f"{self.summary.rstrip('.')}: {news}." if news else self.summary


class Plan(Frozen, frozen=True, kw_only=True):
    """A plan as approved: bound, saved, hashed. `goal` and `options` are the action's own structs as plain data.

    `target` is the full resource id, `name` what the operator types to confirm (with `slot` when irreversible).
    """

    schema: str = PLAN_SCHEMA
    action: str
    target: str
    name: str
    slot: str = ""
    made_at: str
    binding: Binding
    goal_text: str
    goal: dict[str, Any]
    options: dict[str, Any]
    decided: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    body: Steps

    @property
    def risk(self) -> Risk:
        """Grade the plan by its worst step."""
        return risk_of((*self.body.steps, *self.body.contingent))

    def digest(self) -> str:
        """Hash the whole plan; the journal and a saved file carry it."""
        return digest(self)


class StepRecord(Frozen, frozen=True, kw_only=True):
    """What a run's journal knows of one step: times are ISO 8601 UTC."""

    id: str
    started: str
    finished: str = ""
    verdict: Verdict | None = None
    evidence: dict[str, str] = {}
    withheld: bool = False


class Progress(Frozen, frozen=True, kw_only=True):
    """What this run has done so far, oldest first: handed to `plan` so that it stays a pure function."""

    now: str = ""
    records: tuple[StepRecord, ...] = ()

    def last(self, step_id: str) -> StepRecord | None:
        """Return the latest record of a step, or None when it never started."""
        return next((record for record in reversed(self.records) if record.id == step_id), None)

    def finished(self, step_id: str) -> bool:
        """Tell whether the step's latest try came to an end."""
        record = self.last(step_id)
        return record is not None and bool(record.finished)


_ORDER = (Risk.SAFE, Risk.DISRUPTIVE, Risk.IRREVERSIBLE)


def risk_of(steps: tuple[Step, ...]) -> Risk:
    """Return the worst risk among steps; none at all is safe."""
    return max((step.risk for step in steps), key=_ORDER.index, default=Risk.SAFE)


def canonical(value: object) -> bytes:
    """Encode to the one JSON text that hashes are taken of: sorted keys, no spaces, one spelling for each value.

    Fields that equal their default are left out (msgspec's own omission goes by identity, which a value read back
    loses), and whole numbers are spelled as ints; so a value and its copy from a file or the journal hash the same.
    """
    return msgspec.json.encode(_uniform(value), order="sorted")


def _uniform(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        defaults = _defaults(type(value))
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return {name: _uniform(item) for name, item in fields if name not in defaults or item != defaults[name]}
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {str(key): _uniform(item) for key, item in cast("dict[object, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_uniform(item) for item in cast("list[Any]", value)]
    return value


@cache
def _defaults(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the defaults of a struct's fields."""
    found = {field.name: field for field in msgspec.structs.fields(kind)}
    made = {name: field.default_factory for name, field in found.items()}
    return {name: field.default for name, field in found.items() if field.default is not msgspec.NODEFAULT} | {
        name: factory() for name, factory in made.items() if factory is not msgspec.NODEFAULT
    }


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON as 64 lower-case hex digits."""
    from hashlib import sha256  # loads OpenSSL, which the first frame need not wait for

    return sha256(canonical(value)).hexdigest()
