"""How much of the style `lite` and VGG-19 paint, both measured by VGG-19.

Both networks paint the same pairs under the same session: VGG-19's blocks 1 to 3, `lite`'s eight
layers of the same names, L-BFGS from the content picture. Measured by VGG-19:

    D = Σ over eight layers of ‖G − G_style‖² / ‖G_style‖²

and reported as the part of the content picture's own D that painting removed; and the distance
from the content picture, ‖F − F_content‖² / ‖F_content‖² at block3_conv3. The numbers are only
fair on pictures that `lite` was never taught on.

    python -m benchmarks.quality.style_distance --weights VGG19.npz --pictures FOLDER

Exit code 1 where VGG-19's weights are not available.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops
from PIL import Image

from benchmarks.common import report
from styletune.engine import weights
from styletune.engine.lbfgs import LBFGS, Vector
from styletune.engine.losses import gram_matrix
from styletune.engine.vgg import FeatureExtractor
from styletune.errors import StyletuneError
from styletune.images import decode, samples
from styletune.networks import NETWORKS

LAYERS = NETWORKS["lite"].layers
CONTENT_LAYER = "block3_conv3"
CONTENT_WEIGHT = 0.02
"""Beside a style loss that is relative to its target: enough to keep the scene."""
TEST_PAIRS = (
    ("tubingen.jpg", "starry_night.jpg"),
    ("tubingen.jpg", "wave.jpg"),
    ("tubingen.jpg", "shipwreck.jpg"),
)

Pixels = npt.NDArray[np.float32]


class ScoringNetwork:
    """One network, which paints and measures."""

    def __init__(self, network: str, source: weights.Weights) -> None:
        self._features = FeatureExtractor(network, LAYERS, source)
        self._metrics = [source.metrics.get(layer) for layer in LAYERS]
        self._objective = tf.function(self._loss_and_gradient, reduce_retracing=True)

    def features(self, picture: Pixels) -> list[Any]:
        """Return the eight activations of `picture` (h, w, 3), RGB 0..255."""
        return list(self._features(ops.convert_to_tensor(picture[None])))

    def grams(self, features: Sequence[Any]) -> list[Any]:
        """Return the Gram matrices as the network's style loss compares them."""
        return [
            gram_matrix(f) if m is None else ops.matmul(ops.matmul(m, gram_matrix(f)), m)
            for f, m in zip(features, self._metrics, strict=True)
        ]

    def _loss_and_gradient(self, picture: Any, grams: Sequence[Any], content: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(picture)
            features = self._features(picture[None])
            loss = sum(map(_relative, self.grams(features), grams))
            kept = features[LAYERS.index(CONTENT_LAYER)]
            loss += CONTENT_WEIGHT * _relative(kept, content)
        return loss, tape.gradient(loss, picture)

    def paint(self, content: Pixels, style: Pixels, evaluations: int) -> Pixels:
        """Paint `content` in `style`; returns (h, w, 3) float32, whole values 0..255."""
        grams = self.grams(self.features(style))
        kept = self.features(content)[LAYERS.index(CONTENT_LAYER)]

        def objective(flat: Vector) -> tuple[float, Vector]:
            picture = ops.convert_to_tensor(flat.reshape(content.shape))
            loss, gradient = self._objective(picture, grams, kept)
            return float(loss), np.asarray(gradient).ravel()

        descent = LBFGS(objective, content.ravel(), 0, 255)
        descent.run(evaluations)
        return np.rint(descent.x).reshape(content.shape)

    def style_distance(self, picture: Pixels, style: Pixels) -> float:
        """Return D of `picture` from `style`."""
        ours, theirs = self.grams(self.features(picture)), self.grams(self.features(style))
        return float(sum(map(_relative, ours, theirs)))

    def content_distance(self, picture: Pixels, content: Pixels) -> float:
        """Return ‖F − F_content‖² / ‖F_content‖² at `CONTENT_LAYER`."""
        index = LAYERS.index(CONTENT_LAYER)
        return float(_relative(self.features(picture)[index], self.features(content)[index]))


def _relative(ours: Any, theirs: Any) -> Any:
    return ops.sum(ops.square(ours - theirs)) / ops.sum(ops.square(theirs))


@dataclass(frozen=True, slots=True)
class Score:
    """One painting by one network: measured by VGG-19, and the seconds it took."""

    removed: float
    content: float
    seconds: float


def read(name: str | Path, size: int) -> Pixels:
    """Read a sample or file, cut to a square of `size` pixels."""
    image = decode.read(samples.locate(str(name)))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS), np.float32)


def pairs(folder: Path | None) -> list[tuple[str, str]]:
    """Return the test pairs of `folder`, where they are, and those of the samples."""
    found = []
    if folder is not None:
        for content, style in TEST_PAIRS:
            if (folder / content).is_file() and (folder / style).is_file():
                found.append((str(folder / content), str(folder / style)))
    own = [(content, style) for content in samples.CONTENTS for style in samples.STYLES]
    return found + own


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 1 where VGG-19's weights are not available."""
    parser = report.new_parser("quality.style_distance", __doc__)
    parser.add_argument("--weights", default="", metavar="VGG19.npz", help="VGG-19's weights")
    parser.add_argument("--lite", default="", metavar="LITE.npz", help="another `lite`")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="the test pictures")
    parser.add_argument("--size", type=int, default=256, help="edge in pixels (default 256)")
    parser.add_argument("--evaluations", type=int, default=80, help="of L-BFGS (default 80)")
    parser.add_argument(
        "--out", type=Path, default=Path("style_distance.png"), help="side-by-side sheet"
    )
    arguments = parser.parse_args(argv)
    console = report.progress_console()
    try:
        teacher = weights.load("vgg19", arguments.weights or None, LAYERS)
        student = weights.load("lite", arguments.lite or None, LAYERS)
    except StyletuneError as error:
        print(f"style_distance: {error}", file=sys.stderr)
        return 1
    vgg19 = ScoringNetwork("vgg19", teacher)
    painters = {"lite": ScoringNetwork("lite", student), "vgg19": vgg19}
    scores: dict[str, list[Score]] = {name: [] for name in painters}
    columns = [f"{name} {column}" for name in painters for column in ("D removed", "content", "s")]
    table = report.new_table(
        f"{arguments.size} px, {arguments.evaluations} evaluations", ("pair", *columns)
    )
    rows = []
    for content_name, style_name in pairs(arguments.pictures):
        content, style = (read(name, arguments.size) for name in (content_name, style_name))
        before = vgg19.style_distance(content, style)
        row, cells = [content, style], [f"{Path(content_name).stem} + {Path(style_name).stem}"]
        for name, painter in painters.items():
            started = time.perf_counter()
            painted = painter.paint(content, style, arguments.evaluations)
            score = Score(
                1.0 - vgg19.style_distance(painted, style) / before,
                vgg19.content_distance(painted, content),
                time.perf_counter() - started,
            )
            scores[name].append(score)
            row.append(painted)
            cells += [f"{score.removed:.1%}", f"{score.content:.3f}", f"{score.seconds:.0f}"]
        console.print("  ".join(cells))
        table.add_row(*cells)
        rows.append(np.concatenate(row, axis=1))
        sheet = np.concatenate(rows).astype(np.uint8)
        Image.fromarray(sheet).save(arguments.out)
    cells = ["mean"]
    for found in scores.values():
        cells += [
            f"{np.mean([v.removed for v in found]):.1%}",
            f"{np.mean([v.content for v in found]):.3f}",
            f"{np.mean([v.seconds for v in found]):.0f}",
        ]
    table.add_row(*cells)
    report.print_table(table)
    console.print(f"content, style, lite, vgg19 side by side: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
