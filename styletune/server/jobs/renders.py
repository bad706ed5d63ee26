"""The picture of now, painted on at a larger size while the playing goes on.

Beside what every job has, its folder holds what `worker.large_picture` names, and pictures/.
"""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from logging import INFO, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tomli_w
from pydantic import BaseModel

from styletune import files, memory
from styletune.config import SessionConfig
from styletune.errors import ConfigError, StorageError
from styletune.images.png_metadata import encode_png
from styletune.logs import log_event
from styletune.server.http_errors import ApiError
from styletune.server.jobs.background import PROCESS, BackgroundJob, Job
from styletune.session.outgoing_renders import RenderEntry, RenderStatus

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SIZES_PX = (1024, 2048, 4096)
MAX_FILES = 100  # that are listed, the newest
SUFFIX = ".png"

_log = getLogger(__name__)


class RenderJob(Job):
    """What is painted: its name as a file, and its size."""

    name: str
    width: int
    height: int


class RenderProgress(BaseModel):
    """`status.json`: what `worker.large_picture` writes."""

    state: Literal["painting", "written"]
    progress: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Start:
    """What a picture is painted on from.

    Attributes:
        picture: (h, w, 3) uint8.
        name: of its file, without the ending.
        state: of the painting, which goes into the file.
        session: with the controls and the files of now.
        shape: of the content, width and height.
    """

    picture: "npt.NDArray[np.uint8]"
    name: str
    state: Mapping[str, object]
    session: SessionConfig
    shape: tuple[int, int]


class LargeRender(BackgroundJob[RenderJob, RenderProgress]):
    """Paints one picture large at a time.

    Args:
        folder: of the user's large pictures; None: nothing can be kept, nothing is painted.
        command: of the process.
    """

    name = "rendering"

    def __init__(self, folder: Path | None, command: Sequence[str] = PROCESS) -> None:
        super().__init__(
            (folder or Path(os.devnull)) / "painting", command, RenderJob, RenderProgress
        )
        self._renders = folder
        self._starting = asyncio.Lock()

    def status(self) -> RenderStatus | None:
        """The picture that is painted, or has failed to be; None: there is none."""
        job = self._job()
        if job is None:
            return None
        progress = self._status()
        state: Literal["waiting", "starting", "painting", "failed"] = "waiting"
        if job.failed:
            state = "failed"
        elif self._is_running():
            state = "painting" if progress else "starting"
        return RenderStatus(
            width=job.width,
            height=job.height,
            state=state,
            progress=progress.progress if progress else 0.0,
            seconds_left=progress.seconds_left if progress and state == "painting" else None,
            error=job.failed,
        )

    def files(self) -> tuple[RenderEntry, ...]:
        """The pictures that are done, newest first."""
        found = []
        for path in self._renders.glob(f"*{SUFFIX}") if self._renders else ():
            try:
                stat = path.stat()
            except OSError:  # gone meanwhile
                continue
            name = files.printable(path.name)
            found.append(RenderEntry(name=name, bytes=stat.st_size, time=stat.st_mtime))
        return tuple(sorted(found, key=lambda entry: -entry.time)[:MAX_FILES])

    def path(self, name: str) -> Path:
        """The file of a picture that is done.

        Raises:
            ApiError: there is none of that name (404).
        """
        if self._renders is None or name not in {entry.name for entry in self.files()}:
            raise ApiError(HTTPStatus.NOT_FOUND, "no_such_render", f"there is no `{name[:80]}`")
        return self._renders / name

    async def start(self, start: Start, size: int) -> None:
        """Begin to paint a picture on, with a longer edge of `size` px.

        Raises:
            ApiError: one is being painted (409), the size cannot be chosen (422), or there is no
                memory for it (503).
            StorageError: the folder cannot be written.
        """
        if self._renders is None:
            raise ApiError(
                HTTPStatus.CONFLICT,
                "no_folder",
                "a large picture cannot be kept: this server has no folder for them",
            )
        if size not in SIZES_PX:
            allowed = ", ".join(map(str, SIZES_PX))
            raise ApiError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "bad_size",
                f"size must be one of {allowed} px; received {size}",
            )
        width, height = (round(edge * size / max(start.shape)) for edge in start.shape)
        try:
            memory.check_size(start.session, width, height)
        except ConfigError as error:
            why = str(error)
            raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "little_memory", why) from None
        async with self._starting:
            if (current := self._job()) is not None and not current.failed:
                raise ApiError(
                    HTTPStatus.CONFLICT,
                    "rendering",
                    "a picture is being painted large, and only one at a time is: wait for it, "
                    "or cancel it",
                )
            job = RenderJob(
                name=f"{start.name}-{size}", width=width, height=height, started=time.time()
            )
            try:
                await asyncio.to_thread(self._prepare, start)
                self._begin(job)
            except OSError as error:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise StorageError(
                    f"a picture cannot be painted large: {self._folder}: {error.strerror}"
                ) from None
        log_event(_log, INFO, self.name, size=f"{width}×{height}")

    def _prepare(self, start: Start) -> None:
        """Write what the process begins with: it needs nothing of the session that goes on."""
        shutil.rmtree(self._folder, ignore_errors=True)
        files.make_private_folder(self._folder)
        pictures = self._folder / "pictures"
        pictures.mkdir()
        session = start.session.pictures
        copies = []
        for number, path in enumerate((session.content, *session.styles)):
            shutil.copyfile(path, pictures / f"{number}.png")
            copies.append(f"pictures/{number}.png")
        content, *styles = copies
        data = start.session.model_dump(mode="json", exclude_none=True, exclude={"server", "midi"})
        data["pictures"] |= {"content": content, "styles": styles}
        data["painting"] |= {"init": "content"}
        data["engine"] |= {"device": "cpu"}
        data.pop("look")
        if "weights" in data["network"]:  # the next start may have another working folder
            data["network"]["weights"] = str(Path(data["network"]["weights"]).absolute())
        for name, content_bytes in (
            ("session.toml", tomli_w.dumps(data).encode()),
            ("state.json", json.dumps(start.state).encode()),
            ("start.png", encode_png(start.picture, {})),
        ):
            files.write_bytes_atomically(self._folder / name, content_bytes)

    async def cancel(self) -> None:
        """Paint no more, and forget what is painted.

        Raises:
            ApiError: nothing is being painted (404), or another styletune paints it (409).
        """
        if self._job() is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "not_rendering", "no picture is painted large")
        if self._process is None and self._is_running():
            raise ApiError(
                HTTPStatus.CONFLICT,
                "rendered_elsewhere",
                "another styletune paints it: cancel it there",
            )
        await self._cancel()

    def go_on(self) -> None:
        """Try again what has failed, from where it was.

        Raises:
            ApiError: nothing has failed (409).
        """
        if not self._try_again():
            raise ApiError(HTTPStatus.CONFLICT, "not_failed", "no large picture has failed")

    def _words(self, job: RenderJob) -> list[str]:
        size = max(job.width, job.height)
        return ["styletune.worker.large_picture", str(self._folder), str(size)]

    def _finish(self, job: RenderJob, fault: str) -> None:
        progress, done = self._status(), self._folder / "out.png"
        if progress is None or progress.state != "written" or not done.exists():
            if fault:
                self._fail(job, fault)
            return
        assert self._renders is not None
        path, number = self._renders / f"{job.name}{SUFFIX}", 2
        while path.exists():
            path, number = self._renders / f"{job.name}-{number}{SUFFIX}", number + 1
        try:
            done.replace(path)
        except OSError as error:
            self._fail(job, f"the picture cannot be kept: {error.strerror}")
            return
        log_event(_log, INFO, "rendered", file=path.name)
        shutil.rmtree(self._folder, ignore_errors=True)
