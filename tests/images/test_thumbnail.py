import base64

import numpy as np
import pytest

from styletune.errors import PictureError
from styletune.images.thumbnail import MAX_CHARS, decode_thumbnail, encode_thumbnail


def test_thumbnail_of_noise_fits() -> None:
    """What compresses worst takes a lower quality."""
    noise = np.random.default_rng(0).integers(0, 256, (700, 500, 3)).astype(np.uint8)
    text = encode_thumbnail(noise)
    assert text is not None
    assert len(text) <= MAX_CHARS
    assert decode_thumbnail(text).startswith(b"\xff\xd8")


@pytest.mark.parametrize("text", ["", "é", "not base64", base64.b64encode(b"GIF89a").decode()])
def test_thumbnail_from_outside_must_be_a_jpeg(text: str) -> None:
    with pytest.raises(PictureError, match="must be a JPEG in Base64"):
        decode_thumbnail(text)
