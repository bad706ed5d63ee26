"""The table of controls: values by hand, nothing that it does not take."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.controls import Control, ControlTable, Curve, Kind
from styletune.errors import ControlError, LayerError

TABLE = ControlTable([f"layer{n}" for n in range(8)])


@pytest.mark.parametrize(
    ("position", "value"), [(0.0, 0.0), (0.25, 0.1), (0.5, 1.0), (0.75, 10.0), (1.0, 100.0)]
)
def test_weights_are_logarithmic_with_an_exact_off(position: float, value: float) -> None:
    assert TABLE["content.layer3"].value(position) == pytest.approx(value, rel=1e-12)


def test_off_and_one_are_exact() -> None:
    fader = TABLE["content.layer3"]
    assert fader.value(0.0) == 0.0
    assert fader.value(0.5) == 1.0
    assert fader.value(1 / 127) > 0.0


def test_an_amount_is_the_style_in_the_middle_and_goes_beyond_both_pictures() -> None:
    row = ControlTable(["a"], faders="amount")["style.a"]
    assert [row.value(position) for position in (0.0, 0.5, 1.0)] == pytest.approx([-1.25, 1.0, 5.0])
    for value in (-1.25, 0.0, 1.0, 2.5, 5.0):
        assert row.value(row.position(value)) == pytest.approx(value)
    # What keeps the content is a weight in every table.
    assert ControlTable(["a"], faders="amount")["content.a"].unit == "weight"


def test_a_linear_table_has_linear_term_faders() -> None:
    assert ControlTable(["a"], faders="linear")["content.a"].value(0.3) == pytest.approx(0.3)


@given(st.sampled_from(TABLE.valued), st.floats(0, 1), st.floats(0, 1))
def test_every_fader_rises_with_its_position(name: str, a: float, b: float) -> None:
    control = TABLE[name]
    if control.kind is Kind.FADER and a <= b:
        assert control.value(a) <= control.value(b)


@pytest.mark.parametrize(
    "bad", [-0.001, 1.001, math.nan, math.inf, -math.inf, "0.5", None, True, [0.5], 10**400]
)
def test_a_fader_takes_numbers_in_0_to_1_only(bad: object) -> None:
    with pytest.raises(ControlError, match=r"control `style\.layer3` must be .* received value="):
        TABLE["style.layer3"].check(bad)


def test_the_message_says_what_is_allowed_and_what_came() -> None:
    with pytest.raises(ControlError) as caught:
        TABLE.check({"style.layer0": 1.7})
    assert str(caught.value) == "control `style.layer0` must be in 0..1; received value=1.7"


def test_a_hostile_value_does_not_flood_the_message() -> None:
    with pytest.raises(ControlError) as caught:
        TABLE.check({"style.layer0": "x" * 10**6})
    assert len(str(caught.value)) < 200
    with pytest.raises(ControlError) as caught:
        TABLE.check({"y" * 10**6: 0.5})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("good", [True, False, 0, 1, 1.0])
def test_a_switch_is_on_or_off(good: bool | float) -> None:
    assert TABLE["paused"].check(good) == float(good)


@pytest.mark.parametrize("bad", [0.5, 2, "true", None, math.nan])
def test_a_switch_takes_nothing_else(bad: object) -> None:
    with pytest.raises(ControlError, match="must be true or false"):
        TABLE["paused"].check(bad)


def test_a_trigger_holds_no_value() -> None:
    with pytest.raises(ControlError, match="is a trigger"):
        TABLE["reset"].check(1)


def test_a_set_is_all_or_nothing() -> None:
    with pytest.raises(ControlError, match="unknown control `'nonsense'`"):
        TABLE.check({"style.layer0": 0.1, "nonsense": 0.2})


@pytest.mark.parametrize("layers", [[], [f"l{n}" for n in range(9)], ["a", "a"]])
def test_one_to_eight_different_layers(layers: list[str]) -> None:
    with pytest.raises(LayerError, match="received"):
        ControlTable(layers)


@pytest.mark.parametrize("count", range(1, 9))
def test_the_defaults_of_any_number_of_layers_are_allowed(count: int) -> None:
    table = ControlTable([f"layer{n}" for n in range(count)])
    positions = table.defaults()
    assert positions == table.check(table.to_json(positions))


def test_the_page_shows_the_panels_in_the_order_of_the_table() -> None:
    def shown(panel: str) -> list[object]:
        rows = [row for row in TABLE.rows() if row["panel"] == panel]
        return [row["name"] for row in sorted(rows, key=lambda row: str(row["order"]))]

    assert shown("masters") == [
        "content.master", "style.master", "smooth", "learning_rate", "style_mix", "size",
    ]  # fmt: skip
    assert shown("choices") == ["color", "optimizer"]
    assert shown("styles") == [f"style_scale.{number}" for number in range(1, 5)]


def test_rows_hold_plain_types_for_the_page() -> None:
    rows = {row["name"]: row for row in TABLE.rows()}
    assert len(rows) == len(TABLE)
    assert rows["style.layer3"]["curve"] == Curve.POWER.value
    assert rows["paused"]["default"] is False
    assert all(row["help"] for row in rows.values())


def test_values_are_in_the_unit_of_the_control() -> None:
    rate = TABLE["learning_rate"]
    assert rate.value(0.5) == pytest.approx(5.0)
    assert Control("x", Kind.FADER, "", low=-1, high=3).value(0.5) == 1.0


@given(st.sampled_from(TABLE.valued), st.floats(0, 1))
def test_a_position_comes_back_from_its_value(name: str, position: float) -> None:
    control = TABLE[name]
    if control.kind is Kind.FADER:
        assert control.position(control.value(position)) == pytest.approx(position, abs=1e-9)


def test_a_choice_takes_its_names_only_and_shows_them() -> None:
    color = TABLE["color"]
    assert color.check("luminance") == 1.0
    assert color.to_json(1.0) == "luminance"
    for bad in ("sepia", 1, 1.0, True, None):
        with pytest.raises(ControlError, match=r"must be one of full, luminance, histogram"):
            color.check(bad)


def test_hardware_moves_faders_smoothly_switches_at_the_middle_and_choices_by_parts() -> None:
    assert [TABLE["smooth"].position_from_hardware(p) for p in (0.0, 0.3, 1.0)] == [0.0, 0.3, 1.0]
    assert [TABLE["average"].position_from_hardware(p) for p in (0.0, 0.49, 0.5, 1.0)] == [
        0,
        0,
        1,
        1,
    ]
    assert [TABLE["color"].position_from_hardware(p) for p in (0.0, 0.32, 0.34, 0.67, 1.0)] == [
        0,
        0,
        1,
        2,
        2,
    ]


def test_the_size_of_a_session_is_its_default_and_within_reach() -> None:
    for size in (32, 256, 1024, 2048):
        row = ControlTable(["a"], size_px=size)["size"]
        assert row.value(row.default) == pytest.approx(size)


def test_content_begins_on_the_deepest_layer_that_sees_the_full_size() -> None:
    for layers, kept in (
        (["a", "b", "a@2", "b@2"], ["content.b"]),
        (["a@2", "b@4"], ["content.b@4"]),
        (["a"], ["content.a"]),
    ):
        positions = ControlTable(layers).defaults()
        assert [
            name for name, p in positions.items() if name[:8] == "content." and p == 0.3
        ] == kept
