"""The table of measurements: medians, ratios against a reference, and whether an aim was met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median, quantiles

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One measure: ours and its reference in the same unit, or why it was not taken (`skipped`).

    The ratio is ours / reference; it must be at most `most`, or at least `least`, whichever is given.
    """

    name: str
    against: str
    unit: str = ""
    ours: float = 0.0
    reference: float = 0.0
    most: float | None = None
    least: float | None = None
    taken: str = ""
    skipped: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours / reference; None where it was not taken, or where the reference is nothing."""
        return None if self.skipped or not self.reference else self.ours / self.reference

    @property
    def met(self) -> bool | None:
        """Whether the aim was met; None where nothing was taken, or nothing is aimed at."""
        ratio = self.ratio
        if ratio is None or (self.most is None and self.least is None):
            return None
        return (self.most is None or ratio <= self.most) and (self.least is None or ratio >= self.least)

    @property
    def aim(self) -> str:
        """The aim as it is written."""
        return f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}" if self.least is not None else "-"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one run, and on what machine with which versions they were taken."""

    machine: dict[str, str]
    rounds: int
    rows: tuple[Row, ...]


def interleaved(rounds: int, **measures: Callable[[], float]) -> dict[str, float]:
    """Take the measures turn by turn, so that a busy moment hits all alike; give the median of each."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        names = list(measures) if number % 2 == 0 else list(reversed(measures))
        for name in names:
            taken[name].append(measures[name]())
    return {name: median(values) for name, values in taken.items()}


def p95(values: Sequence[float]) -> float:
    """The value that one in twenty exceeds; of fewer than two values the greatest."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else max(values)


def markdown(report: Report) -> str:
    """Write the report as one Markdown table."""
    lines = ["| measure | against | ours | reference | ratio | aim | met |", "|---|---|---|---|---|---|---|"]
    for row in report.rows:
        if row.skipped:
            lines.append(f"| {row.name} | {row.against} | - | - | - | {row.aim} | not taken: {row.skipped} |")
            continue
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        met = {True: "yes", False: "no", None: "-"}[row.met]
        ours, reference = (f"{value:.4g} {row.unit}".rstrip() for value in (row.ours, row.reference))
        lines.append(f"| {row.name} | {row.against} | {ours} | {reference} | {ratio} | {row.aim} | {met} |")
    notes = [f"- {row.name}: {row.taken}" for row in report.rows if row.taken]
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    return "\n".join([*lines, "", f"Medians of {report.rounds} interleaved rounds. {machine}.", "", *notes, ""])


def to_json(report: Report) -> bytes:
    """Write the report as JSON, each row with its ratio and whether its aim was met."""
    rows = [{**msgspec.to_builtins(row), "ratio": row.ratio, "met": row.met} for row in report.rows]
    document = {"machine": report.machine, "rounds": report.rounds, "rows": rows}
    return msgspec.json.format(msgspec.json.encode(document), indent=1)
