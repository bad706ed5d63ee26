"""The log of the web process: one line an event on stderr, as key=value, as JSON or for people.

All of `logging` goes through it, libraries too. What repeats is held back and counted, so that a
broken script or a stranger cannot fill a disk; secrets are redacted wherever they stand.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from structlog.processors import JSONRenderer, LogfmtRenderer
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

# The last one is for a person at a terminal: what is painted, what is wrong, and nothing else.
FORMATS = ("key-value", "json", "plain")
BURST, PER_S = 5, 1.0  # of one event: so many at once, then so many a second
MAX_KINDS = 1000  # of events whose rate is remembered
MAX_TEXT = 2000  # characters of a value; tracebacks are long
REDACTED = "[secret]"
_NUMBERS = re.compile(r"\b0x[0-9a-f]+|\d+")


def log_event(log: logging.Logger, level: int, name: str, **fields: object) -> None:
    """Log that `name` has happened; `fields` describe it."""
    log.log(level, name, extra={"fields": fields})


def configure_logging(form: str, secrets: Iterable[str] = ()) -> None:
    """Send all logs of this process to stderr.

    Args:
        form: one of `FORMATS`.
        secrets: that no line shows.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(line_formatter(form, secrets))
    if form == "plain":
        handler.addFilter(PlainFilter())
    handler.addFilter(RateLimiter())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


def line_formatter(form: str, secrets: Iterable[str] = ()) -> logging.Formatter:
    """Return what makes one printable line of any record; see `configure_logging`."""
    render: list[Processor] = [_escape, LogfmtRenderer(bool_as_flag=False)]
    if form == "json":
        render = [JSONRenderer()]
    if form == "plain":
        render = [_escape, _sentence]
    return ProcessorFormatter(processors=[_fields, redact(secrets), *render])


class PlainFilter(logging.Filter):
    """Lets through what a person at a terminal needs: warnings, and what is painted with what."""

    def __init__(self) -> None:
        super().__init__()
        self._painting: object = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is shown; what is painted is, once, until it is something else."""
        if record.msg != "painting":
            return record.levelno >= logging.WARNING
        before, self._painting = self._painting, getattr(record, "fields", None)
        return self._painting != before


class RateLimiter(logging.Filter):
    """Holds back what repeats too fast; the next line of its kind says how many those were.

    Errors too: a stranger can cause as many as he likes. Time comes from the records.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[object, ...], tuple[float, float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is shown."""
        kind, now = _kind(record), record.created
        tokens, filled_at, suppressed = self._kinds.pop(kind, (float(BURST), now, 0))
        # A clock that jumps back neither fills nor empties.
        tokens = min(BURST, tokens + max(0.0, now - filled_at) * PER_S)
        shown = tokens >= 1
        if len(self._kinds) >= MAX_KINDS:
            self._kinds.pop(next(iter(self._kinds)))
        self._kinds[kind] = (tokens - 1, now, 0) if shown else (tokens, now, suppressed + 1)
        if shown and suppressed:
            record.suppressed = suppressed
        return shown


def _kind(record: logging.LogRecord) -> tuple[object, ...]:
    """What repeats: asyncio, for one, names each task and address in its first line or below."""
    fields = getattr(record, "fields", {})
    text = _NUMBERS.sub("", str(record.msg).partition("\n")[0])
    error = record.exc_info[0] if record.exc_info else None
    return record.name, text, fields.get("code"), fields.get("state"), error


def redact(secrets: Iterable[str]) -> Processor:
    """Return a processor that replaces secrets in all values, and cuts long ones."""
    spelled = {spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))}
    # Longest first: one may hold another. Without secrets: what never matches.
    longest_first = sorted(spelled - {""}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def shown(value: object) -> object:
        if isinstance(value, bool | int | float) or value is None:
            return value
        text = pattern.sub(REDACTED, str(value))
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"

    return lambda _logger, _method, event: {key: shown(value) for key, value in event.items()}


def _fields(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The fields of a line; a record of a library is the event `log` with a message."""
    record: logging.LogRecord = event["_record"]
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields: dict[str, object] = {"time": time, "level": record.levelname.lower()}
    if hasattr(record, "fields"):
        fields |= {"event": event["event"], **record.fields}
    else:
        fields |= {"event": "log", "logger": record.name, "message": event["event"]}
    if (error := event.get("exc_info", (None, None))[1]) is not None:
        lines = "".join(traceback.format_exception(error))
        fields |= {"error": repr(error), "traceback": lines[-MAX_TEXT:]}
    if hasattr(record, "suppressed"):
        fields["held_back"] = record.suppressed
    return fields


def _sentence(_logger: object, _method: str, event: EventDict) -> str:
    """The line for people: with the time of day where something is wrong."""
    time, level, name = (event.pop(field) for field in ("time", "level", "event"))
    if name == "painting":
        if "look" in event:
            what = f"live by {event['look']} on {event['backend']}"
        else:
            weights = f" ({event['weights']})" if event.get("weights") else ""
            what = f"{event['network']}{weights} on {event['device']}"
        return f"  painting    {event['size']} px, {what}"
    traceback, message = event.pop("traceback", None), event.pop("message", None)
    what = "" if name == "log" else f"{name.replace('_', ' ')}: "
    details = message or " ".join(f"{field}={value}" for field, value in event.items())
    clock = datetime.fromisoformat(time).astimezone().strftime("%H:%M:%S")
    return f"  {clock}    {level}: {what}{details}" + (f"\n{traceback}" if traceback else "")


def _escape(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Leave nothing in a value that a terminal obeys; the renderer escapes line ends."""
    return {
        key: None
        if value is None
        else "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(value))
        for key, value in event.items()
    }
