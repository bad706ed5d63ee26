"""What is painted from: square pictures, session files, and VGG weights where there are none."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from styletune.images import decode, samples
from styletune.networks import NETWORKS, convolutions

STYLE = "strokes"
_BLOCK_WIDTHS = (64, 128, 256, 512, 512)  # VGG's, arXiv:1409.1556 table 1


def square_picture(name: str, size_px: int, folder: Path) -> Path:
    """Cut the middle out of a sample or file, `size_px` a side, and write it as PNG."""
    image = decode.read(samples.locate(name))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    path = folder / f"{Path(name).stem}-{size_px}.png"
    image.resize((size_px, size_px), Image.Resampling.LANCZOS, box=box).save(path)
    return path


def session_toml(network: str, content: Path, folder: Path, size_px: int, file: str | None) -> str:
    """Return a session file: the defaults, but for the network and the content.

    Args:
        file: weights of VGG; None: Keras' cache, or else random filters.
    """
    from styletune.engine import weights  # here, since it imports Keras

    if network != "lite" and file is None and weights.cached(network) is None:
        file = str(random_vgg_weights(network, NETWORKS[network].default_layers, folder))
    lines = [
        "[pictures]",
        f"content = {_quoted(content)}",
        f"styles = [{_quoted(samples.locate(STYLE))}]",
        f"size = {size_px}",
        "[network]",
        f'name = "{network}"',
    ]
    if file and network != "lite":
        lines.append(f"weights = {_quoted(Path(file).absolute())}")
    return "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)  # a JSON string is a TOML one


def vgg_channels(layer: str) -> int:
    """How many channels a convolution of VGG has."""
    return _BLOCK_WIDTHS[int(layer[len("block")]) - 1]


def random_vgg_weights(network: str, played: tuple[str, ...], folder: Path, seed: int = 0) -> Path:
    """Write seeded random kernels in VGG's shape, up to the deepest of the `played` layers.

    He-normal, so that activations keep their size (arXiv:1502.01852, eq. 10). The arithmetic is
    that of ImageNet's kernels; the pictures are not.
    """
    rng = np.random.default_rng(seed)
    arrays, channels = {}, 3
    for convolution in convolutions(network, played):
        channels_out = vgg_channels(convolution.name)
        scale = np.sqrt(2.0 / (9 * channels))
        kernel = rng.standard_normal((3, 3, channels, channels_out), np.float32) * np.float32(scale)
        arrays[f"{convolution.name}.kernel"] = kernel
        arrays[f"{convolution.name}.bias"] = np.zeros(channels_out, np.float32)
        channels = channels_out
    label = f"random filters, seed {seed}"
    path = folder / f"{network}-random.npz"
    provenance = np.array(json.dumps({"label": label}))
    np.savez(path, allow_pickle=False, provenance=provenance, **arrays)
    return path
