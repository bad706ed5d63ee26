"""Sweep files laid out as points."""

import tomllib
from pathlib import Path

import pytest

from styletune.config import SessionConfig
from styletune.controls import ControlTable
from styletune.errors import ConfigError
from styletune.sweeps.axes import controls_from_rows
from styletune.sweeps.points import Layout, lay_out
from styletune.sweeps.spec import load, parse

EXAMPLES = Path(__file__).parents[2] / "configs" / "sweeps"
TABLE = SessionConfig().table()
BASE = TABLE.to_json(SessionConfig().positions())


def layout_of(text: str, table: ControlTable = TABLE) -> Layout:
    spec = parse(tomllib.loads(text), "sweep.toml")
    return lay_out(spec, controls_from_rows(table.rows()), BASE)


def settings(text: str, *names: str) -> list[tuple[object, ...]]:
    points = list(layout_of(text).points())
    assert [point.index for point in points] == list(range(len(points)))
    assert len(points) == layout_of(text).count
    return [tuple(point.controls[name] for name in names) for point in points]


def test_axes_are_crossed_the_first_slowest() -> None:
    text = """
    axes = [{control = "smooth", values = [0, 0.5]},
            {control = "learning_rate", from = 0.2, to = 0.4, count = 3}]
    """
    found = settings(text, "smooth", "learning_rate")
    assert found == [(0, 0.2), (0, 0.3), (0, 0.4), (0.5, 0.2), (0.5, 0.3), (0.5, 0.4)]
    point = list(layout_of(text).points())[4]
    assert point.place == (1, 1)
    assert point.labels == {"smooth": "0.5", "learning_rate": "0.3"}
    assert point.at == {"smooth": 0.5, "learning_rate": 0.3}


def test_zipped_axes_go_together() -> None:
    text = """
    axes = [{control = "content.master", values = [0.2, 0.8], zip = "pair"},
            {control = "color", values = ["full", "luminance"]},
            {control = "style.master", values = [0.8, 0.2], zip = "pair"}]
    """
    found = settings(text, "content.master", "style.master", "color")
    assert found == [
        (0.2, 0.8, "full"), (0.2, 0.8, "luminance"), (0.8, 0.2, "full"), (0.8, 0.2, "luminance"),
    ]  # fmt: skip
    first = next(layout_of(text).points())
    assert first.labels["content.master · style.master"] == "0.2 · 0.8"


def test_logarithmic_values_in_the_unit_of_the_control() -> None:
    text = """
    [[axes]]
    control = "learning_rate"
    from = 1
    to = 100
    count = 3
    scale = "log"
    in = "value"
    """
    row = TABLE["learning_rate"]
    (axis,) = layout_of(text).axes
    assert [value.label for value in axis.values] == ["1", "10", "100"]
    assert [value.at for value in axis.values] == [1, 10, 100]
    positions = [position for (position,) in settings(text, "learning_rate")]
    assert [row.value(float(position)) for position in positions] == pytest.approx([1, 10, 100])
    assert axis.log


@pytest.mark.parametrize(("term", "end", "off"), [("content", "", 0.0), ("style", ".mute", True)])
def test_each_layer_alone(term: str, end: str, off: float) -> None:
    text = f'axes = [{{alone = "{term}", at = 0.5}}]'
    found = settings(text, *(f"{term}.{layer}{end}" for layer in TABLE.layers))
    assert len(found) == 8
    assert [index for index, value in enumerate(found[2]) if value != off] == [2]
    (position,) = settings(text, f"{term}.{TABLE.layers[2]}")[2]
    assert position == 0.5
    assert layout_of(text).axes[0].values[2].label == TABLE.layers[2]


def test_each_fader_by_itself() -> None:
    text = """
    [[axes]]
    each = "content"
    from = 0
    to = 1
    count = 3
    layers = ["block1_conv1", "block3_conv1"]
    """
    found = settings(text, "content.block1_conv1", "content.block3_conv1")
    deep, shallow = BASE["content.block3_conv1"], BASE["content.block1_conv1"]
    assert found == [(0, deep), (0.5, deep), (1, deep), (shallow, 0), (shallow, 0.5), (shallow, 1)]
    assert [axis.name for axis in layout_of(text).axes] == ["content of", "position"]


def test_pictures_switches_choices_and_seeds_are_swept() -> None:
    text = """
    seeds = [3, 4]
    axes = [{picture = "style 1", values = ["strokes", "woodcut"]},
            {control = "style.block1_conv1.mute", values = [true, false]}]
    """
    points = list(layout_of(text).points())
    assert len(points) == 8
    assert points[0].pictures == {"style 1": "strokes"}
    assert [point.seed for point in points[:2]] == [3, 4]
    assert points[0].labels == {
        "style 1": "strokes",
        "style.block1_conv1.mute": "true",
        "seed": "3",
    }


def test_a_list_holds_each_point() -> None:
    text = """
    method = "list"
    points = [{smooth = 0.1, label = "rough"}, {smooth = 0.9, "style 1" = "mosaic"}]
    """
    first, second = layout_of(text).points()
    assert first.labels == {"": "rough", "smooth": "0.1"}
    assert second.pictures == {"style 1": "mosaic"}
    assert layout_of(text).axes == ()


def test_random_samples_are_those_of_their_seed() -> None:
    text = """
    method = "random"
    samples = 20
    seed = %d
    axes = [{control = "smooth", from = 0.1, to = 0.9},
            {control = "optimizer", values = ["adam", "gd"]}]
    """
    found = settings(text % 1, "smooth", "optimizer")
    assert found == settings(text % 1, "smooth", "optimizer")
    assert found != settings(text % 2, "smooth", "optimizer")
    assert len(set(found)) == 20
    assert all(0.1 <= float(smooth) <= 0.9 for smooth, _ in found)  # type: ignore[arg-type]


def test_every_point_has_all_controls_and_is_not_paused() -> None:
    (point,) = layout_of('axes = [{control = "smooth", values = [0.5]}]').points()
    engine = {name for name in TABLE.valued if TABLE[name].engine}
    assert set(point.controls) == engine
    assert point.controls["paused"] is False
    assert point.controls["average"] is False


def test_the_key_of_a_point_is_its_setting() -> None:
    text = 'axes = [{control = "smooth", values = [0.1, 0.2]}]\nsteps = %d'
    one, other = layout_of(text % 5).points()
    assert one.key != other.key
    assert one.key == next(layout_of(text % 5).points()).key


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the sweep is empty"),
        ("seeds = []", "`seeds`"),
        ("axes = []", "the sweep is empty"),
        ("colour = 1\nseeds = [1]", "unknown key `colour`; allowed are name, steps"),
        ('axes = [{control = "smooth", vals = [1]}]', "unknown key `axes.0.vals`; allowed are"),
        ('axes = [{values = [1]}]', "one of `control`, `picture`, `alone` and `each`"),
        ('axes = [{control = "smooth", alone = "style"}]', "received control, alone"),
        ('axes = [{control = "smooth"}]', "either `values`, or `from` and `to`"),
        ('axes = [{control = "smooth", values = []}]', "`axes.0.values`"),
        ('axes = [{control = "smooth", from = 0}]', "belong together"),
        ('axes = [{control = "smooth", from = 0, to = 1, scale = "log"}]', "received 0 and 1"),
        ('axes = [{control = "smoth", values = [1]}]', "unknown control `smoth`"),
        ('axes = [{control = "smooth", values = [1.5]}]', "must be in 0..1; received value=1.5"),
        ('axes = [{control = "reset", values = [1]}]', "unknown control `reset`"),
        ('axes = [{control = "crossfade", values = [1]}]', "unknown control `crossfade`"),
        ('axes = [{control = "color", values = ["red"]}]', "must be one of full, luminance"),
        (
            'axes = [{control = "learning_rate", values = [500], in = "value"}]',
            "goes from 0.25 to 100 pixel values a step; received 500",
        ),
        ('axes = [{alone = "style", layers = ["block9"]}]', "unknown layer `block9`"),
        ('controls = {nothing = 1}\nseeds = [1]', "unknown control `nothing`"),
        ('method = "list"', 'needs [[points]]'),
        ('method = "list"\npoints = [{smooth = 7}]', "must be in 0..1"),
        ('base = "yesterday"\nseeds = [1]', 'received \'yesterday\''),
        ("steps = 0\nseeds = [1]", "`steps`: input should be greater than or equal to 1"),
        (
            'axes = [{control = "smooth", values = [0], zip = "a"},'
            ' {control = "learning_rate", values = [0, 1], zip = "a"}]',
            "1 of smooth and 2 of learning_rate",
        ),
        (
            "\n".join(
                f'[[axes]]\ncontrol = "style_gain.{n}"\nfrom = 0\nto = 1\ncount = 10000'
                for n in (1, 2, 3)
            ),
            "at most 100,000 points; received 1,000,000,000,000",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        layout_of(text)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_files_are_found_beside_the_sweep(tmp_path: Path) -> None:
    (tmp_path / "gogh.jpg").touch()
    (tmp_path / "mine.toml").touch()
    file = tmp_path / "the-sweep.toml"
    file.write_text(
        'session = "mine.toml"\n[[axes]]\npicture = "style 1"\nvalues = ["gogh.jpg", "strokes"]\n'
    )
    spec = load(file)
    assert spec.name == "the sweep"
    assert spec.session == str(tmp_path / "mine.toml")
    assert spec.axes[0].values == (str(tmp_path / "gogh.jpg"), "strokes")
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("layers-alone", 8),
        ("content-against-style", 25),
        ("eight-sliders", 40),
        ("smooth-rate", 24),
    ],
)
def test_the_example_sweeps_are_laid_out(name: str, count: int) -> None:
    found = lay_out(load(EXAMPLES / f"{name}.toml"), controls_from_rows(TABLE.rows()), BASE)
    assert found.count == count
    assert len({point.key for point in found.points()}) == count
