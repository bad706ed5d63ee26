"""Small painters for the engine's tests: two layers of the random `lite`, tiny pictures."""

import numpy as np

from styletune.config import Session, parse
from styletune.engine.painter import Painter

LAYERS = ["block1_conv1", "block2_conv1", "block3_conv2"]


def picture(height: int, width: int, seed: int) -> np.ndarray:
    """A seeded picture with structure: blocks of colour plus grain, uint8."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(40, 216, (-(-height // 8), -(-width // 8), 3))
    big = np.kron(blocks, np.ones((8, 8, 1)))[:height, :width]
    return np.clip(big + rng.normal(0, 12, big.shape), 0, 255).astype(np.uint8)


def small_session(**sections: dict[str, object]) -> Session:
    """A session of three layers; `sections` as in a session file."""
    network = {"name": "lite", "layers": LAYERS} | sections.pop("network", {})
    return parse({"network": network, **sections}, "the test")


def small_painter(session: Session | None = None, styles: int = 1) -> Painter:
    """A painter of 32 × 40 px with seeded pictures."""
    return Painter(
        session or small_session(),
        picture(32, 40, seed=1),
        [picture(36, 36, seed=2 + index) for index in range(styles)],
    )
