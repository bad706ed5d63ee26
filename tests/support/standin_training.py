"""In place of `styletune train` for the gallery: quick, and without Keras.

It takes a step every 10 ms, keeps them in a checkpoint, and fails at a style called `bad`.
"""

import json
import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

from styletune.server.jobs import process

STEP_S = 0.01


def train(*words: str) -> int:
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    option = dict(pairwise(words))
    out, steps, status_file = Path(option["-o"]), int(option["--steps"]), Path(option["--status"])
    checkpoint = out.with_suffix(".checkpoint.npz")
    if words[1].endswith("bad.png"):
        print("styletune: bad.png: no style", file=sys.stderr)
        return 1
    step = int(checkpoint.read_text()) if "--resume" in words else 0
    with (out.parents[1] / "starts.txt").open("a") as starts:
        print(step, file=starts)
    while step < steps and not stopped:
        step += 1
        status = {
            "state": "training", "progress": step / steps, "step": step,
            "style_left": 0.5, "seconds_left": 60,
        }  # fmt: skip
        status_file.write_text(json.dumps(status))
        checkpoint.write_text(str(step))
        out.with_suffix(".samples.png").write_bytes(b"samples")
        time.sleep(STEP_S)
    out.write_bytes(Path(os.environ["STANDIN_LOOK"]).read_bytes())
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "train":
        sys.exit(train(*sys.argv[1:]))
    sys.exit(process.main(sys.argv[1], "tests.support.standin_training", *sys.argv[3:]))
