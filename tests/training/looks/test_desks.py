"""Where the desk stands in training: everywhere, and in the middle most often."""

import numpy as np
import pytest

from styletune.config import SessionConfig
from styletune.control_values import style_shares
from styletune.training.looks.desks import DeskRange

SESSION = SessionConfig()
TABLE, MIDDLE = SESSION.table(), SESSION.positions()
KNOBS = [f"style.{layer}" for layer in TABLE.layers]


def drawn(count: int, styles: int = 1, spread: float = 1.0) -> list[dict[str, float]]:
    desk_range = DeskRange(TABLE, MIDDLE, styles, spread)
    return [desk_range.draw(np.random.default_rng(seed)) for seed in range(count)]


def test_every_position_can_be_set() -> None:
    for positions in drawn(200, styles=3):
        assert positions.keys() == MIDDLE.keys()
        TABLE.check({name: at for name, at in positions.items() if not TABLE[name].choices})


@pytest.mark.parametrize("knob", KNOBS)
def test_a_knob_is_met_in_the_middle_at_both_ends_and_between(knob: str) -> None:
    found = [positions[knob] for positions in drawn(1500)]
    assert np.mean([at == 0.5 for at in found]) > 0.5
    for end in (0.0, 1.0):
        assert np.mean([at == end for at in found]) > 0.015
    assert len({round(at, 1) for at in found}) == 11


def test_mutes_and_content_faders_are_met() -> None:
    found = drawn(400)
    assert any(positions[f"{KNOBS[0]}.mute"] for positions in found)
    assert any(positions["content.block1_conv1"] > 0 for positions in found)
    on = next(name for name in TABLE if name.startswith("content.block") and MIDDLE[name])
    assert any(positions[on] == 0 for positions in found)


def test_at_first_the_desk_stands_still() -> None:
    desk_range = DeskRange(TABLE, MIDDLE, styles=1)
    assert all(desk_range.draw(np.random.default_rng(seed), 0.0) == MIDDLE for seed in range(50))


def test_a_scene_narrows_the_desk() -> None:
    narrow = [positions[KNOBS[0]] for positions in drawn(200, spread=0.35)]
    assert 0.3 < min(narrow) < 0.42
    assert 0.58 < max(narrow) < 0.7
    assert not any(positions[f"{KNOBS[0]}.mute"] for positions in drawn(200, spread=0.35))


def test_styles_come_alone_in_pairs_and_together() -> None:
    shares = [style_shares(TABLE, positions, 3) for positions in drawn(300, styles=3)]
    kinds = [sum(share > 0 for share in each) for each in shares]
    assert set(kinds) == {1, 2, 3}
    for index in range(3):
        assert any(each[index] == 1 for each in shares)
        assert np.mean([each[index] for each in shares]) == pytest.approx(1 / 3, abs=0.08)
