"""What a sweep prints on the terminal: the work before, the progress meanwhile."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from styletune.errors import ConfigError
from styletune.sweeps.points import Point

# Sweeps beyond these want `--yes`.
MANY_POINTS = 500
LONG_S = 6 * 3600.0

OnStep = Callable[[Point, int, float], None]  # the point, steps so far, loss


def describe_work(todo: int, done: int, steps: int, rate: float, *, settle: bool) -> str:
    """How much is to be painted and how long it takes, in words.

    Args:
        todo: points to paint; `done`: points that are painted already.
        steps: of each point.
        rate: steps a second of all that paint together; 0: not known.
    """
    parts = [f"{format_points(todo)} × {'up to ' if settle else ''}{steps:,} steps"]
    if done:
        parts[0] += f" ({done:,} are done)"
    if rate:
        precision = "at most" if settle else "about"
        duration = format_duration(todo * steps / rate)
        parts.append(f"{precision} {duration} at {rate:.3g} steps a second")
    return ", ".join(parts)


def check_size(todo: int, steps: int, rate: float, work: str, *, yes: bool) -> None:
    """Let nobody begin an enormous sweep by mistake.

    Raises:
        ConfigError: it is one, and `--yes` was not given.
    """
    enormous = todo > MANY_POINTS or (rate and todo * steps / rate > LONG_S)
    if enormous and not yes:
        raise ConfigError(f"this sweep is enormous: {work}; add --yes to paint it")


def format_points(count: int) -> str:
    """So many points, in words."""
    return "1 point" if count == 1 else f"{count:,} points"


def format_duration(seconds: float) -> str:
    """A time as people write it: `2 h 5 min`, `3 min 20 s`, `12 s`."""
    whole = max(1, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600:,} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


class _TimeLeft(ProgressColumn):
    """Time left at the pace so far, and before there is one at the rate that was measured.

    Differs from rich's: points of some minutes each, as Ray's actors report them, are a pace, too.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate

    def render(self, task: Task) -> Text:
        left = time_left_s(
            task.completed, task.total or 0.0, task.elapsed or 0.0, task.fields["at"], self._rate
        )
        text = "" if left is None else f"{format_duration(left)} left"
        return Text(text, style="progress.remaining")


def time_left_s(
    done: float, steps: float, now_s: float, done_s: float, rate: float
) -> float | None:
    """How long the rest takes.

    Args:
        done: steps taken, up to `done_s` seconds after the beginning, of `steps` in all.
        now_s: seconds since the beginning.
        rate: steps a second, measured before; 0: not known.

    Returns:
        None: nothing is known yet, or it is finished.
    """
    if done >= steps or not (done or rate):
        return None
    whole_s = done_s / done * steps if done else steps / rate
    return max(0.0, whole_s - now_s)


@contextmanager
def progress(
    console: Console, todo: int, steps: int, rate: float
) -> Iterator[tuple[OnStep, OnStep]]:
    """Show a bar; yields what to call at each step, and what to call when a point is done.

    Args:
        rate: steps a second of all that paint together; 0: not known.
    """
    columns = (
        TextColumn("{task.fields[point]}"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[todo]}"),
        TextColumn("{task.fields[loss]}"),
        _TimeLeft(rate),
    )
    under_way: dict[int, int] = {}  # steps by the point's index: several may be painted at a time
    finished = 0
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(
            "sweep", total=todo * steps, point="", done=0, todo=todo, loss="", at=0.0
        )
        began = time.monotonic()

        def on_step(point: Point, steps_done: int, loss: float) -> None:
            under_way[point.index] = steps_done
            bar.update(
                task,
                completed=finished * steps + sum(under_way.values()),
                at=time.monotonic() - began,
                point=" ".join(f"{n}={label}" if n else label for n, label in point.labels.items()),
                loss=f"loss {loss:.4g}",
            )

        def on_done(point: Point, steps_done: int, loss: float) -> None:
            nonlocal finished
            finished += 1
            under_way.pop(point.index, None)
            completed = finished * steps + sum(under_way.values())
            at = time.monotonic() - began
            bar.update(task, completed=completed, done=finished, at=at, loss=f"loss {loss:.4g}")

        yield on_step, on_done
