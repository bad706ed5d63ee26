"""Paints a take again: at its own size, each picture as it was."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from styletune.config import SessionConfig
from styletune.config import parse as parse_session
from styletune.engine.canvas import Canvas
from styletune.engine.display import AVERAGE
from styletune.engine.moment import Moment
from styletune.engine.painter import DivergedError, Painter
from styletune.engine.state import PaintingState
from styletune.errors import TakeError
from styletune.takes.lines import (
    CanvasChange,
    Frame,
    Line,
    Move,
    Pictures,
    Reset,
    SourcePicture,
    Start,
    Trigger,
    decode_arrays,
)


class Replay:
    """A painter that is given what a take holds, at the same steps.

    On a processor and with its own network each picture is equal bit by bit. With another
    network the scales of the losses are measured anew.

    Args:
        lines: of the take.
        pictures: paths of its source pictures, by the hash of their pixels.
        overrides: of the session, by section, such as another network.

    Attributes:
        step: steps of the take that are painted.
        lines_done: how many of the lines were taken so far.
        unknown: controls that the session of today lacks; they are left out.
        divergences: how often the painting had to go back to a good picture.
    """

    def __init__(
        self,
        lines: Iterable[Line],
        pictures: Mapping[str, str],
        *,
        overrides: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        self._lines, self._pictures = lines, pictures
        self._overrides = overrides or {}
        self.step = self.lines_done = 0
        self.unknown: set[str] = set()
        self.divergences = 0
        self._painter: Painter | None = None
        self._sources: tuple[SourcePicture, ...] = ()
        self._init: SourcePicture | None = None

    @property
    def painter(self) -> Painter:
        """The present one, once `frames` has begun."""
        assert self._painter is not None
        return self._painter

    @property
    def session(self) -> SessionConfig:
        """What is painted, with the files of its pictures; once `frames` has begun."""
        return self._session

    @property
    def source_pictures(self) -> tuple[SourcePicture, ...]:
        """Content and styles, as the last line that names them has them."""
        return self._sources

    @property
    def init(self) -> SourcePicture | None:
        """The picture that the session begins with, where it is a file."""
        return self._init

    @property
    def moment(self) -> Moment:
        """Where it stands, once `frames` has begun."""
        return Moment(self.painter, self._canvas, self._positions, self._rev, self.step)

    def frames(self) -> Iterator[Frame]:
        """Paint, yielding the line of each picture that was published, once it is painted.

        Raises:
            TakeError: it cannot be painted.
            PictureError, WeightsError: as for any painter.
        """
        for line in self._lines:
            self.lines_done += 1
            if isinstance(line, Start):
                if not (line.goes_on and self._painter is not None and line.step == self.step):
                    self._begin(line)
                continue
            self._paint_until(line.step)
            match line:
                case Move():
                    self._rev = line.rev
                    self._move(line.set)
                case Pictures():
                    self._change_pictures(line)
                case CanvasChange():
                    self._change_size(line)
                case Reset():
                    self.painter.reset(line.seed)
                case Trigger():
                    self._sync()
                    self._trigger(line.name)
                case Frame():
                    self._sync()
                    yield line
                case _:
                    self._sync()

    def _begin(self, start: Start) -> None:
        self._session = session_of(start, self._pictures, self._overrides)
        self._table = self._session.table()
        self._positions = self._table.defaults()
        self._update_positions(start.positions)
        self._canvas = Canvas(self._session, self._positions, start.size)
        self._canvas.check_memory()
        painter = self._canvas.build_painter()
        self._painter = painter
        self._scale_losses(start.scales)
        painter.apply(self._positions)
        painter.reset()
        if start.painting:
            arrays = decode_arrays(start.painting)
            average = {name: arrays.pop(name) for name in AVERAGE if name in arrays}
            try:
                painter.restore(PaintingState.from_arrays(arrays))
            except (ArithmeticError, KeyError, TypeError, ValueError) as error:
                raise TakeError(f"the painting in a take is damaged: {error}") from None
            painter.average = average
        try:
            painter.random_state = start.random
        except (KeyError, TypeError, ValueError) as error:
            raise TakeError(f"the state in a take is damaged: {error}") from None
        self.step, self._rev = start.step, start.rev
        self._sources, self._init = (start.content, *start.styles), start.init

    def _scale_losses(self, scales: Mapping[str, list[float]]) -> None:
        """Weigh the losses as they were, or as they are by this network."""
        if "network" not in self._overrides or not self._session.painting.calibrate:
            given = {term: np.asarray(values, np.float32) for term, values in scales.items()}
            if {term: len(values) for term, values in given.items()} != {
                term: len(values) for term, values in self.painter.loss_scales.items()
            }:
                raise TakeError("the take has scales for other terms than this styletune")
            self.painter.set_loss_scales(given)
        else:
            self.painter.calibrate()

    def _paint_until(self, step: int) -> None:
        """Take the steps before a line."""
        while self.step < step:
            self.step += self.painter.step(step - self.step)

    def _trigger(self, name: str) -> None:
        if name in self._table.triggers and self._table[name].engine:
            getattr(self.painter, name)()
        else:
            self.unknown.add(name)

    def _sync(self) -> None:
        try:
            self.painter.sync()
        except DivergedError:
            self.divergences += 1

    def _update_positions(self, moved: Mapping[str, float]) -> None:
        known = {name: at for name, at in moved.items() if name in self._table.valued}
        self.unknown |= moved.keys() - known.keys()
        self._positions = {**self._positions, **known}

    def _move(self, moved: Mapping[str, float]) -> None:
        self._update_positions(moved)
        self._canvas.rescale_styles(self.painter, self._positions)
        self.painter.apply(self._positions)

    def _change_pictures(self, line: Pictures) -> None:
        content, *styles = (self._pictures[one.pixels] for one in (line.content, *line.styles))
        painter, canvas = self.painter, self._canvas
        if content != canvas.paths[0]:
            canvas = canvas.with_content(content, self._positions)
            painter.set_content(canvas.content)
            painter.reset()
        wanted = Canvas(self._session, self._positions, canvas.size_px, content, tuple(styles))
        canvas.sync_from(painter, wanted, self._positions)
        self._canvas = canvas
        self._sources = (line.content, *line.styles)

    def _change_size(self, line: CanvasChange) -> None:
        before = self.painter
        self._canvas = self._canvas.with_size(line.size, self._positions)
        self._canvas.check_memory()
        self._painter = self._canvas.build_painter()
        self._scale_losses(line.scales)
        self._painter.apply(self._positions)
        self._painter.reset()
        self._painter.continue_from(before)
        self._painter.apply(self._positions)


def session_of(
    start: Start, pictures: Mapping[str, str], overrides: Mapping[str, dict[str, Any]]
) -> SessionConfig:
    """What is painted, with the files of its pictures.

    Args:
        pictures: paths by the hash of their pixels.
        overrides: of the session, by section.

    Raises:
        ConfigError: a session that this styletune does not take.
    """
    data = dict(start.session)
    data["pictures"] = data.get("pictures", {}) | {
        "content": pictures[start.content.pixels],
        "styles": [pictures[style.pixels] for style in start.styles],
    }
    if start.init is not None:
        data["painting"] = data.get("painting", {}) | {"init": pictures[start.init.pixels]}
    session: SessionConfig = parse_session(data, source="the take")
    return session.with_overrides(**overrides)
