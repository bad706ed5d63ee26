"""Surprise me: what it draws."""

from random import Random

from styletune.controls import ControlTable
from styletune.session.surprise import surprise_positions

LAYERS = ("block1_conv1", "block2_conv1@2", "block3_conv1")
TABLE = ControlTable(LAYERS, faders="amount")
DEFAULTS = {name: TABLE[name].default for name in TABLE.valued}


def test_each_draw_is_another_look_of_values_that_controls_take() -> None:
    looks = [surprise_positions(TABLE, DEFAULTS, 2, Random(seed)) for seed in range(20)]
    for look in looks:
        assert TABLE.check(TABLE.to_json(look)) == look
        assert max(look["style_gain.1"], look["style_gain.2"]) == 1.0
    assert len({look["style.block1_conv1"] for look in looks}) > 10
    for name in ("size", "learning_rate", "paused", "style.master", "hold", "style_gain.3"):
        assert all(name not in look for look in looks)


def test_frozen_layers_stay_and_soloed_ones_are_let_go() -> None:
    positions = DEFAULTS | {"freeze.block3_conv1": 1.0, "style.block1_conv1.solo": 1.0}
    look = surprise_positions(TABLE, positions, 1, Random(1))
    assert not any("block3_conv1" in name for name in look)
    assert look["style.block1_conv1.solo"] == 0.0
    assert "style_mix" not in look
