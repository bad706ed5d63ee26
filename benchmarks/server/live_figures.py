"""The figures of the live instrument and their table: one row a figure, one column a network."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from rich.table import Table

from benchmarks.common import report
from benchmarks.common.report import NONE, megabytes, met, milliseconds, seconds
from benchmarks.engine.bare_step import floor_s
from benchmarks.engine.overhead import TARGETS as OVERHEAD_TARGETS
from benchmarks.engine.step_server import BURST_S

START_TARGETS_S = {"lite": 15.0}
WEB_TARGET_MB = 120.0
LATENCY_SLACK_S = 0.050  # above one epoch and one step


@dataclass(frozen=True, slots=True)
class EpochSpan:
    """Steps that were taken one after the other, and the wall time that they took."""

    seconds: float
    steps: int
    epochs: int = 1  # that they made up; more where a message overtook others
    stepping_s: float = 0.0  # of the seconds, those in the steps, by the worker's own clock


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a control took to a picture that shows it, in seconds.

    Attributes:
        total_s: from sending the control to having received the picture.
        painting_s: the part up to the worker's publishing of that picture.
    """

    total_s: float
    painting_s: float

    @property
    def delivery_s(self) -> float:
        """The part from the worker's publishing to having received the picture."""
        return self.total_s - self.painting_s


@dataclass(slots=True)
class Figures:
    """All that was measured with one network; None or empty: the time was up before."""

    network: str
    weights: str = ""
    device: str = ""
    backend: str = ""
    first_picture_s: float | None = None  # since the start of the server's process
    first_painted_s: float | None = None
    epochs: list[EpochSpan] = field(default_factory=list)
    bare_s: list[float] = field(default_factory=list)  # seconds a step in a tight loop
    overheads: list[float] = field(default_factory=list)  # of the loop, pair by pair
    latencies: list[Latency] = field(default_factory=list)
    web_cores: float | None = None  # that the web process used while painting, on average
    other_cores: float | None = None  # that programs used which are not measured here
    web_mb: float | None = None
    worker_mb: float | None = None
    peak_flops: float | None = None  # of a large matrix product, a second
    multiply_adds: int | None = None  # of the network's convolutions, forward
    error: str = ""

    @property
    def step_s(self) -> float | None:
        """Seconds a step costs in the server, all in all: epochs' wall time by their steps."""
        return median(step_costs(self.epochs)) if self.epochs else None

    @property
    def bare_step_s(self) -> float | None:
        """Seconds a step costs in a tight loop."""
        return median(self.bare_s) if self.bare_s else None

    @property
    def epoch_s(self) -> float | None:
        """Seconds from one published picture to the next."""
        return median(span.seconds / span.epochs for span in self.epochs) if self.epochs else None

    @property
    def steps_per_epoch(self) -> float | None:
        """Steps of an epoch, on average."""
        if not self.epochs:
            return None
        return sum(span.steps for span in self.epochs) / sum(span.epochs for span in self.epochs)

    @property
    def outside_steps(self) -> float | None:
        """The part of an epoch in which the worker took no step, by its own clock.

        It compares nothing, so that a noisy machine spoils it little; but it does not see what
        slows the steps themselves.
        """
        single = [span for span in self.epochs if span.epochs == 1]
        return median(1 - span.stepping_s / span.seconds for span in single) if single else None

    @property
    def overhead_bound(self) -> float | None:
        """`outside_steps`, and the web process's time as if all of it slowed the steps."""
        if self.outside_steps is None or self.web_cores is None:
            return None
        return self.outside_steps + self.web_cores

    @property
    def floor_s(self) -> float | None:
        """Seconds a step would take if its convolutions ran at the matrix peak, alone."""
        if self.peak_flops is None or self.multiply_adds is None:
            return None
        return floor_s(self.multiply_adds, self.peak_flops)

    @property
    def latency_target_s(self) -> float | None:
        """One epoch, one step and some slack: what 95 of 100 latencies should stay under."""
        if self.epoch_s is None or self.step_s is None:
            return None
        return self.epoch_s + self.step_s + LATENCY_SLACK_S


def step_costs(spans: Iterable[EpochSpan], at_least_s: float = BURST_S) -> list[float]:
    """Seconds a step, of each span of at least `at_least_s`.

    Shorter ones are put together in their order, as the median of short times lies below that of
    long ones; what is left over at the end counts only where there is nothing else.
    """
    costs, total_s, steps = [], 0.0, 0
    for span in spans:
        total_s += span.seconds
        steps += span.steps
        if total_s >= at_least_s and steps:
            costs.append(total_s / steps)
            total_s, steps = 0.0, 0
    if not costs and steps:
        costs.append(total_s / steps)
    return costs


def table(columns: Sequence[Figures], title: str, notes: Sequence[str]) -> Table:
    """Lay the figures out."""
    made = report.new_table(title, ("", *(figures.network for figures in columns)), notes)
    made.add_column("to reach", no_wrap=True)
    for section in _SECTIONS:
        for name, cell, target in section:
            made.add_row(name, *map(cell, columns), target)
        made.add_section()
    return made


Cell = Callable[[Figures], str]


def _start(figures: Figures) -> str:
    value, target = figures.first_painted_s, START_TARGETS_S.get(figures.network)
    if value is None or target is None:
        return seconds(value)
    return f"{seconds(value)}  {met(value, target)}"


def _overhead(figures: Figures) -> str:
    if not figures.overheads:
        return NONE
    value, target = median(figures.overheads), OVERHEAD_TARGETS.get(figures.network)
    return f"{value:.1%}" + ("" if target is None else f"  {met(value, target)}")


def _overhead_spread(figures: Figures) -> str:
    if not figures.overheads:
        return NONE
    low, high = np.percentile(figures.overheads, (25, 75))
    return f"{low:+.1%} … {high:+.1%}, {len(figures.overheads)} pairs"


def _bounds(figures: Figures) -> str:
    if figures.outside_steps is None or figures.overhead_bound is None:
        return NONE
    return f"{figures.outside_steps:.1%}, {figures.overhead_bound:.1%}"


def _latency(percent: float) -> Cell:
    def cell(figures: Figures) -> str:
        if not figures.latencies:
            return NONE
        value = float(np.percentile([one.total_s for one in figures.latencies], percent))
        text = milliseconds(value)
        if percent == 95 and figures.latency_target_s is not None:
            target = figures.latency_target_s
            text += f" of {milliseconds(target)}  {met(value, target)}"
        return text

    return cell


def _latency_in_epochs(figures: Figures) -> str:
    if not figures.latencies or not figures.epoch_s:
        return NONE
    values = [one.total_s / figures.epoch_s for one in figures.latencies]
    return "{:.2f}, {:.2f}".format(*np.percentile(values, (50, 95)))


def _delivery(figures: Figures) -> str:
    if not figures.latencies:
        return NONE
    half, most = np.percentile([one.delivery_s for one in figures.latencies], (50, 95))
    return f"{milliseconds(half)}, {milliseconds(most)}"


def _web_memory(figures: Figures) -> str:
    value = figures.web_mb
    return NONE if value is None else f"{megabytes(value)}  {met(value, WEB_TARGET_MB)}"


def _above_floor(figures: Figures) -> str:
    if figures.floor_s is None or figures.bare_step_s is None:
        return NONE
    return f"{figures.bare_step_s / figures.floor_s:.2f} ×"


def _number(value: float | None, form: str = ".2f") -> str:
    return NONE if value is None else f"{value:{form}}"


_STARTS = ", ".join(f"{name} {value:.0f} s" for name, value in START_TARGETS_S.items())
_OVERHEADS = ", ".join(f"{name} {value:.0%}" for name, value in OVERHEAD_TARGETS.items())
_LATENCY = f"epoch + step + {LATENCY_SLACK_S * 1e3:.0f} ms"

_SECTIONS: tuple[tuple[tuple[str, Cell, str], ...], ...] = (
    (
        ("start to first picture", lambda f: seconds(f.first_picture_s), ""),
        ("start to first painted picture", _start, _STARTS),
    ),
    (
        ("step", lambda f: milliseconds(f.step_s), ""),
        ("steps per second", lambda f: _number(f.step_s and 1 / f.step_s), ""),
        ("steps per epoch", lambda f: _number(f.steps_per_epoch), ""),
        ("epoch", lambda f: milliseconds(f.epoch_s), ""),
    ),
    (
        ("bare compiled step", lambda f: milliseconds(f.bare_step_s), ""),
        ("loop overhead, median of pairs", _overhead, _OVERHEADS),
        ("the middle half of them", _overhead_spread, ""),
        ("outside the steps; and with all of web's time", _bounds, _OVERHEADS),
        ("cores used by the web process", lambda f: _number(f.web_cores), ""),
        ("cores used by others", lambda f: _number(f.other_cores), ""),
    ),
    (
        ("control to picture, p50", _latency(50), ""),
        ("control to picture, p95", _latency(95), _LATENCY),
        ("the same in epochs, p50, p95", _latency_in_epochs, ""),
        ("of it from publishing on, p50, p95", _delivery, ""),
        ("controls moved", lambda f: str(len(f.latencies)), ""),
    ),
    (
        ("peak memory, web process", _web_memory, f"{WEB_TARGET_MB:.0f} MB"),
        ("peak memory, worker", lambda f: megabytes(f.worker_mb), ""),
    ),
    (
        (
            "matrix product of 2048, GFLOP/s",
            lambda f: _number(f.peak_flops and f.peak_flops / 1e9, ".0f"),
            "",
        ),
        (
            "convolutions forwards, 10⁹ operations",
            lambda f: _number(f.multiply_adds and 2 * f.multiply_adds / 1e9),
            "",
        ),
        ("floor of a step, at that peak", lambda f: milliseconds(f.floor_s), ""),
        ("bare step above the floor", _above_floor, ""),
    ),
)
