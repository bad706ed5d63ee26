"""The documentation keeps its word: tables are those of the code, commands and links work."""

import re
import shlex

import pytest
from pydantic import BaseModel

from styletune.cli.main import build_parser
from styletune.midi import profile
from styletune.sweeps.spec import Axis, SweepSpec
from tools.reference import BLOCKS, DOCS, ROOT, pages, render

PAGES = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in pages()}
README = PAGES["README.md"]
COMMANDS = [
    (name, line)
    for name, text in PAGES.items()
    for block in re.findall(r"```sh\n(.*?)```", text, re.S)
    for line in re.findall(r"^(?:\w+=\S+ )*styletune ((?:\w)[^#\n]*)", block, re.M)
]


@pytest.mark.parametrize("name", PAGES)
def test_generated_blocks_are_up_to_date(name: str) -> None:
    assert render(PAGES[name]) == PAGES[name], "run `python -m tools.reference`"


def test_every_generated_block_stands_on_a_page() -> None:
    text = "\n".join(PAGES.values())
    for name in BLOCKS:
        assert f"<!-- generated: {name} -->\n" in text


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", _without_code(PAGES[name])):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target.read_text(encoding="utf-8")), link


def test_every_page_of_docs_is_reached_from_the_index() -> None:
    index = PAGES["docs/README.md"]
    for page in DOCS.rglob("*.md"):
        if page.name != "README.md":
            assert f"({page.relative_to(DOCS)})" in index


@pytest.mark.parametrize(("name", "line"), COMMANDS)
def test_command_lines_are_understood(name: str, line: str) -> None:
    words = shlex.split(line)
    if "--help" in words:
        with pytest.raises(SystemExit, match="0"):
            build_parser().parse_args(words)
    else:
        build_parser().parse_args(words)


@pytest.mark.parametrize("name", PAGES)
def test_files_that_are_named_exist(name: str) -> None:
    folders = "styletune|web|tests|tools|configs|benchmarks|examples|docs"
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", PAGES[name]):
        assert (ROOT / path).exists(), path


def test_modules_named_as_commands_exist() -> None:
    for text in PAGES.values():
        for module in re.findall(r"python3? -m ([a-z_]+(?:\.\w+)+)", text):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_the_readme_begins_with_its_two_commands() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    assert blocks[0].strip().endswith(".venv/bin/pip install . && .venv/bin/styletune serve")
    assert blocks[1].strip().endswith(".venv/bin/pip install -e '.[test]' && .venv/bin/pytest")
    assert len(README.splitlines()) <= 150


def test_all_keys_of_sweeps_and_profiles_are_described() -> None:
    described: dict[str, tuple[type[BaseModel], ...]] = {
        "docs/sweeps.md": (SweepSpec, Axis),
        "docs/controllers.md": (profile._ProfileFile, profile._ControlRow),
    }
    for name, models in described.items():
        for model in models:
            for key, field in model.model_fields.items():
                assert f"| `{field.alias or key}` |" in PAGES[name], (name, key)


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.S)


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", _without_code(text), re.M)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}
