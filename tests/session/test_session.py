"""The session, without any socket."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from styletune.controls import ControlTable
from styletune.midi import profile
from styletune.networks import NETWORKS
from styletune.session.outgoing import (
    ChangedMessage,
    ErrorMessage,
    PaintingMessage,
    TriggeredMessage,
)
from styletune.session.session import Session

TABLE = ControlTable(NETWORKS["lite"].default_layers)
PROFILES = profile.load_shipped()


def fresh() -> Session:
    return Session(TABLE, TABLE.defaults(), profiles=PROFILES)


def send(session: Session, text: str) -> list[Any]:
    return session.handle(session.parse(text), "me")


def tell(
    session: Session, message: Any, source: str = "me"
) -> ChangedMessage | TriggeredMessage | ErrorMessage:
    answers = session.handle(session.parse(json.dumps(message)), source)
    (answer,) = answers
    return answer


@pytest.mark.parametrize("name", TABLE.valued)
def test_set_every_control(name: str) -> None:
    session = fresh()
    value = TABLE[name].to_json(TABLE[name].position_from_hardware(0.625))
    answer = tell(session, {"type": "set", "controls": {name: value}, "seq": 3})
    assert answer == ChangedMessage(rev=1, controls={name: value}, source="me", seq=3)
    assert session.state.positions == TABLE.defaults() | {name: TABLE[name].check(value)}
    assert list(session.state.positions) == list(TABLE.valued)
    assert session.state.controls()[name] is value or session.state.controls()[name] == value


@pytest.mark.parametrize("name", [name for name in TABLE.triggers if TABLE[name].engine])
def test_trigger_is_counted_and_leaves_the_revision(
    name: str,
) -> None:
    session = fresh()
    for count in (1, 2, 3):
        answer = tell(session, {"type": "trigger", "name": name, "seq": count})
        assert answer == TriggeredMessage(name=name, source="me", seq=count)
        assert session.triggers[name] == count
    assert session.state.rev == 0


def test_set_raises_the_revision_by_one() -> None:
    session = fresh()
    for rev in range(1, 6):
        answer = tell(session, {"type": "set", "controls": {"smooth": 0.5, "paused": True}})
        assert isinstance(answer, ChangedMessage)
        assert answer.rev == session.state.rev == rev


@pytest.mark.parametrize(
    ("value", "code", "told"),
    [
        (1.0000001, "out_of_range", "control `smooth` must be in 0..1; received value=1.0000001"),
        (-1, "out_of_range", "must be in 0..1; received value=-1"),
        (10**20, "out_of_range", "must be in 0..1"),
        ("0.5", "bad_value", "must be a number in 0..1; received value='0.5' of type str"),
        (None, "bad_value", "of type NoneType"),
        (True, "bad_value", "of type bool"),
        ([0.5], "bad_value", "of type list"),
        ({"a": 1}, "bad_value", "of type dict"),
    ],
)
def test_set_is_refused_whole(value: Any, code: str, told: str) -> None:
    session = fresh()
    for controls in (
        {"smooth": value, "learning_rate": 0.1},
        {"learning_rate": 0.1, "paused": True, "smooth": value},
    ):
        answer = tell(session, {"type": "set", "controls": controls, "seq": 9})
        assert isinstance(answer, ErrorMessage)
        assert (answer.code, answer.seq) == (code, 9)
        assert told in answer.message
    assert session.state.rev == 0
    assert session.state.positions == TABLE.defaults()
    assert session.counts[code] == 2


@pytest.mark.parametrize(
    ("message", "code", "told"),
    [
        (
            {"type": "set", "controls": {"smoth": 0.5}},
            "unknown_control",
            "unknown control `'smoth'`; /api/controls lists the",
        ),
        (
            {"type": "set", "controls": {"paused": 0.5}},
            "bad_value",
            "control `paused` must be true or false; received value=0.5",
        ),
        ({"type": "set", "controls": {"reset": 1}}, "bad_value", "control `reset` is a trigger"),
        ({"type": "trigger", "name": "explode"}, "unknown_control", "unknown control `'explode'`"),
        (
            {"type": "trigger", "name": "smooth"},
            "not_a_trigger",
            "control `smooth` is no trigger; triggers are reset, kick",
        ),
        ({"type": "midi", "device": "nanoKONTROL2", "data": [1]}, "bad_midi", "whole MIDI message"),
        ({"type": "dance"}, "bad_type", "unknown message type"),
        ([], "bad_message", "must be a JSON object"),
    ],
)
def test_error_gives_the_reason_and_changes_nothing(message: Any, code: str, told: str) -> None:
    session = fresh()
    answer = tell(session, message)
    assert isinstance(answer, ErrorMessage)
    assert answer.code == code
    assert told in answer.message
    assert session.counts[code] == 1
    assert session.state.positions == TABLE.defaults()
    assert set(session.triggers.values()) == {0}


def test_snapshot_request_is_counted() -> None:
    session = fresh()
    assert send(session, '{"type":"snapshot?"}') == []
    assert session.counts["snapshot"] == 1


@pytest.mark.parametrize("value", [0, 1, 63, 64, 127])
def test_midi_moves_the_mapped_fader(value: int) -> None:
    now = 0.0
    session = Session(TABLE, TABLE.defaults(), profiles=PROFILES, clock=lambda: now)
    message = {"type": "midi", "device": "nanoKONTROL2", "data": [176, 7, 2]}
    assert isinstance(tell(session, message), ChangedMessage)  # near enough to pick it up
    assert send(session, json.dumps(message | {"data": [176, 7, value]})) == []
    rev = session.state.rev
    while session.midi_due_s is not None:  # smoothly, some milliseconds
        now += session.midi_due_s
        rev += 1
        (answer,) = session.poll_midi()
        assert (answer.rev, answer.source) == (rev, "midi:nanoKONTROL2")
    assert answer.controls == {"content.block3_conv4@4": value / 127}
    send(session, '{"type": "trigger", "name": "undo"}')
    assert session.state.positions == TABLE.defaults()  # all of it was one move of a hand


@pytest.mark.parametrize(("knobs", "period_s"), [(4, 0.016), (8, 0.032)])
def test_midi_storm_takes_its_steps_without_a_timer(knobs: int, period_s: float) -> None:
    now = 0.0
    session = Session(TABLE, TABLE.defaults(), profiles=PROFILES, clock=lambda: now)
    for count in range(30):
        now = period_s * count  # as the agent sends
        data = [byte for knob in range(knobs) for byte in (176, 16 + knob, 64 + 2 * count)]
        text = json.dumps({"type": "midi", "device": "nanoKONTROL2", "data": data})
        changes = send(session, text)
        assert count == 0 or (session.midi_due_s is not None and session.midi_due_s > period_s)
        # Each begins by itself, and then all step in one revision.
        assert len(changes) == (1 if count else knobs)
        assert {name for change in changes for name in change.controls} == {
            f"style.{layer}" for layer in TABLE.layers[:knobs]
        }
    for layer in TABLE.layers[:knobs]:  # what each knob did is a gesture of its own
        moved = set(session.state.undo(None).controls)
        assert len(moved) == 1, layer


def test_midi_messages_in_one_are_split() -> None:
    session = Session(TABLE, TABLE.defaults(), profiles=PROFILES, clock=lambda: 0.0)
    data = [176, 0, 2, 176, 1, 2, 176, 44, 176, 7, 2]
    text = json.dumps({"type": "midi", "device": "nanoKONTROL2", "data": data})
    *moved, refused, last = send(session, text)
    assert [next(iter(change.controls)) for change in (*moved, last)] == [
        f"content.{TABLE.layers[place]}" for place in (0, 1, 7)
    ]
    assert refused.code == "bad_midi"
    assert session.counts["midi"] == 4


def test_midi_that_moves_nothing_is_counted() -> None:
    session = fresh()
    for data, count in (([0xF8], "midi_ignored"), ([176, 90, 1], "midi_unmapped")):
        text = json.dumps({"type": "midi", "device": "nanoKONTROL2", "data": data})
        assert send(session, text) == []
        assert session.counts[count] == 1
    assert session.state.rev == 0


def test_unknown_device_is_reported_once() -> None:
    session = fresh()
    message = {"type": "midi", "device": "Theremin", "data": [176, 16, 64]}
    answer = tell(session, message)
    assert isinstance(answer, ErrorMessage)
    assert answer.code == "unknown_device"
    assert "no controller profile for `Theremin`; known are APC mini" in answer.message
    assert send(session, json.dumps(message)) == []
    assert session.counts["unknown_device"] == 2


def test_profile_of_the_session_fits_every_device() -> None:
    session = Session(TABLE, TABLE.defaults(), profile=profile.load_named("nanokontrol2"))
    message = {"type": "midi", "device": "Theremin", "data": [176, 16, 64]}
    assert isinstance(tell(session, message), ChangedMessage)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "controls", "seq", "name", "data", "device", *TABLE]), inner
        )
    ),
    max_leaves=12,
)
SOME_SET = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["set", "trigger", "midi", "snapshot?"]),
    },
    optional={
        "controls": st.dictionaries(
            st.sampled_from(list(TABLE)) | st.text(max_size=4),
            st.floats(-0.5, 1.5) | st.booleans() | ANY_JSON,
            max_size=4,
        ),
        "name": st.sampled_from(list(TABLE)) | st.text(max_size=4),
        "device": st.sampled_from(["nanoKONTROL2", "x"]),
        "data": st.lists(st.integers(0, 255), max_size=4),
        "seq": st.integers() | st.text(max_size=2),
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_JSON | SOME_SET, max_size=5))
def test_any_json_is_handled_whole(data: list[Any]) -> None:
    session = fresh()
    for message in data:
        before, rev = dict(session.state.positions), session.state.rev
        triggers = sum(session.triggers.values())
        answers = send(session, json.dumps(message))
        changes = [answer for answer in answers if isinstance(answer, ChangedMessage)]
        triggered = [answer for answer in answers if isinstance(answer, TriggeredMessage)]
        assert session.state.rev == rev + len(changes)
        assert sum(session.triggers.values()) == triggers + len(triggered)
        for change in changes:
            before |= TABLE.check(change.controls)
        assert session.state.positions == before
        assert all(0.0 <= position <= 1.0 for position in session.state.positions.values())
        for answer in answers:
            json.loads(answer.text, parse_constant=lambda constant: pytest.fail(constant))


def test_paint_moves_its_controls_and_begins_a_run() -> None:
    session = fresh()
    message = {"type": "paint", "steps": 40, "controls": {"smooth": 0.25}, "seed": 3, "seq": 9}
    answers = send(session, json.dumps(message))
    assert answers == [
        ChangedMessage(rev=1, controls={"smooth": 0.25}, source="me", seq=9),
        PaintingMessage(
            run=1, rev=1, steps=40, start="reset", seed=3, settle=None, source="me", seq=9
        ),
    ]
    assert session.state.positions["smooth"] == 0.25


def test_paint_without_controls_leaves_the_revision() -> None:
    session = fresh()
    answer = tell(session, {"type": "paint", "steps": 1, "start": "last", "settle": 0.1})
    assert isinstance(answer, PaintingMessage)
    assert (answer.run, answer.rev, answer.start, answer.settle) == (1, 0, "last", 0.1)


@pytest.mark.parametrize(
    ("fields", "code", "told"),
    [
        ({"steps": 0}, "bad_message", "`steps`: input should be greater than or equal to 1"),
        ({}, "bad_message", "`steps`: field required"),
        ({"steps": 5, "start": "noon"}, "bad_message", "`start`"),
        ({"steps": 5, "settle": 1}, "bad_message", "`settle`"),
        ({"steps": 5, "seed": -1}, "bad_message", "`seed`"),
        ({"steps": 5, "controls": {"smoth": 1}}, "unknown_control", "unknown control"),
        ({"steps": 5, "controls": {"smooth": 2}}, "out_of_range", "must be in 0..1"),
    ],
)
def test_paint_is_refused_whole(fields: dict[str, Any], code: str, told: str) -> None:
    session = fresh()
    answer = tell(session, {"type": "paint", **fields, "seq": 4})
    assert isinstance(answer, ErrorMessage)
    assert (answer.code, answer.seq) == (code, 4)
    assert told in answer.message
    assert (session.state.rev, session.runs) == (0, 0)


def test_midi_buttons_fire_triggers() -> None:
    session = fresh()

    def press(number: int) -> list[Any]:
        message = {"type": "midi", "device": "nanoKONTROL2", "data": [176, number, 127]}
        return send(session, json.dumps(message))

    assert press(42)[0].controls == {"paused": True}
    triggered, changed = press(43)  # rewind
    assert (triggered.name, triggered.source) == ("undo", "midi:nanoKONTROL2")
    assert changed.controls == {"paused": False}
    (error,) = press(43)
    assert error.code == "nothing_to_undo"
    press(60)  # marker
    assert len(session.state.scenes) == 1
    tell(session, {"type": "set", "controls": {"smooth": 0.9}})
    assert press(59)[-1].controls["smooth"] == TABLE["smooth"].default


def test_midi_pad_recalls_a_scene_by_name_or_place() -> None:
    pads = profile.loads(
        "name='pads'\ndevices=['x']\ncontrols=[{target='scene.#', status='note', number=[1, 2]},"
        "{target='scene:dawn', status='note', number=3}]"
    )
    session = Session(TABLE, TABLE.defaults(), profile=pads)
    for name, at in (("dusk", 0.1), ("dawn", 0.7)):
        tell(session, {"type": "set", "controls": {"smooth": at}})
        send(session, json.dumps({"type": "store", "scene": name}))

    def pad(number: int) -> Any:
        return tell(session, {"type": "midi", "device": "x", "data": [0x90, number, 100]})

    assert pad(1).controls == {"smooth": 0.1}
    assert pad(3).controls == {"smooth": 0.7}
    assert pad(1).source == "scene:dusk"
    assert pad(2).controls == {"smooth": 0.7}
    send(session, '{"type":"delete","scene":"dawn"}')
    assert pad(2).message == "there is no scene 2 yet; the list has 1"
    assert pad(3).code == "unknown_scene"
