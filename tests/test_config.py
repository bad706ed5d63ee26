"""Session files: defaults, the shipped files, and refusals that name file and key."""

import tomllib
from pathlib import Path

import pytest

from styletune.config import SessionConfig, load, parse
from styletune.errors import ConfigError
from styletune.files import configs_folder
from styletune.networks import NETWORKS


def write(folder: Path, text: str) -> Path:
    path = folder / "session.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_default_toml_says_the_defaults() -> None:
    assert load(configs_folder() / "default.toml") == SessionConfig()


def test_default_toml_shows_every_key() -> None:
    text = (configs_folder() / "default.toml").read_text(encoding="utf-8")
    for name, field in SessionConfig.model_fields.items():
        assert f"[{name}]" in text
        for key in getattr(field.annotation, "model_fields", {}):
            assert f"\n{key} = " in text or f"\n# {key} = " in text, key


def test_original_toml_is_the_recipe_of_2018() -> None:
    session = load(configs_folder() / "original.toml")
    assert session.network.name == "vgg16"
    assert session.network.selected_layers == (
        "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1",
        "block3_conv3", "block4_conv1", "block4_conv3", "block5_conv1",
    )  # fmt: skip
    assert session.painting.epoch_steps == 20
    assert not session.painting.calibrate
    assert not session.painting.clamp
    assert not session.optimizer.normalize
    assert session.optimizer.beta_2 == 0.999
    table = session.table()
    assert table["learning_rate"].value(session.positions()["learning_rate"]) == pytest.approx(5)
    assert any(session.positions()[f"style.{layer}"] for layer in table.layers)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_session_begins_with_eight_knobs_in_the_middle_and_content_on_one_layer(
    network: str,
) -> None:
    session = SessionConfig().with_overrides(network={"name": network})
    table, positions = session.table(), session.positions()
    assert len(table.layers) == 8
    names = [f"style.{layer}" for layer in table.layers]
    assert {table[name].value(positions[name]) for name in names} == {1}
    kept = [layer for layer in table.layers if positions[f"content.{layer}"]]
    assert kept == ["block3_conv1"]


def test_the_usual_layers_exist_and_are_eight() -> None:
    for network in NETWORKS.values():
        assert len(network.default_layers) == 8
        assert network.order(network.default_layers) == network.default_layers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[pictures]\nsizee = 3", "unknown key `pictures.sizee`; [pictures] takes content"),
        ("colour = 1", "unknown key `colour`; the file takes pictures, network"),
        ("[pictures]\nsize = 8", "`pictures.size`: input should be greater than or equal to 32"),
        ("[pictures]\nsize = 'big'", "received 'big'"),
        ("[pictures]\nstyles = []", "`pictures.styles`"),
        ("[network]\nname = 'vgg11'", "`network.name`: input should be 'lite', 'vgg16' or 'vgg19'"),
        (
            "[network]\nlayers = ['block9_conv1']",
            "lite: no layer `block9_conv1`; there are block1_conv1",
        ),
        ("[controls]\n'style.nowhere' = 0.5", "unknown control `'style.nowhere'`"),
        ("[controls]\nsmooth = 1.5", "control `smooth` must be in 0..1; received value=1.5"),
        ("[controls]\nsmooth = nan", "finite number"),
        ("[painting\n", "not valid TOML"),
        ("[painting]\nseed = -1", "`painting.seed`"),
        ("[painting]\nepoch_ms = inf", "`painting.epoch_ms`"),
        ("[server]\nport = 70000", "`server.port`"),
    ],
)
def test_what_is_not_allowed_is_refused_with_file_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "nowhere.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "bytes.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_more_than_eight_layers_are_refused() -> None:
    layers = list(NETWORKS["vgg16"].layers[:9])
    with pytest.raises(ConfigError, match="1 to 8 layers; received 9"):
        parse({"network": {"name": "vgg16", "layers": layers}}, "file")


def test_layers_are_played_in_network_order() -> None:
    session = parse({"network": {"layers": ["block3_conv1", "block1_conv1"]}}, "file")
    assert session.network.selected_layers == ("block1_conv1", "block3_conv1")


def test_pictures_beside_the_session_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "me.jpg").write_bytes(b"")
    session = load(write(tmp_path, "[pictures]\ncontent = 'me.jpg'"))
    assert session.pictures.content == str(tmp_path / "me.jpg")
    assert session.pictures.styles == ("strokes",)


def test_flags_override_the_file_and_are_checked() -> None:
    session = SessionConfig().with_overrides(pictures={"size": 64, "content": None})
    assert session.pictures.size == 64
    assert session.pictures.content == "harbour"
    with pytest.raises(ConfigError, match=r"the command line: `pictures\.size`"):
        SessionConfig().with_overrides(pictures={"size": 1})


def test_toml_of_the_readme_style_round_trips() -> None:
    text = '[controls]\n"style.block3_conv1" = 0.6\npaused = true\n'
    session = parse(tomllib.loads(text), "file")
    assert session.positions()["style.block3_conv1"] == 0.6
    assert session.positions()["paused"] == 1.0
