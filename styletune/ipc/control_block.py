"""The control block: positions of all controls in shared memory, from web process to worker.

It belongs to the parent and outlives workers, so that a crash loses no values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from styletune.controls import ControlTable
from styletune.errors import MemoryBlockError
from styletune.ipc.seqlock import Bytes, TripleBuffer


@dataclass(frozen=True, slots=True)
class ControlState:
    """All controls at one moment.

    Attributes:
        rev: revision of the values; a frame carries that it was painted with.
        positions: of every fader and switch, in the table's order, by name.
        triggers: how often each trigger was sent since the server's start. A new worker
            finds counts above 0 and must not repeat them.
    """

    rev: int
    positions: dict[str, float]
    triggers: dict[str, int]


class ControlLayout:
    """How a `ControlState` of one table lies in a slot: `pack` and `unpack` are inverse."""

    def __init__(self, table: ControlTable) -> None:
        self.positions: Sequence[str] = table.valued
        self.triggers: Sequence[str] = table.triggers
        self._dtype = np.dtype(
            [
                ("rev", np.int64),
                ("positions", np.float64, (len(self.positions),)),
                ("triggers", np.int64, (len(self.triggers),)),
            ]
        )
        self.slot_bytes = self._dtype.itemsize

    def __str__(self) -> str:
        """Dtypes, names and their order, for both processes to compare."""
        return f"{self._dtype} positions={self.positions} triggers={self.triggers}"

    def pack(self, state: ControlState) -> Bytes:
        """The bytes of a state, uint8 (`slot_bytes`,).

        Raises:
            MemoryBlockError: its names are not those of the table.
        """
        _check_names("position", self.positions, state.positions)
        _check_names("count of trigger", self.triggers, state.triggers)
        record = np.zeros(1, self._dtype)
        record["rev"] = state.rev
        record["positions"] = [state.positions[name] for name in self.positions]
        record["triggers"] = [state.triggers[name] for name in self.triggers]
        return record.view(np.uint8)

    def unpack(self, payload: Bytes) -> ControlState:
        """The state that `pack` was given."""
        record: npt.NDArray[np.void] = payload.view(self._dtype)[0]
        return ControlState(
            rev=int(record["rev"]),
            positions=dict(zip(self.positions, record["positions"].tolist(), strict=True)),
            triggers=dict(zip(self.triggers, record["triggers"].tolist(), strict=True)),
        )


def _check_names(what: str, expected: Sequence[str], received: Mapping[str, float]) -> None:
    if received.keys() == set(expected):
        return
    for name in expected:
        if name not in received:
            raise MemoryBlockError(f"a control state must hold every {what}; `{name}` is missing")
    unknown = next(name for name in received if name not in expected)
    raise MemoryBlockError(f"a control state holds the {what}s of the table; received `{unknown}`")


class ControlBlock:
    """Control values in shared memory: `create` and `write` in the parent, `read` in the worker."""

    def __init__(self, buffer: TripleBuffer, layout: ControlLayout) -> None:
        self._buffer = buffer
        self._layout = layout
        self._last: ControlState | None = None
        self._read = 0
        self.name = buffer.name

    @classmethod
    def create(cls, table: ControlTable) -> Self:
        """Create the block in the parent, which must `close` and `unlink` it.

        Raises:
            MemoryBlockError: no room in shared memory.
        """
        layout = ControlLayout(table)
        return cls(TripleBuffer.create("control", layout.slot_bytes, f"control {layout}"), layout)

    @classmethod
    def attach(cls, name: str, table: ControlTable) -> Self:
        """Attach the block in the worker, which must `close` it.

        Raises:
            MemoryBlockError: there is none of that name, or it is of another table.
        """
        layout = ControlLayout(table)
        return cls(TripleBuffer.attach(name, layout.slot_bytes, f"control {layout}"), layout)

    def write(self, state: ControlState) -> None:
        """Make `state` the newest; readers see all of it or nothing.

        Raises:
            MemoryBlockError: its names are not those of the table.
        """
        self._buffer.write(self._layout.pack(state), tag=state.rev)

    def read(self) -> ControlState | None:
        """The newest state; the last good one when reading fails; None when never written."""
        # Taken first: a write during the read is then seen as newer, never as already read.
        self._read = self._buffer.number
        payload = self._buffer.read()
        if payload is not None:
            self._last = self._layout.unpack(payload)
        return self._last

    @property
    def has_newer(self) -> bool:
        """Whether something has been written since the last `read`; cheap enough for each step."""
        return self._buffer.number != self._read

    def close(self) -> None:
        """Release the memory. May be repeated."""
        self._buffer.close()

    def unlink(self) -> None:
        """Remove the block. Only for its creator."""
        self._buffer.unlink()
