"""Points painted by many actors on Ray, of this machine or of a cluster; needs the extra `ray`.

Ray starts the actors, places them, restarts a lost one and gives its point to it again.
"""

import asyncio
import contextlib
import os
import sys
import traceback
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console

from styletune.config import SessionConfig
from styletune.controls import Control
from styletune.errors import ConfigError, StyletuneError, WorkerError
from styletune.files import PACKAGE
from styletune.images import decode, samples
from styletune.sweeps.backends.ray_actor import Actor, ActorInfo, PaintInputs, Progress
from styletune.sweeps.backends.server import Job, OnResult
from styletune.sweeps.console import OnStep
from styletune.sweeps.spec import SweepSpec, Value


def _ray() -> Any:
    """Import Ray, without the statistics that it sends to its makers.

    Raises:
        ConfigError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise ConfigError("--ray needs Ray; run: pip install 'styletune[ray]'") from None
    return ray


@asynccontextmanager
async def open_ray(
    address: str, session: SessionConfig, actors: int | None, console: Console
) -> AsyncIterator["RayBackend"]:
    """Join a cluster, or start one on this machine, and end what was started.

    Args:
        address: of the cluster; empty: this machine.
        actors: at most so many; None: as many as it has GPUs, or else processor cores.

    Raises:
        ConfigError: Ray is not installed.
        WorkerError: there is no cluster at the address.
    """
    ray = _ray()
    inputs = _read_inputs(session)
    console.print(f"{'joining ' + address if address else 'starting Ray on this machine'} …")
    try:
        # Ray's workers import from where this is called: not from beside somebody's pictures.
        with contextlib.chdir(PACKAGE.parent):
            await asyncio.to_thread(
                ray.init,
                address=address or "local",
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="ERROR",
            )
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        reason = _connection_error(error)
        raise WorkerError(f"no Ray cluster at {address or 'this machine'}: {reason}") from None
    try:
        # Ray prints a lost actor on stdout, which is for programs.
        with contextlib.redirect_stdout(sys.stderr):
            yield await RayBackend.create(ray, inputs, actors, console)
    finally:
        await asyncio.to_thread(ray.shutdown)


def _connection_error(error: BaseException) -> str:
    """Why a cluster cannot be joined, in a line.

    By itself Ray uses a token only for a cluster of this machine: it would not send it anywhere.
    """
    if "InvalidAuthToken" in "".join(traceback.format_exception(error)):
        return "it wants a token; set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to its token"
    return str(error).splitlines()[0]


def _read_inputs(session: SessionConfig) -> PaintInputs:
    """Read all pictures here, for machines that lack the files."""
    names = {"content": session.pictures.content}
    names |= {f"style {n}": style for n, style in enumerate(session.pictures.styles, 1)}
    if session.painting.init not in ("content", "tinted", "noise", "style"):
        names["init"] = session.painting.init
    return PaintInputs(session, {slot: _read(name) for slot, name in names.items()})


def _read(name: str) -> bytes:
    return decode.read_bytes(samples.locate(name))


class RayBackend:
    """Paints points on as many actors as there are.

    Attributes:
        finished: what each actor has done, by its number, once it has painted its last point.
    """

    def __init__(
        self,
        ray: Any,
        session: SessionConfig,
        inputs: Any,
        actors: Sequence[Any],
        info: ActorInfo,
    ) -> None:
        self._ray = ray
        self._inputs = inputs  # held here, so that Ray keeps them for an actor that comes back
        self._session = session
        self._actors = actors
        self.finished: dict[int, ActorInfo] = {}
        table = session.table()
        self.table: Mapping[str, Control] = {name: table[name] for name in table.valued}
        self.painter: dict[str, Any] = {
            **info.painter,
            "content": session.pictures.content,
            "styles": list(session.pictures.styles),
        }

    @classmethod
    async def create(
        cls, ray: Any, inputs: PaintInputs, most: int | None, console: Console
    ) -> "RayBackend":
        """Start the actors, and wait for the first to be ready.

        Raises:
            StyletuneError: the engine cannot paint this session.
        """
        resources = ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        count = gpus or max(1, int(resources.get("CPU", 1)))
        count = min(count, most or count)
        remote = ray.remote(
            num_cpus=1,
            num_gpus=1 if gpus else 0,
            max_restarts=-1,  # a lost actor comes back, wherever there is room
            max_task_retries=-1,  # and its point is painted again
        )(Actor)
        shared = ray.put(inputs)
        actors = [remote.remote() for _ in range(count)]
        info: ActorInfo = await _result_of(ray, actors[0].info.remote(shared))
        what = "GPU" if gpus else "processor core"
        console.print(f"{count} actor{'s' * (count > 1)}, one for each {what}")
        return cls(ray, inputs.session, shared, actors, info)

    async def base(self, spec: SweepSpec) -> dict[str, Value]:
        """The values of the controls that the sweep does not name: the session's.

        Raises:
            ConfigError: it names a scene, which only a server has.
        """
        if spec.base.startswith("scene:"):
            raise ConfigError(f'base = "{spec.base}": Ray has no scenes; they are a server\'s')
        table = self._session.table()
        positions = self._session.positions() if spec.base == "now" else table.defaults()
        return table.to_json(positions)

    async def steps_per_s(self, points: int) -> float:
        """How fast as many actors paint side by side as there are points for."""
        rates = [
            _result_of(self._ray, actor.steps_per_s.remote(self._inputs))
            for actor in self._actors[:points]
        ]
        return float(sum(await asyncio.gather(*rates)))

    async def paint(self, jobs: Sequence[Job], on_step: OnStep, on_result: OnResult) -> None:
        """Paint all points, several at a time, and hand over each as soon as it is done.

        Raises:
            ConfigError: `start` is `last`: each point begins with the picture of the one before.
        """
        if any(job.start == "last" for job in jobs):
            raise ConfigError('start = "last" goes from one point to the next: not with --ray')
        names = {name for job in jobs for name in job.point.pictures.values()}
        pictures = {name: _read(name) for name in names}
        waiting = deque(jobs)

        async def paint_with(number: int, actor: Any) -> None:
            while waiting:
                job = waiting.popleft()
                changed = {slot: pictures[name] for slot, name in job.point.pictures.items()}
                async for reference in actor.paint.remote(self._inputs, job, changed):
                    match await _result_of(self._ray, reference):
                        case Progress() as progress:
                            on_step(job.point, progress.steps, progress.total)
                        case result, png:
                            on_result(result, png)
            self.finished[number] = await self._actor_info(actor)
            # This makes room: where a machine is gone, a lost actor has none to come back to.
            self._ray.kill(actor)

        try:
            async with asyncio.TaskGroup() as tasks:
                for number, actor in enumerate(self._actors[: len(jobs)]):
                    tasks.create_task(paint_with(number, actor))
        except ExceptionGroup as group:  # the others are cancelled; one sentence is enough
            raise group.exceptions[0] from None

    async def actor_infos(self) -> list[ActorInfo]:
        """What each actor is, and has done so far."""
        return [await self._actor_info(actor) for actor in self._actors]

    async def _actor_info(self, actor: Any) -> ActorInfo:
        info = await _result_of(self._ray, actor.info.remote(self._inputs))
        assert isinstance(info, ActorInfo)
        return info


async def _result_of(ray: Any, reference: Any) -> Any:
    """The result of an actor's call.

    Raises:
        StyletuneError: what the actor raised.
        WorkerError: anything else.
    """
    try:
        return await reference
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, StyletuneError):
            raise type(cause)(str(cause)) from None
        raise WorkerError(f"an actor failed: {cause!r}") from None
    except ray.exceptions.RayError as error:
        raise WorkerError(f"Ray lost an actor: {str(error).splitlines()[0]}") from None
