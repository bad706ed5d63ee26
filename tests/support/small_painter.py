"""Small painters for the engine's tests: three layers of a random `lite`, tiny pictures."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from styletune.config import SessionConfig, parse
from styletune.engine import weights
from styletune.engine.control_inputs import ControlInputs
from styletune.engine.painter import Painter

LAYERS = ["block1_conv1", "block2_conv1", "block3_conv2"]


def picture(height: int, width: int, seed: int) -> np.ndarray:
    """A seeded picture with structure: blocks of colour plus grain, uint8."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(40, 216, (-(-height // 8), -(-width // 8), 3))
    big = np.kron(blocks, np.ones((8, 8, 1)))[:height, :width]
    return np.clip(big + rng.normal(0, 12, big.shape), 0, 255).astype(np.uint8)


@cache
def random_weights() -> str:
    """A file of seeded random filters in `lite`'s shape: taught ones would move the figures."""
    found = weights.random_filters("lite", 0)
    path = Path(tempfile.mkdtemp(prefix="styletune-tests-")) / "random.npz"
    arrays = {f"{name}.kernel": kernel for name, kernel in found.kernels.items()}
    arrays |= {f"{name}.bias": bias for name, bias in found.biases.items()}
    np.savez(path, **arrays)
    atexit.register(shutil.rmtree, path.parent)
    return str(path)


def small_session(**sections: dict[str, object]) -> SessionConfig:
    """A session of three layers and logarithmic weights; `sections` as in a session file."""
    network = {"name": "lite", "layers": LAYERS, "weights": random_weights()} | sections.pop(
        "network", {}
    )
    painting = {"faders": "log", "centering": 0.0} | sections.pop("painting", {})
    return parse({"network": network, "painting": painting, **sections}, "the test")


def small_painter(session: SessionConfig | None = None, styles: int = 1) -> Painter:
    """A painter of 32 × 40 px with seeded pictures."""
    return Painter(
        session or small_session(),
        picture(32, 40, seed=1),
        [picture(36, 36, seed=2 + index) for index in range(styles)],
    )


@cache
def _traced(number: int) -> Painter:
    return small_painter()


def fresh_painter(number: int = 0) -> Painter:
    """The painter of that number, as `small_painter` makes one, but that it has been traced.

    Compiling is most of what a small painter costs. For tests that neither trace shallow steps
    nor swap for pictures of another number or size.
    """
    painter = _traced(number)
    painter.inputs = ControlInputs(
        painter.session.table(), painter.session.positions(), len(painter.layers)
    )
    painter.steps_taken = painter._syncs = painter._unsynced = 0
    painter.set_content(picture(32, 40, seed=1))
    painter.set_style(0, picture(36, 36, seed=2))
    painter.reset()
    return painter
