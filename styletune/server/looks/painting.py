"""Pictures painted by looks, in a process of its own: the web process computes none of it."""

import asyncio
import contextlib
import functools
import hashlib
import importlib.util
import io
import multiprocessing
import os
import resource
import threading
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from http import HTTPStatus
from pathlib import Path

import numpy as np
from PIL import Image

from styletune.errors import LookError
from styletune.images import decode
from styletune.looks import file as look_file
from styletune.looks.desk import desk_values
from styletune.looks.runner import LookRunner
from styletune.process_priority import use_batch_scheduling
from styletune.server.decoding import small_jpeg_in_subprocess
from styletune.server.http_errors import ApiError
from styletune.server.looks.library import LookFile

SIZES_PX = (512, 1024)  # longer edge of what is painted: a tile's, and to look at closely
MAX_CPU_SECONDS = 120  # of one picture; the largest takes two or three
_KEPT = 4  # decoded pictures
_IDLE_S = 60.0  # the process, some 150 MB, ends when nobody has needed it for so long
# It paints for somebody who waits, but the live painting comes first.
_NICE = 5


class SmallPictures:
    """Decodes pictures for looks; the last few are kept, as all looks paint the same one.

    Args:
        max_pixels: of a picture.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._kept: OrderedDict[tuple[bytes, int], bytes] = OrderedDict()

    def decode(self, data: bytes, size_px: int) -> bytes:
        """A JPEG, longer edge at most `size_px`; takes as long as a process does.

        Raises:
            PictureError: it cannot be used.
        """
        key = hashlib.sha256(data).digest(), size_px
        kept = self._kept.get(key)
        if kept is None:
            kept = small_jpeg_in_subprocess(
                data, source="the picture", max_pixels=self._max_pixels, edge_px=size_px
            )
            self._kept[key] = kept
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept


class LookPainter:
    """Paints pictures by looks, one at a time. Belongs to one event loop."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._waiting = 0
        self._idle: asyncio.TimerHandle | None = None

    @property
    def missing(self) -> str:
        """What has to be installed for it; empty: nothing."""
        if importlib.util.find_spec("onnxruntime"):
            return ""
        return "painting by looks needs ONNX Runtime, which is not installed: pip install " + (
            "'styletune[look]', and start again"
        )

    async def paint(self, look: LookFile, picture: bytes, size_px: int) -> bytes:
        """Paint a picture with the controls in the middle of what the look was taught.

        Args:
            picture: a JPEG that this program has written.
            size_px: of the longer edge, at most.

        Returns:
            JPEG.

        Raises:
            ApiError: ONNX Runtime is missing (501), or the process has ended (503).
            LookError: the look cannot be run.
            PictureError: too small for a look.
        """
        if self.missing:
            raise ApiError(HTTPStatus.NOT_IMPLEMENTED, "no_onnx_runtime", self.missing)
        if self._idle is not None:
            self._idle.cancel()
        self._waiting += 1
        try:
            # Apart: the first one starts a process.
            return await asyncio.to_thread(self._paint, look, picture, size_px)
        except BrokenProcessPool:
            self.close()
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "painting_ended",
                f"the process that was painting by `{look.name}` has ended, perhaps for lack of "
                "memory; try again",
            ) from None
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._idle = asyncio.get_running_loop().call_later(_IDLE_S, self.close)

    def _paint(self, look: LookFile, picture: bytes, size_px: int) -> bytes:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    1, multiprocessing.get_context("spawn"), initializer=_initialize
                )
            painted = self._pool.submit(paint, str(look.path), look.version, picture, size_px)
        return painted.result()

    def close(self) -> None:
        """End the process; the next picture starts another one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)


def _initialize() -> None:
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    use_batch_scheduling(children=True)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def paint(path: str, version: str, picture: bytes, size_px: int) -> bytes:
    """In the process of its own: see `LookPainter.paint`."""
    # A network that never ends is ended by the kernel.
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + MAX_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    try:
        runner = _runner(path, version)
        look = runner.look
        desk = desk_values(look.table(), look.positions(), len(look.info.styles))
        with Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
            small = decode.fit(image.convert("RGB"), min(size_px, max(image.size)))
        painted = Image.fromarray(runner.paint(np.asarray(small), desk))
    except LookError as error:
        raise LookError(str(error).replace(path, Path(path).stem)) from None
    jpeg = io.BytesIO()
    painted.save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue()


@functools.lru_cache(maxsize=8)
def _runner(path: str, version: str) -> LookRunner:
    return LookRunner(look_file.read(path), "onnx")
