"""Controllers under load: latency, coalescing, and what a flood of messages costs the painting.

    python -m benchmarks.midi.controllers [--apart]

A fake controller sends through a real MIDI port (of jackd, without a sound card) to a real
`styletune midi`, and that to a real `styletune serve`. Takes about six minutes.
"""

import argparse
import sys
from collections.abc import Sequence
from statistics import median

import numpy as np
from rich.table import Table

from benchmarks.common import report
from benchmarks.common.turns import Estimate
from benchmarks.midi.flood import FloodResult, measure_floods
from benchmarks.midi.jack import FLOOD_HZ, FLOOD_S, jack
from benchmarks.midi.latency import Turn, measure_turns, play_recording, serve_recording
from styletune.midi.smoothing import PERIOD_S, STEPS

TARGET_LATENCY_S, TARGET_MOVES_PER_S, TARGET_LOSS = 0.020, 120.0, 0.02


def table(turns: Sequence[Turn], result: FloodResult, size_px: int, *, apart: bool) -> Table:
    """All figures beside their targets."""
    note = (
        f"lite at {size_px} px{', the worker with a core of its own' if apart else ''}; a flood: "
        f"{FLOOD_HZ} CC/s for {FLOOD_S:g} s over 8 knobs; other programs had "
        f"{median(w.other_cores for windows in result.rounds for w in windows):.2f} cores"
    )
    made = report.new_table("controllers", ("", "measured", "to reach"), (note,))
    at_port = [turn for turn in turns if turn.port_s is not None]
    moved = [turn.moved_s for turn in at_port if turn.moved_s is not None]
    latency = f"p95 {TARGET_LATENCY_S * 1e3:.0f} ms"
    smoothing_ms = (STEPS - 1) * PERIOD_S * 1e3
    in_all, sending, playing = (Estimate.of(parts).percent for parts in result.lost_steps())
    server, agent = map(_cores, result.cores())
    rows = [
        ("turns that JACK left out", f"{len(turns) - len(at_port)} of {len(turns)}", ""),
        ("JACK's own way to the port", _ms([turn.port_s for turn in at_port]), ""),
        ("turns at the port that arrived", f"{len(moved)} of {len(at_port)}", "all"),
        ("from the port until the block moves", _ms(moved), latency),
        (
            f"until it has arrived, smoothed over {smoothing_ms:.0f} ms",
            _ms([turn.arrived_s for turn in at_port]),
            "",
        ),
        ("flood: last values correct", f"{result.correct} of {result.expected}", "all"),
        (
            "flood: moves of a knob a second",
            f"{max(result.moves_per_s):.0f}",
            f"{TARGET_MOVES_PER_S:.0f}",
        ),
        ("flood: steps lost", in_all, ""),
        ("… by the fake controller and JACK", sending, ""),
        ("… by server and agent", playing, f"{TARGET_LOSS:.0%}"),
        (
            "flood: a step's processor time",
            Estimate.of(result.step_cpu_increase()).percent,
            "",
        ),
        ("flood: cores of the server", server, ""),
        ("flood: cores of the agent", agent, ""),
    ]
    kinds = ("quiet", "in a flood to an unconnected port", "in the flood")
    for kind, windows in zip(kinds, zip(*result.rounds, strict=True), strict=True):
        rates = " ".join(f"{window.steps_per_s:.1f}" for window in windows)
        rows.append((f"steps/s {kind}", rates, ""))
    for row in rows:
        made.add_row(*row)
    return made


def _ms(times_s: Sequence[float | None]) -> str:
    known = [time_s for time_s in times_s if time_s is not None]
    if not known:
        return report.NONE
    return "p50 {:.1f}, p95 {:.1f} ms".format(*(1e3 * np.percentile(known, (50, 95))))


def _cores(values: Sequence[float]) -> str:
    return f"{median(values):+.3f} ({min(values):+.3f} … {max(values):+.3f})"


def main() -> int:
    """Measure and print the table."""
    parser = report.new_parser("midi.controllers", __doc__)
    for name in ("--serve", "--agent", "--url"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--turns", type=int, default=300, help="for the latency (default 300)")
    parser.add_argument("--rounds", type=int, default=18, help="of three windows (default 18)")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--apart", action="store_true", help="the worker has a core to itself")
    arguments = parser.parse_args()
    if arguments.serve:
        return serve_recording(arguments.serve)
    if arguments.agent:
        return play_recording(arguments.agent, arguments.url)
    with jack() as pid:
        turns = measure_turns(arguments.turns)
        result = measure_floods(arguments.rounds, arguments.size, pid, apart=arguments.apart)
    report.print_table(table(turns, result, arguments.size, apart=arguments.apart))
    return 0


if __name__ == "__main__":
    sys.exit(main())
