"""Pictures as files: what is transparent, and names that cannot be written."""

import resource
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.errors import StorageError
from styletune.images import encode


@pytest.mark.parametrize(
    ("name", "kind", "corner"),
    [
        ("out.png", "PNG", (0, 0, 0, 0)),
        ("out.webp", "WEBP", (0, 0, 0, 0)),
        ("out.JPG", "JPEG", (255, 255, 255)),
    ],
)
def test_write_transparency(tmp_path: Path, name: str, kind: str, corner: tuple[int, ...]) -> None:
    encode.write(tmp_path / name, np.zeros((16, 16, 4), np.uint8), {})
    with Image.open(tmp_path / name) as picture:
        assert (picture.format, picture.getpixel((0, 0))) == (kind, corner)


def test_full_disk(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError, match=r"cannot write .*out.png: .*File too large"):
            encode.write(tmp_path / "out.png", noise, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
