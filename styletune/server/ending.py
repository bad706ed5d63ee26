"""How a worker is ended: by asking, then by force. Runs on the event loop of the web process."""

import asyncio
import time

from styletune.ipc.commands import Stop
from styletune.server.child import Child
from styletune.server.limits import Limits


async def end(child: Child, limits: Limits) -> None:
    """Ask it to stop if it may still listen; else, or if it does not, by force."""
    # A stopped one would hear neither.
    if not child.is_stopped() and child.send(Stop()) and await _ended(child, limits.stop_s):
        return
    await _force(child, limits)


async def end_hung(child: Child, limits: Limits) -> None:
    """Let it write where it hangs, if it can, and end it by force."""
    if not child.is_stopped():
        child.dump()
        await _ended(child, limits.dump_s)
    await _force(child, limits)


async def _force(child: Child, limits: Limits) -> None:
    if not child.is_stopped():
        child.terminate()
        if await _ended(child, limits.term_s):
            return
    child.kill()
    await _ended(child, limits.kill_s)


async def _ended(child: Child, within_s: float) -> bool:
    # Real time: no clock but the real one goes on by itself while this waits.
    until = time.monotonic() + within_s
    while child.exitcode is None:
        child.listen()  # a worker that cannot write does not end
        child.receive()
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
    return True
