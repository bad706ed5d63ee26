"""The content pictures that a look is taught on: an endless, seeded supply of crops."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from PIL import Image

from styletune.training.dataset import Folder, teaching_picture
from styletune.training.noise import Pixels

PICTURE_PX = 320
POOL = 96
_NEW = 4  # of the pool, that no crop is cut from yet
STEPS_A_PICTURE = 4  # after so many steps the oldest one is replaced
FOLDER_SHARE = 0.7  # how many come from one's own folder, where there is one
_SMALLEST_PART = 0.45  # of a picture's edge that a crop shows


class Contents:
    """Crops from a pool of pictures, drawn beside the training by a thread.

    What a step sees follows from the seed and the step alone.

    Args:
        folder: pictures of one's own, or None.
        step: the first one.
        pool: pictures that crops are cut from at any time.
    """

    def __init__(
        self,
        seed: int,
        folder: Folder | None = None,
        step: int = 0,
        pool: int = POOL,
    ) -> None:
        self._seed, self._folder = seed, folder
        self._count = pool
        self._executor = ThreadPoolExecutor(1, "contents")
        self._newest = self._newest_at(step)
        self._pool: deque[Future[Pixels]] = deque(maxlen=pool)
        for number in range(self._newest - pool, self._newest):
            self._pool.append(self._executor.submit(self._draw_picture, number))

    def close(self) -> None:
        """Let the thread end."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def draw(self, rng: np.random.Generator, step: int, count: int, size: int) -> Pixels:
        """Crops for a step, (count, size, size, 3) uint8; steps only rise."""
        while self._newest < self._newest_at(step):
            self._pool.append(self._executor.submit(self._draw_picture, self._newest))
            self._newest += 1
        return np.stack([self._cut(rng, size) for _ in range(count)])

    def first(self, count: int, size: int) -> Pixels:
        """The first pictures of all, whole, (count, size, size, 3) uint8, whatever the step."""
        pictures = [Image.fromarray(self._draw_picture(number)) for number in range(count)]
        fitted = [picture.resize((size, size), Image.Resampling.BICUBIC) for picture in pictures]
        return np.stack([np.asarray(picture) for picture in fitted])

    def _newest_at(self, step: int) -> int:
        return self._count + step // STEPS_A_PICTURE

    def _draw_picture(self, number: int) -> Pixels:
        rng = np.random.default_rng((self._seed, number))
        if self._folder is not None and rng.random() < FOLDER_SHARE:
            return self._folder.cut(rng, PICTURE_PX)
        return teaching_picture(rng, PICTURE_PX)

    def _cut(self, rng: np.random.Generator, size: int) -> Pixels:
        """A square of some picture, from half of it to the whole, at the size of the crops."""
        # The newest ones may still be being drawn.
        picture = self._pool[int(rng.integers(0, self._count - _NEW))].result()
        part = int(PICTURE_PX * rng.uniform(_SMALLEST_PART, 1.0))
        y, x = rng.integers(0, PICTURE_PX - part + 1, 2)
        square = Image.fromarray(picture[y : y + part, x : x + part])
        square = square.resize((size, size), Image.Resampling.BICUBIC)
        crop = np.asarray(square)
        return crop[:, ::-1] if rng.random() < 0.5 else crop
