"""The benchmark's table: one row a figure, one column a network, targets beside them.

Figures come in, a rich table goes out. Knows nothing about how they were measured.
"""

from collections.abc import Callable, Sequence
from statistics import median

from rich.table import Table

from benchmarks.server.live_figures import (
    TARGET_LATENCY_SLACK_S,
    TARGET_OVERHEAD,
    TARGET_START_S,
    TARGET_WEB_MB,
    Figures,
    percentile,
)

NONE = "–"
_MET = {True: "[green]met[/]", False: "[red]missed[/]"}

Cell = Callable[[Figures], str]


def table(columns: Sequence[Figures], *, title: str, caption: str) -> Table:
    """Lay the figures out."""
    made = Table(title=title, caption=caption, caption_justify="left", title_justify="left")
    made.add_column("", no_wrap=True)
    for figures in columns:
        made.add_column(figures.network, justify="right", no_wrap=True)
    made.add_column("to reach", no_wrap=True)
    for section in _SECTIONS:
        for name, cell, target in section:
            made.add_row(name, *map(cell, columns), target)
        made.add_section()
    return made


def seconds(value: float | None) -> str:
    """A time in seconds."""
    return NONE if value is None else f"{value:.1f} s"


def milliseconds(value: float | None) -> str:
    """A time in milliseconds, to three digits."""
    if value is None:
        return NONE
    return f"{value * 1e3:.1f} ms" if value < 0.1 else f"{value * 1e3:.0f} ms"


def megabytes(value: float | None) -> str:
    """An amount of memory."""
    return NONE if value is None else f"{value:.0f} MB"


def met(value: float, target: float) -> str:
    """Whether a figure that should be small is small enough."""
    return _MET[value <= target]


def _start(figures: Figures) -> str:
    value = figures.first_painted_s
    if value is None:
        return NONE
    target = TARGET_START_S.get(figures.network)
    return seconds(value) + ("" if target is None else f"  {met(value, target)}")


def _rate(figures: Figures) -> str:
    return NONE if figures.step_s is None else f"{1 / figures.step_s:.2f}"


def _steps(figures: Figures) -> str:
    return NONE if figures.steps_per_epoch is None else f"{figures.steps_per_epoch:.2f}"


def _overhead(figures: Figures) -> str:
    if not figures.overheads:
        return NONE
    value = median(figures.overheads)
    target = TARGET_OVERHEAD.get(figures.network)
    return f"{value:.1%}" + ("" if target is None else f"  {met(value, target)}")


def _overhead_spread(figures: Figures) -> str:
    if not figures.overheads:
        return NONE
    low, high = (percentile(figures.overheads, at) for at in (25, 75))
    return f"{low:+.1%} … {high:+.1%}, {len(figures.overheads)} pairs"


def _most(figures: Figures) -> str:
    if figures.outside is None or figures.most is None:
        return NONE
    return f"{figures.outside:.1%}, {figures.most:.1%}"


def _floor_ratio(figures: Figures) -> str:
    if figures.floor_s is None or figures.bare_step_s is None:
        return NONE
    return f"{figures.bare_step_s / figures.floor_s:.2f} ×"


def _peak(figures: Figures) -> str:
    return NONE if figures.peak_flops is None else f"{figures.peak_flops / 1e9:.0f} GFLOP/s"


def _work(figures: Figures) -> str:
    return NONE if figures.multiply_adds is None else f"{2 * figures.multiply_adds / 1e9:.2f} G"


def _latency(percent: float) -> Cell:
    def cell(figures: Figures) -> str:
        if not figures.answers:
            return NONE
        value = percentile([answer.total for answer in figures.answers], percent)
        text = milliseconds(value)
        if percent == 95 and figures.latency_target_s is not None:
            target = figures.latency_target_s
            text += f" of {milliseconds(target)}  {met(value, target)}"
        return text

    return cell


def _latency_epochs(figures: Figures) -> str:
    if not figures.answers or not figures.epoch_s:
        return NONE
    values = [answer.total / figures.epoch_s for answer in figures.answers]
    return f"{percentile(values, 50):.2f}, {percentile(values, 95):.2f}"


def _delivery(figures: Figures) -> str:
    if not figures.answers:
        return NONE
    values = [answer.delivery for answer in figures.answers]
    return f"{milliseconds(percentile(values, 50))}, {milliseconds(percentile(values, 95))}"


def _web_memory(figures: Figures) -> str:
    value = figures.web_mb
    return NONE if value is None else f"{megabytes(value)}  {met(value, TARGET_WEB_MB)}"


def _cores(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


_STARTS = ", ".join(f"{name} {value:.0f} s" for name, value in TARGET_START_S.items())
_OVERHEADS = ", ".join(f"{name} {value:.0%}" for name, value in TARGET_OVERHEAD.items())

_SECTIONS: tuple[tuple[tuple[str, Cell, str], ...], ...] = (
    (
        ("start to first picture", lambda f: seconds(f.first_picture_s), ""),
        ("start to first painted picture", _start, _STARTS),
    ),
    (
        ("step", lambda f: milliseconds(f.step_s), ""),
        ("steps per second", _rate, ""),
        ("steps per epoch", _steps, ""),
        ("epoch", lambda f: milliseconds(f.epoch_s), ""),
    ),
    (
        ("bare compiled step", lambda f: milliseconds(f.bare_step_s), ""),
        ("loop overhead, median of pairs", _overhead, _OVERHEADS),
        ("the middle half of them", _overhead_spread, ""),
        ("outside the steps; and with all of web's time", _most, _OVERHEADS),
        ("cores used by the web process", lambda f: _cores(f.web_cores), ""),
        ("cores used by others", lambda f: _cores(f.other_cores), ""),
    ),
    (
        ("control to picture, p50", _latency(50), ""),
        (
            "control to picture, p95",
            _latency(95),
            f"epoch + step + {TARGET_LATENCY_SLACK_S * 1e3:.0f} ms",
        ),
        ("the same in epochs, p50, p95", _latency_epochs, ""),
        ("of it from publishing on, p50, p95", _delivery, ""),
        ("controls moved", lambda f: str(len(f.answers)), ""),
    ),
    (
        ("peak memory, web process", _web_memory, f"{TARGET_WEB_MB:.0f} MB"),
        ("peak memory, worker", lambda f: megabytes(f.worker_mb), ""),
    ),
    (
        ("matrix product of 2048", _peak, ""),
        ("convolutions forwards, operations", _work, ""),
        ("floor of a step, at that peak", lambda f: milliseconds(f.floor_s), ""),
        ("bare step above the floor", _floor_ratio, ""),
    ),
)
