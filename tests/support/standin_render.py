"""In place of `styletune.worker.large_picture` for the server: quick, and without Keras.

It counts steps of 10 ms in a file, and fails where the start says so.
"""

import json
import signal
import sys
import time
from pathlib import Path

from styletune.server.jobs import process

STEPS = 40


def paint(folder: Path) -> int:
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    kept = folder / "kept.txt"
    step = int(kept.read_text()) if kept.exists() else 0
    with (folder.parent / "starts.txt").open("a") as starts:
        print(step, file=starts)
    if (folder.parent / "fail").exists():
        print("styletune: no room", file=sys.stderr)
        return 1
    while step < STEPS and not stopped:
        step += 1
        kept.write_text(str(step))
        status = {"state": "painting", "progress": step / STEPS, "seconds_left": 60}
        (folder / "status.json").write_text(json.dumps(status))
        time.sleep(0.01)
    if step == STEPS:
        (folder / "out.png").write_bytes((folder / "start.png").read_bytes())
        status = {"state": "written", "progress": 1.0, "seconds_left": 0}
        (folder / "status.json").write_text(json.dumps(status))
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.exit(paint(Path(sys.argv[1])))
    sys.exit(process.main(sys.argv[1], "tests.support.standin_render", *sys.argv[3:]))
