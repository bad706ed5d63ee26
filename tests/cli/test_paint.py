"""`styletune paint`, in a process of its own."""

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

from styletune.cli.arguments import session_config
from styletune.cli.main import build_parser
from styletune.images import samples
from styletune.images.png_metadata import read_metadata
from styletune.interrupts import catch_interrupt
from tests.cli.running import styletune, styletune_here


def test_paint_writes_one_picture_with_its_settings(tmp_path: Path) -> None:
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
    assert read_metadata(out.read_bytes()).controls["average"] is True  # the page takes it
    words = ["paint", "harbour", "-o", "x.png", "--session", str(out)]
    again = session_config(build_parser().parse_args(words), str(out))
    assert again.model_dump(mode="json", include=set(state["session"])) == state["session"]
    assert state["steps"] >= 12  # a move that was begun is ended
    assert state["session"]["optimizer"]["name"] == "lbfgs"
    assert state["session"]["painting"]["init"] == "tinted"
    assert "sizes 64, 96" in done.stderr
    assert state["session"]["painting"]["seed"] == 5
    with Image.open(samples.path("harbour")) as sample:
        content = np.asarray(sample.resize((96, 72)))
    assert np.abs(pixels.astype(float) - content).mean() > 5  # it did paint
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]  # no temporary file stays


def test_flags_override_the_session_file_and_transparency_comes_back(tmp_path: Path) -> None:
    file, out, logo = tmp_path / "gd.toml", tmp_path / "out.png", tmp_path / "logo.png"
    disc = Image.radial_gradient("L").resize((64, 48)).point(lambda value: 255 - value)
    disc.putalpha(disc.copy())
    disc.save(logo)
    file.write_text(
        '[optimizer]\nname = "adam"\n[pictures]\nsize = 64\nstyles = ["woodcut", "strokes"]\n'
        "[controls]\nstyle_mix = 0.25\n"
    )
    options = ["--session", file, "--optimizer", "gd", "--schedule", "cosine", "--no-scales"]
    done = styletune_here("paint", logo, "-o", out, "--steps", "4", *options)
    assert done.returncode == 0, done.stderr
    assert "sizes 64\n" in done.stderr
    with Image.open(out) as picture:
        assert picture.mode == "RGBA"
        assert picture.getchannel("A").tobytes() == disc.getchannel("A").tobytes()
        session = json.loads(picture.text["styletune"])["session"]
    assert session["pictures"]["styles"] == ["woodcut", "strokes"]
    assert read_metadata(out.read_bytes()).controls["style_mix"] == 0.25
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
        output = process.stderr.read()
        assert process.wait(60) == 0, output
    assert "Traceback" not in output
    assert "stopped after" in output
    with Image.open(out) as picture:
        assert picture.size == (64, 48)


def test_ctrl_c_in_a_callback_is_not_lost() -> None:
    def collecting(*_: object) -> None:  # such as JAX has; what it raises is printed and gone
        gc.callbacks.remove(collecting)
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with catch_interrupt() as interrupted:
            gc.callbacks.append(collecting)
            gc.collect()
            assert interrupted.is_set()
            with pytest.raises(KeyboardInterrupt):  # the next one
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
