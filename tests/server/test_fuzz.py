"""Anything that a stranger may send; `python -m tests.fuzz` does the same for hours."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.interface import fuzzed
from tests.fuzz.targets import MESSAGES, Messages, picture, seeds

KEYS = st.sampled_from(
    ["type", "controls", "name", "scene", "seconds", "device", "data", "seq", "target", "a", "b"]
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["set", "trigger", "midi", "recall", "store", "learn", "smooth", "paused"])
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def session() -> Messages:
    return Messages()


@pytest.mark.checklist(18)
@settings(max_examples=500, deadline=None)
@given(message=ANYTHING)
def test_any_json_is_answered_and_values_stay_values(session: Messages, message: object) -> None:
    session(json.dumps(message).encode())


@pytest.mark.checklist(18)
@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_message_is_answered(session: Messages, data: st.DataObject) -> None:
    message = bytearray(data.draw(st.sampled_from(MESSAGES)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(message)))
        message[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    session(bytes(message))


@pytest.mark.checklist(17)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_picture_is_decoded_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from(seeds())))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    picture(bytes(damaged))


@pytest.mark.long
def test_http_answers_as_its_description_says() -> None:
    assert fuzzed(examples=5, seed=1) == 0
