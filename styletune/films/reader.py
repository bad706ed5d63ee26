"""Read a film: its pictures, upright and with their times."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from styletune.errors import FilmError
from styletune.films import pyav

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

Picture = npt.NDArray[np.uint8]

MAX_PIXELS = 50_000_000
_DEFAULT_RATE = Fraction(25)
# What a film may lack at its end: streams end at a frame each, and headers round.
_TOLERANCE_S = 0.5
_HD_HEIGHT_PX = 720  # from here on films that do not tell have the colours of HD
_UNKNOWN_COLOURS = 2  # AVCOL_SPC_UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a film.

    Attributes:
        time: when it is shown, in seconds from the film's start.
        duration: how long, in seconds; 0: the film does not tell.
    """

    time: Fraction
    duration: Fraction
    _decoded: "VideoFrame"
    _size: tuple[int, int]
    _quarter_turns: int

    def pixels(self) -> Picture:
        """(h, w, 3) uint8 RGB, upright. Converted here: a frame that is skipped costs less."""
        width, height = self._size
        if self._quarter_turns % 2:
            width, height = height, width
        space = self._decoded.colorspace
        if space == _UNKNOWN_COLOURS:
            space = 1 if self._decoded.height >= _HD_HEIGHT_PX else 5  # BT.709, BT.601
        rgb = self._decoded.reformat(
            width, height, "rgb24", src_colorspace=space, interpolation="AREA"
        ).to_ndarray()
        return np.ascontiguousarray(np.rot90(np.asarray(rgb, np.uint8), self._quarter_turns))


class FilmReader:
    """A film; each iteration reads its frames from the start, one at a time.

    Args:
        path: a film of any container and codec that FFmpeg decodes.
        longer_edge_px: of its pictures; None: as they are.

    Attributes:
        width, height: of its pictures, in square pixels, upright.
        rate: pictures a second, in the mean.
        time_base: the unit of the film's times, in seconds.
        frame_count: about how many there are; None: unknown.
        problem: after an iteration: what was wrong with the film, in words; None: nothing.

    Raises:
        FilmError: it cannot be decoded, has no pictures, or too large ones.
        ConfigError: PyAV is not installed.
    """

    def __init__(self, path: Path, longer_edge_px: int | None = None) -> None:
        self.path = path
        self.problem: str | None = None
        with pyav.open_film(path) as container:
            stream = self._stream(container)
            first = next((frame for _, frame in self._decode(container, stream)), None)
            if first is None:
                raise FilmError(f"{path}: a film without a picture that can be decoded")
            self.time_base = stream.time_base or 1 / _DEFAULT_RATE
            self.rate = stream.average_rate or _DEFAULT_RATE
            self.frame_count = stream.frames or (
                round(container.duration * self.rate / 1_000_000) if container.duration else None
            )
            self._quarter_turns = round(first.rotation / 90) % 4
            width = round(first.width * float(stream.sample_aspect_ratio or 1))
            height = first.height
        if width * height > MAX_PIXELS:
            raise FilmError(
                f"{path}: a film has at most {MAX_PIXELS // 10**6} megapixels; "
                f"received {width} × {height} px"
            )
        if self._quarter_turns % 2:
            width, height = height, width
        scale = longer_edge_px / max(width, height) if longer_edge_px else 1
        self.width, self.height = max(1, round(width * scale)), max(1, round(height * scale))

    def __iter__(self) -> Iterator[Frame]:
        """The frames in the order of their times.

        Raises:
            FilmError: the film is gone meanwhile.
        """
        self.problem = None
        with pyav.open_film(self.path) as container:
            stream = self._stream(container)
            begin, last = pyav.start(container), Fraction(-1)
            for base, decoded in self._decode(container, stream):
                if decoded.pts is None:
                    time = max(last + 1 / self.rate, Fraction(0))
                else:
                    time = decoded.pts * base - begin
                last = time
                duration = (decoded.duration or 0) * base
                size = (self.width, self.height)
                yield Frame(time, duration, decoded, size, self._quarter_turns)

    def _stream(self, container: "InputContainer") -> Any:
        av = pyav.load()
        stream: Any = container.streams.best("video")
        if stream is None or stream.disposition & av.stream.Disposition.attached_pic:
            raise FilmError(f"{self.path}: a film without pictures")
        stream.thread_type = "AUTO"
        return stream

    def _decode(
        self, container: "InputContainer", stream: Any
    ) -> "Iterator[tuple[Fraction, VideoFrame]]":
        """Each picture with the unit of its time; what is damaged is passed over and noted."""
        av = pyav.load()
        end, damaged = Fraction(0), 0
        try:
            # With the sound, which may last longer: only both show whether the film is whole.
            packets: Iterator[Any] = container.demux(stream, *container.streams.audio)
            for packet in packets:
                if packet.pts is not None:
                    end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
                if packet.stream is not stream:
                    continue
                try:
                    for frame in packet.decode():
                        yield stream.time_base, frame
                except av.FFmpegError:
                    damaged += 1
        except av.FFmpegError as error:
            self.problem = f"cannot be read to its end: {error.strerror}"
        end -= pyav.start(container)
        whole = (container.duration or 0) / 1_000_000
        if whole - end > _TOLERANCE_S:
            self.problem = f"ends in the middle, at {float(end):.1f} of {whole:.1f} s"
        elif damaged:
            self.problem = self.problem or f"is damaged in {damaged} places, which are left out"
