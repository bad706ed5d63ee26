"""How a process shares the processors with one that computes. Linux only; elsewhere nothing."""

import contextlib
import os


def use_batch_scheduling(*, children: bool) -> None:
    """Let others finish what they compute when the calling thread wakes, for a tick at most.

    A painter without a GPU computes on all processors at once, and all its threads wait for the
    one that is interrupted: a message that takes a millisecond costs it several. Where a
    processor is idle nothing changes; nor does the share that a thread gets.

    Args:
        children: whether threads and processes that it starts give way, too.
    """
    if not hasattr(os, "SCHED_BATCH"):
        return
    policy = os.SCHED_BATCH if children else os.SCHED_BATCH | os.SCHED_RESET_ON_FORK
    with contextlib.suppress(PermissionError):  # as a container's rules may have it
        os.sched_setscheduler(0, policy, os.sched_param(0))
