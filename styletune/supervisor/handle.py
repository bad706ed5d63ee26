"""The supervisor as the web server sees it; tests and benchmarks have stand-ins for it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from styletune.ipc.commands import CommandRejected, Report, Run, SetLook, SetSource
from styletune.ipc.control_block import ControlState
from styletune.ipc.frame_block import Frame
from styletune.supervisor.policy import SizeReduction
from styletune.supervisor.sources import SourcePictures


class WorkerHandle(Protocol):
    """What the hub needs of the supervisor."""

    @property
    def report(self) -> Report: ...  # noqa: D102

    @property
    def log(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def retry_s(self) -> float | None: ...  # noqa: D102

    @property
    def standby_ready(self) -> bool: ...  # noqa: D102

    @property
    def sources(self) -> SourcePictures: ...  # noqa: D102

    def write(self, state: ControlState) -> None: ...  # noqa: D102

    def set_content(self, path: Path) -> None: ...  # noqa: D102

    def set_style(self, index: int, path: Path) -> None: ...  # noqa: D102

    def remove_style(self, index: int) -> None: ...  # noqa: D102

    def set_live(self, command: SetLook | SetSource) -> None: ...  # noqa: D102

    async def show_camera(self, data: bytes) -> None: ...  # noqa: D102

    async def draw_layer(self, layer: str) -> bytes: ...  # noqa: D102

    def restart(self) -> bool: ...  # noqa: D102

    def start_run(self, run: Run) -> None: ...  # noqa: D102

    def frames(self) -> AsyncIterator[Frame]: ...  # noqa: D102

    def reports(self) -> AsyncIterator[Report | CommandRejected | SizeReduction]: ...  # noqa: D102
