from pathlib import Path

import pytest

from styletune.config import DEFAULT_LAYERS
from styletune.controls import ControlTable
from styletune.errors import ConfigError
from styletune.midi import profile
from styletune.midi.message import Event, Status, decode

TABLE = ControlTable(DEFAULT_LAYERS["lite"])


@pytest.fixture
def nano() -> profile.Profile:
    return profile.named("nanokontrol2")


@pytest.mark.parametrize(
    ("number", "term", "place"),
    [(n, "content", n) for n in range(8)] + [(16 + n, "style", n) for n in range(8)],
)
def test_the_nanokontrol2_plays_content_with_sliders_and_style_with_knobs(
    nano: profile.Profile, number: int, term: str, place: int
) -> None:
    event = decode([0xB0, number, 64])
    assert event is not None
    fader = nano.fader(event, TABLE)
    assert fader is not None
    assert fader.name == f"{term}.{TABLE.layers[place]}"


def test_every_other_number_channel_and_status_is_not_mapped(nano: profile.Profile) -> None:
    mapped = {*range(8), *range(16, 24)}
    for number in range(128):
        if number not in mapped:
            assert nano.fader(Event(Status.CONTROL_CHANGE, 1, number, 64), TABLE) is None
        assert nano.fader(Event(Status.CONTROL_CHANGE, 2, number, 64), TABLE) is None
        assert nano.fader(Event(Status.NOTE, 1, number, 64), TABLE) is None


def test_a_slider_without_a_layer_is_not_mapped(nano: profile.Profile) -> None:
    table = ControlTable(("block1_conv1", "block2_conv1"))
    assert nano.fader(Event(Status.CONTROL_CHANGE, 1, 1, 64), table) is not None
    assert nano.fader(Event(Status.CONTROL_CHANGE, 1, 2, 64), table) is None


@pytest.mark.parametrize(
    "device",
    [
        "nanoKONTROL2",
        "nanoKONTROL2 SLIDER/KNOB",
        "nanoKONTROL2:nanoKONTROL2 _ SLIDER/KNOB 20:0",
        "NANOKONTROL2 MIDI 1",
    ],
)
def test_a_device_is_known_by_its_name(device: str) -> None:
    chosen = profile.choose(device, profile.shipped())
    assert chosen is not None
    assert chosen.name == "nanoKONTROL2"


@pytest.mark.parametrize(
    "device", ["", "Midi Through", "nanoKONTROL Studio", "Midi Fighter Twister"]
)
def test_another_device_has_no_profile(device: str) -> None:
    assert profile.choose(device, profile.shipped()) is None


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_a_profile_of_ones_own_may_play_any_fader(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'name = "mine"\ndevices = ["Box"]\n'
        'absolute = [{number = 3, control = "style_mix", channel = 9}, '
        '{status = "pitch_bend", number = 0, control = "smooth"}]\n',
    )
    mine = profile.named(str(path))
    assert mine.matches("my box 1")
    mix = mine.fader(Event(Status.CONTROL_CHANGE, 9, 3, 1), TABLE)
    assert mix is not None
    assert mix.name == "style_mix"
    assert mine.fader(Event(Status.PITCH_BEND, 1, 0, 1, 16383), TABLE) is TABLE["smooth"]


def test_what_is_no_fader_is_not_played(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'name = "mine"\ndevices = ["Box"]\n'
        'absolute = [{number = 1, control = "paused"}, {number = 2, control = "reset"}, '
        '{number = 3, control = "nothing"}, {number = 4, control = "content.0"}]\n',
    )
    mine = profile.load(path)
    for number in range(1, 5):
        assert mine.fader(Event(Status.CONTROL_CHANGE, 1, number, 9), TABLE) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "mine.toml: not valid TOML"),
        ('name = "x"\ndevices = ["x"]\nknobs = 3', "mine.toml: unknown key `knobs`"),
        ('name = "x"', "mine.toml: `devices`: field required"),
        ('name = "x"\ndevices = []', "mine.toml: `devices`"),
        (
            'name = "x"\ndevices = ["x"]\nabsolute = [{number = 128, control = "smooth"}]',
            "mine.toml: `absolute.0.number`: input should be less than or equal to 127; "
            "received 128",
        ),
        (
            'name = "x"\ndevices = ["x"]\nabsolute = [{channel = 0, number = 1, control = "a"}]',
            "received 0",
        ),
        (
            'name = "x"\ndevices = ["x"]\n'
            'absolute = [{number = 1, control = "smooth"}, {number = 1, control = "style_mix"}]',
            "control_change 1 on channel 1 is mapped twice, to `smooth` and `style_mix`",
        ),
    ],
)
def test_a_bad_profile_is_refused_with_file_and_key(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        profile.load(write(tmp_path, text))
    assert message in str(error.value)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no controller profile `theremin`.*nanokontrol2"):
        profile.named("theremin")
