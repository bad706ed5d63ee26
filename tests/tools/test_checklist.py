"""The checklist of what a show withstands is read from the tests themselves."""

from pathlib import Path

import pytest

from tools.checklist import LINES, proofs


def test_the_lines_are_numbered_from_1_to_39() -> None:
    assert list(LINES) == list(range(1, 40))


def test_every_mark_names_a_line_of_the_list() -> None:
    proofs()  # raises otherwise


def test_marks_of_tests_and_comments_of_scripts_are_found(tmp_path: Path) -> None:
    for name, text in {
        "tests/server/test_a.py": "@pytest.mark.checklist(4, 21)\nasync def test_x(): pass\n",
        "tests/web/link.test.js": "// checklist: 28, 29\n",
        "benchmarks/server/soak.py": "# checklist: 39\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert proofs(tmp_path) == {
        4: ["tests/server/test_a.py::test_x"],
        21: ["tests/server/test_a.py::test_x"],
        28: ["tests/web/link.test.js"],
        29: ["tests/web/link.test.js"],
        39: ["benchmarks/server/soak.py"],
    }


def test_a_line_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/x.py").write_text("# checklist: 40\n")
    with pytest.raises(ValueError, match="lines 1 to 39, not 40"):
        proofs(tmp_path)
