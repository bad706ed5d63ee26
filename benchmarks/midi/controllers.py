"""Hardware under load: latency, merging, and what a storm costs the painting.

A fake controller sends through a real MIDI port to a real `styletune midi`, and that to a real
`styletune serve`. Run as: python -m benchmarks.midi.controllers
"""

import argparse
import sys
from collections.abc import Sequence
from statistics import mean, median, stdev

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine
from benchmarks.midi.flood import Storms, storms
from benchmarks.midi.jack import STORM_HZ, STORM_S, jack
from benchmarks.midi.latency import Turn, latency, play_noting, serve_noting
from benchmarks.server.live_figures import percentile
from styletune.midi.smoothing import PERIOD_S, STEPS

TARGET_LATENCY_S, TARGET_PER_S, TARGET_LOSS = 0.020, 120.0, 0.02


def table(turns: Sequence[Turn], found: Storms, size_px: int, cores: int, *, apart: bool) -> Table:
    """All figures beside what is to be reached."""
    whose = ", one of them the painter's alone," if apart else ""
    made = Table(
        title="hardware", title_justify="left", caption_justify="left",
        caption=f"{machine.processor()}, {cores} cores{whose}; lite at {size_px} px; "
        f"a storm: {STORM_HZ} CC/s for {STORM_S:g} s over 8 knobs; other programs had "
        f"{median(w.other_cores for windows in found.rounds for w in windows):.2f} cores",
    )  # fmt: skip
    for head in ("", "measured", "to reach"):
        made.add_column(head)
    at_port = [turn for turn in turns if turn.port is not None]
    moved = [turn.moved for turn in at_port if turn.moved is not None]
    made.add_row("turns that JACK left out", f"{len(turns) - len(at_port)} of {len(turns)}", "")
    made.add_row("JACK's own way to the port", _ms([t.port for t in at_port]), "")
    made.add_row("turns at the port that arrived", f"{len(moved)} of {len(at_port)}", "all")
    made.add_row(
        "from the port until the block moves", _ms(moved), f"p95 {TARGET_LATENCY_S * 1e3:.0f} ms"
    )
    smooth_ms = (STEPS - 1) * PERIOD_S * 1e3
    made.add_row(
        f"until it is there, smoothed over {smooth_ms:.0f} ms", _ms([t.there for t in at_port]), ""
    )
    made.add_row("storm: last values right", f"{found.right} of {found.of}", "all")
    made.add_row(
        "storm: moves of a knob a second", f"{max(found.per_s):.0f}", f"{TARGET_PER_S:.0f}"
    )
    in_all, sent, played = map(_spread, found.lost())
    made.add_row("storm: steps lost", in_all, "")
    made.add_row("… by the fake controller and JACK", sent, "")
    made.add_row("… by server and agent", played, f"{TARGET_LOSS:.0%}")
    made.add_row("storm: a step's processor time", _spread(found.dearer()), "")
    for name, had in zip(("server", "agent"), map(sorted, found.taken()), strict=True):
        taken = f"{median(had):+.3f} ({had[0]:+.3f} … {had[-1]:+.3f})"
        made.add_row(f"storm: cores of the {name}", taken, "")
    for name, windows in zip(
        ("quiet", "in a storm that nobody plays", "in the storm"),
        zip(*found.rounds, strict=True),
        strict=True,
    ):
        rates = " ".join(f"{window.steps_per_s:.1f}" for window in windows)
        made.add_row(f"steps/s {name}", rates, "")
    return made


def _ms(times: Sequence[float | None]) -> str:
    known = [time for time in times if time is not None]
    if not known:
        return "none"
    p50, p95 = (percentile(known, at) * 1e3 for at in (50, 95))
    return f"p50 {p50:.1f}, p95 {p95:.1f} ms"


def _spread(parts: Sequence[float]) -> str:
    """The mean of the middle four fifths of all, and its standard error.

    One storm tells little: other machines on the same processor move it by ten per cent.
    """
    cut = len(parts) // 10
    middle = sorted(parts)[cut : len(parts) - cut]
    error = stdev(middle) / len(middle) ** 0.5 if len(middle) > 1 else float("nan")
    return f"{mean(middle):+.1%} ± {error:.1%}"


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.midi.controllers")
    for name in ("--serve", "--agent", "--url"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--turns", type=int, default=300, help="for the latency (default 300)")
    parser.add_argument("--rounds", type=int, default=18, help="of three windows (default 18)")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--apart", action="store_true", help="the painter has a core to itself")
    given = parser.parse_args()
    if given.serve:
        return serve_noting(given.serve)
    if given.agent:
        return play_noting(given.agent, given.url)
    cores = machine.cores()
    with jack() as pid:
        turns = latency(given.turns)
        found = storms(given.rounds, given.size, pid, apart=given.apart)
    Console().print(table(turns, found, given.size, cores, apart=given.apart))
    return 0


if __name__ == "__main__":
    sys.exit(main())
