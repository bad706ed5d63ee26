"""The imprint: a saved picture, and in it how it came about.

A frame comes in; a PNG goes out whose text chunk `styletune` holds JSON: the values that the
picture was painted with, the pictures, the network, the seed. Whoever drops such a PNG on a
page has it all again. Knows nothing about HTTP. Runs in the web process; encoding off its loop.
"""

import io
import json
import re

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from styletune import __version__
from styletune.ipc.frame_block import Frame
from styletune.server.hub import Hub

KEYWORD = "styletune"


def state(hub: Hub, frame: Frame, seed: int) -> str:
    """What made a picture, as JSON.

    `controls` are those of the revision `controls_rev`: the picture's own `rev`, unless thousands
    of changes have come since. The pictures are those of now, by name.
    """
    controls_rev, controls = hub.past.at(frame.rev)
    report, pictures = hub.state(), hub.gallery.message()
    height, width = frame.picture.shape[:2]
    return json.dumps(
        {
            "version": __version__,
            "epoch": frame.epoch,
            "step": frame.step,
            "rev": frame.rev,
            "time": frame.time,
            "total": frame.total,
            "run": frame.run,
            "run_step": frame.run_step,
            "width": width,
            "height": height,
            "controls_rev": controls_rev,
            "controls": controls,
            "layers": hub.session.table.layers,
            "network": report.network,
            "weights": report.weights,
            "backend": report.backend,
            "device": report.device,
            "seed": seed,
            "content": pictures.content.name,
            "styles": [style.name for style in pictures.styles],
        }
    )


def file_name(hub: Hub, frame: Frame) -> str:
    """A name for the file that any system takes: what is painted, in which style, how far."""
    pictures = hub.gallery.message()
    names = (pictures.content.name, *(style.name for style in pictures.styles))
    plain = filter(None, map(_plain, names))
    return "-".join(["styletune", *plain, str(frame.step)]) + ".png"


def _plain(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:24]


def encode(frame: Frame, state: str) -> bytes:
    """The picture in full size as PNG, with its state inside."""
    info = PngInfo()
    info.add_text("Software", "styletune")
    info.add_text(KEYWORD, state)
    png = io.BytesIO()
    Image.fromarray(frame.picture).save(png, "PNG", pnginfo=info)
    return png.getvalue()
