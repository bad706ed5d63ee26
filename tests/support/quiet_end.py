"""A parent whose workers attach and end in every way; it must end with nothing on stderr."""

import multiprocessing

from styletune.ipc.control_block import ControlBlock
from tests.support.processes import TABLE, control_state, read_once_and_die, read_once_and_end


def main() -> None:
    block = ControlBlock.create(TABLE)
    block.write(control_state(1))
    spawn = multiprocessing.get_context("spawn")
    # Twice each: the first to end must not take the segment with it.
    for target in (read_once_and_end, read_once_and_die) * 2:
        process = spawn.Process(target=target, args=(block.name,))
        process.start()
        process.join()
        print(process.exitcode)
    print(block.read() == control_state(1))
    block.close()
    block.unlink()


if __name__ == "__main__":
    main()
