"""The frame block: pictures and losses in shared memory, from worker to web process.

The parent creates a new one for each worker. It also holds the heartbeat, by which the parent
tells a slow worker from a hung one.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from styletune.errors import MemoryBlockError
from styletune.ipc.seqlock import Bytes, TripleBuffer
from styletune.terms import layer_terms

_HEARTBEAT_NS, _HEARTBEAT_STEP = 0, 1  # indices into `TripleBuffer.extra`
# Fields of a frame that are one number each.
_NUMBERS = (
    "epoch", "step", "rev", "time", "steps_per_s", "smooth", "total",
    "run", "run_step", "run_done",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """One loss of one layer.

    Attributes:
        raw: unweighted loss, not scaled.
        weight: fader × master, 0 when muted or not among the soloed.
        weighted: what the optimizer minimizes.
        share: `weighted` by the total of all weighted terms, 0..1.
    """

    raw: float
    weight: float
    weighted: float
    share: float


@dataclass(frozen=True, slots=True)
class Frame:
    """One painted picture and its losses.

    Attributes:
        epoch, step: numbers that only rise, across restarts too.
        rev: revision of the control values that it was painted with.
        time: when published, seconds since 1970.
        picture: uint8 (height, width, 3), RGB. One that was read cannot be written to.
        terms: of each of `terms.layer_terms`, one row for each layer, in network order.
        smooth: weighted total variation.
        total: of all weighted terms.
        run: number of the run (see `commands.Run`) that it belongs to, 0: none.
        run_step: steps of that run so far.
        run_done: whether this is the run's last picture.
    """

    epoch: int
    step: int
    rev: int
    time: float
    steps_per_s: float
    picture: npt.NDArray[np.uint8]
    terms: Mapping[str, tuple[Term, ...]]
    smooth: float
    total: float
    run: int = 0
    run_step: int = 0
    run_done: bool = False


class FrameLayout:
    """How a `Frame` lies in a slot: a record, then the picture's bytes, row by row."""

    def __init__(self, layers: Sequence[str], size_px: int) -> None:
        self._layers = tuple(layers)
        self._size_px = size_px
        self._dtype = np.dtype(
            [
                ("epoch", np.int64),
                ("step", np.int64),
                ("rev", np.int64),
                ("time", np.float64),
                ("steps_per_s", np.float64),
                ("smooth", np.float64),
                ("total", np.float64),
                ("height", np.int64),
                ("width", np.int64),
                ("run", np.int64),
                ("run_step", np.int64),
                ("run_done", np.int64),
                ("terms", np.float64, (len(layer_terms()), len(layers), 4)),  # as in Term
            ]
        )
        self.slot_bytes = self._dtype.itemsize + 3 * size_px * size_px

    def __str__(self) -> str:
        """Dtypes, layers and size, for both processes to compare."""
        return f"{self._dtype} layers={self._layers} size_px={self._size_px}"

    def pack(self, frame: Frame) -> tuple[Bytes, Bytes]:
        """The record, uint8 (n,), and the picture, uint8 (h · w · 3,), not copied if contiguous.

        Raises:
            MemoryBlockError: the picture is no RGB picture of this size, or the terms are
                not one for each layer.
        """
        picture, size = frame.picture, self._size_px
        if not (
            picture.dtype == np.uint8
            and picture.ndim == 3
            and picture.shape[2] == 3
            and min(picture.shape) >= 1
            and max(picture.shape[:2]) <= size
        ):
            raise MemoryBlockError(
                f"a frame's picture must be uint8 (h, w, 3) with h and w in 1..{size}; "
                f"received {picture.dtype} {picture.shape}"
            )
        for kind in layer_terms():
            terms = frame.terms.get(kind, ())
            if len(terms) != len(self._layers):
                raise MemoryBlockError(
                    f"a frame's {kind} must have {len(self._layers)} terms, one for each layer; "
                    f"received {len(terms)}"
                )
        record = np.zeros(1, self._dtype)
        for name in _NUMBERS:
            record[name] = getattr(frame, name)
        record["height"], record["width"] = picture.shape[:2]
        record["terms"] = [
            [(t.raw, t.weight, t.weighted, t.share) for t in terms]
            for terms in (frame.terms[kind] for kind in layer_terms())
        ]
        return record.view(np.uint8), np.ascontiguousarray(picture).reshape(-1)

    def unpack(self, payload: Bytes) -> Frame:
        """The frame that `pack` was given; its picture is a view of `payload`."""
        record: npt.NDArray[np.void] = payload[: self._dtype.itemsize].view(self._dtype)[0]
        shape = (int(record["height"]), int(record["width"]), 3)
        picture = payload[self._dtype.itemsize :].reshape(shape)
        picture.flags.writeable = False  # many viewers share it
        terms = {
            kind: tuple(Term(*values) for values in rows)
            for kind, rows in zip(layer_terms(), record["terms"].tolist(), strict=True)
        }
        return Frame(
            epoch=int(record["epoch"]),
            step=int(record["step"]),
            rev=int(record["rev"]),
            time=float(record["time"]),
            steps_per_s=float(record["steps_per_s"]),
            picture=picture,
            terms=terms,
            smooth=float(record["smooth"]),
            total=float(record["total"]),
            run=int(record["run"]),
            run_step=int(record["run_step"]),
            run_done=bool(record["run_done"]),
        )


class FrameBlock:
    """The newest picture in shared memory: the parent creates and reads it, the worker writes."""

    def __init__(self, buffer: TripleBuffer, layout: FrameLayout) -> None:
        self._buffer = buffer
        self._layout = layout
        self.name = buffer.name
        self.slot_bytes = layout.slot_bytes

    @classmethod
    def create(cls, layers: Sequence[str], size_px: int) -> Self:
        """Create a block for pictures up to `size_px` × `size_px`; `close` and `unlink` it.

        Raises:
            MemoryBlockError: no room in shared memory.
        """
        layout = FrameLayout(layers, size_px)
        return cls(TripleBuffer.create("frame", layout.slot_bytes, f"frame {layout}"), layout)

    @classmethod
    def attach(cls, name: str, layers: Sequence[str], size_px: int) -> Self:
        """Attach the block in the worker, which must `close` it.

        Raises:
            MemoryBlockError: there is none of that name, or it is of other layers or size.
        """
        layout = FrameLayout(layers, size_px)
        return cls(TripleBuffer.attach(name, layout.slot_bytes, f"frame {layout}"), layout)

    def publish(self, frame: Frame) -> None:
        """Make `frame` the newest.

        Raises:
            MemoryBlockError: its picture or terms do not fit this block.
        """
        self._buffer.write(*self._layout.pack(frame), tag=frame.epoch)

    def has_newer(self, after_epoch: int = -1) -> bool:
        """Whether there is a frame newer than `after_epoch`; copies nothing."""
        epoch = self._buffer.tag()
        return epoch is not None and epoch > after_epoch

    def read(self, after_epoch: int = -1) -> Frame | None:
        """The newest frame; None when none is newer than `after_epoch`, or reading failed."""
        if not self.has_newer(after_epoch):
            return None
        payload = self._buffer.read()
        if payload is None:
            return None
        frame = self._layout.unpack(payload)
        return frame if frame.epoch > after_epoch else None

    def write_heartbeat(self, step: int) -> None:
        """Show that the worker is alive: after each step, and once a second or more in a pause."""
        self._buffer.extra[_HEARTBEAT_NS] = time.monotonic_ns()
        self._buffer.extra[_HEARTBEAT_STEP] = step

    def read_heartbeat(self) -> tuple[float, int]:
        """`time.monotonic()` seconds and step of the last heartbeat; (0.0, 0) before the first.

        The two may be of neighbouring heartbeats.
        """
        extra = self._buffer.extra
        return int(extra[_HEARTBEAT_NS]) / 1e9, int(extra[_HEARTBEAT_STEP])

    def corrupt(self) -> None:
        """Corrupt the newest picture as a writer that dies in the middle might; for tests only."""
        self._buffer.corrupt()

    def close(self) -> None:
        """Release the memory. May be repeated."""
        self._buffer.close()

    def unlink(self) -> None:
        """Remove the block. Only for its creator."""
        self._buffer.unlink()
