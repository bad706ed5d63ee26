"""The bare compiled step in a process of its own: what a step costs without a loop around it.

Builds the painter that a worker would build from the same session; see `step_server`.
Run as: python -m benchmarks.engine.bare_step SESSION.toml
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from benchmarks.common.processes import ModuleProcess
from benchmarks.engine.step_server import WARM_UP_STEPS, serve_steps
from styletune.config import SessionConfig, load
from styletune.networks import SCALES, Convolution, convolutions, parse_layer

_PRODUCT = 2048  # edge of the matrices whose product measures the peak
_PRODUCTS = 4  # each time


class BareSteps:
    """A painter, and nothing but its steps."""

    def __init__(self, session: SessionConfig) -> None:
        from styletune.engine.stderr_filter import filter_stderr

        with filter_stderr():
            from styletune.engine import backend, canvas
            from styletune.engine.painter import Painter

            backend.configure(session.engine.device, session.engine.precision)
        content = canvas.load_content(session)
        styles = [canvas.load_style(session, name) for name in session.pictures.styles]
        self._session = session
        self._painter: Any = Painter(session, content, styles)
        self._painter.run(WARM_UP_STEPS)
        # As the worker does: the same weights lead to the same gradients.
        if session.painting.calibrate:
            self._painter.calibrate()
        self._painter.reset()
        self.take(WARM_UP_STEPS)

    def description(self) -> dict[str, Any]:
        """What paints on what, and the multiply-adds of its convolutions."""
        from styletune.engine import backend

        painter, network = self._painter, self._session.network
        return {
            "device": backend.describe(),
            "backend": backend.backend(),
            "multiply_adds": multiply_adds(
                network.name, network.selected_layers, painter.height, painter.width
            ),
        }

    def take(self, steps: int) -> None:
        """Take steps, and wait until the last one is done."""
        self._painter.solver.depths.run_full(self._painter.inputs.batch, steps)
        self._painter.solver.raw_losses()  # a few numbers: on a GPU this waits for the last step

    def commands(self) -> Mapping[str, Callable[[], float]]:
        """The loss, and the machine's matrix peak."""
        return {"loss": self._initial_loss, "peak_flops": peak_flops}

    def _initial_loss(self) -> float:
        """What the steps minimise, at the picture that painting starts from."""
        self._painter.reset()
        return float(self._painter.loss_and_gradient(self._painter.pixels())[0])


def peak_flops() -> float:
    """Operations a second of the backend's product of two large matrices, at best."""
    import numpy as np
    from keras import ops

    rng = np.random.default_rng(0)
    a, b = (ops.convert_to_tensor(rng.random((_PRODUCT, _PRODUCT), np.float32)) for _ in range(2))
    fastest = math.inf
    for _ in range(_PRODUCTS):
        started = time.perf_counter()
        ops.convert_to_numpy(ops.matmul(a, b)[0, 0])
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * _PRODUCT**3 / fastest


def passes(network: str, played: Sequence[str]) -> Iterator[tuple[int, tuple[Convolution, ...]]]:
    """Each scale at which the picture is seen, and the convolutions that are computed there."""
    for scale in SCALES:
        names = [layer for layer in played if parse_layer(layer).scale == scale]
        if names:
            yield scale, convolutions(network, names)


def multiply_adds(network: str, played: Sequence[str], height_px: int, width_px: int) -> int:
    """Multiply-adds of the convolutions of one forward pass."""
    total = 0
    for scale, computed in passes(network, played):
        height, width, channels = height_px // scale, width_px // scale, 3
        for layer in computed:
            if layer.pool_before:
                height, width = height // 2, width // 2
            total += height * width * 9 * channels * layer.channels
            channels = layer.channels
    return total


def floor_s(forward_multiply_adds: int, peak: float) -> float:
    """Seconds a step would take if its convolutions ran at the matrix peak, alone."""
    # Two operations a multiply-add; backwards to the picture costs what forwards costs.
    return 2 * 2 * forward_multiply_adds / peak


class StepProcess(ModuleProcess):
    """A module that serves steps, seen from outside; its description comes first.

    Args:
        argument: the module's: a session file, or what it is built from.
    """

    def __init__(
        self,
        argument: Path,
        folder: Path,
        module: str = "benchmarks.engine.bare_step",
        python: str = sys.executable,
    ) -> None:
        super().__init__(module, (str(argument),), folder / f"{module}-{argument.stem}.log", python)
        self.description: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        """Wait until it is built."""
        try:
            self.description = json.loads(await self.read_line())
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def costs(self, seconds: float) -> list[float]:
        """Seconds a step, of each burst within `seconds`."""
        self.write_line(f"run {seconds}")
        return [taken_s / steps for taken_s, steps in json.loads(await self.read_line())["bursts"]]

    async def figure(self, command: str) -> float:
        """Send a command, and return its figure."""
        self.write_line(command)
        return float(json.loads(await self.read_line())[command])


if __name__ == "__main__":
    serve_steps(lambda: BareSteps(load(sys.argv[1])))
