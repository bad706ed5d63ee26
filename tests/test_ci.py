"""What `.ci/run` does: the README's own test command, in a folder of its own."""

import re
import subprocess
from pathlib import Path

from tools.reference import ROOT

SCRIPT = (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_ci_runs_the_readme_test_command() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    (line,) = (line for line in SCRIPT.splitlines() if "'.[test]'" in line)
    assert line.replace('"$venv"', ".venv").replace('"$python"', "python3") == blocks[1].strip()


def test_ci_stays_out_of_the_developers_environment() -> None:
    assert ".venv" not in re.sub(r"^#.*$", "", SCRIPT, flags=re.M)


def test_ci_removes_its_own_folder_only(tmp_path: Path) -> None:
    """A run that fails at once leaves nothing behind, and the named environment where it was."""
    venv = tmp_path / "kept"
    venv.mkdir()
    (tmp_path / "false").symlink_to("/bin/false")
    done = subprocess.run(
        ["bash", str(ROOT / ".ci/run")],
        env={
            "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "STYLETUNE_CI_VENV": str(venv),
            "STYLETUNE_CI_PYTHON": str(tmp_path / "false"), "STYLETUNE_CI_NO_APT": "1",
        },
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert {path.name for path in tmp_path.iterdir()} == {"kept", "false"}
