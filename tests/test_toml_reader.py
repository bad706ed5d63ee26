"""Whatever TOML somebody sends, it is read soon, or refused in a sentence."""

import time
import tomllib
from pathlib import Path

import pytest

from styletune import config
from styletune.errors import ConfigError
from styletune.files import configs_folder
from styletune.midi import profile
from styletune.sweeps import spec
from styletune.toml_reader import MAX_CHARS, MAX_DEPTH, MAX_KEY_PARTS, parse_toml, read_toml

MANY = 29_000
HOSTILE = {
    "a long dotted key": "a." * MANY + "a = 1",
    "with spaces": "a . " * (MANY // 2) + "a = 1",
    "of quoted parts": '"a".' * (MANY // 2) + "a = 1",
    "in a header": f"[{'a.' * MANY}a]",
    "behind a string of four quotes": 'x = {y = """a"""", ' + "a." * MANY + "a = 1}",
    "behind one of five": "x = {y = '''a''''', " + "a." * MANY + "a = 1}",
    "nested arrays": "a = " + "[" * MANY,
    "closed ones": "a = " + "[" * MANY + "]" * MANY,
    "nested tables": "a = " + "{a = " * (MANY // 3),
    "a large integer": "a = " + "1" * 50_000,
    "a large hexadecimal": "a = 0x" + "f" * 50_000,
    "a large exponent": "a = 1e" + "9" * 50_000,
    "a long bare key": "a" * 50_000 + " = 1",
    "open strings": '\\"' * MANY,
    "an open multi-line string": 'a = """' + '\\"' * MANY,
    "an impossible date": "a = 2026-02-31",
    "too long": "#" * (MAX_CHARS + 1),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused_soon(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ConfigError, match=r"^profile: "):
        parse_toml(text, "profile")
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("load", [config.load, profile.load, spec.load])
@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a." * 500 + "a = 1", "a = " + "1" * 5000])
def test_sessions_profiles_and_sweeps_are_read_alike(load, text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.toml: "):
        load(path)


def test_what_people_write_is_read_as_by_python(tmp_path: Path) -> None:
    text = (
        'a = """four"""" # [[[[ a.b.c\n'
        + ".".join("k" * MAX_KEY_PARTS)
        + f" = {'[' * (MAX_DEPTH - 1)}1.5e3, 'a.b[{{', inf{']' * (MAX_DEPTH - 1)}\n"
        + '"x.y" = {"quoted # key" = \'\'\'\'q\'\'\'\'}\n'
        + "p = '" + "long/path" * 100 + "'\n"
    )  # fmt: skip
    assert parse_toml(text, "file") == tomllib.loads(text)
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())  # as Windows' editors write it
    assert read_toml(path) == tomllib.loads(text)
    for shipped in configs_folder().rglob("*.toml"):
        assert read_toml(shipped) == tomllib.loads(shipped.read_text(encoding="utf-8"))
