"""The bare compiled step, in a process of its own: what a step costs without a loop around it.

Builds the painter that a worker would build from the same session, then takes steps in a tight
loop for as many seconds as each line on stdin asks, and answers with one line of JSON on stdout.
Ends with its stdin. Run as: python -m benchmarks.engine.bare_step SESSION.toml
"""

import json
import math
import os
import sys
import time
from typing import Any, TextIO

from benchmarks.server.live_figures import STRETCH_S, multiply_adds
from styletune.config import SessionConfig, load

_WARM_UP_STEPS = 3
_PRODUCT = 2048  # edge of the matrices whose product measures the peak
_PRODUCTS = 4  # each time it is asked


def main(session_file: str) -> None:
    """Answer each line on stdin until it ends."""
    answers = _own_stdout()
    bare = BareSteps(load(session_file))
    _answer(answers, bare.description())
    for line in sys.stdin:
        if line.strip() == "peak":
            _answer(answers, {"peak_flops": bare.peak_flops()})
        elif line.strip() == "loss":
            _answer(answers, {"loss": bare.loss()})
        else:
            _answer(answers, {"bursts": bare.run(float(line))})


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
        self._painter.run(_WARM_UP_STEPS)
        # As the worker does: the same weights lead to the same gradients.
        if session.painting.calibrate:
            self._painter.calibrate()
        self._painter.reset()
        self._step_s = self._burst(_WARM_UP_STEPS) / _WARM_UP_STEPS

    def description(self) -> dict[str, Any]:
        """What paints on what, and the multiply-adds of its convolutions."""
        from styletune.engine import backend
        from styletune.engine.vgg import convolutions

        painter, network = self._painter, self._session.network
        layers = [
            (tuple(painter.solver.features.get_layer(layer.name).kernel.shape), layer.pool_before)
            for layer in convolutions(network.name, network.selected_layers)
        ]
        return {
            "device": backend.describe(),
            "backend": backend.backend(),
            "multiply_adds": multiply_adds(layers, painter.height, painter.width),
        }

    def loss(self) -> float:
        """What the steps minimise, at the picture that painting starts from."""
        painter = self._painter
        painter.reset()
        return float(painter.loss_and_gradient(painter.pixels())[0])

    def run(self, seconds: float) -> list[tuple[float, int]]:
        """Take steps for some seconds; seconds and steps of each burst."""
        # The first after a pause finds cold caches.
        self._step_s = self._burst(1)
        ends = time.perf_counter() + seconds
        bursts: list[tuple[float, int]] = []
        while not bursts or time.perf_counter() < ends:
            steps = max(1, math.ceil(STRETCH_S / self._step_s))
            taken_s = self._burst(steps)
            self._step_s = taken_s / steps
            bursts.append((taken_s, steps))
        return bursts

    def _burst(self, steps: int) -> float:
        painter = self._painter
        started = time.perf_counter()
        painter.solver.depths.run_full(painter.inputs.batch, steps)
        painter.solver.raw_losses()  # a few numbers: on a GPU this waits for the last step
        return time.perf_counter() - started

    def peak_flops(self) -> float:
        """Operations a second of the backend's product of two large matrices, at best."""
        import numpy as np
        from keras import ops

        rng = np.random.default_rng(0)
        edge = _PRODUCT
        a, b = (ops.convert_to_tensor(rng.random((edge, edge), np.float32)) for _ in range(2))
        fastest = math.inf
        for _ in range(_PRODUCTS):
            started = time.perf_counter()
            ops.convert_to_numpy(ops.matmul(a, b)[0, 0])
            fastest = min(fastest, time.perf_counter() - started)
        return 2 * edge**3 / fastest


def _own_stdout() -> TextIO:
    """Keep stdout for the answers: whatever a library prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _answer(answers: TextIO, answer: object) -> None:
    print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
