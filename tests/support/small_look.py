"""A look of the smallest network, untrained: its knobs act, and it takes seconds to make."""

import io
import zipfile
from pathlib import Path

from PIL import Image


def write_small_look(path: Path, styles: int = 1, seed: int = 0) -> Path:
    """Write a look of `lite`'s eight layers; returns `path`."""
    import keras

    from styletune.config import SessionConfig
    from styletune.looks import file
    from styletune.looks.network import Widths, look_network
    from styletune.training.looks.export import network_files

    session = SessionConfig()
    keras.utils.set_random_seed(seed)
    layers = session.network.selected_layers
    network = look_network(len(layers), styles, Widths(half=4, quarter=8, blocks=1, desk=4))
    # At first a network shows the picture itself.
    network.get_layer("paint").kernel.assign(keras.random.normal((3, 3, 4, 12), stddev=0.1))
    model, onnx = network_files(network)
    sample = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(sample, "JPEG")
    info = file.LookInfo(
        version=file.VERSION,
        styles=tuple(f"style{number}" for number in range(1, styles + 1)),
        session={"pictures": {"size": session.pictures.size}},
        steps=0,
        style_left=1.0,
    )
    file.write(path, model, onnx, sample.getvalue(), info)
    return path


def write_empty_look(path: Path) -> Path:
    """Write a look that can be listed, but not run; returns `path`."""
    from styletune.looks import file

    model, sample = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(model, "w") as archive:
        archive.writestr("config.json", "{}")
    Image.new("RGB", (64, 48), "teal").save(sample, "JPEG")
    info = file.LookInfo(version=1, styles=("blot",), session={}, steps=5, style_left=0.25)
    file.write(path, model.getvalue(), b"no network", sample.getvalue(), info)
    return path
