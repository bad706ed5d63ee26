"""What the command line makes of its arguments and a session file, without painting."""

from pathlib import Path

import pytest

from styletune.cli.arguments import session_config
from styletune.cli.main import build_parser
from styletune.cli.serve import log_format
from styletune.cli.sweep import _left_out
from styletune.config import SessionConfig
from styletune.sweeps.spec import parse

TWO_STYLES = """
[pictures]
styles = ["woodcut", "strokes"]
[controls]
style_mix = 0.25
"style_gain.2" = 0.5
size = 0.75
optimizer = "gd"
[network]
layers = ["block1_conv1"]
"""


def paint(folder: Path, *arguments: str) -> SessionConfig:
    file = folder / "show.toml"
    file.write_text(TWO_STYLES, encoding="utf-8")
    words = ["paint", *arguments, "-o", "x.png", "--session", str(file)]
    return session_config(build_parser().parse_args(words), str(file))


@pytest.mark.parametrize(
    "words",
    [
        "harbour woodcut strokes -o x.png --steps 3",
        "harbour -o x.png woodcut strokes --steps 3",
        "-o x.png harbour woodcut --steps 3 strokes",
        "--steps 3 -o x.png -- harbour woodcut strokes",
    ],
)
def test_styles_may_stand_anywhere(words: str) -> None:
    arguments = build_parser().parse_args(["paint", *words.split()])
    assert (arguments.content, arguments.style) == ("harbour", ["woodcut", "strokes"])
    assert (arguments.out, arguments.steps) == ("x.png", 3)
    assert session_config(arguments, None).pictures.styles == ("woodcut", "strokes")


def test_styles_of_the_session_stay_with_their_blend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = paint(tmp_path, "harbour")
    assert session.pictures.styles == ("woodcut", "strokes")
    assert session.pictures.content == "harbour"
    assert session.controls == {
        "style_mix": 0.25,
        "style_gain.2": 0.5,
        "size": 0.75,
        "optimizer": "gd",
    }
    session = paint(tmp_path, "harbour", "strokes", "woodcut", "contours")
    assert session.pictures.styles == ("strokes", "woodcut", "contours")
    assert session.controls["style_mix"] == 0.25
    assert capsys.readouterr().err.endswith(
        "show.toml: its styles woodcut, strokes are replaced by strokes, woodcut, contours\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["strokes"], "its styles woodcut, strokes are replaced by strokes"),
        (["strokes"], "without effect on so few styles: style_gain.2, style_mix"),
        (["--optimizer", "adam"], "its control optimizer is replaced by --optimizer adam"),
        (["--size", "64"], "its control size is replaced by --size 64"),
        (["--network", "vgg16"], "its layers of lite are left out for --network vgg16"),
    ],
)
def test_what_a_flag_leaves_out_of_the_session_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    session = paint(tmp_path, "harbour", *arguments)
    assert told in capsys.readouterr().err
    for name in ("size", "optimizer"):
        assert (name in session.controls) is (f"--{name}" not in arguments)


@pytest.mark.parametrize("arguments", [[], ["--size", "64"], ["woodcut", "strokes"]])
def test_a_flag_that_replaces_what_it_names_is_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    file = tmp_path / "one.toml"
    file.write_text('[pictures]\nsize = 128\nstyles = ["woodcut"]\n', encoding="utf-8")
    session_config(
        build_parser().parse_args(["paint", "harbour", "-o", "x", *arguments]), str(file)
    )
    assert capsys.readouterr().err == ""


def test_a_sweep_tells_which_flags_it_sets_itself() -> None:
    spec = parse(
        {
            "session": "show.toml",
            "seeds": [1, 2],
            "controls": {"size": 0.5},
            "axes": [{"picture": "style 2", "values": ["woodcut"]}],
        },
        "x",
    )
    given = {"style": ["a", "b"], "size": 64, "seed": 3, "content": "harbour", "network": None}
    assert list(_left_out(spec, "other.toml", given)) == [
        "its session show.toml is replaced by other.toml",
        "it sets the style 2 of each point, whatever --style is",
        "it sets the size of each point, whatever --size is",
        "it sets the seed of each point, whatever --seed is",
    ]
    assert list(_left_out(spec, None, dict.fromkeys(given))) == []


def test_the_log_is_for_people_on_a_terminal_unless_another_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def form(*flags: str) -> str:
        return log_format(build_parser().parse_args(["serve", *flags]))

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert [form(), form("--verbose"), form("--log-format", "json")] == [
        "plain",
        "key-value",
        "json",
    ]
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)
    assert [form(), form("--verbose")] == ["key-value"] * 2
