import math
import tomllib
from copy import copy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tomli_w
from hypothesis import example, given, settings
from hypothesis import strategies as st

from styletune.controls import ControlTable
from styletune.errors import ConfigError
from styletune.files import configs_folder
from styletune.midi import profile
from styletune.midi.binding import Binding, Feedback, FeedbackKind
from styletune.midi.device import resolve
from styletune.midi.message import ControlId, Encoding, MessageType
from styletune.midi.port_name import device_name
from styletune.midi.profile import find, name_to_keep
from styletune.midi.profile_store import ProfileStore
from styletune.midi.takeover import Mode
from styletune.networks import NETWORKS

TABLE = ControlTable(NETWORKS["lite"].default_layers)
SHIPPED = profile.load_shipped()
STORE = ProfileStore(None)
CC, NOTE = MessageType.CONTROL_CHANGE, MessageType.NOTE


def plays(device: str, status: MessageType, channel: int, number: int) -> str | None:
    chosen = profile.find(device, SHIPPED)
    assert chosen is not None
    binding = chosen.bindings.get(ControlId(status, channel, number))
    return binding and binding.target


@pytest.mark.parametrize("place", range(1, 9))
def test_nanokontrol2_strips(place: int) -> None:
    for number, target in (
        (place - 1, "content"), (15 + place, "style"),
        (31 + place, "solo"), (47 + place, "mute"), (63 + place, "freeze"),
    ):  # fmt: skip
        assert plays("nanoKONTROL2", CC, 1, number) == f"{target}.{place}"


def test_nanokontrol2_transport() -> None:
    keys = {41: "paused", 42: "paused", 43: "undo", 44: "redo", 45: None, 46: "average",
            58: "previous_scene", 59: "next_scene", 60: "snapshot"}  # fmt: skip
    for number, target in keys.items():
        assert plays("nanoKONTROL2", CC, 1, number) == target
    nano = profile.load_named("nanokontrol2")
    assert nano.bindings[ControlId(CC, 1, 41)].sets == 0.0
    assert nano.bindings[ControlId(CC, 1, 42)].sets == 1.0


def test_nanokontrol2_maps_nothing_else() -> None:
    mapped = {*range(8), *range(16, 24), *range(32, 40), *range(48, 56), *range(64, 72)}
    mapped |= {41, 42, 43, 44, 46, *range(58, 63)}
    for number in range(128):
        assert (plays("nanoKONTROL2", CC, 1, number) is not None) is (number in mapped)
        assert plays("nanoKONTROL2", CC, 2, number) is None
        assert plays("nanoKONTROL2", NOTE, 1, number) is None


@pytest.mark.parametrize(
    ("device", "name", "source", "target"),
    [
        ("nanoKONTROL2:nanoKONTROL2 _ SLIDER/KNOB 20:0", "nanoKONTROL2", (CC, 1, 0), "content.1"),
        ("NANOKONTROL2 MIDI 1", "nanoKONTROL2", (CC, 1, 23), "style.8"),
        ("MIDI Mix:MIDI Mix MIDI 1 24:0", "MIDImix", (CC, 1, 61), "content.8"),
        ("MIDI Mix", "MIDImix", (NOTE, 1, 22), "mute.8"),
        ("Launch Control XL", "Launch Control XL", (CC, 9, 84), "content.8"),
        ("Launch Control XL", "Launch Control XL", (NOTE, 9, 92), "mute.8"),
        ("LCXL3 1 DAW Out", "Launch Control XL Mk3", (CC, 16, 12), "content.8"),
        ("Launch Control XL 3", "Launch Control XL Mk3", (CC, 1, 52), "mute.8"),
        ("X-TOUCH MINI", "X-Touch Mini", (CC, 11, 8), "style.8"),
        ("X-TOUCH MINI", "X-Touch Mini", (CC, 11, 18), "content.8"),
        ("Midi Fighter Twister", "MIDI Fighter Twister", (CC, 1, 7), "style.8"),
        ("Midi Fighter Twister", "MIDI Fighter Twister", (CC, 2, 15), "content.8.solo"),
        ("Akai APC40", "APC40", (CC, 8, 7), "content.8"),
        ("APC40 mkII", "APC40", (NOTE, 8, 50), "mute.8"),
        ("APC MINI MIDI 1", "APC mini", (CC, 1, 55), "style.8"),
        ("APC mini mk2 Control", "APC mini", (NOTE, 1, 7), "scene.8"),
        ("Arturia BeatStep", "BeatStep", (CC, 1, 72), "content.8"),
        ("LPD8", "LPD8", (CC, 1, 8), "style.8"),
    ],
)
def test_shipped_profiles_are_found_by_name(
    device: str, name: str, source: tuple[MessageType, int, int], target: str
) -> None:
    chosen = profile.find(device, SHIPPED)
    assert chosen is not None
    assert chosen.name == name
    assert plays(device, *source) == target


@pytest.mark.parametrize("device", ["", "Midi Through", "nanoKONTROL Studio", "Theremin"])
def test_unknown_devices_have_no_profile(device: str) -> None:
    assert profile.find(device, SHIPPED) is None


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_shipped_profile_targets_exist(shipped: profile.Profile) -> None:
    for binding in shipped.bindings.values():
        assert resolve(binding.target, TABLE) is not None, binding
    assert sum(b.target.startswith(("content.", "style.")) for b in shipped.bindings.values()) >= 8


@pytest.mark.parametrize("path", sorted((configs_folder() / "controllers").glob("*.toml")))
def test_shipped_profile_names_its_source(path: Path) -> None:
    text = path.read_text()
    assert "# Source: " in text
    assert "# Not certain: " in text


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_dumps_is_the_inverse_of_loads(shipped: profile.Profile) -> None:
    assert profile.loads(profile.dumps(shipped)) == shipped


def test_dumps_any_name() -> None:
    odd = profile.Profile('a "b" \\ \x7f ☃ 𝄞\n', ("é",), {})
    assert profile.loads(profile.dumps(odd)) == odd
    tomllib.loads(profile.dumps(odd))


floats = st.floats(0, 1) | st.sampled_from([0, 1, True, math.inf, math.nan, 1e308, -1e-9, 5e-324])
numbers = st.integers(0, 127) | st.integers(-1, 2**14) | st.just(10**50)
number_lists = numbers | st.lists(numbers, max_size=3)
feedback_rows = st.fixed_dictionaries(
    {"kind": st.sampled_from(FeedbackKind)},
    optional={
        "status": st.sampled_from(MessageType),
        "channel": st.integers(1, 16),
        "number": number_lists,
        "on": numbers | st.lists(st.integers(0, 255), max_size=4),
    },
)
rows = st.fixed_dictionaries(
    {"target": st.text(max_size=9) | st.just("smooth"), "number": number_lists},
    optional={
        "status": st.sampled_from(MessageType),
        "channel": st.integers(1, 16) | st.lists(st.integers(1, 16), max_size=3),
        "encoding": st.sampled_from(Encoding),
        "takeover": st.sampled_from(Mode),
        "low": floats, "high": floats, "curve": floats, "step": floats, "sets": floats,
        "invert": st.booleans(),
        "learned": st.booleans(),
        "feedback": st.sampled_from(FeedbackKind) | feedback_rows,
    },
)  # fmt: skip
profiles = st.fixed_dictionaries(
    {
        "name": st.text(max_size=9),
        "devices": st.lists(st.text(max_size=9), max_size=3),
        "controls": st.lists(rows, max_size=3),
    },
    optional={
        "takeover": st.sampled_from(Mode),
        "enter": st.lists(st.lists(st.integers(-1, 256), max_size=3), max_size=2),
    },
)


@settings(deadline=None, max_examples=60)
@given(profiles)
@example({"name": "x", "devices": ["x"], "controls": [{"target": "a", "sets": math.inf}]})
def test_what_is_read_survives_and_works(data: dict[str, Any]) -> None:
    try:
        read = profile.loads(tomli_w.dumps(data))
    except ConfigError:
        return
    assert profile.loads(profile.dumps_checked(read)) == read
    for binding in read.bindings.values():
        assert all(math.isfinite(getattr(binding, name)) for name in ("low", "high", "step"))
        assert math.isfinite(binding.sets or 0)
        sent = binding.feedback_message(0.5) or ()
        assert all(0 <= byte <= 255 for byte in sent)


@pytest.mark.parametrize(
    "text",
    [
        "sets = inf",
        "sets = nan",
        "sets = -1",
        "sets = 1e400",
        "low = nan",
        "feedback = {kind = 'value', number = 200}",
        "feedback = {kind = 'value', number = [200]}",
    ],
)
def test_numbers_that_nothing_can_take_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        profile.loads(HEAD + f"[[controls]]\ntarget = 'smooth'\n{text}")


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=9), st.text(max_size=9))
@example("", "")
@example("x", "\ud800")
def test_only_what_can_be_read_back_is_kept(name: str, device: str) -> None:
    own = profile.Profile(name, (device,), {})
    with TemporaryDirectory() as folder:
        store = copy(STORE)
        store._folder = Path(folder)
        try:
            store.save(device, own)
        except ConfigError:
            assert list(Path(folder).iterdir()) == []
            return
        (path,) = Path(folder).iterdir()
        assert profile.load(path) == own


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


HEAD = 'name = "mine"\ndevices = ["Box"]\n'


def test_row_sets_every_field_of_a_binding(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEAD + "takeover = 'scale'\n"
        "controls = [{target = 'style_mix', channel = 9, number = 3, encoding = 'fine', low = 0.1, "
        "high = 0.9, curve = 2, invert = true, step = 0.01, "
        "feedback = {kind = 'value', channel = 2, number = 5}},"
        "{target = 'smooth', status = 'pitch_bend', takeover = 'jump'}]",
    )
    mine = profile.load_named(str(path))
    assert mine.matches("my box 1")
    source = ControlId(CC, 9, 3)
    assert mine.bindings[source] == Binding(
        source, "style_mix", Encoding.FINE, 0.1, 0.9, 2.0, True, Mode.SCALE, 0.01, None,
        Feedback(FeedbackKind.VALUE, ControlId(CC, 2, 5)),
    )  # fmt: skip
    assert mine.bindings[ControlId(MessageType.PITCH_BEND, 1, 0)].takeover is Mode.JUMP
    assert profile.loads(profile.dumps(mine)) == mine


def test_ring_needs_no_takeover(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "controls = [{target = 'smooth', feedback = 'ring'}]")
    (binding,) = profile.load(path).bindings.values()
    assert binding.takeover is Mode.JUMP


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "mine.toml: not valid TOML"),
        (HEAD + "knobs = 3", "mine.toml: unknown key `knobs`"),
        ('name = "x"', "mine.toml: `devices`: field required"),
        ('name = "x"\ndevices = []', "mine.toml: `devices`"),
        (HEAD + "controls = [{number = 128, target = 'smooth'}]", "number must be in 0..127"),
        (HEAD + "controls = [{channel = 0, target = 'a'}]", "received 0"),
        (HEAD + "controls = [{low = 0.5, high = 0.5, target = 'a'}]", "low must be below high"),
        (HEAD + "controls = [{number = [1, 2], channel = [1, 2, 3], target = 'a'}]", "same length"),
        (
            HEAD + "controls = [{number = [1, 2], target = 'a', "
            "feedback = {kind = 'led', number = [1]}}]",
            "`feedback.number`: too short a list",
        ),
        (
            HEAD + "controls = [{number = 1, target = 'smooth'}, "
            "{number = 1, target = 'style_mix'}]",
            "ch 1 CC 1 is mapped twice, to `smooth` and `style_mix`",
        ),
    ],
)  # fmt: skip
def test_load_refuses_with_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        profile.load(write(tmp_path, text))
    assert message in str(error.value)


def test_loads_limits_the_text() -> None:
    with pytest.raises(ConfigError, match="at most 60000 characters are allowed; received 70000"):
        profile.loads("#" * 70_000)
    with pytest.raises(ConfigError, match="profile: not valid TOML"):
        profile.loads("x = ")


def test_load_named_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no controller profile `theremin`.*nanokontrol2"):
        profile.load_named("theremin")


def test_store_saves_own_profiles_first(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "controllers"
    store = ProfileStore(folder)
    assert store.profiles == SHIPPED
    own = profile.Profile("mine", ("nanoKONTROL2",), {})
    store.save("nanoKONTROL2", own)
    store.save("nanoKONTROL2", own)  # in the same place
    store.save("nanoKONTROL-2", own)
    assert len(list(folder.iterdir())) == 2
    assert profile.find("nanoKONTROL2", ProfileStore(folder).profiles) == own


@pytest.mark.parametrize(
    ("kept", "device"),
    [("box 1", "box 7"), ("2- box", "3- box"), ("box:MIDI 1 20:0", "box:MIDI 1 24:0")],
)
def test_store_finds_older_profiles(tmp_path: Path, kept: str, device: str) -> None:
    own = profile.Profile("own", (kept,), {})
    ProfileStore(tmp_path).save(kept, own)
    name = device_name(device)
    assert find(device, ProfileStore(tmp_path).profiles) == replace(own, devices=(name,))
    newer = replace(own, name="newer", devices=(name,))
    ProfileStore(tmp_path).save(name, newer)
    assert find(device, ProfileStore(tmp_path).profiles) == newer


def test_store_leaves_names_that_a_person_wrote(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\ndevices = ["box 1"]')
    profiles = ProfileStore(tmp_path).profiles
    assert profiles[0].devices == ("box 1",)
    assert name_to_keep("box 1", profiles) == "box 1"
    assert name_to_keep("box 2", profiles) == "box"


@pytest.mark.parametrize(
    ("device", "kept"),
    [
        ("nanoKONTROL2 1", "nanoKONTROL2"),
        ("Launch Control XL 3", "Launch Control XL 3"),
        ("Launch Control XL 3 0", "Launch Control XL 3"),
        ("Launch Control XL 0", "Launch Control XL"),
    ],
)
def test_name_of_a_known_controller_keeps_its_number(device: str, kept: str) -> None:
    assert name_to_keep(device, SHIPPED) == kept


def test_store_without_a_folder() -> None:
    store = ProfileStore(None)
    store.save("box", profile.Profile("mine", ("box",), {}))
    assert store.profiles == SHIPPED


def test_store_names_an_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ProfileStore(tmp_path / "file" / "folder")
    with pytest.raises(ConfigError, match="the profile cannot be kept"):
        store.save("box", profile.Profile("mine", ("box",), {}))


def test_damaged_profiles_of_ones_own_are_set_aside_one_by_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = profile.Profile("mine", ("box",), {})
    ProfileStore(tmp_path).save("box", own)
    damaged = {"a": b"name = ", "b": b"\xff", "c": b"", "d": b"a." * 29_000, "e": b"x = inf"}
    for name, data in damaged.items():
        (tmp_path / f"{name}.toml").write_bytes(data)
    for _ in range(2):
        store = ProfileStore(tmp_path)
        assert store.profiles == (own, *SHIPPED)
        assert len(caplog.records) == len(damaged)  # once
    for name, data in damaged.items():
        assert (tmp_path / f"{name}.damaged-1.toml").read_bytes() == data
        assert f"{name}.toml is damaged" in caplog.text
    store.save("box", replace(own, name="newer"))
    assert ProfileStore(tmp_path).profiles[0].name == "newer"


def test_the_store_is_bounded_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    lone = profile.Profile("bad", ("\ud800",), {})
    good = {f"box {n}x": profile.Profile("x", (f"box {n}x",), {}) for n in range(300)}
    with pytest.raises(ConfigError, match="cannot be kept"):
        store.save_all({"bad": lone, **good})
    assert len(list(tmp_path.iterdir())) == profile.MAX_PROFILES
    with pytest.raises(ConfigError, match="no more are kept; delete those of controllers"):
        store.save("one more", profile.Profile("x", ("one more",), {}))
    store.save("box 1x", profile.Profile("y", ("box 1x",), {}))
