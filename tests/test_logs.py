import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.logs import (
    BURST,
    MAX_KINDS,
    PlainFilter,
    RateLimiter,
    line_formatter,
)


def record(
    name: str, at: float = 0.0, level: int = logging.INFO, **fields: object
) -> logging.LogRecord:
    made = logging.LogRecord("styletune.server.hub", level, "", 0, name, (), None)
    made.created = at
    made.fields = fields
    return made


def test_line_of_an_event() -> None:
    line = line_formatter("key-value").format(
        record("painting", 0.5, width=256, device="CPU 0", rate=2.50)
    )
    assert line == (
        "time=1970-01-01T00:00:00.500+00:00 level=info event=painting width=256 "
        'device="CPU 0" rate=2.5'
    )


def test_line_of_an_event_as_json() -> None:
    line = line_formatter("json").format(
        record("painting", width=256, device="CPU 0", ok=True, retry=None)
    )
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000+00:00", "level": "info", "event": "painting",
        "width": 256, "device": "CPU 0", "ok": True, "retry": None,
    }  # fmt: skip


def test_line_of_a_library_has_a_message() -> None:
    sentence = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, "a %s", ("b c",), None)
    assert (
        line_formatter("key-value")
        .format(sentence)
        .endswith('level=warning event=log logger=uvicorn.error message="a b c"')
    )


def test_line_holds_a_traceback() -> None:
    try:
        raise ValueError("no\nway")
    except ValueError:
        failed = record("failed")
        failed.exc_info = sys.exc_info()
    for form in ("key-value", "json"):
        line = line_formatter(form).format(failed)
        assert "\n" not in line
        assert "ValueError" in line
        assert "test_logs.py" in line


@given(st.text(max_size=50), st.sampled_from(["key-value", "json"]))
def test_line_survives_any_text(text: str, form: str) -> None:
    line = line_formatter(form).format(record("refused", message=text))
    assert line.isprintable()
    assert line.count("event=refused" if form == "key-value" else '"event": "refused"') >= 1
    if form == "json":
        assert json.loads(line)["message"] == text


@pytest.mark.checklist(7)
@pytest.mark.parametrize("form", ["key-value", "json"])
def test_secret_is_redacted_in_any_value(form: str) -> None:
    lines = line_formatter(form, ["abc+/=", "abc+/=def"])
    line = lines.format(record("refused", message="received 'abc+/=def', abc%2B%2F%3D", n=1))
    assert "abc" not in line
    assert "def" not in line
    assert line.count("[secret]") == 2


@pytest.mark.parametrize("form", ["key-value", "json"])
def test_secret_is_redacted_in_lines_of_libraries(form: str) -> None:
    warning = logging.LogRecord(
        "uvicorn.error", logging.WARNING, "", 0, "%s?token=abc", ("/stage",), None
    )
    line = line_formatter(form, ["abc"]).format(warning)
    assert "/stage?token=[secret]" in line
    assert "abc" not in line


def test_long_value_is_cut() -> None:
    assert len(line_formatter("json").format(record("refused", message="x" * 10_000))) < 2500


def test_rate_limit_holds_back_and_counts() -> None:
    rate = RateLimiter()
    shown = [rate.filter(record("refused", n / 100, code="bad_json")) for n in range(1000)]
    assert shown[:BURST] == [True] * BURST
    assert BURST + 9 <= sum(shown) <= BURST + 10
    late = record("refused", 100.0, code="bad_json")
    assert rate.filter(late)
    assert "held_back=9" in line_formatter("key-value").format(late)
    assert "held_back" not in line_formatter("key-value").format(record("refused", 100.0))


def test_rate_limit_is_by_kind() -> None:
    rate = RateLimiter()
    for _ in range(100):
        rate.filter(record("refused", code="bad_json"))
    assert not rate.filter(record("refused", code="bad_json"))
    assert rate.filter(record("refused", code="bad_type"))
    assert rate.filter(record("state", state="failed"))


def test_rate_limit_holds_back_errors_whatever_numbers_they_name() -> None:
    rate, error = RateLimiter(), logging.ERROR

    def failed(text: str, kind: type[Exception]) -> logging.LogRecord:
        made = logging.LogRecord("asyncio", error, "", 0, text, (), (kind, kind(), None))
        made.created = 0.0
        return made

    for n in range(300):
        rate.filter(failed(f"Fatal error on transport {n}\n<Task-{n} at {hex(n)}>", OSError))
        rate.filter(record("failed", level=error))
    assert not rate.filter(failed("Fatal error on transport 7\nof another", OSError))
    assert not rate.filter(record("failed", level=error))
    assert rate.filter(failed("Fatal error on transport 7", ValueError))
    assert rate.filter(record("another", level=error))


def test_rate_limit_with_a_clock_that_jumps_back() -> None:
    rate = RateLimiter()
    for _ in range(100):
        rate.filter(record("refused", 1e9))
    rate.filter(record("refused", 0.0))
    assert rate.filter(record("refused", 1.0))


def test_rate_limit_forgets_old_kinds() -> None:
    rate = RateLimiter()
    for n in range(3 * MAX_KINDS):
        rate.filter(record("refused", code=str(n)))
    assert len(rate._kinds) == MAX_KINDS


def test_a_person_sees_what_is_painted_and_what_is_wrong() -> None:
    fields = {"size": "256×192", "network": "lite", "weights": "lite-1", "device": "CPU 0"}
    painting, refused = (
        record("painting", **fields),
        record("refused", level=logging.WARNING, client="c1", message="no such control"),
    )
    plain, form = PlainFilter(), line_formatter("plain", ["lite-1"])
    assert not plain.filter(record("joined", client="c1"))
    assert plain.filter(painting)
    assert not plain.filter(record("painting", **fields)), "after a pause the same again"
    assert plain.filter(record("painting", **{**fields, "size": "512×384"}))
    assert plain.filter(refused)
    assert form.format(painting) == "  painting    256×192 px, lite ([secret]) on CPU 0"
    live = record("painting", size="256×192", look="woodcut", backend="ONNX Runtime 1")
    assert plain.filter(live)
    assert form.format(live) == "  painting    256×192 px, live by woodcut on ONNX Runtime 1"
    assert form.format(refused).endswith("warning: refused: no such control")


def test_a_person_sees_a_warning_without_a_message_by_its_fields() -> None:
    denied = record("not_admitted", level=logging.WARNING, code="no_token", address="10.0.0.1")
    line = line_formatter("plain").format(denied)
    assert line.endswith("warning: not admitted: code=no_token address=10.0.0.1")
