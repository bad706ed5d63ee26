"""Source pictures of takes: known by their pixels, wherever their files lie."""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from PIL import Image

from styletune.errors import PictureError, TakeError
from styletune.files import printable
from styletune.images import decode, formats, samples
from styletune.takes.lines import Line, Pictures, SourcePicture, Start

FOLDER = "pictures"  # beside the takes: what they were painted from
_KEPT = re.compile(r"[0-9a-f]{32}\.\w+")


def fingerprint(path: str | Path) -> str:
    """SHA-256 of a picture's decoded pixels: the same for a JPEG and the PNG made of it.

    Raises:
        PictureError: it cannot be read.
    """
    image = decode.read(path, keep_alpha=True)
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height}\n".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def identify(path: str | Path) -> SourcePicture:
    """A source picture as a take names it.

    Raises:
        PictureError: it cannot be read.
    """
    located = samples.locate(str(path))
    name = located.stem
    with contextlib.suppress(OSError), Image.open(located) as image:
        name = str(image.info.get(formats.TITLE, name))
    return SourcePicture(name=printable(name)[:200], pixels=fingerprint(located))


def keep(path: str | Path, picture: SourcePicture, folder: Path) -> None:
    """Put the file of a source picture beside the takes of `folder`, if it is not there yet.

    Raises:
        OSError: it cannot be written.
    """
    located = samples.locate(str(path))
    _link(located, folder / FOLDER / f"{picture.pixels[:32]}{located.suffix.lower()}")


def keep_all(hashes: Iterable[str], source: Path, folder: Path) -> None:
    """Put pictures that lie beside the takes of one folder beside those of another.

    Args:
        hashes: of their pixels.

    Raises:
        OSError: they cannot be written.
    """
    for path in kept(source):
        if _is_named(path, hashes):
            _link(path, folder / FOLDER / path.name)


def remove_unused(hashes: Collection[str], folder: Path) -> None:
    """Remove the pictures beside the takes of `folder` that none of them needs any more.

    Args:
        hashes: of the pixels of those that they need.

    Raises:
        OSError: one cannot be removed.
    """
    for path in kept(folder):
        if not _is_named(path, hashes):
            path.unlink(missing_ok=True)


def kept(folder: Path) -> list[Path]:
    """The pictures beside the takes of `folder`, and nothing that people have put there."""
    return [path for path in folder.glob(f"{FOLDER}/*") if _KEPT.fullmatch(path.name)]


def _link(path: Path, kept: Path) -> None:
    if kept.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(OSError):  # another file system, or one without links
        os.link(path, kept)
        return
    try:
        shutil.copyfile(path, kept)
    except OSError:
        kept.unlink(missing_ok=True)  # half a picture would never be replaced
        raise


def used(lines: Iterable[Line]) -> dict[str, SourcePicture]:
    """All source pictures of a take, by the hash of their pixels."""
    found: dict[str, SourcePicture] = {}
    for line in lines:
        if isinstance(line, Start | Pictures):
            others = (line.init,) if isinstance(line, Start) and line.init else ()
            for picture in (line.content, *line.styles, *others):
                found[picture.pixels] = picture
    return found


def find(
    wanted: Mapping[str, SourcePicture], take: Path, folders: Iterable[Path]
) -> dict[str, str]:
    """Where the pictures of a take lie: paths by the hash of their pixels.

    Looked for beside the take, among the samples, and in `folders`.

    Raises:
        TakeError: some are nowhere; it names them.
    """
    missing, found = dict(wanted), {}
    for path in _candidates(take, folders):
        if not missing:
            break
        # A file that was kept carries the hash in its name: no need to decode all of them.
        if path.parent == take.parent / FOLDER and not _is_named(path, missing):
            continue
        with contextlib.suppress(PictureError):
            pixels = fingerprint(path)
            if missing.pop(pixels, None) is not None:
                found[pixels] = str(path)
    if missing:
        names = ", ".join(f"{one.name} (sha256 {one.pixels[:12]}…)" for one in missing.values())
        raise TakeError(
            f"{take}: pictures that it was painted from are missing: {names}; name the folder "
            "that holds them with --pictures FOLDER"
        )
    return found


def _is_named(path: Path, wanted: Iterable[str]) -> bool:
    return any(pixels.startswith(path.stem) for pixels in wanted)


def _candidates(take: Path, folders: Iterable[Path]) -> Iterator[Path]:
    for folder in (take.parent / FOLDER, *folders):
        with contextlib.suppress(OSError):
            yield from sorted(
                path for path in folder.iterdir() if path.suffix.lower() in formats.SUFFIXES
            )
    yield from map(samples.path, samples.NAMES)
