"""Devices in another mode: by what they send, with an injected clock."""

import pytest

from styletune.controls import ControlTable
from styletune.midi import profile
from styletune.midi.device import Device
from styletune.midi.message import RELATIVE, Encoding, decode
from styletune.midi.unbound import GATHER_S, PERIOD_S, TurnDetector, UnboundEvents
from styletune.networks import NETWORKS

TABLE = ControlTable(NETWORKS["lite"].default_layers)
NANO = "nanoKONTROL2"
CC_KEYS = "hold SET and CYCLE"


def plugged(name: str) -> Device:
    found = profile.find(name, profile.load_shipped())
    assert found is not None
    return Device(name, found, TABLE)


def moved(device: Device, *messages: tuple[int, ...]) -> dict[str, float]:
    """Which controls messages move, and how far at most, played 20 ms apart."""
    positions = TABLE.defaults()
    before, far = dict(positions), dict[str, float]()
    for step, data in enumerate(messages):
        event = decode(data)
        assert event is not None
        for action in device.handle_event(event, data, positions, step * 0.02):
            for name, position in getattr(action, "positions", {}).items():
                positions[name] = position
                far[name] = max(far.get(name, 0), abs(position - before[name]))
    return far


def knob(*values: int, number: int = 16) -> list[tuple[int, ...]]:
    return [(0xB0, number, value) for value in values]


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize(
    "values",
    [
        [1] * 9,
        [65] * 9,
        [65, 65, 1, 1, 65, 1],
        [1, 65] * 9,
        [1, 1, 2, 5, 9, 3, 1, 65, 70, 66, 65, 1],
    ],
)
def test_knob_in_daw_mode_does_not_jump(place: int, values: list[int]) -> None:
    nano = plugged(NANO)
    far = moved(nano, *knob(*values, number=16 + place))
    assert max(far.values(), default=0) < 0.03
    assert nano.unbound.count > 0
    assert CC_KEYS in str(nano.unbound.hint)


def test_device_that_is_plugged_in_anew_may_be_in_another_mode() -> None:
    nano = plugged(NANO)
    assert moved(nano, *knob(1, 1, 1, 1, 5)) == {}
    nano.reset()
    assert moved(nano, *knob(5, 20, 40, 60, 70)) != {}


@pytest.mark.parametrize("data", [(0xE0, 0, 64), (0xE7, 1, 2), (0x90, 16, 127), (0x90, 94, 127)])
def test_nanokontrol2_in_daw_mode_is_recognised(data: tuple[int, ...]) -> None:
    nano = plugged(NANO)
    assert moved(nano, data) == {}
    assert nano.counts["unmapped"] == nano.unbound.count == 1
    assert CC_KEYS in str(nano.unbound.hint)


@pytest.mark.parametrize(
    ("device", "data", "remedy"),
    [
        (NANO, (0xB4, 0, 64), CC_KEYS),  # channel 5
        ("Launch Control XL", (0xB0, 77, 1), "hold FACTORY"),  # user template 1
        ("X-TOUCH MINI", (0xB0, 16, 1), "standard mode"),
        ("X-TOUCH MINI", (0xE8, 0, 1), "standard mode"),
        ("LPD8", (0xB1, 1, 1), "hold PROGRAM"),
        ("APC MINI", (0xB3, 48, 1), "as its maker does"),
    ],
)
def test_other_channels_and_templates_are_recognised(
    device: str, data: tuple[int, ...], remedy: str
) -> None:
    box = plugged(device)
    assert moved(box, data) == {}
    assert remedy in str(box.unbound.hint)


@pytest.mark.parametrize("encoding", [Encoding.BIN_OFFSET, Encoding.TWOS_COMPLEMENT])
def test_encoder_with_a_ring_in_relative_mode_does_not_jump(encoding: Encoding) -> None:
    twister = plugged("Midi Fighter Twister")
    right, left = (encoding.encode_relative(steps) for steps in (1, -1))
    far = moved(twister, *knob(right, right, right, left, left, right, number=0))
    assert max(far.values(), default=0) < 0.1


def test_unbound_control_in_the_right_mode_has_no_hint() -> None:
    nano = plugged(NANO)
    assert moved(nano, (0xB0, 45, 127)) == {}
    assert (nano.unbound.count, str(nano.unbound.source), nano.unbound.hint) == (
        1, "ch 1 CC 45", None,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", RELATIVE)
@pytest.mark.parametrize("sign", [1, -1])
def test_turns_are_recognised_in_every_encoding(encoding: Encoding, sign: int) -> None:
    detector = TurnDetector()
    steps = [detector.feed(encoding.encode_relative(sign)) for _ in range(5)]
    assert steps == [False, False, True, True, True]
    assert detector.feed(encoding.encode_relative(-sign))


@pytest.mark.parametrize(
    "values",
    [
        [*range(128), *range(127, -1, -1)],
        [60, 61, 62, 63, 64, 65, 66, 65, 64, 63, 62],
        [2, 127],
        [127, 1],
        [0, 0, 0, 0, 1, 2],
        [64, 64, 64, 65],
        [1, 40, 90, 125],
    ],
)
def test_positions_are_none(values: list[int]) -> None:
    detector = TurnDetector()
    assert not any(detector.feed(value) for value in values)


@pytest.mark.parametrize("values", [[126, 125, 124, 123, 122, 121], [90, 40]])
def test_a_fader_that_repeats_its_end_plays_on(values: list[int]) -> None:
    detector = TurnDetector()
    assert any(detector.feed(127) for _ in range(4))
    assert not [detector.feed(value) for value in values][-1]


def test_reports_are_at_most_one_a_second_and_count_all() -> None:
    events = UnboundEvents()
    source = decode((0xB0, 1, 1)).source  # type: ignore[union-attr]
    reported = []
    for step in range(250):
        now = step / 100
        events.add(source, None, now)
        if events.pop_due(now):
            reported.append((now, events.count))
    assert reported == [(GATHER_S, 11), (GATHER_S + PERIOD_S, 111), (GATHER_S + 2 * PERIOD_S, 211)]
    assert events.due == pytest.approx(GATHER_S + 3 * PERIOD_S)
    assert events.pop_due(9.0)
    assert events.count == 250
    assert events.due is None
