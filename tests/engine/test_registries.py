"""A new loss term, network, optimizer and control are a row and a class: they then do their work.

In a process of its own: the rows must be there before anything is derived from them.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ADDED = Path(__file__).parent / "added_rows.py"


@pytest.fixture(scope="module")
def seen() -> dict[str, object]:
    """What `added_rows` found."""
    ran = subprocess.run([sys.executable, ADDED], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_a_loss_term_has_controls_weights_scales_and_rows(seen: dict[str, object]) -> None:
    assert seen["term"] == {
        "controls": ["contrast.block1_conv1", "contrast.block1_conv1.mute", "contrast.master"],
        "calibrated": True,
        "lowered by its fader": True,
        "solo silences the others": True,
        "frame": ["content", "style", "contrast"],
        "history": True,
        "message": True,
        "page": ["knob"],
        "traces": 1,
    }


def test_a_network_is_chosen_by_its_name_and_painted_with(seen: dict[str, object]) -> None:
    assert seen["network"] == {
        "layers": ["block1_conv1", "block2_conv1"],
        "weights": "seeded-random filters, seed 0: untaught",
        "receptive fields": [3, 8],
    }


def test_an_optimizer_is_a_choice_and_switching_to_it_traces_nothing(
    seen: dict[str, object],
) -> None:
    assert seen["optimizer"] == {
        "choices": ["adam", "gd", "sign"],
        "moved by": [3.0],
        "traces": 1,
    }


def test_a_control_is_in_block_scenes_and_page_as_its_row_says(seen: dict[str, object]) -> None:
    assert seen["control"] == {
        "in the block": 0.25,
        "stored": False,
        "continuous": True,
        "shown": ["masters"],
    }
