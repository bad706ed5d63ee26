"""Devices of several clients, learning and feedback, with an injected clock."""

from typing import Any

import pytest

from styletune.config import DEFAULT_LAYERS
from styletune.controls import ControlTable
from styletune.errors import ConfigError
from styletune.midi import profile
from styletune.midi.device import SetControls
from styletune.midi.learn import SILENCE_S
from styletune.midi.message import RELATIVE, Encoding
from styletune.midi.profile import Profile
from styletune.midi.smoothing import PERIOD_S, STEPS
from styletune.session.midi import MAX_DEVICES, MidiRouter, SmoothMove
from styletune.session.outgoing import (
    BindingsMessage,
    ErrorMessage,
    FeedbackMessage,
    HardwareMessage,
    LearningMessage,
)

TABLE = ControlTable(DEFAULT_LAYERS["lite"])
ONE = TABLE.layers[0]
NANO = "nanoKONTROL2"


class Desk:
    """Controllers whose moves are carried out."""

    def __init__(self, **given: Any) -> None:
        self.kept: dict[str, Profile] = {}
        keep = given.pop("keep", self.kept.__setitem__)
        self.controllers = MidiRouter(TABLE, profile.shipped(), keep=keep, **given)
        self.positions = TABLE.defaults()
        self.now = 0.0
        self.follow()

    def send(self, *data: int, client: str = "me", device: str = NANO) -> list[Any]:
        self.now += 0.01
        outcomes = []
        for outcome in self.controllers.handle_message(
            client, device, data, self.positions, self.now
        ):
            if isinstance(outcome, SetControls | SmoothMove):
                self.positions.update(outcome.positions)
            outcomes.append(outcome)
        return outcomes

    def moved(self, *data: int, client: str = "me") -> dict[str, float]:
        """Where a message moves controls, once they are there."""
        before = dict(self.positions)
        assert all(isinstance(outcome, SetControls) for outcome in self.send(*data, client=client))
        while (due := self.controllers.due) is not None:
            self.late(max(0.0, due - self.now))
        return {name: at for name, at in self.positions.items() if at != before[name]}

    def listen(self, client: str = "me", device: str = NANO) -> list[Any]:
        return list(self.controllers.open_device(client, device, self.positions))

    def follow(self, wait_s: float = 0.0) -> list[Any]:
        self.now += wait_s
        return self.controllers.feedback_after_change(self.positions, self.now)

    def late(self, wait_s: float) -> list[Any]:
        self.now += wait_s
        found = list(self.controllers.poll_due(self.positions, self.now))
        for _, outcome in found:
            if isinstance(outcome, SetControls | SmoothMove):
                self.positions.update(outcome.positions)
        return found

    def learn(self, target: str, *data: tuple[int, ...], device: str = NANO) -> list[Any]:
        assert self.controllers.learn(target) == LearningMessage(target=target)
        return [answer for message in data for answer in self.send(*message, device=device)]


def targets(message: BindingsMessage, source: str) -> list[str]:
    return [b.target for b in message.bindings if b.source == source]


FADER = [(0xB0, 90, value) for value in (64, 63, 62, 61)]


def test_two_people_with_the_same_device_have_faders_of_their_own() -> None:
    desk = Desk()
    assert desk.moved(0xB0, 16, 64, client="a") == {f"style.{ONE}": 64 / 127}
    (ghost,) = desk.send(0xB0, 16, 127, client="b")
    assert ghost == HardwareMessage(
        control=f"style.{ONE}", position=1.0, waiting=True, direction="down", device=NANO
    )
    desk.controllers.close_device("b", NANO)
    assert desk.moved(0xB0, 16, 65, client="a") == {f"style.{ONE}": 65 / 127}


def test_a_client_may_not_play_any_number_of_devices() -> None:
    desk = Desk()
    for number in range(MAX_DEVICES):
        desk.send(0xB0, 1, 1, device=f"box {number}")
    (error,) = desk.send(0xB0, 1, 1, device="one more")
    assert isinstance(error, ErrorMessage)
    assert error.message == "a client may play 16 devices; `one more` is one more"
    desk.controllers.remove_client("me")
    assert desk.send(0xB0, 16, 64) != []


def test_bad_bytes_are_told_and_counted() -> None:
    desk = Desk()
    (error,) = desk.send(0xB0)
    assert error.code == "bad_midi"


# ---------------------------------------------------------------- feedback


def test_who_listens_is_told_everything_then_what_changes() -> None:
    desk = Desk()
    (bindings,) = desk.listen()
    assert (bindings.device, bindings.profile) == (NANO, "nanoKONTROL2")
    assert targets(bindings, "ch 1 CC 7") == [f"content.{TABLE.layers[7]}"]
    assert targets(bindings, "ch 1 CC 32") == [f"content.{ONE}.solo", f"style.{ONE}.solo"]
    ((client, feedback),) = desk.follow()
    assert client == "me"
    assert isinstance(feedback, FeedbackMessage)
    assert (0xB0, 41, 127) in feedback.data
    desk.positions["paused"] = 1.0
    assert desk.follow(1.0) == [
        ("me", FeedbackMessage(device=NANO, data=((0xB0, 41, 0), (0xB0, 42, 127))))
    ]
    assert desk.follow(1.0) == []


def test_who_does_not_listen_is_told_nothing() -> None:
    desk = Desk()
    desk.send(0xB0, 41, 127)
    desk.positions["paused"] = 1.0
    assert desk.follow() == []
    desk.listen()
    desk.controllers.close_device("me", NANO)
    assert desk.follow() == []
    assert desk.controllers.due is None


def test_a_device_that_must_be_made_ready_is() -> None:
    (enter, _) = Desk().listen(device="LCXL3 1 DAW Out")
    assert enter == FeedbackMessage(
        device="LCXL3 1 DAW Out", data=((0xF0, 0, 0x20, 0x29, 2, 0x15, 2, 0x7F, 0xF7),)
    )


def test_an_echo_is_held_back_for_300_ms_and_others_hear_at_once() -> None:
    desk = Desk()
    twister = "Midi Fighter Twister"
    for client in ("a", "b"):
        desk.listen(client, twister)
    desk.follow()
    desk.now = 10.0
    desk.send(0xB0, 0, 100, client="a", device=twister)
    assert desk.follow() == [("b", FeedbackMessage(device=twister, data=((0xB0, 0, 100),)))]
    desk.positions[f"style.{ONE}"] = 0.0  # a script
    assert desk.follow(0.1) == [("b", FeedbackMessage(device=twister, data=((0xB0, 0, 0),)))]
    due = desk.controllers.due
    assert due == pytest.approx(10.31)
    assert desk.follow(due - desk.now) == [
        ("a", FeedbackMessage(device=twister, data=((0xB0, 0, 0),)))
    ]


def test_a_loop_is_noticed_said_once_and_silenced() -> None:
    desk = Desk()
    twister = "Midi Fighter Twister"
    desk.listen(device=twister)
    told: list[Any] = []
    for step in range(2000):
        for layer in TABLE.layers:
            desk.positions[f"style.{layer}"] = desk.positions[f"content.{layer}"] = step % 128 / 127
        for _, message in desk.follow(0.002):
            for data in message.data:
                told += desk.controllers.handle_message(
                    "me", twister, data, desk.positions, desk.now
                )
    (error,) = [answer for answer in told if isinstance(answer, ErrorMessage)]
    assert error.code == "midi_loop"
    assert desk.follow(1.0) == []
    desk.listen(device=twister)
    assert desk.follow() != []


def test_a_recall_leaves_ghosts_where_the_faders_stand() -> None:
    desk = Desk()
    desk.send(0xB0, 16, 64)
    desk.follow()
    desk.positions[f"style.{ONE}"] = 0.9
    ((client, ghost),) = desk.follow()
    assert client is None
    assert (ghost.control, ghost.position, ghost.waiting, ghost.direction) == (
        f"style.{ONE}", 64 / 127, True, "up",
    )  # fmt: skip
    (gone,) = desk.controllers.remove_client("me")
    assert (gone.control, gone.waiting, gone.direction) == (f"style.{ONE}", False, None)


# ---------------------------------------------------------------- learning


def test_a_fader_is_learnt_and_plays() -> None:
    desk = Desk()
    moving, learnt, bindings = desk.learn("smooth", *FADER)
    assert moving == LearningMessage(target="smooth", device=NANO, source="ch 1 CC 90")
    assert learnt == LearningMessage(
        target=None, device=NANO, source="ch 1 CC 90", encoding="absolute"
    )
    assert targets(bindings, "ch 1 CC 90") == ["smooth"]
    assert desk.moved(0xB0, 90, 44) == {"smooth": 44 / 127}
    assert desk.kept[NANO].devices == (NANO,)
    assert len(desk.kept[NANO].bindings) == 1 + len(profile.named("nanokontrol2").bindings)


@pytest.mark.parametrize("encoding", RELATIVE)
def test_an_encoder_is_learnt_with_its_encoding(encoding: Encoding) -> None:
    desk = Desk()
    left = (0xB0, 90, encoding.written(-1))
    *_, learnt, bindings = desk.learn("smooth", left, left, left, left)
    assert learnt.encoding == encoding
    (bound,) = [b for b in bindings.bindings if b.target == "smooth"]
    assert (bound.encoding, bound.learned) == (encoding, True)
    assert desk.moved(*left) == {"smooth": pytest.approx(0.35 - 1 / 127)}


@pytest.mark.parametrize("target", ["paused", "undo", "scene:dawn", f"freeze.{ONE}", "color"])
def test_a_key_learns_switches_triggers_scenes_and_choices(target: str) -> None:
    desk = Desk()
    *_, learnt, bindings = desk.learn(target, (0x90, 90, 100))
    assert learnt.encoding == "button"
    assert targets(bindings, "ch 1 note 90") == [target]
    assert len(desk.send(0x90, 90, 100)) == 1


def test_a_device_nobody_knows_gets_a_profile_by_learning() -> None:
    desk = Desk()
    (error,) = desk.send(0xB0, 1, 1, device="Theremin")
    assert error.code == "unknown_device"
    assert desk.send(0xB0, 1, 1, device="Theremin") == []
    desk.learn(f"style.{ONE}", *FADER, device="Theremin")
    kept = desk.kept["Theremin"]
    assert (kept.name, kept.devices) == ("Theremin", ("Theremin",))
    # The third strip's fader, whatever the network calls its layer.
    assert [binding.target for binding in kept.bindings.values()] == ["style.1"]
    assert profile.loads(profile.dumps(kept)) == kept


def test_what_a_knob_played_before_is_said() -> None:
    desk = Desk()
    *_, bindings = desk.learn("smooth", *((0xB0, 0, v) for v in (64, 63, 62, 61)))
    (bound,) = [b for b in bindings.bindings if b.source == "ch 1 CC 0"]
    assert (bound.target, bound.conflict) == ("smooth", f"content.{ONE}")


def test_learning_ends_after_a_silence_with_what_there_was() -> None:
    desk = Desk()
    assert len(desk.learn("paused", (0xB0, 90, 127))) == 1
    assert desk.controllers.due == desk.now + SILENCE_S
    ((device, learnt), (_, bindings)) = desk.late(SILENCE_S)
    assert (device, learnt.encoding) == (NANO, "button")
    assert targets(bindings, "ch 1 CC 90") == ["paused"]


def test_learning_can_be_given_up() -> None:
    desk = Desk()
    desk.learn("paused")
    assert desk.controllers.learning == LearningMessage(target="paused")
    assert desk.controllers.learn(None) == LearningMessage(target=None)
    assert desk.send(0xB0, 42, 127) == [SetControls({"paused": 1.0})]
    assert desk.kept == {}


def test_what_is_nothing_cannot_be_learnt() -> None:
    error = Desk().controllers.learn("smoth")
    assert isinstance(error, ErrorMessage)
    assert error.message == "`smoth` cannot be learnt: it is no control and no scene"


def test_unlearning_takes_all_hardware_off_a_target() -> None:
    desk = Desk()
    desk.send(0xB0, 0, 0)
    (bindings,) = desk.controllers.unlearn(f"content.{ONE}", None)
    assert isinstance(bindings, BindingsMessage)
    assert targets(bindings, "ch 1 CC 0") == []
    assert desk.send(0xB0, 0, 127) == []
    (error,) = desk.controllers.unlearn(f"content.{ONE}", NANO)
    assert isinstance(error, ErrorMessage)
    assert error.message == f"nothing of `{NANO}` plays `content.{ONE}`"


def test_a_profile_goes_out_and_comes_in() -> None:
    desk, other = Desk(), Desk()
    desk.learn("smooth", *FADER)
    text = desk.controllers.export(NANO)
    (bindings,) = other.controllers.import_("my box", text)
    assert isinstance(bindings, BindingsMessage)
    assert targets(bindings, "ch 1 CC 90") == ["smooth"]
    assert other.kept["my box"].devices == (NANO, "my box")
    with pytest.raises(ConfigError, match="profile: not valid TOML"):
        other.controllers.import_("my box", "x = ")


def test_a_profile_that_cannot_be_kept_plays_all_the_same_and_says_so() -> None:
    def keep(name: str, profile: Profile) -> None:
        raise ConfigError("disk full")

    desk = Desk(keep=keep)
    *_, error = desk.learn("smooth", *FADER)
    assert (error.code, error.message) == ("not_kept", "disk full")
    assert desk.moved(0xB0, 90, 44) == {"smooth": 44 / 127}


def test_a_step_of_a_fader_is_smoothed_and_others_see_where_it_goes() -> None:
    desk, fader = Desk(), f"style.{ONE}"
    desk.moved(0xB0, 16, 64)
    first = (64 + (68 - 64) / STEPS) / 127
    assert desk.send(0xB0, 16, 68) == [SetControls({fader: pytest.approx(first)})]
    # Its own fader does not wait for the control that follows it.
    assert desk.follow() == []
    assert desk.send(0xB0, 16, 72) == []  # under way: only the goal moves
    assert next(outcome for _, outcome in desk.late(PERIOD_S)).positions[fader] < 72 / 127
    desk.positions[fader] = 0.0  # a scene is recalled meanwhile
    assert desk.late(1.0) == []
    (waiting,) = [message for _, message in desk.follow()]
    assert (waiting.waiting, waiting.direction) == (True, "down")


@pytest.mark.parametrize("target", ["style_mix", "paused", "crossfade"])
def test_what_is_not_logarithmic_moves_at_once(target: str) -> None:
    desk = Desk()
    desk.learn(target, *FADER)
    desk.send(0xB0, 90, 2)
    (move,) = desk.send(0xB0, 90, 0) if target != "paused" else desk.send(0xB0, 90, 127)
    assert move == SetControls({target: float(target == "paused")})
    assert desk.controllers.due is None
