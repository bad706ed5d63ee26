"""The control block: states go through whole."""

import multiprocessing
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.controls import ControlTable
from styletune.errors import MemoryBlockError
from styletune.ipc.control_block import ControlBlock, ControlLayout, ControlState
from tests.support.processes import TABLE, control_state, write_controls

COUNTS = st.integers(0, 2**63 - 1)
PATIENCE_S = 60


@pytest.fixture
def block():
    block = ControlBlock.create(TABLE)
    yield block
    block.close()
    block.unlink()


def test_the_worker_reads_what_the_parent_wrote(block: ControlBlock) -> None:
    worker = ControlBlock.attach(block.name, TABLE)
    assert worker.read() is None
    for rev in (1, 2, 3, 4):
        block.write(control_state(rev))
        assert worker.read() == control_state(rev)
    worker.close()


@given(
    COUNTS,
    st.fixed_dictionaries({name: st.floats(0, 1) for name in TABLE.valued}),
    st.fixed_dictionaries(dict.fromkeys(TABLE.triggers, COUNTS)),
)
def test_any_state_unpacks_as_it_was_packed(
    rev: int, positions: dict[str, float], triggers: dict[str, int]
) -> None:
    layout = ControlLayout(TABLE)
    state = ControlState(rev, positions, triggers)
    payload = layout.pack(state)
    assert payload.nbytes == layout.slot_bytes == 8 * (1 + len(TABLE))
    assert layout.unpack(payload.copy()) == state


def test_names_come_out_in_the_table_s_order_whatever_order_they_went_in() -> None:
    layout = ControlLayout(TABLE)
    state = control_state(5)
    turned = ControlState(5, dict(reversed(state.positions.items())), state.triggers)
    assert tuple(layout.unpack(layout.pack(turned)).positions) == TABLE.valued


def test_a_state_of_another_table_is_refused(block: ControlBlock) -> None:
    state = control_state(1)
    less = {name: value for name, value in state.positions.items() if name != "smooth"}
    with pytest.raises(MemoryBlockError, match="every position; `smooth` is missing"):
        block.write(ControlState(1, less, state.triggers))
    with pytest.raises(MemoryBlockError, match="received `bang`"):
        block.write(ControlState(1, state.positions, state.triggers | {"bang": 1}))
    assert block.read() is None


def test_a_table_of_other_layers_is_refused(block: ControlBlock) -> None:
    with pytest.raises(MemoryBlockError, match="laid out otherwise: layout must be"):
        ControlBlock.attach(block.name, ControlTable(("block1_conv1", "block3_conv3")))


def test_the_same_layers_in_another_order_are_refused(block: ControlBlock) -> None:
    with pytest.raises(MemoryBlockError, match="laid out otherwise: layout must be"):
        ControlBlock.attach(block.name, ControlTable(tuple(reversed(TABLE.layers))))


def test_a_failed_read_keeps_the_last_good_state(block: ControlBlock) -> None:
    block.write(control_state(1))
    assert block.read() == control_state(1)
    block.write(control_state(2))
    block._buffer._payloads[2, 0] ^= 1  # the second write lies in slot 2
    assert block.read() == control_state(1)
    assert block._buffer.failures == 1
    block.write(control_state(3))
    assert block.read() == control_state(3)


def test_no_state_is_torn_while_another_process_writes_at_full_speed(block: ControlBlock) -> None:
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe()
    process = spawn.Process(target=write_controls, args=(block.name, far))
    process.start()
    try:
        while block.read() is None:
            time.sleep(0.01)
        revs = []
        started = time.monotonic()
        while time.monotonic() < started + 2 or len(set(revs)) <= 10:
            assert time.monotonic() < started + PATIENCE_S
            state = block.read()
            assert state == control_state(state.rev)
            revs.append(state.rev)
        near.send("stop")
        written = near.recv()
    finally:
        process.kill()
        process.join()
        near.close()
    assert revs == sorted(revs)
    assert block.read() == control_state(written)


def test_newer_tells_of_a_write_since_the_last_read(block: ControlBlock) -> None:
    assert not block.has_newer
    block.write(ControlState(1, TABLE.defaults(), dict.fromkeys(TABLE.triggers, 0)))
    assert block.has_newer
    block.read()
    assert not block.has_newer
