"""A sweep on a Ray cluster of two machines, one of which goes for good in the midst of it."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

SWEEP = """
steps = 400
[[axes]]
control = "style.master"
values = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
"""


WITH_TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}


@contextmanager
def machine(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A node of the cluster with room for one actor; all of it ends with it."""
    ray = str(Path(sys.executable).with_name("ray"))
    node = subprocess.Popen(
        [ray, "start", "--block", "--num-cpus=1", "--disable-usage-stats", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | WITH_TOKEN,
        start_new_session=True,
    )
    try:
        yield node
    finally:
        if node.poll() is None:
            os.killpg(node.pid, signal.SIGTERM)
            node.wait(60)


def free_port(host: str) -> int:
    with socket.socket() as listening:
        listening.bind((host, 0))
        return int(listening.getsockname()[1])


def until_nodes(address: str, count: int) -> None:
    """Wait until the cluster has so many nodes."""
    asked = f"""
import time, ray
end = time.monotonic() + 120
while True:
    try:
        ray.init({address!r}, logging_level="ERROR")
        break
    except ConnectionError:
        assert time.monotonic() < end
        time.sleep(0.5)
while sum(node["Alive"] for node in ray.nodes()) < {count}:
    assert time.monotonic() < end
    time.sleep(0.2)
"""
    environment = os.environ | WITH_TOKEN
    subprocess.run(
        [sys.executable, "-c", asked],
        check=True, timeout=180, capture_output=True, env=environment,
    )  # fmt: skip


def test_a_cluster_that_loses_a_machine_paints_every_point(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    plan, out = tmp_path / "sweep.toml", tmp_path / "out"
    plan.write_text(SWEEP)
    # Not 127.0.0.1, for which Ray puts the machine's name in the network.
    first, second = "127.0.0.2", "127.0.0.3"
    port = free_port(first)
    address = f"{first}:{port}"
    head = ("--head", f"--port={port}", "--include-dashboard=false")
    command = [sys.executable, "-m", "styletune", "sweep", str(plan), "-o", str(out)]
    command += ["--ray", address, "--size", "64"]
    with machine(*head, f"--node-ip-address={first}"):
        until_nodes(address, 1)
        stranger = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert stranger.returncode == 1
        assert "it wants a token; set RAY_AUTH_MODE=token" in stranger.stderr
        with machine(f"--address={address}", f"--node-ip-address={second}") as lost:
            until_nodes(address, 2)
            with subprocess.Popen(
                command, stderr=subprocess.PIPE, text=True, env=os.environ | WITH_TOKEN
            ) as sweep:
                results = out / "results.jsonl"
                end = time.monotonic() + 300
                while not results.exists() or not results.read_text():
                    assert sweep.poll() is None, sweep.communicate()
                    assert time.monotonic() < end
                    time.sleep(0.05)
                os.killpg(lost.pid, signal.SIGKILL)  # with all that runs on it
                lost.wait()
                _, said = sweep.communicate(timeout=300)
    assert sweep.returncode == 0, said
    assert f"joining {address}" in said
    assert "2 actors, one for each processor core" in said
    found = [json.loads(line) for line in results.read_text().splitlines()]
    assert sorted(result["index"] for result in found) == list(range(6))
    assert [result["steps"] for result in found] == [400] * 6
    assert (out / "sheet.png").is_file()
