"""Join films that were written one after the other: their packets as they are, nothing encoded."""

from collections.abc import Sequence
from pathlib import Path

from styletune import files
from styletune.errors import StorageError
from styletune.films import pyav
from styletune.films.writer import container_of


def join_films(parts: Sequence[Path], out: Path) -> None:
    """Write one film of several with the same size and encoder, whose times go on.

    Args:
        out: of a kind that `writer.check_name` takes.

    Raises:
        FilmError: a part cannot be read.
        StorageError: `out` cannot be written; what was there is untouched.
    """
    av = pyav.load()
    name, options = container_of(out)
    try:
        with (
            files.open_atomically(out) as file,
            av.open(file.name, "w", format=name, options=options) as output,
        ):
            stream = None
            for part in parts:
                with pyav.open_film(part) as source:
                    video = source.streams.video[0]
                    if stream is None:
                        stream = output.add_stream_from_template(video)
                    for packet in source.demux(video):
                        if packet.dts is not None:  # not the empty one at the end
                            packet.stream = stream
                            output.mux(packet)
    except (av.FFmpegError, OSError) as error:
        raise StorageError(f"cannot write {out}: {error.strerror or error}") from None
