"""Paints a picture on, larger: `python -m styletune.worker.large_picture FOLDER PX`.

A process of its own. The folder holds what it begins with; stopped, it goes on where it was:

    <folder>/{session.toml, start.png, state.json, status.json, painted.png, out.png}
"""

import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from styletune import config, files
from styletune.engine.imports import fast_import
from styletune.errors import StyletuneError
from styletune.images import encode
from styletune.images.png_metadata import KEYWORD
from styletune.interrupts import catch_interrupt

if TYPE_CHECKING:
    from styletune.engine.painter import Painter
    from styletune.engine.state import Picture

# On each size. A picture that was made larger by √2 has its edges and grain again by then.
STEPS = 40
LAST_STEPS = 60
_STEP_UP = 1.1  # a size that is no larger than by this is no size of its own
# Seconds between two pictures that are kept, and at most such a part of the time.
_KEEP_S, _TIMES_ITS_COST = 60.0, 20.0


def large_plan(size: int, start: int) -> list[tuple[int, int]]:
    """The sizes (longer edge, px) to paint at, and the steps at each.

    >>> large_plan(1024, 512)
    [(728, 40), (1024, 60)]
    """
    from styletune.engine.state import pyramid_sizes

    sizes = pyramid_sizes(size, min(start, size))
    coarse = [edge for edge in sizes[:-1] if edge > start * _STEP_UP]
    return [*((edge, STEPS) for edge in coarse), (size, LAST_STEPS)]


class LargePicture:
    """One picture that is painted on, up to a size.

    Args:
        folder: see the module.
        size: longer edge of what is painted in the end, px.

    Attributes:
        steps_taken: at all sizes.
    """

    def __init__(self, folder: Path, size: int) -> None:
        from styletune.engine.canvas import Canvas

        self._folder = folder
        self._session = config.load(folder / "session.toml")
        self._positions = self._session.positions()
        start, _ = _read_picture(folder / "start.png")
        self._start_px = max(start.shape[:2])
        self._plan = large_plan(size, self._start_px)
        self._canvas = Canvas(self._session, self._positions, self._start_px)
        self.steps_taken, self._picture = 0, start
        with contextlib.suppress(OSError, ValueError, KeyError):  # none yet, or damaged
            self._picture, state = _read_picture(folder / "painted.png")
            self.steps_taken = int(state["steps"])
        self._kept_at, self._cost_s = time.monotonic(), 0.0

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Paint until it is done, and write `out.png`; False: stopped, what is painted is kept.

        Raises:
            StyletuneError: it cannot be painted, or not be written.
        """
        if (self._folder / "out.png").exists():  # nobody has taken it
            self._write_status("written", 0.0)
            return True
        scales = self._canvas_scales()
        steps_before = 0
        painter: Painter | None = None
        for edge, steps in self._plan:
            left = steps_before + steps - self.steps_taken
            steps_before += steps
            if left <= 0 and edge != self._plan[-1][0]:
                continue
            painter = self._larger(painter, edge)
            painter.set_loss_scales(scales)
            for _ in self._paint(painter, left, should_stop):
                if should_stop():
                    self._keep(painter)
                    return False
        assert painter is not None
        self._write(painter)
        return True

    def _canvas_scales(self) -> Mapping[str, Any]:
        """Of the losses, as they are at the size that is played."""
        painter = self._canvas.build_painter()
        painter.apply(self._positions)
        if self._session.painting.calibrate:
            painter.calibrate()
        return painter.loss_scales

    def _larger(self, before: "Painter | None", edge: int) -> "Painter":
        from styletune.engine.state import PaintingState

        self._canvas = self._canvas.with_size(edge, self._positions)
        painter = self._canvas.build_painter()
        painter.apply(self._positions)
        if before is None:
            pixels = self._picture.astype(np.float32)
            nothing = np.zeros_like(pixels)
            painter.restore(PaintingState(pixels, nothing, nothing, 0))
        else:
            painter.continue_from(before)
        return painter

    def _paint(
        self, painter: "Painter", steps: int, should_stop: Callable[[], bool]
    ) -> Iterator[None]:
        from styletune.engine.offline import live_steps
        from styletune.engine.optimizers import SCHEDULES

        total = sum(planned for _, planned in self._plan)
        schedule = SCHEDULES[self._session.optimizer.schedule](total)
        before = self.steps_taken
        begun: tuple[float, float] | None = None  # after the first few, which trace the steps
        for burst in live_steps(
            painter, steps, lambda taken: float(schedule(before + taken)), should_stop
        ):
            self.steps_taken += burst
            seconds_left = None
            if begun is not None:
                speed = (self._work() - begun[1]) / (time.monotonic() - begun[0])
                seconds_left = (self._all_work() - self._work()) / speed
            begun = begun or (time.monotonic(), self._work())
            self._write_status("painting", seconds_left)
            if time.monotonic() - self._kept_at > max(_KEEP_S, _TIMES_ITS_COST * self._cost_s):
                self._keep(painter)
            yield

    def _work(self) -> float:
        """What is done, in steps of one square pixel."""
        done, left = 0.0, self.steps_taken
        for edge, steps in self._plan:
            done += min(steps, max(left, 0)) * edge**2
            left -= steps
        return done

    def _all_work(self) -> float:
        return float(sum(steps * edge**2 for edge, steps in self._plan))

    def _keep(self, painter: "Painter") -> None:
        started = time.monotonic()
        pixels = np.clip(np.rint(painter.pixels()), 0, 255).astype(np.uint8)
        with contextlib.suppress(StyletuneError):  # a full disk: the next time
            encode.write(self._folder / "painted.png", pixels, {"steps": self.steps_taken})
        self._kept_at = time.monotonic()
        self._cost_s = self._kept_at - started

    def _write(self, painter: "Painter") -> None:
        picture = painter.picture()
        if self._canvas.alpha is not None:
            picture = np.dstack((picture, self._canvas.alpha))
        state = json.loads((self._folder / "state.json").read_bytes())
        state |= {"width": painter.width, "height": painter.height}
        state |= {"render_steps": self.steps_taken}
        try:
            encode.write(self._folder / "out.png", picture, state)
        except StyletuneError:
            self._keep(painter)
            raise
        self._write_status("written", 0.0)

    def _write_status(self, state: str, seconds_left: float | None) -> None:
        progress = self._work() / self._all_work()
        status = {"state": state, "progress": progress, "seconds_left": seconds_left}
        with contextlib.suppress(OSError):
            files.write_bytes_atomically(self._folder / "status.json", json.dumps(status).encode())


def _read_picture(path: Path) -> tuple["Picture", dict[str, Any]]:
    """A PNG of ours, (h, w, 3) uint8, and the state in it."""
    with Image.open(path, formats=("PNG",)) as image:
        picture = np.asarray(image.convert("RGB"))
        return picture, json.loads(image.info.get(KEYWORD, "{}"))


def main(folder: str, size: str) -> int:
    """Paint; returns the exit code."""
    try:
        with fast_import():
            from styletune.engine import backend, canvas  # noqa: F401
        with catch_interrupt(signal.SIGTERM) as stopped:
            session = config.load(Path(folder) / "session.toml")
            backend.configure(session.engine.device, session.engine.precision)
            LargePicture(Path(folder), int(size)).run(stopped.is_set)
    except StyletuneError as error:
        print(f"styletune: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
