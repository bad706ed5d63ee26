"""The sample pictures that ship: two to paint, three to paint with; `tools.samples` drew them."""

from __future__ import annotations

from pathlib import Path

from styletune.errors import PictureError

CONTENTS: tuple[str, ...] = ("harbour", "mountains")
"""Names of the content pictures: what is painted."""

STYLES: tuple[str, ...] = ("strokes", "woodcut", "mosaic")
"""Names of the style pictures: how it is painted."""

NAMES: tuple[str, ...] = CONTENTS + STYLES


def path(name: str) -> Path:
    """Return the JPEG file of the sample called `name`.

    Raises:
        PictureError: If there is no such sample.
    """
    if name not in NAMES:
        allowed = ", ".join(f"`{known}`" for known in NAMES)
        raise PictureError(f"sample must be one of {allowed}; received `{name}`")
    return Path(__file__).parent / f"{name}.jpg"


def locate(name: str) -> Path:
    """Return the file of the sample called `name`, or else the file of that name."""
    return path(name) if name in NAMES else Path(name)
