"""The command line itself: mistakes, help, and how little it loads to start."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from styletune.cli.main import main
from styletune.midi.profile_store import user_profile_dir
from styletune.server.storage import session_dir
from tests.cli.running import styletune, styletune_here


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["paint", "nowhere.jpg", "woodcut", "-o", "x.png"], 1, "nowhere.jpg"),
        (["paint", "harbour", "woodcut", "-o", "x.bmp"], 1, "received 'x.bmp'"),
        (["paint", "harbour", "woodcut", "-o", "no/such/x.png"], 1, "does not exist"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--steps", "0"], 2, "at least 1"),
        (["paint", "harbour", "-o", "x.png"], 2, "name a STYLE"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--size", "8"], 2, "`pictures.size`"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--network", "vgg11"], 2, "invalid choice"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--weights", "no.npz"], 1, "no such file"),
        (["serve", "nowhere.toml", "--no-browser"], 2, "no such file"),
        (["serve", "--port", "99999", "--no-browser"], 2, "`server.port`"),
        (["paint", "harbour", "woodcut", "-o", "x.png", "--schedule", "up"], 2, "invalid choice"),
        (["serve", "lbfgs.toml", "--no-browser"], 2, "takes the optimizers adam and gd"),
        (["serve", "--look", "none.keras", "--no-browser"], 1, "none.keras: no such look"),
        (["serve", "--source", "none.mp4", "--no-browser"], 1, "none.mp4: "),
        (["serve", "--source", "camera", "--no-browser"], 2, "opened on the page"),
        (
            ["paint", "harbour", "woodcut", "-o", "x.png", "--init", "look", "--look", "no.keras"],
            1,
            "no.keras: no such look",
        ),
        ([], 2, "COMMAND"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(
    arguments: list[str], code: int, message: str, tmp_path: Path
) -> None:
    session = tmp_path / "lbfgs.toml"
    session.write_text('[optimizer]\nname = "lbfgs"\n')
    # One of them as a person meets it: nothing that is printed comes from elsewhere.
    run = styletune if "nowhere.jpg" in arguments else styletune_here
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [session]


@pytest.mark.parametrize("command", ["serve", "paint", "sweep", "midi", "doctor", "teach"])
def test_help_is_printed(command: str) -> None:
    done = styletune_here(command, "--help")
    assert done.returncode == 0
    assert "usage:" in done.stdout


def test_an_ascii_locale_is_printed_to() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "styletune", "paint", "--help"],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        check=True,
    )
    assert b"gpu:1 \\u2026;" in done.stdout


def test_main_starts_without_heavy_imports() -> None:
    code = (
        "import sys; from styletune.cli.main import build_parser; build_parser()\n"
        "heavy = ('keras', 'tensorflow', 'numpy', 'PIL', 'rich', 'fastapi', 'rtmidi', 'psutil')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("home", [None, "relative"])
def test_without_a_home_directory_one_is_made(
    home: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if home is None:
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # KeyError: no entry
    else:
        monkeypatch.setenv("HOME", home)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = tmp_path / f"styletune-home-{os.getuid()}"
    assert main(["serve", "/nowhere.toml"]) == 2
    error = capsys.readouterr().err
    assert error.splitlines()[0] == (
        f"styletune: there is no home directory: what is kept lies in {made}; "
        "HOME chooses another one"
    )
    assert "/nowhere.toml: no such file" in error
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert session_dir(None).is_relative_to(made)
    assert user_profile_dir().is_relative_to(made)


def test_a_home_directory_of_somebody_else_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"styletune-home-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"styletune-home-{os.getuid()}").chmod(0o777)
    assert main(["serve", "/nowhere.toml"]) == 2
    assert "is not yours alone; set HOME" in capsys.readouterr().err
