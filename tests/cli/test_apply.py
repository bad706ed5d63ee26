"""`styletune apply`: the command as a person runs it."""

import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.cli.main import main
from styletune.films.reader import FilmReader
from styletune.images.png_metadata import read_metadata
from tests.support.small_film import write_small_film

_WITHOUT_KERAS = """
import sys
from styletune.cli.main import main
code = main(sys.argv[1:])
loaded = {"keras", "tensorflow", "fastapi", "av"} & sys.modules.keys()
sys.exit(f"imports {loaded}" if loaded else code)
"""


def test_picture_without_keras(look_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    words = ["apply", str(look_path), "harbour", "-o", str(out), "--size", "64"]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_KERAS, *words, "--set", "style.block3_conv1=0.8"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "look small (styles: style1), ONNX Runtime" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    assert read_metadata(out.read_bytes()).controls["style.block3_conv1"] == 0.8


def test_folder_goes_on_after_a_bad_picture(
    look_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    (photos / "a[bold].png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    Image.new("RGB", (32, 24), "teal").save(photos / "b.png")
    assert main(["apply", str(look_path), str(photos), "-o", str(out)]) == 1
    assert [path.name for path in out.iterdir()] == ["b.png"]
    printed = capsys.readouterr().err
    assert "a[bold].png: " in printed
    assert "1 of 2 in" in printed


def test_picture_by_keras(
    look_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["apply", str(look_path), "harbour", "--size", "32", "--set", "size=0.5"]
    for backend in ("keras", "onnx"):
        out = tmp_path / f"{backend}.png"
        assert main([*words, "-o", str(out), "--backend", backend]) == 0
    printed = capsys.readouterr().err
    assert "look small (styles: style1), Keras " in printed
    assert "without effect on a look: size" in printed
    keras, onnx = (np.asarray(Image.open(path)).astype(int) for path in tmp_path.glob("*.png"))
    assert np.abs(keras - onnx).max() <= 1


def test_scene_of_a_picture(look_path: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    words = ["apply", str(look_path), "harbour", "--size", "32"]
    assert main([*words, "-o", str(first), "--set", "style.block3_conv1=0.9"]) == 0
    assert main([*words, "-o", str(again), "--scene", str(first), "--set", "smooth=0.1"]) == 0
    controls = read_metadata(again.read_bytes()).controls
    assert (controls["style.block3_conv1"], controls["smooth"]) == (0.9, 0.1)


def test_cut_film(look_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = [Fraction(number, 25) for number in range(50)]
    film = write_small_film(tmp_path / "film.mkv", times, sound="")
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    out = tmp_path / "out.mp4"
    assert main(["apply", str(look_path), str(film), "-o", str(out)]) == 1
    assert "film.mkv: ends in the middle" in capsys.readouterr().err
    assert 5 < len(list(FilmReader(out))) < 45


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_painted(look_path: Path, tmp_path: Path) -> None:
    times = [Fraction(number, 100) for number in range(2000)]
    film = write_small_film(tmp_path / "film.mp4", times, size=(32, 32), sound="")
    out = tmp_path / "out"
    words = ["apply", str(look_path), str(film), "harbour", "-o", str(out), "--size", "64"]
    with subprocess.Popen(
        [sys.executable, "-m", "styletune", *words], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "libx264" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(60) == 130
    assert ", stopped" in rest
    assert [path.name for path in out.iterdir()] == ["film.mp4"]
    assert 0 < len(list(FilmReader(out / "film.mp4"))) < 2000


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--set", "style.block9=0.1"], 1, "unknown control `style.block9`; there are style.block"),
        (["--set", "style.block3_conv1=1.7"], 1, "must be in 0..1; received value=1.7"),
        (["--set", "style.block3_conv1=much"], 1, "must be a number in 0..1"),
        (["--set", "style.block3_conv1.mute=2"], 1, "must be true or false"),
        (["--set", "style.block3_conv1"], 2, "--set takes CONTROL=VALUE"),
        (["--size", "8"], 2, "--size must be at least 16"),
        (["--quality", "0"], 2, "--quality must be in 1..100"),
        (["-o", "out.bmp"], 1, "received 'out.bmp'"),
        (["-o", "no/such/x.png"], 1, "does not exist"),
        (["nowhere.jpg", "-o", "out.jpg"], 1, "nowhere.jpg: no such picture file"),
    ],
)
def test_mistake(
    look_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    look_and_content = ["apply", str(look_path)]
    if words[0].startswith("-"):
        look_and_content.append("harbour")
    assert main([*look_and_content, "-o", "out.png", "--size", "32", *words]) == code
    assert message in capsys.readouterr().err
