"""How much of a style is painted, judged by VGG-19 at full, half and quarter size.

Each way paints every pair as `styletune paint` does. VGG-19 measures what is painted:

    D = Σ over its first eight layers of ‖G − G_style‖² / ‖G_style‖²

and the part of the content picture's own D that painting removed is reported, of the pictures
themselves and of both at half and quarter size: there VGG-19 sees strokes and motifs. The numbers
are only fair on pictures that `lite` was never taught on.

    python -m benchmarks.quality.style_distance --weights VGG19.npz --pictures FOLDER

Exit code 1 where VGG-19's weights are not available.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops
from PIL import Image

from benchmarks.common import report
from benchmarks.quality.contact_sheets import sheet
from styletune.cli.paint import DEFAULTS
from styletune.config import SessionConfig, parse
from styletune.engine import weights
from styletune.engine.canvas import load_image
from styletune.engine.losses import gram_matrix
from styletune.engine.offline import OfflinePainter
from styletune.engine.vgg import FeatureExtractor
from styletune.errors import StyletuneError
from styletune.images import samples
from styletune.networks import NETWORKS

LAYERS = NETWORKS["lite"].layers  # VGG-19's blocks 1 to 3
TEST_PAIRS = (
    ("tubingen.jpg", "starry_night.jpg"),
    ("tubingen.jpg", "wave.jpg"),
    ("tubingen.jpg", "shipwreck.jpg"),
    ("shipwreck.jpg", "starry_night.jpg"),
    ("shipwreck.jpg", "wave.jpg"),
)
HALVINGS = {"full": 0, "half": 1, "quarter": 2}
# What the session was before its layers saw the picture at several sizes.
_FULL_SIZE: dict[str, dict[str, object]] = {
    "network": {"layers": list(LAYERS)},
    "painting": {"faders": "log", "centering": 0.0},
    "controls": {"content.block3_conv2": 0.15, "content.block3_conv4": 0.0},
}
WAYS: dict[str, dict[str, dict[str, object]]] = {
    "lite": {},
    "lite, full size": _FULL_SIZE,
    "vgg19": {"network": {"name": "vgg19"}},
    "vgg19, full size": {**_FULL_SIZE, "network": {"name": "vgg19", "layers": list(LAYERS)}},
}

Pixels = npt.NDArray[np.uint8]


class Judge:
    """VGG-19's blocks 1 to 3."""

    def __init__(self, source: weights.Weights) -> None:
        self._features = FeatureExtractor("vgg19", LAYERS, source)

    def style_distance(self, picture: Pixels, style: Pixels) -> float:
        """D of `picture` from `style`, both (h, w, 3) of any size."""
        pairs = zip(self._grams(picture), self._grams(style), strict=True)
        return float(sum(ops.sum(ops.square(a - b)) / ops.sum(ops.square(b)) for a, b in pairs))

    def _grams(self, picture: Pixels) -> list[Any]:
        pixels = ops.convert_to_tensor(picture[None].astype(np.float32))
        return [gram_matrix(features) for features in self._features(pixels)]

    def removed(self, painted: Pixels, content: Pixels, style: Pixels) -> dict[str, float]:
        """The part of the content's distance that painting removed, by size."""
        found = {}
        for name, times in HALVINGS.items():
            target = halve(style, times)
            before = self.style_distance(halve(content, times), target)
            found[name] = 1 - self.style_distance(halve(painted, times), target) / before
        return found


def halve(picture: Pixels, times: int) -> Pixels:
    """The picture at 1/2ⁿ of its size."""
    height, width = picture.shape[:2]
    image = Image.fromarray(picture)
    return np.asarray(image.resize((width >> times, height >> times), Image.Resampling.LANCZOS))


@dataclass(frozen=True, slots=True)
class Painting:
    """What a way painted of a pair, judged, and the seconds that it took."""

    picture: Pixels
    removed: Mapping[str, float]
    seconds: float


def paint(session: SessionConfig, steps: int, judge: Judge) -> Painting:
    """Paint a session's pair as `styletune paint` does, and judge it."""
    pictures = session.pictures
    started = time.perf_counter()
    painter = OfflinePainter(session, steps)
    painter.calibrate()
    for _ in painter.paint():
        pass
    picture = painter.picture()
    seconds = time.perf_counter() - started
    content, style = (load_image(n, pictures.size) for n in (pictures.content, pictures.styles[0]))
    return Painting(picture, judge.removed(picture, content, style), seconds)


def sessions(content: str, style: str, arguments: argparse.Namespace) -> dict[str, SessionConfig]:
    """The session of each way for one pair."""
    base = parse(
        {"pictures": {"content": content, "styles": [style], "size": arguments.size}}, "the pair"
    ).with_overrides(**DEFAULTS)
    found = {}
    for name in arguments.ways:
        network = {"weights": arguments.weights if name.startswith("vgg19") else arguments.lite}
        way = WAYS[name]
        found[name] = base.with_overrides(**way | {"network": network | way.get("network", {})})
    return found


def find_pairs(folder: Path | None) -> list[tuple[str, str]]:
    """The test pairs that are in `folder`, and those of the samples."""
    found = [(content, style) for content in samples.CONTENTS for style in samples.STYLES]
    if folder is None:
        return found
    tests = [(folder / content, folder / style) for content, style in TEST_PAIRS]
    return [(str(c), str(s)) for c, s in tests if c.is_file() and s.is_file()] + found


def main(argv: Sequence[str] | None = None) -> int:
    """Paint, judge and print; returns 1 where VGG-19's weights are not available."""
    parser = report.new_parser("quality.style_distance", __doc__)
    parser.add_argument("--weights", default=None, metavar="VGG19.npz", help="VGG-19's weights")
    parser.add_argument("--lite", default=None, metavar="LITE.npz", help="another `lite`")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="the test pictures")
    parser.add_argument("--size", type=int, default=256, help="longer edge in px (default 256)")
    parser.add_argument("--steps", type=int, default=200, help="evaluations (default 200)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY")
    parser.add_argument("--out", type=Path, default=Path("style_distance"), metavar="FOLDER")
    arguments = parser.parse_args(argv)
    console = report.progress_console()
    try:
        judge = Judge(weights.load("vgg19", arguments.weights, LAYERS))
    except StyletuneError as error:
        print(f"style_distance: {error}", file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Painting]] = {name: [] for name in arguments.ways}
    columns = [f"{name} {size}" for name in arguments.ways for size in HALVINGS]
    table = report.new_table(
        f"style distance removed, {arguments.size} px, {arguments.steps} evaluations",
        ("pair", *columns),
    )
    for content, style in find_pairs(arguments.pictures):
        label = f"{Path(content).stem} {Path(style).stem}"
        shown = [(name, load_image(name, arguments.size)) for name in (content, style)]
        height, width = shown[0][1].shape[:2]
        shown[1] = (style, np.asarray(Image.fromarray(shown[1][1]).resize((width, height))))
        cells = [label]
        for name, session in sessions(content, style, arguments).items():
            painting = paint(session, arguments.steps, judge)
            found[name].append(painting)
            shown.append((name, painting.picture))
            cells += [f"{part:.1%}" for part in painting.removed.values()]
        console.print("  ".join(cells))
        table.add_row(*cells)
        named = [(Path(name).stem, picture) for name, picture in shown]
        sheet(named).save(arguments.out / f"{label.replace(' ', '-')}.png")
    for title, pick in (("mean", np.mean), ("worst", np.min)):
        values = [
            pick([painting.removed[size] for painting in found[name]])
            for name in arguments.ways
            for size in HALVINGS
        ]
        table.add_row(title, *(f"{value:.1%}" for value in values))
    report.print_table(table)
    seconds = {name: np.mean([one.seconds for one in all_]) for name, all_ in found.items()}
    console.print(", ".join(f"{name} {mean:.0f} s a picture" for name, mean in seconds.items()))
    console.print(f"content, style and all ways side by side: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
