import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.errors import MessageError
from styletune.ipc.commands import Report, State
from styletune.ipc.frame_block import Frame, Term
from styletune.session import incoming, outgoing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"type":"set","controls":{"smooth":0.5},"seq":7}',
            incoming.SetMessage(type="set", controls={"smooth": 0.5}, seq=7),
        ),
        (
            '{"type":"trigger","name":"reset"}',
            incoming.TriggerMessage(type="trigger", name="reset"),
        ),
        (
            '{"type":"midi","device":"nano","data":[176,16,64]}',
            incoming.MidiMessage(type="midi", device="nano", data=[176, 16, 64]),
        ),
        ('{"type":"snapshot?"}', incoming.SnapshotRequestMessage(type="snapshot?")),
        (
            '{"type":"set","controls":{"smooth":0.5},"gesture":"drag 3"}',
            incoming.SetMessage(type="set", controls={"smooth": 0.5}, gesture="drag 3"),
        ),
        (
            '{"type":"recall","scene":"dawn","seconds":4}',
            incoming.RecallMessage(type="recall", scene="dawn", seconds=4.0),
        ),
        ('{"type":"store","scene":"a b/c"}', incoming.StoreMessage(type="store", scene="a b/c")),
        (
            '{"type":"rename","scene":"dawn","to":"dusk"}',
            incoming.RenameMessage(type="rename", scene="dawn", to="dusk"),
        ),
        (
            '{"type":"move","scene":"dawn","to":0}',
            incoming.MoveMessage(type="move", scene="dawn", to=0),
        ),
        ('{"type":"delete","scene":"é"}', incoming.DeleteMessage(type="delete", scene="é")),
        (
            '{"type":"crossfade","a":"dawn","b":null}',
            incoming.CrossfadeMessage(type="crossfade", a="dawn", b=None),
        ),
        ('{"type":"learn","target":null}', incoming.LearnMessage(type="learn", target=None)),
        (
            '{"type":"unlearn","target":"smooth","device":"nano"}',
            incoming.UnlearnMessage(type="unlearn", target="smooth", device="nano"),
        ),
        (
            '{"type":"listen","device":"nano"}',
            incoming.ListenMessage(type="listen", device="nano"),
        ),
        (
            '{"type":"unlisten","device":"nano"}',
            incoming.UnlistenMessage(type="unlisten", device="nano"),
        ),
        ('{"type":"paint","steps":5}', incoming.PaintMessage(type="paint", steps=5)),
    ],
)
def test_parse_each_message(text: str, message: incoming.Incoming) -> None:
    assert incoming.parse(text) == message
    assert incoming.parse(text.encode()) == message


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("", "bad_json", "a message must be JSON; received ''"),
        ("{", "bad_json", "received '{'"),
        ("NaN", "bad_json", "must be JSON"),
        ('{"type":"set","controls":{"a":-Infinity}}', "bad_json", "must be JSON"),
        ('"\\ud800"', "bad_json", "must be JSON"),
        ("9" * 100_000, "bad_json", "must be JSON"),
        ("[" * 100_000, "bad_json", "must be JSON"),
        ('{"a":' * 100_000, "bad_json", "must be JSON"),
        ("null", "bad_message", "must be a JSON object with a `type`; received None"),
        ("[]", "bad_message", "received []"),
        ("5", "bad_message", "received 5"),
        ("{}", "bad_message", "must be a JSON object with a `type`"),
        ('{"type":5}', "bad_type", "unknown message type '5'"),
        ('{"type":null}', "bad_type", "unknown message type 'None'"),
        (
            '{"type":"dance"}',
            "bad_type",
            "unknown message type 'dance'; known are 'set', 'trigger', 'recall', ",
        ),
        ('{"type":"set"}', "bad_message", "`controls`: field required"),
        ('{"type":"set","controls":{}}', "bad_message", "`controls`: "),
        ('{"type":"set","controls":[]}', "bad_message", "`controls`: "),
        ('{"type":"set","controls":{"a":1},"seq":"7"}', "bad_message", "`seq`: "),
        ('{"type":"set","controls":{"a":1},"seq":1.5}', "bad_message", "received 1.5"),
        ('{"type":"set","controls":{"a":1},"seq":true}', "bad_message", "received True"),
        ('{"type":"set","controls":{"a":1},"seq":99999999999999999999}', "bad_message", "`seq`"),
        ('{"type":"set","controls":{"a":1},"extra":1}', "bad_message", "`extra`: "),
        ('{"type":"trigger"}', "bad_message", "`name`: field required"),
        ('{"type":"trigger","name":5}', "bad_message", "`name`: input should be a valid string"),
        ('{"type":"midi","device":"x","data":"aa"}', "bad_message", "`data`: "),
        ('{"type":"midi","device":"x","data":[1,"2"]}', "bad_message", "`data.1`: "),
        ('{"type":"midi","device":"x","data":[256]}', "bad_message", "received 256"),
        ('{"type":"midi","device":"x","data":[1.0]}', "bad_message", "received 1.0"),
        ('{"type":"recall"}', "bad_message", "`scene`: field required"),
        ('{"type":"recall","scene":"a","seconds":121}', "bad_message", "`seconds`: "),
        ('{"type":"recall","scene":"a","seconds":-1}', "bad_message", "`seconds`: "),
        ('{"type":"store","scene":""}', "bad_message", "`scene`: "),
        ('{"type":"store","scene":" a"}', "bad_message", "`scene`: "),
        ('{"type":"store","scene":"a\\n"}', "bad_message", "`scene`: "),
        ('{"type":"store","scene":"a\\u0000b"}', "bad_message", "`scene`: "),
        ('{"type":"store","scene":"' + "x" * 61 + '"}', "bad_message", "`scene`: "),
        ('{"type":"set","controls":{"a":1},"gesture":7}', "bad_message", "`gesture`: "),
        ('{"type":"learn"}', "bad_message", "`target`: field required"),
    ],
    ids=lambda value: value[:40],
)
def test_parse_errors(text: str, code: str, told: str) -> None:
    with pytest.raises(MessageError) as error:
        incoming.parse(text)
    assert error.value.code == code
    assert told in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("text", "seq"),
    [
        ('{"type":"dance","seq":7}', 7),
        ('{"seq":-7}', -7),
        ('{"seq":true}', None),
        ('{"seq":"7"}', None),
        ('{"seq":1e3}', None),
        ('{"seq":99999999999999999999}', None),
        ("[7]", None),
        ("{", None),
    ],
)
def test_seq_of_a_bad_message(text: str, seq: int | None) -> None:
    assert incoming.seq_of(text) == seq


@given(st.one_of(st.text(), st.binary()))
def test_any_text_is_a_message_or_an_error(text: str | bytes) -> None:
    with contextlib.suppress(MessageError):
        incoming.parse(text)


def test_optional_keys_are_left_out() -> None:
    changed = outgoing.ChangedMessage(rev=3, controls={"smooth": 0.5, "paused": True}, source="a")
    assert json.loads(changed.text) == {
        "type": "changed",
        "rev": 3,
        "controls": {"smooth": 0.5, "paused": True},
        "source": "a",
    }
    assert json.loads(outgoing.ErrorMessage(code="c", message="m", seq=0).text)["seq"] == 0
    report = Report(State.ROLLING_BACK, "not finite", device="GPU", width=4, height=3)
    state = json.loads(outgoing.StateMessage.from_report(report, 2, None).text)
    assert state["state"] == "rolling back"
    assert state["viewers"] == 2
    assert "retry_s" not in state
    assert "log" not in state


def test_epoch_holds_everything_but_the_picture() -> None:
    terms = (Term(1.5, 2.0, 3.0, 0.25), Term(2.5, 0.0, 0.0, 0.0))
    frame = Frame(
        epoch=5, step=100, rev=7, time=1e9, steps_per_s=12.5,
        picture=np.zeros((30, 40, 3), np.uint8),
        terms={"content": terms, "style": terms[::-1]}, smooth=0.5, total=6.5,
    )  # fmt: skip
    epoch = json.loads(outgoing.EpochMessage.from_frame(frame, ("one", "two")).text)
    assert epoch == {
        "type": "epoch", "epoch": 5, "step": 100, "rev": 7, "time": 1e9, "steps_per_s": 12.5,
        "width": 40, "height": 30, "smooth": 0.5, "total": 6.5,
        "losses": [
            {
                "layer": "one",
                "content": {"raw": 1.5, "weight": 2.0, "weighted": 3.0, "share": 0.25},
                "style": {"raw": 2.5, "weight": 0.0, "weighted": 0.0, "share": 0.0},
            },
            {
                "layer": "two",
                "content": {"raw": 2.5, "weight": 0.0, "weighted": 0.0, "share": 0.0},
                "style": {"raw": 1.5, "weight": 2.0, "weighted": 3.0, "share": 0.25},
            },
        ],
    }  # fmt: skip
