"""NumPy's `.npz`: styletune's own names, or those of the well-known `vgg16_weights.npz`."""

import json
import re
from pathlib import Path

import numpy as np

from styletune.engine.weights.arrays import Array
from styletune.engine.weights.stored import BGR, RGB, StoredLayer, StoredWeights
from styletune.errors import WeightsError

_OURS = re.compile(r"(?P<layer>\w+)\.(?P<part>kernel|bias|metric)")
# www.cs.toronto.edu/~frossard/post/vgg16: the first kernel takes RGB less the means.
_FROSSARD = re.compile(r"conv(?P<block>\d)_(?P<number>\d)_(?P<part>[Wb])")
_PARTS = {"W": "kernel", "b": "bias"}


def read(path: Path) -> StoredWeights:
    """The arrays `<layer>.kernel` and `<layer>.bias`, or `conv1_1_W` and `conv1_1_b`.

    Raises:
        Exception: whatever NumPy raises of a damaged file.
    """
    parts: dict[str, dict[str, Array]] = {}
    colours = BGR
    # Opened here, since np.load leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        for name in archive.files:
            if ours := _OURS.fullmatch(name):
                layer, part = ours["layer"], ours["part"]
            elif theirs := _FROSSARD.fullmatch(name):
                layer, part = f"block{theirs['block']}_conv{theirs['number']}", theirs["part"]
                part, colours = _PARTS[part], RGB
            else:
                continue
            if part in parts.setdefault(layer, {}):
                raise WeightsError(f"it holds two arrays for the {part} of `{layer}`")
            parts[layer][part] = archive[name]
        provenance = json.loads(str(archive["provenance"])) if "provenance" in archive else {}
    label = provenance.get("label") if isinstance(provenance, dict) else None
    return StoredWeights(
        "arrays of NumPy",
        [
            StoredLayer("", layer, arrays["kernel"], arrays.get("bias"))
            for layer, arrays in parts.items()
            if "kernel" in arrays
        ],
        colours,
        metrics={
            layer: arrays["metric"].astype(np.float32)
            for layer, arrays in parts.items()
            if "metric" in arrays
        },
        label=str(label) if label else "",
    )
