"""How long the supervisor waits for what, and how often it tries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """All times in seconds. Tests give shorter ones."""

    look_s: float = 0.2  # between looks at a worker that says nothing: does it still live?
    running_s: float = 5.0  # without a step, then it hangs, if the process is stopped …
    # … or if it has been silent for longer than TensorFlow's allocator, which waits 10 s for
    # memory to come free before it says that there is none …
    waiting_s: float = 12.0
    running_steps: float = 20.0  # … or after so many median steps, if that is longer
    compiling_s: float = 180.0  # starting or compiling without a word
    dump_s: float = 0.3  # for a hung worker to write where it hangs
    stop_s: float = 2.0  # from Stop to SIGTERM
    term_s: float = 1.0  # from SIGTERM to SIGKILL; with the kill itself, stop stays under 5 s
    kill_s: float = 1.0  # from SIGKILL to giving up on it
    waits_s: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # before each next try
    failures: int = 5  # so many …
    window_s: float = 300.0  # … within this time: failed
    calm_s: float = 60.0  # of pictures, then earlier failures are forgotten
    # Without news of the worker, then a spare is made: its first sizes are traced by then.
    spare_s: float = 20.0  # infinite: never
