"""Keras that cannot be imported is one sentence, which a worker reports as final."""

import json
import os
import subprocess
import sys

import pytest

from styletune.engine.imports import fast_import
from styletune.errors import ConfigError

RUN = """
import json, multiprocessing
from styletune.config import SessionConfig
from styletune.ipc.commands import WorkerConfig
from styletune.worker.process import preload, run_worker

preload()
pipe, far = multiprocessing.Pipe()
run_worker(WorkerConfig(SessionConfig(), "", "", 32), far)
report = pipe.recv()
print(json.dumps([report.state, report.network, report.message]))
"""


def test_a_library_that_is_missing_is_one_sentence() -> None:
    sentence = "Keras cannot be imported: no such library; install"
    with pytest.raises(ConfigError, match=sentence), fast_import():
        raise ImportError("no such library\nand more")


def test_a_worker_without_its_backend_has_failed_for_good() -> None:
    environment = os.environ | {"KERAS_BACKEND": "abacus"}
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, timeout=60
    )
    state, network, message = json.loads(done.stdout)
    assert (state, network) == ("failed", "lite"), done.stderr
    assert "Keras cannot be imported" in message
    assert "abacus" in message
