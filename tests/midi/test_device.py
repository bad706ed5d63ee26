"""A device in use, by raw messages, with an injected clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.controls import ControlTable, Kind
from styletune.errors import MessageError
from styletune.midi import profile
from styletune.midi.device import (
    Action,
    Device,
    FireTrigger,
    PickupHint,
    RecallScene,
    SetControls,
    Target,
    resolve,
    with_layer_index,
)
from styletune.midi.message import RELATIVE, Encoding, Event, decode
from styletune.networks import NETWORKS

TABLE = ControlTable(NETWORKS["lite"].default_layers)
ONE, TWO, THREE = TABLE.layers[:3]


class Box:
    """A device whose actions are carried out."""

    def __init__(self, rows: str = "", *, name: str = "nanoKONTROL2") -> None:
        chosen = (
            profile.loads(f"name = 'box'\ndevices = ['box']\ncontrols = [{rows}]")
            if rows
            else profile.find(name, profile.load_shipped())
        )
        assert chosen is not None
        self.device = Device(name, chosen, TABLE)
        self.positions = TABLE.defaults()
        self.now = 0.0

    def send(self, *data: int, wait_s: float = 0.01) -> list[Action]:
        self.now += wait_s
        actions: list[Action] = []
        for event in self._events(data):
            actions += self.device.handle_event(event, tuple(data), self.positions, self.now)
        for action in actions:
            if isinstance(action, SetControls):
                self.positions.update(action.positions)
        return actions

    def _events(self, data: tuple[int, ...]) -> list[Event]:
        try:
            event = decode(data)
        except MessageError:
            return []
        return self.device.combine(event, self.now) if event else []

    def feedback(self) -> list[tuple[int, ...]]:
        self.device.update_feedback(self.positions)
        return self.device.feedback.pop_due(self.now)


def test_pickup_waits_with_a_hint() -> None:
    nano = Box()
    fader = f"style.{ONE}"  # at 0.5
    assert nano.send(0xB0, 16, 0) == [PickupHint(fader, 0.0, True, True)]
    assert nano.send(0xB0, 16, 40) == [PickupHint(fader, 40 / 127, True, True)]
    assert nano.send(0xB0, 16, 64) == [
        PickupHint(fader, 64 / 127, False, None),
        SetControls({fader: 64 / 127}),
    ]
    assert nano.send(0xB0, 16, 127, wait_s=0.01) == [SetControls({fader: 1.0})]
    assert nano.send(0xB0, 16, 0, wait_s=0.01) == [SetControls({fader: 0.0})]


def test_pickup_hints_after_other_moves() -> None:
    nano = Box()
    fader = f"style.{ONE}"
    for value in (63, 64):
        nano.send(0xB0, 16, value)
    nano.positions[fader] = 0.9
    assert nano.device.pickup_hints({fader}, nano.positions) == [
        PickupHint(fader, 64 / 127, True, True)
    ]
    nano.positions[fader] = 64 / 127
    assert nano.device.pickup_hints({fader}, nano.positions) == [
        PickupHint(fader, 64 / 127, False, None)
    ]
    assert nano.device.pickup_hints({fader}, nano.positions) == []
    assert nano.device.pickup_hints({"smooth"}, nano.positions) == []


def test_clear_hints() -> None:
    nano = Box()
    nano.send(0xB0, 16, 0)
    assert nano.device.clear_hints() == [PickupHint(f"style.{ONE}", 0.0, False, None)]


@pytest.mark.parametrize(("number", "switch"), [(32, "solo"), (48, "mute")])
def test_solo_and_mute_switch_both_terms(number: int, switch: str) -> None:
    nano = Box()
    both = [f"{term}.{ONE}.{switch}" for term in ("content", "style")]
    for state in (1.0, 0.0):
        assert nano.send(0xB0, number, 127) == [SetControls(dict.fromkeys(both, state))]
        assert nano.send(0xB0, number, 0) == []
    nano.positions[both[0]] = 1.0  # one of them, on the page
    assert nano.send(0xB0, number, 127) == [SetControls(dict.fromkeys(both, 1.0))]


def test_freeze_button() -> None:
    assert Box().send(0xB0, 65, 127) == [SetControls({f"freeze.{TWO}": 1.0})]


def test_transport_buttons() -> None:
    nano = Box()
    assert nano.send(0xB0, 41, 127) == []  # it plays already
    assert nano.send(0xB0, 42, 127) == [SetControls({"paused": 1.0})]
    assert nano.send(0xB0, 42, 127) == []
    assert nano.send(0xB0, 41, 127) == [SetControls({"paused": 0.0})]
    for number, trigger in (
        (43, "undo"), (44, "redo"), (58, "previous_scene"), (59, "next_scene"), (60, "snapshot"),
    ):  # fmt: skip
        assert nano.send(0xB0, number, 127) == [FireTrigger(trigger)]
        assert nano.send(0xB0, number, 0) == []
    assert nano.send(0xB0, 45, 127) == []  # record is reserved
    assert nano.device.counts["unmapped"] == 1


def test_pad_recalls_a_scene() -> None:
    box = Box("{target='scene:dawn', status='note', number=1}, {target='scene.2', number=2}")
    assert box.send(0x90, 1, 100) == [RecallScene("dawn")]
    assert box.send(0x80, 1, 64) == []
    assert box.send(0xB0, 2, 127) == [RecallScene(2)]
    assert box.send(0xB0, 2, 126) == []  # it is still up
    assert box.send(0xB0, 2, 0) == []
    assert box.send(0xB0, 2, 127) == [RecallScene(2)]


def test_absolute_control_moves_a_switch() -> None:
    box = Box("{target='paused', number=1}, {target='optimizer', number=2}")
    assert box.send(0xB0, 1, 64) == [SetControls({"paused": 1.0})]
    assert box.send(0xB0, 1, 63) == [SetControls({"paused": 0.0})]
    assert box.send(0xB0, 2, 127) == [SetControls({"optimizer": 1.0})]


def test_button_moves_choices_and_faders() -> None:
    box = Box(
        "{target='color', status='note', number=1}, {target='style_mix', status='note', number=2},"
        "{target='smooth', status='note', number=3, sets=0.25}"
    )
    for place in (1.0, 2.0, 0.0):
        assert box.send(0x90, 1, 1) == [SetControls({"color": place})]
    for end in (1.0, 0.0):
        assert box.send(0x90, 2, 1) == [SetControls({"style_mix": end})]
    assert box.send(0x90, 3, 1) == [SetControls({"smooth": 0.25})]


@pytest.mark.parametrize("encoding", RELATIVE)
def test_encoder_moves_from_the_current_position(encoding: Encoding) -> None:
    box = Box(f"{{target='style_mix', number=1, encoding='{encoding}', step=0.1}}")
    right, left = encoding.encode_relative(1), encoding.encode_relative(-1)
    assert box.send(0xB0, 1, right) == [SetControls({"style_mix": 0.1})]
    box.positions["style_mix"] = 0.8
    assert box.send(0xB0, 1, encoding.encode_relative(5)) == [SetControls({"style_mix": 1.0})]
    assert box.send(0xB0, 1, right) == []
    (move,) = box.send(0xB0, 1, left)
    assert isinstance(move, SetControls)
    assert move.positions["style_mix"] == pytest.approx(0.9)


def test_encoder_moves_a_choice_by_one() -> None:
    box = Box("{target='color', number=1, encoding='twos_complement'}")
    assert box.send(0xB0, 1, 5) == [SetControls({"color": 1.0})]
    assert box.send(0xB0, 1, 1) == [SetControls({"color": 2.0})]
    assert box.send(0xB0, 1, 1) == []
    assert box.send(0xB0, 1, 127) == [SetControls({"color": 1.0})]


def test_data_increment_is_relative() -> None:
    box = Box("{target='style_mix', status='nrpn', number=300, step=0.1}")
    for number, value in ((99, 2), (98, 44)):
        box.send(0xB0, number, value)
    assert box.send(0xB0, 96, 0) == [SetControls({"style_mix": 0.1})]


def test_takeover_uses_the_scale_of_the_hardware() -> None:
    box = Box("{target='style_mix', number=1, low=0.5, high=0.6}")
    box.positions["style_mix"] = 0.55
    box.send(0xB0, 1, 127)  # 0.6 of the control is near, 127 of the fader is far
    assert box.send(0xB0, 1, 120, wait_s=1) != []
    assert box.positions["style_mix"] == 0.55


def test_feedback_of_buttons() -> None:
    nano = Box()
    lights = nano.feedback()
    assert (0xB0, 41, 127) in lights  # play
    assert (0xB0, 42, 0) in lights
    assert not any(data[1] < 32 for data in lights)  # no motors: sliders are told nothing
    nano.send(0xB0, 32, 127, wait_s=0.1)
    assert nano.feedback() == [(0xB0, 32, 127)]
    nano.positions[f"style.{ONE}.solo"] = 0.0
    nano.now += 1
    assert nano.feedback() == [(0xB0, 32, 0)]


def test_feedback_of_an_encoder_with_a_ring() -> None:
    twister = Box(name="Midi Fighter Twister")
    fader = f"style.{ONE}"
    assert (0xB0, 0, 64) in twister.feedback()
    assert twister.send(0xB0, 0, 5) == [SetControls({fader: 5 / 127})]
    assert twister.feedback() == []
    twister.positions[fader] = 1.0
    assert twister.feedback() == []  # the hand was there a moment ago
    twister.now += 1
    assert twister.feedback() == [(0xB0, 0, 127)]


def test_channels_are_distinct() -> None:
    apc = Box(name="Akai APC40")
    for place, layer in enumerate(TABLE.layers):
        fader = f"content.{layer}"
        at = round(apc.positions[fader] * 127)
        apc.send(0xB0 | place, 7, at)
        moves = [a for a in apc.send(0xB0 | place, 7, at + 1) if isinstance(a, SetControls)]
        assert moves == [SetControls({fader: (at + 1) / 127})]


@given(st.lists(st.lists(st.integers(-5, 260), max_size=4) | st.tuples(
    st.sampled_from([0xB0, 0x90, 0x80, 0xE0]), st.integers(0, 127), st.integers(0, 127)
), max_size=50))  # fmt: skip
def test_any_bytes_leave_valid_positions(messages: list[list[int]]) -> None:
    nano = Box()
    for message in messages:
        nano.send(*message)
        nano.feedback()
    TABLE.check({n: TABLE[n].to_json(p) for n, p in nano.positions.items()})


# ------------------------------------------------------------------ targets


@pytest.mark.parametrize("name", list(TABLE))
def test_resolve_every_control(name: str) -> None:
    target = resolve(name, TABLE)
    assert target == Target((TABLE[name],))
    assert target.kind is TABLE[name].kind
    assert target.names == (name,)


@pytest.mark.parametrize("name", list(TABLE))
def test_with_layer_index_is_the_same_target(name: str) -> None:
    assert resolve(with_layer_index(name, TABLE), TABLE) == resolve(name, TABLE)
    assert not any(layer in with_layer_index(name, TABLE) for layer in TABLE.layers)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("content.3", (f"content.{THREE}",)),
        ("style.3", (f"style.{THREE}",)),
        ("content.3.mute", (f"content.{THREE}.mute",)),
        ("freeze.3", (f"freeze.{THREE}",)),
        ("solo.3", (f"content.{THREE}.solo", f"style.{THREE}.solo")),
        (f"mute.{THREE}", (f"content.{THREE}.mute", f"style.{THREE}.mute")),
        ("style_gain.3", ("style_gain.3",)),
        ("scene.3", ("scene.3",)),
        ("scene:dawn.1", ("scene:dawn.1",)),
    ],
)
def test_resolve_by_index(target: str, names: tuple[str, ...]) -> None:
    resolved = resolve(target, TABLE)
    assert resolved is not None
    assert resolved.names == names


def test_resolve_layers_of_a_smaller_picture() -> None:
    table = ControlTable(["block1_conv1", "block3_conv1@2"])
    for target in ("solo.2", "solo.block3_conv1@2"):
        resolved = resolve(target, table)
        assert resolved is not None
        assert resolved.names == ("content.block3_conv1@2.solo", "style.block3_conv1@2.solo")
    assert with_layer_index("style.block3_conv1@2", table) == "style.2"


@pytest.mark.parametrize("target", ["scene.3", "scene:dawn", "undo"])
def test_scene_is_a_trigger(target: str) -> None:
    resolved = resolve(target, TABLE)
    assert resolved is not None
    assert resolved.kind is Kind.TRIGGER


@pytest.mark.parametrize(
    "target",
    ["", ".", "content", "content.0", "content.9", "content.-1", "content.3.loud", "solo",
     "solo.9", "solo.nowhere", "scene:", "scene.", "scene.x", "scene.0", "smoth", "content.²"],
)  # fmt: skip
def test_resolve_unknown_targets(target: str) -> None:
    assert resolve(target, TABLE) is None
