"""TOML from outside: bounded before it is parsed, and every failure is a `ConfigError`.

The one reader for session files, controller profiles and sweeps.
"""

import re
import tomllib
from itertools import accumulate
from pathlib import Path
from typing import Any

from styletune.errors import ConfigError

MAX_CHARS = 1_000_000
# Python's parser takes minutes for a dotted key of 29,000 parts, and recurses into what is nested.
MAX_KEY_PARTS = MAX_DEPTH = 32
MAX_WORD = 200  # characters of a bare key or a number

_STRING_OR_COMMENT = re.compile(
    r'"{3}(?:\\.|[^\\])*?(?:"{3,5}|\Z)'
    r"|'{3}.*?(?:'{3,5}|\Z)"
    r'|"(?:\\.|[^"\\\n])*+"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*",
    re.DOTALL,
)
_LONG_WORD = re.compile(rf"(?<![\w+-])[\w+-]{{{MAX_WORD + 1}}}")
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MAX_KEY_PARTS}}}")
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: the file is missing, not UTF-8, not TOML, or beyond the bounds.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return parse_toml(text, str(path))


def parse_toml(text: str, source: str, max_chars: int = MAX_CHARS) -> dict[str, Any]:
    """Parse TOML; errors name the `source`.

    Raises:
        ConfigError: not TOML, too long, too deep, or with keys or numbers that are too long.
    """
    if len(text) > max_chars:
        raise ConfigError(
            f"{source}: at most {max_chars} characters are allowed; received {len(text)}"
        )
    bare = _STRING_OR_COMMENT.sub("_", text)
    if _LONG_WORD.search(bare):
        raise ConfigError(f"{source}: keys and numbers have at most {MAX_WORD} characters")
    if _LONG_KEY.search(bare):
        raise ConfigError(f"{source}: dotted keys have at most {MAX_KEY_PARTS} parts")
    steps = (_BRACKETS[bracket] for bracket in re.findall(r"[][{}]", bare))
    if max(accumulate(steps), default=0) > MAX_DEPTH:
        raise ConfigError(f"{source}: arrays and tables lie at most {MAX_DEPTH} in each other")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is the former
        raise ConfigError(f"{source}: not valid TOML: {error}") from None
