import pytest

from styletune.controls import ControlTable, Kind
from styletune.midi.device import Target, resolve, with_layer_index
from styletune.networks import NETWORKS

TABLE = ControlTable(NETWORKS["lite"].default_layers)
THIRD = TABLE.layers[2]


@pytest.mark.parametrize("name", list(TABLE))
def test_every_control_is_a_target_by_its_own_name(name: str) -> None:
    target = resolve(name, TABLE)
    assert target == Target((TABLE[name],))
    assert target.kind is TABLE[name].kind
    assert target.names == (name,)


@pytest.mark.parametrize("name", list(TABLE))
def test_what_is_counted_is_the_same_target(name: str) -> None:
    assert resolve(with_layer_index(name, TABLE), TABLE) == resolve(name, TABLE)
    assert not any(layer in with_layer_index(name, TABLE) for layer in TABLE.layers)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("content.3", (f"content.{THIRD}",)),
        ("style.3", (f"style.{THIRD}",)),
        ("content.3.mute", (f"content.{THIRD}.mute",)),
        ("freeze.3", (f"freeze.{THIRD}",)),
        ("solo.3", (f"content.{THIRD}.solo", f"style.{THIRD}.solo")),
        (f"mute.{THIRD}", (f"content.{THIRD}.mute", f"style.{THIRD}.mute")),
        ("style_gain.3", ("style_gain.3",)),
        ("scene.3", ("scene.3",)),
        ("scene:dawn.1", ("scene:dawn.1",)),
    ],
)
def test_layers_and_scenes_may_be_counted(target: str, names: tuple[str, ...]) -> None:
    resolved = resolve(target, TABLE)
    assert resolved is not None
    assert resolved.names == names


@pytest.mark.parametrize("target", ["scene.3", "scene:dawn", "undo"])
def test_a_scene_is_a_trigger_to_a_hand(target: str) -> None:
    resolved = resolve(target, TABLE)
    assert resolved is not None
    assert resolved.kind is Kind.TRIGGER


@pytest.mark.parametrize(
    "target",
    ["", ".", "content", "content.0", "content.9", "content.-1", "content.3.loud", "solo",
     "solo.9", "solo.nowhere", "scene:", "scene.", "scene.x", "scene.0", "smoth", "content.²"],
)  # fmt: skip
def test_what_is_nothing_is_none(target: str) -> None:
    assert resolve(target, TABLE) is None
