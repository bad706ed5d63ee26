"""A device in use, by raw messages, with an injected clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.config import DEFAULT_LAYERS
from styletune.controls import ControlTable
from styletune.errors import MessageError
from styletune.midi import profile
from styletune.midi.device import Action, Device, FireTrigger, PickupHint, RecallScene, SetControls
from styletune.midi.message import RELATIVE, Encoding, Event, decode

TABLE = ControlTable(DEFAULT_LAYERS["lite"])
ONE, TWO = TABLE.layers[:2]


class Played:
    """A device whose moves are carried out."""

    def __init__(self, rows: str = "", *, name: str = "nanoKONTROL2") -> None:
        chosen = (
            profile.loads(f"name = 'box'\ndevices = ['box']\ncontrols = [{rows}]")
            if rows
            else profile.choose(name, profile.shipped())
        )
        assert chosen is not None
        self.device = Device(name, chosen, TABLE)
        self.positions = TABLE.defaults()
        self.now = 0.0

    def send(self, *data: int, wait_s: float = 0.01) -> list[Action]:
        self.now += wait_s
        actions: list[Action] = []
        for event in self._events(data):
            actions += self.device.move(event, tuple(data), self.positions, self.now)
        for action in actions:
            if isinstance(action, SetControls):
                self.positions.update(action.positions)
        return actions

    def _events(self, data: tuple[int, ...]) -> list[Event]:
        try:
            said = decode(data)
        except MessageError:
            return []
        return self.device.complete(said, self.now) if said else []

    def shown(self) -> list[tuple[int, ...]]:
        self.device.show(self.positions)
        return self.device.echoes.take(self.now)


def test_a_slider_waits_until_it_meets_its_control_and_a_ghost_shows_where_it_is() -> None:
    nano = Played()
    fader = f"style.{ONE}"  # at 0.5
    assert nano.send(0xB0, 16, 0) == [PickupHint(fader, 0.0, True, True)]
    assert nano.send(0xB0, 16, 40) == [PickupHint(fader, 40 / 127, True, True)]
    assert nano.send(0xB0, 16, 64) == [
        PickupHint(fader, 64 / 127, False, None),
        SetControls({fader: 64 / 127}),
    ]
    assert nano.send(0xB0, 16, 127, wait_s=0.01) == [SetControls({fader: 1.0})]
    assert nano.send(0xB0, 16, 0, wait_s=0.01) == [SetControls({fader: 0.0})]


def test_a_control_that_moves_by_itself_leaves_a_ghost_at_once() -> None:
    nano = Played()
    fader = f"style.{ONE}"
    for value in (63, 64):
        nano.send(0xB0, 16, value)
    nano.positions[fader] = 0.9
    assert nano.device.ghosts({fader}, nano.positions) == [PickupHint(fader, 64 / 127, True, True)]
    nano.positions[fader] = 64 / 127
    assert nano.device.ghosts({fader}, nano.positions) == [PickupHint(fader, 64 / 127, False, None)]
    assert nano.device.ghosts({fader}, nano.positions) == []
    assert nano.device.ghosts({"smooth"}, nano.positions) == []


def test_unplugged_it_leaves_no_ghosts() -> None:
    nano = Played()
    nano.send(0xB0, 16, 0)
    assert nano.device.leave() == [PickupHint(f"style.{ONE}", 0.0, False, None)]


@pytest.mark.parametrize(("number", "switch"), [(32, "solo"), (48, "mute")])
def test_s_and_m_act_on_both_terms_of_the_strip(number: int, switch: str) -> None:
    nano = Played()
    both = [f"{term}.{ONE}.{switch}" for term in ("content", "style")]
    for state in (1.0, 0.0):
        assert nano.send(0xB0, number, 127) == [SetControls(dict.fromkeys(both, state))]
        assert nano.send(0xB0, number, 0) == []
    nano.positions[both[0]] = 1.0  # one of them, on the page
    assert nano.send(0xB0, number, 127) == [SetControls(dict.fromkeys(both, 1.0))]


def test_r_freezes_the_strip() -> None:
    assert Played().send(0xB0, 65, 127) == [SetControls({f"freeze.{TWO}": 1.0})]


def test_the_transport() -> None:
    nano = Played()
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


def test_a_pad_recalls_a_scene() -> None:
    box = Played("{target='scene:dawn', status='note', number=1}, {target='scene.2', number=2}")
    assert box.send(0x90, 1, 100) == [RecallScene("dawn")]
    assert box.send(0x80, 1, 64) == []
    assert box.send(0xB0, 2, 127) == [RecallScene(2)]
    assert box.send(0xB0, 2, 126) == []  # it is still up
    assert box.send(0xB0, 2, 0) == []
    assert box.send(0xB0, 2, 127) == [RecallScene(2)]


def test_a_switch_follows_a_control_that_stands() -> None:
    box = Played("{target='paused', number=1}, {target='optimizer', number=2}")
    assert box.send(0xB0, 1, 64) == [SetControls({"paused": 1.0})]
    assert box.send(0xB0, 1, 63) == [SetControls({"paused": 0.0})]
    assert box.send(0xB0, 2, 127) == [SetControls({"optimizer": 1.0})]


def test_a_key_moves_a_choice_on_and_a_fader_from_end_to_end() -> None:
    box = Played(
        "{target='color', status='note', number=1}, {target='style_mix', status='note', number=2},"
        "{target='smooth', status='note', number=3, sets=0.25}"
    )
    for place in (1.0, 2.0, 0.0):
        assert box.send(0x90, 1, 1) == [SetControls({"color": place})]
    for end in (1.0, 0.0):
        assert box.send(0x90, 2, 1) == [SetControls({"style_mix": end})]
    assert box.send(0x90, 3, 1) == [SetControls({"smooth": 0.25})]


@pytest.mark.parametrize("encoding", RELATIVE)
def test_an_endless_encoder_moves_from_where_the_control_stands(encoding: Encoding) -> None:
    box = Played(f"{{target='style_mix', number=1, encoding='{encoding}', step=0.1}}")
    right, left = encoding.written(1), encoding.written(-1)
    assert box.send(0xB0, 1, right) == [SetControls({"style_mix": 0.1})]
    box.positions["style_mix"] = 0.8
    assert box.send(0xB0, 1, encoding.written(5)) == [SetControls({"style_mix": 1.0})]
    assert box.send(0xB0, 1, right) == []
    (move,) = box.send(0xB0, 1, left)
    assert isinstance(move, SetControls)
    assert move.positions["style_mix"] == pytest.approx(0.9)


def test_an_encoder_moves_a_choice_by_one() -> None:
    box = Played("{target='color', number=1, encoding='twos_complement'}")
    assert box.send(0xB0, 1, 5) == [SetControls({"color": 1.0})]
    assert box.send(0xB0, 1, 1) == [SetControls({"color": 2.0})]
    assert box.send(0xB0, 1, 1) == []
    assert box.send(0xB0, 1, 127) == [SetControls({"color": 1.0})]


def test_a_data_increment_turns_whatever_the_encoding() -> None:
    box = Played("{target='style_mix', status='nrpn', number=300, step=0.1}")
    for number, value in ((99, 2), (98, 44)):
        box.send(0xB0, number, value)
    assert box.send(0xB0, 96, 0) == [SetControls({"style_mix": 0.1})]


def test_takeover_is_measured_on_the_hardwares_own_scale() -> None:
    box = Played("{target='style_mix', number=1, low=0.5, high=0.6}")
    box.positions["style_mix"] = 0.55
    box.send(0xB0, 1, 127)  # 0.6 of the control is near, 127 of the fader is far
    assert box.send(0xB0, 1, 120, wait_s=1) != []
    assert box.positions["style_mix"] == 0.55


def test_lights_show_the_positions() -> None:
    nano = Played()
    lights = nano.shown()
    assert (0xB0, 41, 127) in lights  # play
    assert (0xB0, 42, 0) in lights
    assert not any(data[1] < 32 for data in lights)  # no motors: sliders are told nothing
    nano.send(0xB0, 32, 127, wait_s=0.1)
    assert nano.shown() == [(0xB0, 32, 127)]
    nano.positions[f"style.{ONE}.solo"] = 0.0
    nano.now += 1
    assert nano.shown() == [(0xB0, 32, 0)]


def test_an_encoder_with_a_ring_never_waits_and_follows_its_control() -> None:
    twister = Played(name="Midi Fighter Twister")
    fader = f"style.{ONE}"
    assert (0xB0, 0, 64) in twister.shown()
    assert twister.send(0xB0, 0, 5) == [SetControls({fader: 5 / 127})]
    assert twister.shown() == []
    twister.positions[fader] = 1.0
    assert twister.shown() == []  # the hand was there a moment ago
    twister.now += 1
    assert twister.shown() == [(0xB0, 0, 127)]


def test_an_apc40s_eight_faders_are_told_apart_by_their_channels() -> None:
    apc = Played(name="Akai APC40")
    for place, layer in enumerate(TABLE.layers):
        fader = f"content.{layer}"
        at = round(apc.positions[fader] * 127)
        apc.send(0xB0 | place, 7, at)
        moves = [a for a in apc.send(0xB0 | place, 7, at + 1) if isinstance(a, SetControls)]
        assert moves == [SetControls({fader: (at + 1) / 127})]


@given(st.lists(st.lists(st.integers(-5, 260), max_size=4) | st.tuples(
    st.sampled_from([0xB0, 0x90, 0x80, 0xE0]), st.integers(0, 127), st.integers(0, 127)
), max_size=50))  # fmt: skip
def test_any_bytes_leave_every_control_at_a_place_that_it_takes(messages: list[list[int]]) -> None:
    nano = Played()
    for message in messages:
        nano.send(*message)
        nano.shown()
    TABLE.check({n: TABLE[n].to_json(p) for n, p in nano.positions.items()})
