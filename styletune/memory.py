"""How much memory a painting takes and how much is free: known before it is met.

Imports nothing that computes, so that the web process and bad arguments need not wait for it.
"""

import contextlib
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
from PIL import Image

from styletune.config import MAX_SIZE_PX, MIN_SIZE_PX, OFFLINE_OPTIMIZER, SessionConfig
from styletune.errors import ConfigError, PictureError
from styletune.images import samples
from styletune.networks import SCALES, convolutions, parse_layer

# Fitted to the peaks of whole processes, TensorFlow on a processor: `getrusage` of `styletune
# paint harbour woodcut --steps 20`, and of --steps 4 with --no-scales. In MiB:
#                      with scales   without   estimated
#   lite      256 px                     690         692
#             512 px                     807         846
#            1024 px          1504      1255        1463
#            2048 px                    2990        3930
#   vgg19     256 px                     811         839
#             512 px          1373      1194        1384
#             768 px                    1742        2293
#   lite, L-BFGS 1024                   1337        1643
#   eight films of one layer of `lite` each, with the session's layers in the estimate:
#             256 px                     815         818
#             512 px                    1110        1140
#             768 px                    1584        1676
PROCESS_BYTES = 640 << 20  # Python and TensorFlow, with a network, before a large picture
# Of a step's features: they and their gradients, beside what coarser canvases have left.
_FEATURES_KEPT = 2.9
_BYTES_A_PIXEL = 170  # picture, moments, average, pyramid: about 14 float32 pictures
_LBFGS_BYTES_A_PIXEL = 240  # ten moves and as many differences of gradients
_MODEL_BYTES = 10 << 20  # of another painting in the same process, beside its pictures
_SPARE_BYTES = 450 << 20  # the worker that stands by in `serve`, and the web process
# The peak of another machine, and what others take meanwhile: all of what is free is too much.
_USABLE = 0.9
_SNAP_PX = 8
_SIZE_FACTOR = 2**0.5  # one size down has half the pixels


def estimate_bytes(
    network: str, layers: Sequence[str], width: int, height: int, optimizer: str = "adam"
) -> int:
    """How much a process that paints takes at its peak, within a fifth where it was measured.

    Args:
        layers: that are selected, in the order in which they are computed.
        width, height: of the painting, px.
    """
    pixels = width * height
    filters, before = 0, 3
    for convolution in convolutions(network, layers):
        filters += 9 * before * convolution.channels
        before = convolution.channels
    a_pixel = _BYTES_A_PIXEL + _LBFGS_BYTES_A_PIXEL * (optimizer == OFFLINE_OPTIMIZER)
    features = _FEATURES_KEPT * 4 * _features(network, layers, width, height)
    return round(PROCESS_BYTES + features + 2 * 4 * filters + a_pixel * pixels)


def _features(network: str, layers: Sequence[str], width: int, height: int) -> int:
    """How many numbers the features are that one step computes, with those that are pooled."""
    count = 0
    for scale in SCALES:
        names = [layer for layer in layers if parse_layer(layer).scale == scale]
        w, h, channels = width // scale, height // scale, 3
        for convolution in convolutions(network, names) if names else ():
            if convolution.pool_before:
                w, h = w // 2, h // 2
                count += w * h * channels
            channels = convolution.channels
            count += w * h * channels
    return count


def available_bytes() -> int:
    """How much memory new programs can have: the machine's, or less where a container limits it."""
    return min([psutil.virtual_memory().available, *left_in_groups()])


def largest_size(
    session: SessionConfig,
    shape: tuple[int, int] = (1, 1),
    free: int | None = None,
    held: int = 0,
    count: int = 1,
) -> int:
    """The largest longer edge, px, of a painting that fits; 0: none does.

    Args:
        session: its network and its optimizer.
        shape: width and height, as a ratio.
        free: bytes; None: those that are free now.
        held, count: see `check_size`.
    """
    usable = _USABLE * (available_bytes() if free is None else free)
    low, high = MIN_SIZE_PX // _SNAP_PX - 1, MAX_SIZE_PX // _SNAP_PX
    while low < high:
        middle = (low + high + 1) // 2
        if _needed(session, _at(middle * _SNAP_PX, shape), held, count) <= usable:
            low = middle
        else:
            high = middle - 1
    return low * _SNAP_PX if low * _SNAP_PX >= MIN_SIZE_PX else 0


def check_size(
    session: SessionConfig,
    width: int,
    height: int,
    *,
    free: int | None = None,
    held: int = 0,
    count: int = 1,
) -> None:
    """Refuse a painting that does not fit into the memory that is free.

    Args:
        width, height: px.
        free: bytes; None: those that are free now.
        held: of the estimate, what the process has already: `PROCESS_BYTES` where one paints.
        count: of such paintings in one process, which takes a step of one after the other.

    Raises:
        ConfigError: with the estimate, what is free, and the largest size that fits.
    """
    free = available_bytes() if free is None else free
    needed = _needed(session, (width, height), held, count)
    if needed <= _USABLE * free:
        return
    largest = largest_size(session, (width, height), free, held, count)
    what = f"{count} paintings of" if count > 1 else "a painting of"
    take = "take" if count > 1 else "takes"
    remedy = f"the largest size that fits is {largest} px" if largest else "end other programs"
    raise ConfigError(
        f"{what} {width} × {height} px by {session.network.name} {take} about "
        f"{needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free: {remedy}"
    )


def check_session(session: SessionConfig, count: int = 1) -> None:
    """Refuse a session whose painting does not fit, before anything is loaded.

    Args:
        count: see `check_size`.

    Raises:
        ConfigError: see `check_size`.
    """
    if not may_use_gpu(session.engine.device):
        check_size(session, *_at(_size_px(session), content_shape(session)), count=count)


def fit_session(session: SessionConfig, free: int | None = None) -> tuple[SessionConfig, str]:
    """A session as it can be played here: with a sentence where its size would not fit.

    Args:
        free: bytes; None: those that are free now.
    """
    if may_use_gpu(session.engine.device):
        return session, ""
    free = available_bytes() if free is None else free
    size, shape = _size_px(session), content_shape(session)
    largest = largest_size(session, shape, free - _SPARE_BYTES * session.server.spare)
    if size <= largest:
        return session, ""
    sizes = (round(size / _SIZE_FACTOR**down / _SNAP_PX) * _SNAP_PX for down in range(1, 20))
    fitting = max(MIN_SIZE_PX, next(edge for edge in sizes if edge <= largest))
    needed = _needed(session, _at(size, shape), 0)
    controls = {name: at for name, at in session.controls.items() if name != "size"}
    smaller = session.model_copy(update={"controls": controls})
    return smaller.with_overrides(pictures={"size": fitting}), (
        f"a painting of {size} px by {session.network.name} takes about {needed / 1e9:.1f} GB of "
        f"memory, and {free / 1e9:.1f} GB are free: it is painted at {fitting} px"
    )


def content_shape(session: SessionConfig) -> tuple[int, int]:
    """Width and height of the content, px, by its header; a square where that says nothing.

    Who decodes it says what is wrong with it.
    """
    try:
        path = samples.locate(session.pictures.content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of many pixels, of which none is decoded
            if path.is_file():  # a pipe may never end
                with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as image:
                    return image.size
    except (Image.DecompressionBombError, OSError, PictureError, SyntaxError, ValueError):
        pass
    return 1, 1


def may_use_gpu(device: str) -> bool:
    """Whether the painting may lie in a GPU's memory, of which nothing is known here."""
    nodes = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
    return device != "cpu" and (device != "auto" or any(Path(node).exists() for node in nodes))


def _size_px(session: SessionConfig) -> int:
    """The longer edge that the control `size` sets."""
    return round(session.table()["size"].value(session.positions()["size"]))


def _at(size: int, shape: tuple[int, int]) -> tuple[int, int]:
    scale = size / max(shape)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _needed(session: SessionConfig, size: tuple[int, int], held: int, count: int = 1) -> int:
    network, (width, height) = session.network, size
    layers, optimizer = network.selected_layers, session.optimizer.name
    others = (count - 1) * (_MODEL_BYTES + _BYTES_A_PIXEL * width * height)
    return estimate_bytes(network.name, layers, width, height, optimizer) + others - held


# ------------------------------------------------------------- control groups

GROUPS, MOUNT = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_CACHE = re.compile(r"^(?:total_)?inactive_file (\d+)$", re.M)


def control_groups(groups: Path = GROUPS, mount: Path = MOUNT) -> Iterator[tuple[Path, int]]:
    """Folders of our own control group and those that it lies in, and the version: 1 or 2.

    A container may see the path that its group has outside, and its own group as the root. None
    where the kernel has no groups.
    """
    try:
        lines = groups.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = mount / "memory" if controllers else mount
        inner = root / group.lstrip("/")
        version = 1 if controllers else 2
        yield inner, version
        while inner != root and root in inner.parents:
            inner = inner.parent
            yield inner, version


def left_in_groups(groups: Path = GROUPS, mount: Path = MOUNT) -> Iterator[int]:
    """Bytes that are left below each limit that the process is under."""
    for folder, version in control_groups(groups, mount):
        names = ("memory.max", "memory.current")
        if version == 1:
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        # ValueError: `max`, no limit.
        with contextlib.suppress(OSError, ValueError):
            limit, used = (int((folder / name).read_text("ascii")) for name in names)
            cache = _CACHE.findall((folder / "memory.stat").read_text("ascii"))
            yield max(0, limit - used + int(cache[-1] if cache else 0))
