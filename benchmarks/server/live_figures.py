"""What the benchmark makes of what it has measured: percentiles, steps, overhead, floor.

Pure: times come in as arguments, numbers go out. Knows nothing about processes and sockets.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

# Shorter stretches are put together before a median is taken: served epochs and bare bursts must
# be of one length, as the median of short times lies below that of long ones.
STRETCH_S = 0.4

TARGET_START_S = {"lite": 15.0}
TARGET_OVERHEAD = {"lite": 0.05, "vgg16": 0.02}
TARGET_WEB_MB = 120.0
TARGET_LATENCY_SLACK_S = 0.050  # above one epoch and one step


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps that were taken one after the other, and the wall time that they took."""

    seconds: float
    steps: int
    epochs: int = 1  # that they made up; more where a message overtook others
    stepping_s: float = 0.0  # of the seconds, those in the steps, by the worker's own clock


@dataclass(frozen=True, slots=True)
class Answer:
    """How long a control took to a picture that shows it, in seconds.

    Attributes:
        total: from sending the control to having received the picture.
        painting: the part up to the worker's publishing of that picture.
    """

    total: float
    painting: float

    @property
    def delivery(self) -> float:
        """The part from the worker's publishing to having received the picture."""
        return self.total - self.painting


@dataclass(slots=True)
class Figures:
    """All that was measured with one network; None or empty: the time was up before."""

    network: str
    weights: str = ""
    device: str = ""
    backend: str = ""
    first_picture_s: float | None = None  # since the start of the server's process
    first_painted_s: float | None = None
    # Seconds a step, turn by turn, as `step_costs` gives them; the bare step has a turn more.
    bare: list[list[float]] = field(default_factory=list)
    served: list[list[float]] = field(default_factory=list)
    epochs: list[Stretch] = field(default_factory=list)
    overheads: list[float] = field(default_factory=list)  # of the loop, as `overhead` has them
    answers: list[Answer] = field(default_factory=list)
    web_cores: float | None = None  # that the web process used while painting, on average
    other_cores: float | None = None  # that programs used which are not measured here
    web_mb: float | None = None
    worker_mb: float | None = None
    peak_flops: float | None = None  # of a large matrix product, a second
    multiply_adds: int | None = None  # of the network's convolutions, forward
    trouble: str = ""

    @property
    def step_s(self) -> float | None:
        """Seconds a step costs in the server, all told: epochs' wall time by their steps."""
        return _median(self.served)

    @property
    def bare_step_s(self) -> float | None:
        """Seconds a step costs in a tight loop."""
        return _median(self.bare)

    @property
    def epoch_s(self) -> float | None:
        """Seconds from one published picture to the next."""
        if not self.epochs:
            return None
        return median(stretch.seconds / stretch.epochs for stretch in self.epochs)

    @property
    def steps_per_epoch(self) -> float | None:
        """Steps of an epoch, on average."""
        if not self.epochs:
            return None
        return sum(s.steps for s in self.epochs) / sum(s.epochs for s in self.epochs)

    @property
    def outside(self) -> float | None:
        """The part of an epoch in which the worker took no step, by its own clock.

        It compares nothing, so that a noisy machine spoils it little; but it does not see what
        slows the steps themselves.
        """
        single = [epoch for epoch in self.epochs if epoch.epochs == 1]
        if not single:
            return None
        return median(1 - epoch.stepping_s / epoch.seconds for epoch in single)

    @property
    def most(self) -> float | None:
        """`outside`, and the web process's time as if all of it were taken from the steps."""
        if self.outside is None or self.web_cores is None:
            return None
        return self.outside + self.web_cores

    @property
    def floor_s(self) -> float | None:
        """Seconds a step would take if its convolutions ran at the matrix peak, alone."""
        if self.peak_flops is None or self.multiply_adds is None:
            return None
        # Two operations a multiply-add; backwards to the input costs what forwards costs.
        return 2 * 2 * self.multiply_adds / self.peak_flops

    @property
    def latency_target_s(self) -> float | None:
        """One epoch, one step and some slack: what 95 of 100 answers should stay under."""
        if self.epoch_s is None or self.step_s is None:
            return None
        return self.epoch_s + self.step_s + TARGET_LATENCY_SLACK_S


def _median(turns: Sequence[Sequence[float]]) -> float | None:
    return median(chain.from_iterable(turns)) if turns else None


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of 100 of `values` lie, between two of them if need be.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 50)
    2.5
    """
    if not values:
        raise ValueError("percentile needs at least one value; received none")
    if not 0 <= percent <= 100:
        raise ValueError(f"percent must be in 0..100; received {percent}")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def step_costs(stretches: Iterable[Stretch], at_least_s: float = STRETCH_S) -> list[float]:
    """Seconds a step, of each stretch of at least `at_least_s`.

    Shorter ones are put together in the order in which they come; what is left over at the end
    counts only where there is nothing else.
    """
    costs, seconds, steps = [], 0.0, 0
    for stretch in stretches:
        seconds += stretch.seconds
        steps += stretch.steps
        if seconds >= at_least_s and steps:
            costs.append(seconds / steps)
            seconds, steps = 0.0, 0
    if not costs and steps:
        costs.append(seconds / steps)
    return costs


def multiply_adds(
    layers: Iterable[tuple[tuple[int, ...], bool]], height_px: int, width_px: int
) -> int:
    """Multiply-adds of convolutions that keep the picture's size.

    Args:
        layers: in order, each kernel's shape (kh, kw, in, out), and whether the picture is
            halved before it.
    """
    total = 0
    for (rows, columns, inputs, outputs), halved in layers:
        if halved:
            height_px, width_px = height_px // 2, width_px // 2
        total += height_px * width_px * rows * columns * inputs * outputs
    return total
