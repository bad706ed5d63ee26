"""Render a take: paint it again, picture by picture, so that it can be stopped and gone on with."""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from styletune import files, memory
from styletune.engine.enlarge import Enlarger
from styletune.engine.moment import start_line
from styletune.engine.replay import Replay, session_of
from styletune.engine.state import Picture, Pixels
from styletune.errors import ConfigError, StorageError, TakeError
from styletune.images.png_metadata import describe_session
from styletune.rendering.outputs import FolderOutput, PictureOutput, fit, kind_of
from styletune.takes import sources
from styletune.takes.lines import CanvasChange, Frame, Line, Start, encode, parse, read

# Seconds of work between two states from which a later process goes on.
KEEP_EVERY_S = 10.0
LAST_STEPS = 40  # of detail, where only the last picture is wanted
_STATE, _DETAIL = "state.json", "detail.npy"


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a take is rendered.

    Attributes:
        size: longer edge, px; None: as it was played.
        fps: pictures a second, of films and folders.
        speed: 2 is twice as fast.
        detail: steps for each picture that is larger than it was played.
        overrides: of the session, by section.
    """

    size: int | None = None
    fps: int = 25
    speed: float = 1.0
    detail: int = 2
    overrides: Mapping[str, dict[str, Any]] = field(default_factory=dict)


class TakeClock:
    """Seconds since a take began, without the times in which nobody painted.

    Args:
        speed: at which it is played.
    """

    def __init__(self, speed: float = 1.0, offset: float = 0.0, last: float | None = None) -> None:
        self._speed, self.offset, self.last = speed, offset, last

    @property
    def seconds(self) -> float:
        """At the speed that is wanted."""
        return 0.0 if self.last is None else max(0.0, self.last - self.offset) / self._speed

    def follow(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Pass the lines on, and take their times."""
        for line in lines:
            if self.last is None:
                self.offset = line.time
            elif isinstance(line, Start) and not line.goes_on:
                self.offset += line.time - self.last  # until another worker was there
            self.last = line.time
            yield line


@dataclass(frozen=True, slots=True)
class TakeContents:
    """What a take holds.

    Attributes:
        seconds: how long it was played.
        size: longer edge of its largest canvas, px.
        frames: pictures that were published.
        live: those of them that a learned look painted.
        device: that painted it.
        complete: whether it was ended in order.
    """

    seconds: float
    size: int
    frames: int
    live: int
    device: str
    complete: bool


def contents_of(lines: Iterable[Line]) -> TakeContents:
    """Read a take to its end."""
    clock = TakeClock()
    size = frames = live = 0
    device, last = "", ""
    for line in clock.follow(lines):
        last = line.type
        if isinstance(line, Start):
            device = line.device
        if isinstance(line, Start | CanvasChange):
            size = max(size, line.size)
        if isinstance(line, Frame):
            frames, live = frames + 1, live + line.live
    return TakeContents(clock.seconds, size, frames, live, device, last == "end")


@dataclass(frozen=True, slots=True)
class RenderProgress:
    """How far it is: seconds of the take at its own speed, pictures made, their size in px."""

    seconds: float
    pictures: int
    width: int
    height: int


class Render:
    """One take on its way into a film, folder or picture.

    Args:
        take: its file.
        out: see `outputs.kind_of`.
        folders: in which source pictures are looked for, beside where they usually lie.

    Attributes:
        contents: what the take holds.
        begun: seconds of the film that an earlier process has made.
        unknown: controls that this styletune lacks; complete once all is painted.

    Raises:
        TakeError: it cannot be read, or pictures are missing.
        ConfigError: options that do not fit, a size beyond the memory, or unfinished work of
            other options in the way.
        StorageError: the place cannot be written.
    """

    def __init__(
        self, take: Path, out: Path, options: RenderOptions, folders: Sequence[Path] = ()
    ) -> None:
        self._take, self._options = take, options
        self.contents = contents_of(read(take))
        if not self.contents.frames:
            raise TakeError(f"{take}: nothing was painted in it")
        self._pictures = sources.find(sources.used(read(take)), take, folders)
        self._check_memory()
        kind = kind_of(out)
        self._work = out.parent / f".{out.name}.unfinished"
        self._output = kind(out, self._work, options.fps)
        try:
            if kind is FolderOutput:
                out.mkdir(parents=True, exist_ok=True)
            self._work.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot write {out}: {error.strerror or error}") from None
        self._only_last = kind is PictureOutput
        self._clock = TakeClock(options.speed)
        self._line = self._parts = self._made = 0
        self._slot = -1
        self._size: tuple[int, int] | None = None  # (width, height) of all pictures
        self._start: Start | None = None
        self._detail: Pixels | None = None
        self._read_state()
        self.begun = self._clock.seconds
        self.unknown: set[str] = set()

    def _check_memory(self) -> None:
        start = next(iter(read(self._take)))
        assert isinstance(start, Start)
        session = session_of(start, self._pictures, self._options.overrides)
        size = max(self._options.size or 0, self.contents.size)
        memory.check_session(session.with_overrides(pictures={"size": size}))

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[RenderProgress]:
        """Paint and write, yielding after each picture of the take.

        Args:
            should_stop: asked then; True keeps what is done, for the same again to go on from.

        Raises:
            TakeError, PictureError, WeightsError: it cannot be painted.
            StorageError: it cannot be written; what was kept stays.
        """
        before = () if self._start is None else (self._start,)
        lines = chain(before, self._clock.follow(islice(read(self._take), self._line, None)))
        replay = Replay(lines, self._pictures, overrides=self._options.overrides)
        self.unknown = replay.unknown
        already = self._line - len(before)  # lines that this replay does not see
        enlarger = None
        if self._options.size not in (None, self.contents.size):
            enlarger = Enlarger(self._options.size, self._options.detail)
        kept = time.monotonic()
        for frame in replay.frames():
            slot = int(self._clock.seconds * self._options.fps + 1e-6)
            if slot > self._slot and not frame.live and not self._only_last:
                self._add(self._paint(replay, enlarger), slot)
            yield self._progress(replay)
            if should_stop() or time.monotonic() - kept > KEEP_EVERY_S:
                self._keep(replay, enlarger, already + replay.lines_done)
                kept = time.monotonic()
            if should_stop():
                return
        if replay.lines_done == len(before):
            raise TakeError(f"{self._take}: has become shorter; remove {self._work}")
        self._output.keep(self._parts)
        steps = LAST_STEPS if self._only_last else self._options.detail
        last = self._paint(replay, enlarger, steps)
        self._output.finish(last, self._state_of_picture(replay), self._parts + 1)
        shutil.rmtree(self._work, ignore_errors=True)

    def _paint(
        self, replay: Replay, enlarger: Enlarger | None, steps: int | None = None
    ) -> Picture:
        """The picture of now at the size that is wanted."""
        if enlarger is None:
            return replay.painter.picture()
        detail, self._detail = self._detail, None
        return enlarger.paint(replay.moment, steps, detail)

    def _add(self, picture: Picture, slot: int) -> None:
        height, width = picture.shape[:2]
        if self._size is None:
            # A take begins small, on the way to its size.
            part = (self._options.size or self.contents.size) / max(width, height)
            self._size = round(width * part), round(height * part)
        self._output.add(fit(picture, *self._size), slot)
        self._slot, self._made = slot, self._made + 1

    def _progress(self, replay: Replay) -> RenderProgress:
        width, height = self._size or (replay.painter.width, replay.painter.height)
        seconds = self._clock.seconds * self._options.speed
        return RenderProgress(seconds, self._made, width, height)

    # What a later process goes on from

    def _keep(self, replay: Replay, enlarger: Enlarger | None, line: int) -> None:
        self._output.keep(self._parts)
        self._parts += 1
        start = start_line(
            replay.moment,
            replay.session,
            replay.source_pictures,
            init=replay.init,
            time=self._clock.last or 0.0,
        )
        state = {
            "asked": self._asked(),
            "line": line,
            "parts": self._parts,
            "made": self._made,
            "slot": self._slot,
            "size": self._size,
            "clock": [self._clock.offset, self._clock.last],
            "start": encode(start).decode(),
        }
        try:
            if enlarger is not None and enlarger.detail is not None:
                detail = enlarger.detail
                files.write_atomically(self._work / _DETAIL, lambda file: np.save(file, detail))
            files.write_bytes_atomically(self._work / _STATE, json.dumps(state).encode())
        except OSError as error:
            raise StorageError(f"cannot write {self._work}: {error.strerror or error}") from None

    def _read_state(self) -> None:
        try:
            state = json.loads((self._work / _STATE).read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise StorageError(f"{self._work} cannot be read: {error}; remove it") from None
        if state.get("asked") != self._asked():
            raise ConfigError(
                f"{self._work} holds unfinished work of another take or other options: use the "
                "same to go on, or remove that folder"
            )
        self._line, self._parts, self._made = state["line"], state["parts"], state["made"]
        self._slot = state["slot"]
        self._size = state["size"] and tuple(state["size"])
        self._clock = TakeClock(self._options.speed, *state["clock"])
        start = parse(state["start"], str(self._work))
        assert isinstance(start, Start)
        self._start = start
        if (self._work / _DETAIL).exists():
            self._detail = np.load(self._work / _DETAIL, allow_pickle=False)

    def _asked(self) -> dict[str, Any]:
        first = next(iter(read(self._take)))
        asked = {"time": first.time, "step": first.step, **asdict(self._options)}
        return json.loads(json.dumps(asked))  # type: ignore[no-any-return]

    def _state_of_picture(self, replay: Replay) -> dict[str, object]:
        """What is written into a PNG, as *Save* on the page does."""
        moment = replay.moment
        names = [picture.name for picture in replay.source_pictures]
        return {
            "controls": replay.session.table().to_json(moment.positions),
            "session": describe_session(replay.session, names),
            "steps": moment.step,
            "weights": moment.painter.weights_label,
        }
