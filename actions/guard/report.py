"""One run as a report for people and programs: Markdown, JSON, or a self-contained HTML page.

All three are made from the same sections, and every text in them is plain: names from Azure carry neither markup nor
control characters into a report.
"""

from __future__ import annotations

import html
import re
from typing import Any

import msgspec

from actions.guard.changed import Change
from actions.guard.history import RunHistory, StepHistory
from actions.guard.model import Finding, Frozen, Gap, Mode, Step
from actions.guard.text import after, cleaned, plain

REPORT_SCHEMA = "amlkeys.report/1"


class Section(Frozen, frozen=True, kw_only=True):
    """A part of a report: a title and a table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def as_json(run: RunHistory) -> bytes:
    """Return the run as `amlkeys.report/1`, indented, ending with a newline."""
    plan = run.plan
    content: dict[str, Any] = {
        "schema": REPORT_SCHEMA,
        "run": run.id,
        "action": plan.action,
        "target": plan.target,
        "name": plan.name,
        "mode": run.mode,
        "binding": msgspec.to_builtins(plan.binding),
        "state": run.state,
        "sentence": run.sentence,
        "started": run.started,
        "ended": run.ended,
        "goal": plan.goal_text,
        "risk": plan.risk,
        "plans": [{"hash": item.digest(), **msgspec.to_builtins(item)} for item in run.plans],
        "decided": run.decided,
        "sessions": [msgspec.to_builtins(leg) for leg in run.legs],
        "steps": [msgspec.to_builtins(step) for step in run.steps],
        "gaps_announced": [msgspec.to_builtins(gap) for gap in plan.body.gaps],
        "findings_before": [msgspec.to_builtins(finding) for finding in run.plans[0].findings],
        "findings_after": [msgspec.to_builtins(finding) for finding in run.findings],
        "before": msgspec.to_builtins(run.before),
        "after": msgspec.to_builtins(run.after),
        "changes": [msgspec.to_builtins(change) for change in run.changes],
        **({"twin": msgspec.to_builtins(run.twin)} if run.twin else {}),
        "notes": [msgspec.to_builtins(note) for note in run.notes],
        "journal": {"first": run.first, "last": run.last, "hash": run.last_hash},
    }
    return msgspec.json.format(msgspec.json.encode(cleaned(content)), indent=2) + b"\n"


def as_markdown(run: RunHistory) -> str:
    """Return the run as Markdown (tables as GitHub renders them)."""
    parts = [f"# {_md(_headline(run))}", ""]
    for section in sections(run):
        parts += [f"## {_md(section.title)}", ""]
        parts += [_md_row(section.columns), "|" + " --- |" * len(section.columns)]
        parts += [*(_md_row(row) for row in section.rows), ""]
    return "\n".join(parts)


def as_html(run: RunHistory) -> str:
    """Return the run as one HTML page: no script, nothing loaded from elsewhere."""
    title = _html(_headline(run))
    body = "\n".join(_html_section(section) for section in sections(run))
    return _PAGE.format(title=title, body=body)


def sections(run: RunHistory) -> tuple[Section, ...]:
    """Return what a report tells, in order; empty parts are left out."""
    plan = run.plan
    parts = (
        Section(title="Summary", columns=("", ""), rows=_summary(run)),
        Section(title="What the twin cannot know", columns=("",), rows=_unknown(run)),
        Section(title="Findings before", columns=_FINDING, rows=_findings(run.plans[0].findings)),
        Section(title="Approved plan", columns=_PLANNED, rows=_planned(plan.body.steps)),
        Section(title="Approved for some cases only", columns=_PLANNED, rows=_planned(plan.body.contingent)),
        Section(title="Gaps announced", columns=_GAP, rows=tuple(_gap(gap) for gap in plan.body.gaps)),
        Section(title="Decisions", columns=("decision", "answer"), rows=tuple(sorted(run.decided.items()))),
        Section(
            title=_walked(run), columns=_HAPPENED, rows=tuple(_happened(step, run.twin_began) for step in run.steps)
        ),
        Section(title="Evidence", columns=("step", "what", "value"), rows=_evidence(run.steps)),
        Section(title="Findings after", columns=_FINDING, rows=_findings(run.findings)),
        Section(title=_difference(run), columns=_CHANGED, rows=tuple(map(_changed, run.changes))),
        Section(title="Who and when", columns=_LEG, rows=_legs(run)),
        Section(title="Notes", columns=("at", "by", "note"), rows=tuple((n.at, n.by, n.text) for n in run.notes)),
    )
    return tuple(part for part in parts if part.rows)


_FINDING = ("severity", "subject", "finding", "remedy")
_PLANNED = ("#", "step", "risk", "breaks", "undo", "proof", "request")
_GAP = ("holder", "about", "opens", "closes", "why")
_HAPPENED = ("#", "step", "result", "proof", "said", "begun", "answered", "proven", "tries")
_CHANGED = ("in", "which", "what", "before", "after")
_LEG = ("from", "until", "operator", "host", "signed in as", "ended", "sentence")


def _headline(run: RunHistory) -> str:
    world = "REHEARSAL: " if run.plan.binding.rehearsal else ""
    return f"{world}{run.plan.action} on {run.plan.name}: {run.state}"


def _summary(run: RunHistory) -> tuple[tuple[str, str], ...]:
    plan, binding = run.plan, run.plan.binding
    rows = (
        ("run", run.id),
        ("goal", plan.goal_text),
        ("result", f"{run.state}: {run.sentence}" if run.sentence else str(run.state)),
        ("why", " ".join(run.reasons)),
        ("open decisions", " ".join(decision.question for decision in run.decisions)),
        ("target", plan.target),
        ("mode", run.mode),
        ("walked on", run.twin.sentence if run.twin else ""),
        ("world", "rehearsal, nothing here is real" if binding.rehearsal else "Azure"),
        ("cloud and tenant", f"{binding.cloud}, {binding.tenant}"),
        ("planned by", f"{binding.user} at {plan.made_at}"),
        ("risk", plan.risk),
        ("as of", f"begun {run.started}, last {run.ended or 'not ended'}"),
        ("plan hash", plan.digest()),
        ("journal", f"entries {run.first} to {run.last}, last hash {run.last_hash}"),
    )
    return tuple((name, str(value)) for name, value in rows if value)


def _unknown(run: RunHistory) -> tuple[tuple[str], ...]:
    return tuple((remark,) for remark in run.twin.remarks) if run.twin else ()


def _findings(found: tuple[Finding, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((item.severity, item.subject, item.sentence, item.remedy or "-") for item in found)


def _planned(steps: tuple[Step, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            str(number),
            step.title,
            step.risk,
            step.breaks,
            step.undo or "cannot be undone",
            step.proof or "-",
            _asks(step),
        )
        for number, step in enumerate(steps, start=1)
    )


def _asks(step: Step) -> str:
    request = step.request
    if request is None:
        return f"waits: {step.wait.reason}" if step.wait else "nothing"
    return f"{request.method} {request.host}{request.path} {request.api_version}"


def _gap(gap: Gap) -> tuple[str, ...]:
    return (gap.holder, f"{gap.seconds:.0f} s", gap.opens, gap.closes, gap.reason)


def _walked(run: RunHistory) -> str:
    return "What happened on the twin, by its time since the run began" if run.twin_began else "What happened"


def _happened(step: StepHistory, began: str) -> tuple[str, ...]:
    said = " ".join((*step.remarks, step.sentence)) if step.sentence not in step.remarks else " ".join(step.remarks)
    verdict = step.verdict or "-"
    times = tuple((after(began, time) if began else time) or "-" for time in (step.started, step.answered, step.ended))
    return (str(step.number), step.title, step.result, verdict, said or "-", *times, str(step.attempts))


def _evidence(steps: tuple[StepHistory, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((step.title, name, value) for step in steps for name, value in step.evidence.items())


def _difference(run: RunHistory) -> str:
    return "What is different after the run" if run.mode is Mode.LIVE else "What is different on the twin"


def _changed(change: Change) -> tuple[str, ...]:
    return (change.part, change.subject, change.what, change.before or "-", change.after or "-")


def _legs(run: RunHistory) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (leg.started, leg.ended or "-", leg.operator.name, leg.operator.host, leg.user, leg.state or "-", leg.sentence)
        for leg in run.legs
    )


_MARKUP = re.compile(r"([\\`*_\[\]<>|#~&!])")
_LINKS = re.compile(r"(:)(//)|(\bwww)(\.)", re.IGNORECASE)


def _md(text: str) -> str:
    """Escape a text for Markdown: no markup, no HTML, no link that was not written as one."""
    return _LINKS.sub(r"\1\3\\\2\4", _MARKUP.sub(r"\\\1", plain(text)))


def _md_row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_md(cell) for cell in cells) + " |"


def _html(text: str) -> str:
    return html.escape(plain(text), quote=True)


def _html_section(section: Section) -> str:
    head = "".join(f"<th>{_html(column)}</th>" for column in section.columns)
    rows = "\n".join("<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>" for row in section.rows)
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    return f"<section>\n<h2>{_html(section.title)}</h2>\n{table}\n</section>"


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1b1b1b; }}
h1 {{ font-size: 1.5rem; }}
h2 {{ font-size: 1.1rem; margin: 1.8rem 0 .4rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border: 1px solid #c8c8c8; padding: .25rem .5rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }}
th {{ background: #f0f0f0; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
