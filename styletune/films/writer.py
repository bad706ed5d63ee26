"""Write a film: pictures with times, and the sound of another film."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune import files
from styletune.errors import FilmError, StorageError
from styletune.films import pyav

DEFAULT_QUALITY = 95
_TIME_BASE = Fraction(1, 60_000)
_BT709 = 1  # AVCOL_SPC_BT709, and its primaries and transfer
_LIMITED_RANGE = 1  # AVCOL_RANGE_MPEG
_SOUND_HZ = 48_000  # of sound that is encoded anew


@dataclass(frozen=True, slots=True)
class _Container:
    """A kind of file: FFmpeg's name of it, and the encoders for it, best first."""

    name: str
    encoders: tuple[str, ...]


_H264 = ("libx264", "libopenh264", "mpeg4")  # builds of FFmpeg without GPL lack the first
_CONTAINERS = {
    ".mp4": _Container("mp4", _H264),
    ".mov": _Container("mov", _H264),
    ".mkv": _Container("matroska", _H264),
    ".webm": _Container("webm", ("libvpx-vp9",)),
}
SUFFIXES = tuple(_CONTAINERS)


def check_name(path: Path) -> None:
    """Refuse a name that `write_film` cannot write.

    Raises:
        FilmError: of another kind of file, or in a folder that is not there.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise FilmError(f"a film can be written as {', '.join(SUFFIXES)}; received {str(path)!r}")
    if not path.parent.is_dir():
        raise FilmError(f"cannot write {path}: the folder {path.parent} does not exist")


def find_encoder(path: Path) -> str:
    """FFmpeg's name of the best encoder that there is for a film of that name.

    Raises:
        ConfigError: PyAV is not installed.
        FilmError: it has no encoder for such a film.
    """
    av = pyav.load()
    for name in _CONTAINERS[path.suffix.lower()].encoders:
        if name in av.codecs_available:
            return name
    raise FilmError(f"this PyAV has no encoder for {path.suffix}")


def container_of(path: Path) -> tuple[str, dict[str, str]]:
    """FFmpeg's name of a kind of file, and its options."""
    name = _CONTAINERS[path.suffix.lower()].name
    return name, {"movflags": "faststart"} if name in ("mp4", "mov") else {}


@contextlib.contextmanager
def write_film(
    path: Path,
    width: int,
    height: int,
    *,
    rate: Fraction,
    time_base: Fraction = _TIME_BASE,
    quality: int = DEFAULT_QUALITY,
    sound_of: Path | None = None,
) -> "Iterator[FilmWriter]":
    """A film to write frames to; it has its name once it is left, and is whole then.

    Args:
        path: see `check_name`.
        width, height: of its pictures; an odd edge loses a pixel.
        rate: pictures a second, about; what counts is each one's time.
        time_base: unit of the times, in seconds.
        quality: 1 to 100.
        sound_of: a film whose sound it gets, from the same start.

    Raises:
        StorageError: it cannot be written; after any exception what was there is untouched.
        FilmError: `sound_of` cannot be read, or nothing here encodes such a film.
    """
    av = pyav.load()
    name, options = container_of(path)
    try:
        with (
            files.open_atomically(path) as file,
            av.open(file.name, "w", format=name, options=options) as output,
            contextlib.ExitStack() as stack,
        ):
            sound = None
            if sound_of is not None:
                sound = _Sound(stack.enter_context(pyav.open_film(sound_of)), output)
            encoder = find_encoder(path)
            writer = FilmWriter(output, encoder, (width, height), rate, time_base, quality, sound)
            yield writer
            writer.finish()
    except (av.FFmpegError, OSError) as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from None


class FilmWriter:
    """What `write_film` gives.

    Attributes:
        encoder: FFmpeg's name of what encodes.
        sound: what becomes of the sound, in words; empty: there is none.
    """

    def __init__(
        self,
        output: Any,
        encoder: str,
        size: tuple[int, int],
        rate: Fraction,
        time_base: Fraction,
        quality: int,
        sound: "_Sound | None",
    ) -> None:
        av = pyav.load()
        self._av, self._output, self._sound = av, output, sound
        self._width, self._height = (edge - edge % 2 for edge in size)  # colours at half the size
        if encoder == "mpeg4":  # which has 16 bits for it
            time_base = _TIME_BASE
        self.encoder, self._time_base = encoder, time_base
        self.sound = sound.label if sound else ""
        self._stream = output.add_stream(encoder, rate=rate, options=_options(encoder, quality))
        self._stream.width, self._stream.height = self._width, self._height
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        if encoder not in ("libx264", "libvpx-vp9"):  # they have no constant quality
            bits = 0.25 * quality / 100 * self._width * self._height * float(rate)
            context.bit_rate = max(round(bits), 100_000)
        context.time_base = time_base
        context.flags |= av.codec.context.Flags.frame_duration
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED_RANGE
        self._last = -1

    def write(
        self, pixels: npt.NDArray[np.uint8], time: Fraction, duration: Fraction = Fraction(0)
    ) -> None:
        """Add a picture, and the sound up to it.

        Args:
            pixels: (h, w, 3) RGB of the film's size.
            time: in seconds from the start, later than the one before.
            duration: in seconds; 0: until the next one.
        """
        even = np.ascontiguousarray(pixels[: self._height, : self._width])
        frame = self._av.VideoFrame.from_ndarray(even).reformat(
            format="yuv420p", dst_colorspace=_BT709, dst_color_range=_LIMITED_RANGE
        )
        # Two may fall together where the film's unit is coarser than that of the times.
        self._last = max(round(time / self._time_base), self._last + 1)
        frame.pts, frame.time_base = self._last, self._time_base
        frame.duration = round(duration / self._time_base)
        self._output.mux(self._stream.encode(frame))
        if self._sound:
            self._sound.copy(time)

    def copy_sound(self) -> None:
        """Add what is left of the sound: it may last longer than the pictures."""
        if self._sound:
            self._sound.copy(None)

    def finish(self) -> None:
        """Write what the encoders hold back."""
        self._output.mux(self._stream.encode(None))
        if self._sound:
            self._sound.finish()


def _options(encoder: str, quality: int) -> dict[str, str]:
    if encoder == "libx264":
        # Without frames that others follow in time: a varying rate would end too early in MP4.
        return {"crf": str(round(51 - 0.36 * quality)), "bf": "0"}
    if encoder == "libvpx-vp9":
        speed = {"deadline": "good", "cpu-used": "5", "row-mt": "1"}
        return {"crf": str(round(63 - 0.45 * quality)), "b": "0", **speed}
    return {}


class _Sound:
    """The sound of a film on its way into another one.

    Attributes:
        label: what becomes of it, in words.
    """

    def __init__(self, source: Any, output: Any) -> None:
        self._av, self._output = pyav.load(), output
        self._start = pyav.start(source)
        self._copied: dict[int, Any] = {}
        self._encoded: dict[int, Any] = {}
        labels = []
        streams = [stream for stream in source.streams.audio if stream.codec_context is not None]
        for stream in streams:
            codec = stream.codec_context.codec.canonical_name
            if self._is_taken(stream):
                self._copied[stream.index] = output.add_stream_from_template(stream)
                labels.append(f"{codec} sound copied")
                continue
            encoder = "aac" if "aac" in output.supported_codecs else "libopus"
            self._encoded[stream.index] = output.add_stream(
                encoder, rate=_SOUND_HZ, layout=stream.layout.name
            )
            labels.append(f"{codec} sound becomes {encoder}")
        self.label = ", ".join(labels)
        self._packets = source.demux(*streams) if streams else iter(())
        self._waiting: Any = None

    def _is_taken(self, stream: Any) -> bool:
        """Whether the file takes the sound as it is: FFmpeg knows when it writes a header."""
        try:
            with self._av.open(io.BytesIO(), "w", format=self._output.format.name) as trial:
                trial.add_stream_from_template(stream)
                trial.start_encoding()
        except (self._av.FFmpegError, ValueError):
            return False
        return True

    def copy(self, until: Fraction | None) -> None:
        """Copy what begins before a time, or all that is left."""
        while True:
            packet = self._waiting or self._read()
            self._waiting = None
            if packet is None:
                return
            if until is not None and self._time(packet) > until:
                self._waiting = packet
                return
            self._write(packet)

    def finish(self) -> None:
        """Write what the encoders hold back."""
        for stream in self._encoded.values():
            self._output.mux(stream.encode(None))

    def _read(self) -> Any:
        with contextlib.suppress(self._av.FFmpegError):  # the film ends in the middle
            return next(self._packets, None)
        return None

    def _time(self, packet: Any) -> Fraction:
        """In seconds from the start; the empty packet at the end has none."""
        return Fraction(0) if packet.dts is None else packet.dts * packet.time_base - self._start

    def _write(self, packet: Any) -> None:
        index = packet.stream.index
        if index in self._encoded:
            with contextlib.suppress(self._av.error.InvalidDataError):  # a damaged piece is missing
                for frame in packet.decode():
                    frame.pts -= round(self._start / frame.time_base)
                    self._output.mux(self._encoded[index].encode(frame))
        elif packet.dts is not None and packet.pts is not None:  # not the one after the last
            shift = round(self._start / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = self._copied[index]
            self._output.mux(packet)
