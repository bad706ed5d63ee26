"""A film made by PyAV alone, with sound."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

# Not even: some frames stay longer.
TIMES = (*(Fraction(number, 25) for number in range(10)), Fraction(1, 2), Fraction(7, 10))


def write_small_film(
    path: Path,
    times: Sequence[Fraction] = TIMES,
    *,
    size: tuple[int, int] = (64, 48),
    video: str = "libx264",
    sound: str = "aac",
    rotation: int = 0,
    time_base: Fraction = Fraction(1, 1000),
) -> Path:
    """A noisy grey film that a red bar fills from the left; returns `path`.

    Args:
        times: of its frames; none: it has only sound, which lasts 0.74 s then.
        sound: its encoder; empty: a silent film.
        rotation: by which players are to turn it, anticlockwise, in degrees.
    """
    import av

    width, height = size
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as output:
        if times:
            stream = output.add_stream(video, rate=25)
            stream.width, stream.height = size
            stream.pix_fmt = "rgb8" if video == "gif" else "yuv420p"
            stream.codec_context.time_base = time_base
            if rotation:
                stream.set_display_rotation(rotation)
        track = output.add_stream(sound, rate=44_100, layout="mono") if sound else None
        for number, time in enumerate(times):
            pixels = rng.integers(90, 110, (height, width, 3)).astype(np.uint8)
            pixels[:, : width * (number + 1) // len(times)] = (200, 60, 30)
            frame = av.VideoFrame.from_ndarray(pixels)
            frame.pts, frame.time_base = round(time / time_base), time_base
            output.mux(stream.encode(frame))
        if times:
            output.mux(stream.encode(None))
        if track:
            seconds = float(times[-1]) + 0.04 if times else 0.74
            samples = (rng.standard_normal((1, round(44_100 * seconds))) * 3000).astype(np.int16)
            sound_frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
            sound_frame.sample_rate, sound_frame.pts = 44_100, 0
            output.mux(track.encode(sound_frame))
            output.mux(track.encode(None))
    return path


def sound_packets(path: Path) -> list[bytes]:
    """The sound as it lies in the file."""
    import av

    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
