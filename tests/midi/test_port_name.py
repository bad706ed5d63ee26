"""What systems add to the names of ports, and whose output is whose; the page holds the same."""

import json
from pathlib import Path

import pytest

from styletune.midi.port_name import device_name, mate

CASES = json.loads((Path(__file__).parents[1] / "support/port_names.json").read_text())


@pytest.mark.parametrize(("port", "device"), CASES["names"])
def test_device_name(port: str, device: str) -> None:
    assert device_name(port) == device


@pytest.mark.parametrize("case", CASES["mates"], ids=lambda case: case["of"])
def test_mate(case: dict[str, list[str]]) -> None:
    inputs = case["inputs"]
    found = [mate(number, inputs, case["outputs"]) for number in range(len(inputs))]
    assert found == case["mates"]
