"""The log of the web process: one line an event on stderr, as key=value or as JSON.

Log records come in, lines go out. `event` names what has happened and its figures; a record
with a sentence, such as a library's, becomes a `message`. What repeats is held back and
counted, so that a broken script or a stranger cannot fill a disk; secrets are blotted out,
wherever in a line a client may have brought them. Knows nothing about what is served.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

FORMATS = ("key-value", "json")
BURST, PER_S = 5, 1.0  # of one event: so many at once, then so many a second
MAX_KINDS = 1000  # of events whose rate is remembered
MAX_TEXT = 2000  # characters of a value; tracebacks are long
BLOT = "[secret]"

_BARE = re.compile(r"[\w.:/@%+,*×-]+")


def log_event(log: logging.Logger, level: int, name: str, **figures: object) -> None:
    """Log that `name` has happened; `figures` say how."""
    log.log(level, name, extra={"figures": figures})


def configure_logging(form: str, secrets: Iterable[str] = ()) -> None:
    """Send all logs of this process to stderr.

    Args:
        form: one of `FORMATS`.
        secrets: that no line shows.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(form, secrets))
    handler.addFilter(Rate())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


class Lines(logging.Formatter):
    """Makes one line of a record, whatever is in it."""

    def __init__(self, form: str, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._json = form == "json"
        spelled = {spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))}
        # Longest first: one may hold another.
        longest_first = sorted(spelled - {""}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if spelled else None

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        } | {key: self._shown(value) for key, value in _told(record, self).items()}
        if self._json:
            return json.dumps(fields)
        return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())

    def _shown(self, value: object) -> Any:
        if isinstance(value, bool | int | float) or value is None:
            return value
        text = str(value)
        if self._secrets is not None:
            text = self._secrets.sub(BLOT, text)
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


class Rate(logging.Filter):
    """Holds back what repeats too fast; the next line of its kind says how many those were.

    Errors are never held back. Time comes from the records.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[object, ...], tuple[float, float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is shown."""
        if record.levelno >= logging.ERROR:
            return True
        figures = getattr(record, "figures", {})
        kind = (record.name, str(record.msg), figures.get("code"), figures.get("state"))
        now = record.created
        left, then, held = self._kinds.pop(kind, (float(BURST), now, 0))
        # A clock that jumps back neither fills nor empties.
        left = min(BURST, left + max(0.0, now - then) * PER_S)
        shown = left >= 1
        if len(self._kinds) >= MAX_KINDS:
            self._kinds.pop(next(iter(self._kinds)))
        self._kinds[kind] = (left - 1, now, 0) if shown else (left, now, held + 1)
        if shown and held:
            record.held_back = held
        return shown


def _told(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, object]:
    figures: Mapping[str, object] | None = getattr(record, "figures", None)
    told: dict[str, object]
    if figures is not None:
        told = {"event": record.getMessage(), **figures}
    else:
        told = {"event": "log", "logger": record.name, "message": record.getMessage()}
    if record.exc_info and record.exc_info[1] is not None:
        told["error"] = repr(record.exc_info[1])
        told["traceback"] = formatter.formatException(record.exc_info)[-MAX_TEXT:]
    if held := getattr(record, "held_back", 0):
        told["held_back"] = held
    return told


def _quoted(value: object) -> str:
    """A value that ends where it seems to; one line, and nothing that a terminal obeys."""
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    if _BARE.fullmatch(text):
        return text
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in escaped
    )
