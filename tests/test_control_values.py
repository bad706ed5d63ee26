"""From positions to weights and shares, by hand."""

import pytest

from styletune.control_values import style_shares, term_weights
from styletune.controls import ControlTable

TABLE = ControlTable([f"layer{n}" for n in range(8)])


@pytest.mark.parametrize("count", range(1, 9))
def test_the_defaults_paint_at_once_with_any_number_of_layers(count: int) -> None:
    table = ControlTable([f"layer{n}" for n in range(count)])
    assert sum(term_weights(table, table.defaults(), "style")) > 0
    assert sum(term_weights(table, table.defaults(), "content")) > 0


def test_mute_solo_and_masters() -> None:
    table = ControlTable(["a", "b"])
    flat = table.defaults() | {f"{t}.{x}": 0.5 for t in ("content", "style") for x in "ab"}
    assert term_weights(table, flat, "style") == (1.0, 1.0)
    assert term_weights(table, flat | {"style.a.mute": 1.0}, "style") == (0.0, 1.0)
    solo = flat | {"content.b.solo": 1.0}
    assert term_weights(table, solo, "style") == (0.0, 0.0)
    assert term_weights(table, solo, "content") == (0.0, 1.0)
    half = flat | {"content.b.solo": 0.5, "style.a.mute": 0.25}  # on the way to another scene
    assert term_weights(table, half, "content") == (0.5, 1.0)
    assert term_weights(table, half, "style") == (0.375, 0.5)
    # A term that is soloed and muted stays silent, as on a mixing desk.
    assert term_weights(table, solo | {"content.b.mute": 1.0}, "content") == (0.0, 0.0)
    loud = term_weights(table, flat | {"style.master": 0.75}, "style")
    assert loud == pytest.approx((10.0, 10.0))


@pytest.mark.parametrize(
    ("moved", "styles", "shares"),
    [
        ({}, 1, (1,)),
        ({"style_mix": 1.0}, 1, (1,)),  # nothing to mix with
        ({}, 2, (1, 0)),
        ({"style_mix": 0.25}, 2, (0.75, 0.25)),
        ({"style_mix": 0.5, "style_gain.2": 0.5}, 2, (2 / 3, 1 / 3)),
        ({"style_mix": 0.5}, 4, (0.5, 0.5, 0, 0)),  # the others come in when raised
        ({"style_gain.3": 1.0}, 3, (0.5, 0, 0.5)),
        ({"style_gain.1": 0.0}, 3, (1, 0, 0)),  # silence is no style: the first alone
    ],
)
def test_shares_of_the_styles_by_hand(
    moved: dict[str, float], styles: int, shares: tuple[float, ...]
) -> None:
    got = style_shares(TABLE, TABLE.defaults() | moved, styles)
    assert got == pytest.approx(shares)
    assert sum(got) == pytest.approx(1)
