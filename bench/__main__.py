"""`python -m bench [NAME ...] [--rounds N]`: take the measures and write `build/bench/table.md` and `.json`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import clients, console, fleets, machine, runs, startup
from bench.table import Report, Row, markdown, to_json

PLACE = Path("build") / "bench"
MEASURES: dict[str, Callable[[int], Iterator[Row]]] = {
    "first-frame": startup.first_frame,
    "light-commands": startup.light_commands,
    "listing": clients.listing,
    "first-reads": clients.first_reads,
    "overhead": runs.overhead,
    "key-to-paint": console.key_to_paint,
    "bytes-per-key": console.bytes_per_key,
    "requests": fleets.requests,
    "far-fleet": fleets.far_fleet,
    "far-inspection": fleets.far_inspection,
    "memory": console.memory,
    "answers": runs.answers,
    "growth": fleets.growth,
}


def main() -> None:
    """Take the measures that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure amlkeys against references.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(MEASURES)}")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved repetitions (default 7)")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in MEASURES]
    if unknown:
        parser.error(f"there is no measure {', '.join(unknown)}")
    rows: list[Row] = []
    for name in given.names or MEASURES:
        sys.stderr.write(f"{name} ...\n")
        rows.extend(MEASURES[name](given.rounds))
    report = Report(machine=machine.described(), rounds=given.rounds, rows=tuple(rows))
    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / "table.md").write_text(markdown(report))
    (PLACE / "table.json").write_bytes(to_json(report))
    sys.stdout.write(markdown(report))


if __name__ == "__main__":
    main()
