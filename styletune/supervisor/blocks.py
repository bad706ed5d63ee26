"""The shared memory of a session: one block of controls, and a block of frames for each worker."""

import math

from styletune.controls import ControlTable
from styletune.errors import MemoryBlockError
from styletune.ipc.control_block import ControlBlock, ControlState
from styletune.ipc.frame_block import FrameBlock
from styletune.ipc.segments import remove_stale_segments


class SharedBlocks:
    """Creates the blocks, and removes them: after `create` you must call `close`.

    Attributes:
        max_size_px: longer edge of the largest picture that a frame block holds.
    """

    def __init__(self, table: ControlTable) -> None:
        self.max_size_px = math.ceil(table["size"].high)
        self._table = table
        self._control_block: ControlBlock | None = None
        self._next_frame_block: FrameBlock | None = None

    def create(self, state: ControlState) -> None:
        """Create the control block with these values, and the first worker's frame block.

        Raises:
            MemoryBlockError: no room in shared memory; there is no block then.
        """
        remove_stale_segments()
        self._control_block = ControlBlock.create(self._table)
        try:
            # The first one is created here, so that too little memory is raised to the caller.
            self._next_frame_block = self._new_frame_block()
        except MemoryBlockError:
            self.close()
            raise
        self._control_block.write(state)

    def close(self) -> None:
        """Remove the control block, and the frame block that no worker has had."""
        for block in (self._control_block, self._next_frame_block):
            if block is not None:
                remove_block(block)
        self._control_block = self._next_frame_block = None

    @property
    def control_block_name(self) -> str:
        """Under which the worker opens the control block."""
        assert self._control_block is not None  # made by `create`
        return self._control_block.name

    def write(self, state: ControlState) -> None:
        """Write the newest control values, where there is a block.

        Raises:
            MemoryBlockError: the names are not those of the session's table.
        """
        if self._control_block is not None:
            self._control_block.write(state)

    def claim_frame_block(self) -> FrameBlock:
        """The next worker's own, which the caller gives to `remove_block` in the end.

        Raises:
            MemoryBlockError: no room in shared memory.
        """
        block, self._next_frame_block = self._next_frame_block, None
        return block or self._new_frame_block()

    def _new_frame_block(self) -> FrameBlock:
        return FrameBlock.create(self._table.layers, self.max_size_px)


def remove_block(block: ControlBlock | FrameBlock) -> None:
    """Close a block and remove it from the system."""
    block.close()
    block.unlink()
