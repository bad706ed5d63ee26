"""Devices of several clients, learning and feedback, with an injected clock."""

from typing import Any

import pytest

from styletune.controls import ControlTable
from styletune.errors import ConfigError
from styletune.midi import profile
from styletune.midi.device import SetControls
from styletune.midi.learn import SILENCE_S
from styletune.midi.message import RELATIVE, Encoding
from styletune.midi.smoothing import PERIOD_S, STEPS
from styletune.networks import NETWORKS
from styletune.session.midi import MAX_DEVICES, MidiAction, MidiRouter, SmoothMove
from styletune.session.outgoing import ErrorMessage
from styletune.session.outgoing_midi import (
    BindingsMessage,
    FeedbackMessage,
    HardwareMessage,
    LearningMessage,
)

TABLE = ControlTable(NETWORKS["lite"].default_layers)
ONE = TABLE.layers[0]
NANO = "nanoKONTROL2"


class Devices:
    """A router whose actions are carried out, and a clock."""

    def __init__(self, **given: Any) -> None:
        self.router = MidiRouter(TABLE, profile.load_shipped(), **given)
        self.positions = TABLE.defaults()
        self.now = 0.0
        self.actions: list[tuple[str, MidiAction]] = []
        self.feedback()

    def apply(self, device: str, action: MidiAction) -> None:
        if isinstance(action, SetControls | SmoothMove):
            self.positions.update(action.positions)
        self.actions.append((device, action))

    def send(self, *data: int, client: str = "me", device: str = NANO) -> list[Any]:
        self.now += 0.01
        self.actions.clear()
        self.router.handle_message(client, device, data, self.positions, self.now, self.apply)
        return [action for _, action in self.actions]

    def moved(self, *data: int, client: str = "me") -> dict[str, float]:
        """Where a message moves controls, once they are there."""
        before = dict(self.positions)
        assert all(isinstance(action, SetControls) for action in self.send(*data, client=client))
        while (due := self.router.due) is not None:
            self.poll(max(0.0, due - self.now))
        return {name: at for name, at in self.positions.items() if at != before[name]}

    def open(self, client: str = "me", device: str = NANO) -> list[Any]:
        return self.router.open_device(client, device, self.positions)

    def feedback(self, wait_s: float = 0.0) -> list[Any]:
        self.now += wait_s
        return self.router.feedback_after_change(self.positions, self.now)

    def poll(self, wait_s: float) -> list[Any]:
        self.now += wait_s
        self.actions.clear()
        self.router.poll_due(self.positions, self.now, self.apply)
        return list(self.actions)

    def learn(self, target: str, *data: tuple[int, ...], device: str = NANO) -> list[Any]:
        assert self.router.learn(target) == LearningMessage(target=target)
        return [answer for message in data for answer in self.send(*message, device=device)]


def targets(message: BindingsMessage, source: str) -> list[str]:
    return [b.target for b in message.bindings if b.source == source]


FADER = [(0xB0, 90, value) for value in (64, 63, 62, 61)]


def test_same_device_of_two_clients_has_separate_faders() -> None:
    devices = Devices()
    assert devices.moved(0xB0, 16, 64, client="a") == {f"style.{ONE}": 64 / 127}
    (hint,) = devices.send(0xB0, 16, 127, client="b")
    assert hint == HardwareMessage(
        control=f"style.{ONE}", position=1.0, waiting=True, direction="down", device=NANO
    )
    devices.router.close_device("b", NANO)
    assert devices.moved(0xB0, 16, 65, client="a") == {f"style.{ONE}": 65 / 127}


def test_devices_of_a_client_are_limited() -> None:
    devices = Devices()
    for number in range(MAX_DEVICES):
        devices.send(0xB0, 1, 1, device=f"box {number}")
    (error,) = devices.send(0xB0, 1, 1, device="one more")
    assert isinstance(error, ErrorMessage)
    assert error.message == "a client may play 16 devices; `one more` is one more"
    devices.router.remove_client("me")
    assert devices.send(0xB0, 16, 64) != []


def test_bad_bytes_are_refused() -> None:
    devices = Devices()
    (error,) = devices.send(0xB0)
    assert error.code == "bad_midi"


def test_unbound_events_are_shown() -> None:
    devices = Devices()
    for value in range(3):
        assert devices.send(0xE0, value, 64) == []
    ((name, shown),) = devices.poll(0.2)
    assert (name, shown.count, shown.source) == (NANO, 3, "ch 1 bend")
    assert "hold SET and CYCLE" in shown.hint
    assert devices.poll(2.0) == []
    assert devices.router.due is None


# ---------------------------------------------------------------- feedback


def test_open_device_is_sent_everything_then_changes() -> None:
    devices = Devices()
    (bindings,) = devices.open()
    assert (bindings.device, bindings.profile) == (NANO, "nanoKONTROL2")
    assert targets(bindings, "ch 1 CC 7") == [f"content.{TABLE.layers[7]}"]
    assert targets(bindings, "ch 1 CC 32") == [f"content.{ONE}.solo", f"style.{ONE}.solo"]
    ((client, feedback),) = devices.feedback()
    assert client == "me"
    assert isinstance(feedback, FeedbackMessage)
    assert (0xB0, 41, 127) in feedback.data
    devices.positions["paused"] = 1.0
    assert devices.feedback(1.0) == [
        ("me", FeedbackMessage(device=NANO, data=((0xB0, 41, 0), (0xB0, 42, 127))))
    ]
    assert devices.feedback(1.0) == []


def test_closed_device_is_sent_nothing() -> None:
    devices = Devices()
    devices.send(0xB0, 41, 127)
    devices.positions["paused"] = 1.0
    assert devices.feedback() == []
    devices.open()
    devices.router.close_device("me", NANO)
    assert devices.feedback() == []
    assert devices.router.due is None


def test_open_device_is_sent_its_init_messages() -> None:
    (enter, _) = Devices().open(device="LCXL3 1 DAW Out")
    assert enter == FeedbackMessage(
        device="LCXL3 1 DAW Out", data=((0xF0, 0, 0x20, 0x29, 2, 0x15, 2, 0x7F, 0xF7),)
    )


def test_feedback_waits_300_ms_only_for_who_moved() -> None:
    devices = Devices()
    twister = "Midi Fighter Twister"
    for client in ("a", "b"):
        devices.open(client, twister)
    devices.feedback()
    devices.now = 10.0
    devices.send(0xB0, 0, 100, client="a", device=twister)
    assert devices.feedback() == [("b", FeedbackMessage(device=twister, data=((0xB0, 0, 100),)))]
    devices.positions[f"style.{ONE}"] = 0.0  # a script
    assert devices.feedback(0.1) == [("b", FeedbackMessage(device=twister, data=((0xB0, 0, 0),)))]
    due = devices.router.due
    assert due == pytest.approx(10.31)
    assert devices.feedback(due - devices.now) == [
        ("a", FeedbackMessage(device=twister, data=((0xB0, 0, 0),)))
    ]


def test_loop_is_reported_once_and_silenced() -> None:
    devices = Devices()
    twister = "Midi Fighter Twister"
    devices.open(device=twister)
    for step in range(2000):
        for layer in TABLE.layers:
            devices.positions[f"style.{layer}"] = devices.positions[f"content.{layer}"] = (
                step % 128 / 127
            )
        for _, message in devices.feedback(0.002):
            for data in message.data:
                devices.router.handle_message(
                    "me", twister, data, devices.positions, devices.now, devices.apply
                )
    (error,) = [answer for _, answer in devices.actions if isinstance(answer, ErrorMessage)]
    assert error.code == "midi_loop"
    assert devices.feedback(1.0) == []
    devices.open(device=twister)
    assert devices.feedback() != []


def test_pickup_hint_follows_a_recall() -> None:
    devices = Devices()
    devices.send(0xB0, 16, 64)
    devices.feedback()
    devices.positions[f"style.{ONE}"] = 0.9
    ((client, hint),) = devices.feedback()
    assert client is None
    assert (hint.control, hint.position, hint.waiting, hint.direction) == (
        f"style.{ONE}", 64 / 127, True, "up",
    )  # fmt: skip
    (gone,) = devices.router.remove_client("me")
    assert (gone.control, gone.waiting, gone.direction) == (f"style.{ONE}", False, None)


# ---------------------------------------------------------------- learning


def test_learn_fader() -> None:
    devices = Devices()
    moving, learnt, bindings = devices.learn("smooth", *FADER)
    assert moving == LearningMessage(target="smooth", device=NANO, source="ch 1 CC 90")
    assert learnt == LearningMessage(
        target=None, device=NANO, source="ch 1 CC 90", encoding="absolute"
    )
    assert targets(bindings, "ch 1 CC 90") == ["smooth"]
    assert devices.moved(0xB0, 90, 44) == {"smooth": 44 / 127}
    assert devices.router.changed_profiles[NANO].devices == (NANO,)
    assert len(devices.router.changed_profiles[NANO].bindings) == 1 + len(
        profile.load_named("nanokontrol2").bindings
    )


@pytest.mark.parametrize("encoding", RELATIVE)
def test_learn_encoder(encoding: Encoding) -> None:
    devices = Devices()
    left = (0xB0, 90, encoding.encode_relative(-1))
    *_, learnt, bindings = devices.learn("smooth", left, left, left, left)
    assert learnt.encoding == encoding
    (bound,) = [b for b in bindings.bindings if b.target == "smooth"]
    assert (bound.encoding, bound.learned) == (encoding, True)
    assert devices.moved(*left) == {"smooth": pytest.approx(0.35 - 1 / 127)}


@pytest.mark.parametrize("target", ["paused", "undo", "scene:dawn", f"freeze.{ONE}", "color"])
def test_learn_key(target: str) -> None:
    devices = Devices()
    *_, learnt, bindings = devices.learn(target, (0x90, 90, 100))
    assert learnt.encoding == "button"
    assert targets(bindings, "ch 1 note 90") == [target]
    assert len(devices.send(0x90, 90, 100)) == 1


def test_learn_makes_a_profile_for_an_unknown_device() -> None:
    devices = Devices()
    (error,) = devices.send(0xB0, 1, 1, device="Theremin")
    assert error.code == "unknown_device"
    assert devices.send(0xB0, 1, 1, device="Theremin") == []
    devices.learn(f"style.{ONE}", *FADER, device="Theremin")
    kept = devices.router.changed_profiles["Theremin"]
    assert (kept.name, kept.devices) == ("Theremin", ("Theremin",))
    # The third strip's fader, whatever the network calls its layer.
    assert [binding.target for binding in kept.bindings.values()] == ["style.1"]
    assert profile.loads(profile.dumps(kept)) == kept


def test_learn_shows_the_displaced_target() -> None:
    devices = Devices()
    *_, bindings = devices.learn("smooth", *((0xB0, 0, v) for v in (64, 63, 62, 61)))
    (bound,) = [b for b in bindings.bindings if b.source == "ch 1 CC 0"]
    assert (bound.target, bound.conflict) == ("smooth", f"content.{ONE}")


def test_learn_ends_after_a_silence() -> None:
    devices = Devices()
    assert len(devices.learn("paused", (0xB0, 90, 127))) == 1
    assert devices.router.due == devices.now + SILENCE_S
    ((device, learnt), (_, bindings)) = devices.poll(SILENCE_S)
    assert (device, learnt.encoding) == (NANO, "button")
    assert targets(bindings, "ch 1 CC 90") == ["paused"]


def test_learn_can_be_stopped() -> None:
    devices = Devices()
    devices.learn("paused")
    assert devices.router.learn(None) == LearningMessage(target=None)
    assert devices.send(0xB0, 42, 127) == [SetControls({"paused": 1.0})]
    assert devices.router.changed_profiles == {}


def test_learn_refuses_an_unknown_target() -> None:
    error = Devices().router.learn("smoth")
    assert isinstance(error, ErrorMessage)
    assert error.message == "`smoth` cannot be learnt: it is no control and no scene"


def test_unlearn_unbinds_a_target() -> None:
    devices = Devices()
    devices.send(0xB0, 0, 0)
    (bindings,) = devices.router.unlearn(f"content.{ONE}", None)
    assert isinstance(bindings, BindingsMessage)
    assert targets(bindings, "ch 1 CC 0") == []
    assert devices.send(0xB0, 0, 127) == []
    (error,) = devices.router.unlearn(f"content.{ONE}", NANO)
    assert isinstance(error, ErrorMessage)
    assert error.message == f"nothing of `{NANO}` plays `content.{ONE}`"


def test_made_up_devices_change_no_profile() -> None:
    devices = Devices()
    for number in range(300):
        (error,) = devices.router.unlearn(f"content.{ONE}", f"{NANO} made up {number}x")
        assert isinstance(error, ErrorMessage)
    assert devices.router.changed_profiles == {}
    for number in range(300):  # nor without end where somebody does open each
        name = f"{NANO} made up {number}x"
        devices.open(device=name)
        (answer,) = devices.router.unlearn(f"content.{ONE}", name)
        devices.router.close_device("me", name)
    assert isinstance(answer, ErrorMessage)
    assert answer.code == "not_kept"
    assert len(devices.router.changed_profiles) == profile.MAX_PROFILES


def test_profile_export_and_import() -> None:
    devices, other = Devices(), Devices()
    devices.learn("smooth", *FADER)
    text = devices.router.export(NANO)
    (bindings,) = other.router.import_("my box", profile.loads(text))
    assert isinstance(bindings, BindingsMessage)
    assert targets(bindings, "ch 1 CC 90") == ["smooth"]
    assert other.router.changed_profiles["my box"].devices == (NANO, "my box")
    for name in ("", "x" * 300):
        with pytest.raises(ConfigError, match="a device's name has"):
            other.router.import_(name, profile.loads(text))


@pytest.mark.parametrize("other", [f"{NANO} 1", f"2- {NANO}", f"{NANO} [2]"])
def test_learnt_profile_is_the_devices_however_the_system_counts_it(other: str) -> None:
    devices = Devices()
    devices.open("b", other)
    answers = devices.learn("smooth", *FADER, device=f"{NANO} 0")
    assert [m.device for m in answers if isinstance(m, BindingsMessage)] == [f"{NANO} 0", other]
    assert list(devices.router.changed_profiles) == [NANO]
    assert devices.router.changed_profiles[NANO].devices == (NANO,)
    for name in (f"{NANO} 0", other, NANO):
        assert targets(devices.router.bindings_message(name), "ch 1 CC 90") == ["smooth"]
    devices.router.unlearn("smooth", other)
    assert targets(devices.router.bindings_message(NANO), "ch 1 CC 90") == []


def test_imported_profile_is_the_devices_however_the_system_counts_it() -> None:
    devices = Devices()
    devices.router.import_("box 3", profile.loads(devices.router.export(NANO)))
    assert devices.router.changed_profiles["box"].devices == (NANO, "box")
    assert targets(devices.router.bindings_message("2- box"), "ch 1 CC 41") == ["paused"]


def test_step_of_a_fader_is_smoothed() -> None:
    devices, fader = Devices(), f"style.{ONE}"
    devices.moved(0xB0, 16, 64)
    first = (64 + (68 - 64) / STEPS) / 127
    assert devices.send(0xB0, 16, 68) == [SetControls({fader: pytest.approx(first)})]
    # Its own fader does not wait for the control that follows it.
    assert devices.feedback() == []
    assert devices.send(0xB0, 16, 72) == []  # under way: only the goal moves
    assert next(outcome for _, outcome in devices.poll(PERIOD_S)).positions[fader] < 72 / 127
    devices.positions[fader] = 0.0  # a scene is recalled meanwhile
    assert devices.poll(1.0) == []
    (waiting,) = [message for _, message in devices.feedback()]
    assert (waiting.waiting, waiting.direction) == (True, "down")


@pytest.mark.parametrize("target", ["style_mix", "paused", "crossfade"])
def test_linear_control_moves_at_once(target: str) -> None:
    devices = Devices()
    devices.learn(target, *FADER)
    devices.send(0xB0, 90, 2)
    (move,) = devices.send(0xB0, 90, 0) if target != "paused" else devices.send(0xB0, 90, 127)
    assert move == SetControls({target: float(target == "paused")})
    assert devices.router.due is None
