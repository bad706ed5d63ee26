"""`styletune paint` and the command line, as a person runs them: in a process of their own."""

import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.cli.paint import catch_sigint
from styletune.images import samples

SHARED = Path(__file__).parents[2] / "shared"


def styletune(*arguments: str | Path, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "styletune", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_two_pictures_in_one_out(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    done = styletune(
        "paint", "harbour", "woodcut", "-o", out, "--steps", "12", "--size", "96", "--seed", "5"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""  # stdout is for programs
    assert "lite" in done.stderr
    assert "--network vgg19" in done.stderr
    assert "oneDNN" not in done.stderr
    with Image.open(out) as picture:
        state = json.loads(picture.text["styletune"])
        pixels = np.asarray(picture)
    assert pixels.shape == (72, 96, 3)
    assert state["steps"] >= 12  # a move that was begun is ended
    assert state["session"]["optimizer"]["name"] == "lbfgs"
    assert state["session"]["painting"]["init"] == "tinted"
    assert "sizes 64, 96" in done.stderr
    assert state["session"]["painting"]["seed"] == 5
    with Image.open(samples.path("harbour")) as sample:
        content = np.asarray(sample.resize((96, 72)))
    assert np.abs(pixels.astype(float) - content).mean() > 5  # it did paint
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]  # no temporary file stays


def test_a_session_file_says_how_to_paint_and_flags_override_it(tmp_path: Path) -> None:
    file, out = tmp_path / "gd.toml", tmp_path / "out.png"
    file.write_text('[optimizer]\nname = "adam"\n[pictures]\nsize = 64\n')
    options = ["--session", file, "--optimizer", "gd", "--schedule", "cosine", "--no-scales"]
    done = styletune("paint", "harbour", "woodcut", "-o", out, "--steps", "4", *options)
    assert done.returncode == 0, done.stderr
    assert "sizes 64\n" in done.stderr
    with Image.open(out) as picture:
        session = json.loads(picture.text["styletune"])["session"]
    assert session["optimizer"]["name"] == "gd"
    assert session["optimizer"]["schedule"] == "cosine"
    assert session["painting"] | {"init": "content", "scales": False} == session["painting"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_painted(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    command = ["paint", "harbour", "strokes", "-o", str(out), "--steps", "100000", "--size", "64"]
    with subprocess.Popen(
        [sys.executable, "-m", "styletune", *command], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "painting 100000 steps" in line:
                break
        time.sleep(1)  # into the midst of painting
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(60) == 0, said
    assert "Traceback" not in said
    assert "stopped after" in said
    with Image.open(out) as picture:
        assert picture.size == (64, 48)


def test_ctrl_c_is_noted_where_an_exception_would_be_lost() -> None:
    def collecting(*_: object) -> None:  # such as JAX has; what it raises is printed and gone
        gc.callbacks.remove(collecting)
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with catch_sigint() as told:
            gc.callbacks.append(collecting)
            gc.collect()
            assert told.is_set()
            with pytest.raises(KeyboardInterrupt):  # the next one
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["paint", "nowhere.jpg", "woodcut", "-o", "x.png"], 1, "nowhere.jpg"),
        (["paint", "harbour", "woodcut", "-o", "x.bmp"], 1, "received 'x.bmp'"),
        (["paint", "harbour", "woodcut", "-o", "no/such/x.png"], 1, "does not exist"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--steps", "0"], 2, "at least 1"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--size", "8"], 2, "`pictures.size`"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--network", "vgg11"], 2, "invalid choice"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--weights", "no.npz"], 1, "no such file"),
        (["serve", "nowhere.toml", "--no-browser"], 2, "no such file"),
        (["serve", "--port", "99999", "--no-browser"], 2, "`server.port`"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--schedule", "up"], 2, "invalid choice"),
        (["serve", "lbfgs.toml", "--no-browser"], 2, "takes the optimizers adam and gd"),
        ([], 2, "COMMAND"),
    ],
)
def test_mistakes_get_one_clear_sentence(
    arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    session = tmp_path / "lbfgs.toml"
    session.write_text('[optimizer]\nname = "lbfgs"\n')
    done = subprocess.run(
        [sys.executable, "-m", "styletune", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [session]


def test_doctor_says_what_is_here() -> None:
    done = styletune("doctor", "--port", "0")
    assert done.returncode == 0, done.stderr
    for word in ("backend", "device", "weights of lite", "memory", "port", "midi"):
        assert word in done.stderr
    assert "'.[gpu]'" in done.stderr.replace("\n", "") or "gpu 0" in done.stderr
    assert "Downloading" not in done.stdout + done.stderr


def test_doctor_does_not_download_what_is_asked_for() -> None:
    done = styletune("doctor", "--port", "0", "--network", "vgg16")
    assert "Downloading" not in done.stdout + done.stderr
    assert "weights of vgg16" in done.stderr


def test_doctor_fails_where_what_was_asked_for_is_missing(tmp_path: Path) -> None:
    done = styletune("doctor", "--port", "0", "--weights", tmp_path / "none.npz")
    assert done.returncode == 1
    assert "no such file" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize("command", ["serve", "paint", "doctor", "teach"])
def test_help_teaches_without_loading_keras(command: str) -> None:
    done = styletune(command, "--help", timeout_s=240)
    assert done.returncode == 0
    assert "usage:" in done.stdout


def test_the_command_line_starts_without_keras() -> None:
    code = (
        "import sys, styletune.cli.main\n"
        "print([m for m in sys.modules if 'keras' in m or 'flow' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240
    )
    assert done.stdout.strip() == "[]"
