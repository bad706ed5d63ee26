"""Surprise me: a style picture at random, and a look for it."""

import logging
from dataclasses import dataclass
from logging import WARNING
from random import Random

from styletune.errors import PictureError, StorageError
from styletune.logs import log_event
from styletune.server.decoding import DecodedPicture
from styletune.server.http_errors import ApiError
from styletune.server.library import PictureLibrary
from styletune.session.state import SessionState
from styletune.session.surprise import surprise_positions

_log = logging.getLogger(__name__)
_TRIES = 3  # pictures that cannot be used, until the styles stay as they are


@dataclass(frozen=True, slots=True)
class Surprise:
    """What to paint with: a picture for style `number`, None: as it is, and the controls."""

    number: int
    picture: DecodedPicture | None
    positions: dict[str, float]


async def draw_surprise(
    library: PictureLibrary, styles: tuple[str, ...], state: SessionState, random: Random
) -> Surprise:
    """Draw a surprise.

    Args:
        styles: names of the style pictures.
        state: for its controls; nothing moves.
    """
    number = random.randint(1, len(styles))
    picture = await _draw_style(library, styles, random)
    positions = surprise_positions(state.table, state.positions, len(styles), random)
    return Surprise(number, picture, positions)


async def _draw_style(
    library: PictureLibrary, styles: tuple[str, ...], random: Random
) -> DecodedPicture | None:
    """A style picture of the library that is not in use; None: there is none to be had."""
    found = await library.list()
    others = [
        picture
        for picture in found.pictures
        if picture.kind != "content" and picture.name not in styles
    ]
    for chosen in random.sample(others, min(_TRIES, len(others))):
        try:
            return await library.decode(chosen.id)
        except (ApiError, PictureError, StorageError) as error:
            log_event(_log, WARNING, "no surprise", picture=chosen.name, why=str(error))
    return None
