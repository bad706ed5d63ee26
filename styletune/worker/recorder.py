"""Records what the painter is given: the recent past always, takes while the switch is on."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from styletune.config import SessionConfig
from styletune.engine.canvas import Canvas
from styletune.engine.initial_image import KINDS, LOOK
from styletune.engine.moment import Moment, scales_of, start_line
from styletune.errors import PictureError
from styletune.ipc.commands import TakeFolders
from styletune.takes import sources
from styletune.takes.lines import (
    CanvasChange,
    End,
    Line,
    Move,
    Pictures,
    SourcePicture,
    Start,
)
from styletune.takes.writer import (
    MAX_BYTES,
    PIECE_S,
    SUFFIX,
    TakeWriter,
    current_take,
    next_piece,
    set_current_take,
)

SWITCH = "record"  # a control
# A start takes some hundredths of a second, of a large painting more: at most this part of the
# time goes into those that nobody asked for.
_COST = 1e-3


class TakeRecorder:
    """Writes what happens into the recent past, and into a take while the switch is on.

    A full disk ends a recording with a sentence; the painting goes on.

    Args:
        folders: None: nothing is recorded.
        device: that paints, in words.
        warn: takes a sentence for people.
    """

    def __init__(
        self,
        session: SessionConfig,
        folders: TakeFolders | None,
        device: str,
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session, self._folders, self._device = session, folders, device
        self._warn, self._clock = warn, clock
        self._recent: TakeWriter | None = None
        self._take: TakeWriter | None = None
        self._refused = False  # what the switch asks for; until it is off
        self._began, self._cost_s = 0.0, 0.0
        self._known: dict[str, SourcePicture] = {}
        self._pictures: tuple[str, ...] = ()  # paths, as the last line has them

    def begin(self, moment: Moment) -> None:
        """Begin anew: this worker's first line, or after something that no line tells."""
        if self._folders is None:
            return
        if self._recent is None:
            self._begin_recent(moment, goes_on=False)
        elif not self._write_start(self._recent, moment, goes_on=False):
            self._recent = None
        if self._take is not None:
            if not self._write_start(self._take, moment, goes_on=False):
                self._refuse()
            return
        current = current_take(Path(self._folders.recent))
        if current and moment.positions[SWITCH]:
            self._begin_take(moment, Path(self._folders.takes) / current)
        elif current:  # of a server that was killed
            self._set_current("")

    def update(self, moment: Moment) -> None:
        """Between two epochs: follow the switch, and begin the next piece when it is time."""
        if self._folders is None:
            return
        wanted = bool(moment.positions[SWITCH])
        if wanted and self._take is None and not self._refused:
            name = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(self._clock()))
            self._begin_take(moment, _free(Path(self._folders.takes) / f"{name}{SUFFIX}"))
        elif not wanted:
            self._refused = False
            if self._take is not None:
                self._end_take(moment.step)
        if self._clock() - self._began > max(PIECE_S, self._cost_s / _COST):
            self._begin_recent(moment, goes_on=self._recent is not None)

    def write(self, line: Line) -> None:
        """Record what the painter has been given."""
        if self._recent is not None and not self._try_write(self._recent, line):
            self._recent = None
        if self._take is not None:
            if not self._try_write(self._take, line):
                self._refuse()
            elif self._take.size > MAX_BYTES:
                self._end_take(line.step, f"it is {MAX_BYTES // 10**6} MB long")
                self._refused = True

    def move(self, before: Mapping[str, float], moment: Moment) -> None:
        """Controls have moved from the positions `before`."""
        if self._is_recording:
            after = moment.positions
            moved = {name: at for name, at in after.items() if before.get(name) != at}
            self.write(Move(time=self.now(), step=moment.step, rev=moment.rev, set=moved))

    def note_pictures(self, moment: Moment) -> None:
        """Record the source pictures where they are others than before."""
        paths = moment.canvas.paths
        if not self._is_recording or paths == self._pictures:
            return
        content, *styles = self._identify(paths)
        self._keep_pictures(paths)
        self._pictures = paths
        self.write(
            Pictures(time=self.now(), step=moment.step, content=content, styles=tuple(styles))
        )

    def note_canvas(self, before: Canvas, moment: Moment) -> None:
        """Record another canvas than the one before."""
        if moment.canvas.paths[0] != before.paths[0]:
            self.begin(replace(moment, fresh=True))  # of another shape: painted from the start
        elif self._is_recording:
            size, scales = moment.canvas.size_px, scales_of(moment.painter)
            self.write(CanvasChange(time=self.now(), step=moment.step, size=size, scales=scales))

    def close(self) -> None:
        """The worker ends in order; a take may go on in the next one."""
        for writer in (self._recent, self._take):
            if writer is not None:
                writer.close()
        self._recent = self._take = None

    def now(self) -> float:
        """Seconds since 1970, as lines have them."""
        return round(self._clock(), 3)

    @property
    def _is_recording(self) -> bool:
        return self._recent is not None or self._take is not None

    def _begin_recent(self, moment: Moment, *, goes_on: bool) -> None:
        assert self._folders is not None
        if self._recent is not None:
            self._recent.close()
            self._recent = None
        self._began = self._clock()
        try:
            writer = TakeWriter(next_piece(Path(self._folders.recent)))
        except OSError as error:
            self._complain(error)
            return
        if self._write_start(writer, moment, goes_on=goes_on):
            self._recent = writer
        self._cost_s = self._clock() - self._began

    def _begin_take(self, moment: Moment, path: Path) -> None:
        assert self._folders is not None
        self._refused = True
        try:
            writer = TakeWriter(path)
        except OSError as error:
            self._complain(error)
            return
        if self._write_start(writer, moment, goes_on=False):
            self._take, self._refused = writer, False
            self._set_current(path.name)
            return
        self._set_current("")
        if not writer.size:
            path.unlink(missing_ok=True)

    def _end_take(self, step: int, why: str = "") -> None:
        assert self._take is not None
        assert self._folders is not None
        if self._try_write(self._take, End(time=self.now(), step=step, why=why)):
            self._take.close()
        if why:
            self._warn(f"the take was ended: {why}")
        self._take = None
        self._set_current("")

    def _refuse(self) -> None:
        self._take, self._refused = None, True
        self._set_current("")

    def _set_current(self, name: str) -> None:
        assert self._folders is not None
        with contextlib.suppress(OSError):  # a full disk: then it does not go on after a crash
            set_current_take(Path(self._folders.recent), name)

    def _write_start(self, writer: TakeWriter, moment: Moment, *, goes_on: bool) -> bool:
        """Begin a file, or go on in it; False: it cannot be, and has been closed."""
        try:
            line = self._start(moment, goes_on=goes_on)
            writer.keep(zip(moment.canvas.paths, (line.content, *line.styles), strict=True))
            if line.init is not None:
                writer.keep([(self._session.painting.init, line.init)])
        except (OSError, PictureError, ValueError) as error:
            writer.close()
            self._complain(error)
            return False
        self._pictures = moment.canvas.paths
        return self._try_write(writer, line)

    def _start(self, moment: Moment, *, goes_on: bool) -> Start:
        init = self._session.painting.init
        of_file = init not in KINDS and init != LOOK
        return start_line(
            moment,
            self._session,
            self._identify(moment.canvas.paths),
            init=self._identify((init,))[0] if of_file else None,
            time=self.now(),
            device=self._device,
            goes_on=goes_on,
        )

    def _identify(self, paths: tuple[str, ...]) -> list[SourcePicture]:
        for path in paths:
            if path not in self._known:
                self._known[path] = sources.identify(path)
        return [self._known[path] for path in paths]

    def _keep_pictures(self, paths: tuple[str, ...]) -> None:
        for writer in (self._recent, self._take):
            if writer is not None:
                try:
                    writer.keep((path, self._known[path]) for path in paths)
                except OSError as error:
                    self._complain(error)

    def _try_write(self, writer: TakeWriter, line: Line) -> bool:
        try:
            writer.write(line)
        except OSError as error:
            writer.close()
            self._complain(error)
            return False
        return True

    def _complain(self, error: Exception) -> None:
        why = getattr(error, "strerror", None) or error
        self._warn(f"what is played is not recorded: {why}; painting goes on")


def _free(path: Path) -> Path:
    """A name that no file has, so that no take is written over."""
    number, found = 2, path
    while found.exists():
        found, number = path.with_stem(f"{path.stem} ({number})"), number + 1
    return found
