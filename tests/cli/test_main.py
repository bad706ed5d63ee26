"""The command line itself: mistakes, help, and how little it loads to start."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import styletune


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
        ([], 2, "COMMAND"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(
    arguments: list[str], code: int, message: str, tmp_path: Path
) -> None:
    session = tmp_path / "lbfgs.toml"
    session.write_text('[optimizer]\nname = "lbfgs"\n')
    done = styletune(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [session]


@pytest.mark.parametrize("command", ["serve", "paint", "sweep", "midi", "doctor", "teach"])
def test_help_is_printed(command: str) -> None:
    done = styletune(command, "--help", timeout_s=240)
    assert done.returncode == 0
    assert "usage:" in done.stdout


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
