"""The losses against what was swept, as SVG drawn by hand: no library, crisp at any size.

A point is the loss of one layer relative to its own mean over the sweep, so that layers whose
losses differ by decades share one axis; its line is the mean over everything else that was swept.
Amber is content, teal is style, as on the page. Pure: results in, text out.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from xml.sax.saxutils import escape

from styletune.sweeps.result import Result

_WIDTH, _HEIGHT = 560, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 118, 58, 46
_GAP = 40
_WALL, _TEXT, _QUIET, _RULE = "#111110", "#d9d4c9", "#9a958b", "#2c2c29"
# From the first layer to the deepest: light to strong.
_COLOURS = {
    "content": ((0xFF, 0xE0, 0xB8), (0xC9, 0x6A, 0x1B)),
    "style": ((0xC5, 0xF2, 0xF4), (0x1B, 0x8C, 0x99)),
}
_TITLES = {"content": "distance from the content", "style": "distance from the style"}

Curve = tuple[str, str, list[tuple[float, float]]]  # label, colour, points


def plots(results: Sequence[Result], logs: Mapping[str, bool]) -> str:
    """All plots as one SVG: a row for each axis of numbers, content left and style right.

    Args:
        logs: for each axis of numbers, whether it is logarithmic.

    Returns:
        Empty where no axis has two numbers.
    """
    axes = [
        axis for axis in _axes(results) if len({r.at[axis] for r in results if axis in r.at}) > 1
    ]
    if not axes:
        return ""
    height = len(axes) * (_HEIGHT + _GAP) - _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH + _GAP} {height}" '
        'font-family="Inter, Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif" '
        'font-size="12" role="img">'
        f"<title>Losses against {escape(', '.join(axes))}</title>"
        f'<rect width="100%" height="100%" fill="{_WALL}"/>'
    ]
    for row, axis in enumerate(axes):
        for column, term in enumerate(("content", "style")):
            x, y = column * (_WIDTH + _GAP), row * (_HEIGHT + _GAP)
            curves = _curves(results, axis, term)
            panel = _panel(curves, axis, _TITLES[term], log=logs.get(axis, False))
            parts.append(f'<g transform="translate({x} {y})">{panel}</g>')
    return "".join([*parts, "</svg>\n"])


def _axes(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(axis for result in results for axis in result.at))


def _curves(results: Sequence[Result], axis: str, term: str) -> list[Curve]:
    """One curve for each layer: the mean of its raw loss at each value of the axis."""
    layers = list(dict.fromkeys(t.layer for r in results for t in r.terms if t.term == term))
    curves: list[Curve] = []
    for index, layer in enumerate(layers):
        by_value: dict[float, list[float]] = {}
        for result in results:
            for found in result.terms:
                if axis in result.at and (found.layer, found.term) == (layer, term):
                    by_value.setdefault(result.at[axis], []).append(found.raw)
        points = [(value, fmean(losses)) for value, losses in sorted(by_value.items())]
        mean = fmean([loss for _, loss in points]) if points else 0.0
        if mean > 0 and len(points) > 1:
            scaled = [(value, loss / mean) for value, loss in points]
            curves.append((layer, _shade(term, index, len(layers)), scaled))
    return curves


def _shade(term: str, index: int, count: int) -> str:
    part = index / max(1, count - 1)
    light, strong = _COLOURS[term]
    rgb = (round(a + part * (b - a)) for a, b in zip(light, strong, strict=True))
    return "#" + "".join(f"{value:02x}" for value in rgb)


def _panel(curves: Sequence[Curve], axis: str, title: str, *, log: bool) -> str:
    parts = [
        f'<text x="{_LEFT}" y="22" fill="{_TEXT}" font-size="14">{title}</text>'
        f'<text x="{_LEFT}" y="40" fill="{_QUIET}">'
        "of each layer, times its mean over the sweep</text>"
    ]
    if not curves:
        return parts[0]
    values = [x for _, _, points in curves for x, _ in points]
    losses = [y for _, _, points in curves for _, y in points]
    log = log and min(values) > 0
    x_of = _scale(min(values), max(values), _LEFT, _WIDTH - _RIGHT, log=log)
    high = max(losses) * 1.05
    # Lines may leave zero out where they all lie far above it; what they do is then seen.
    low = 0.0 if min(losses) < 0.5 * max(losses) else min(losses) * 0.95
    y_of = _scale(low, high, _HEIGHT - _BOTTOM, _TOP, log=False)
    for tick in _ticks(low, high):
        y = y_of(tick)
        parts.append(
            f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{_RULE}"/>'
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" fill="{_QUIET}" '
            f'text-anchor="end">{tick:g}</text>'
        )
    for value in _thinned(sorted(set(values))):
        parts.append(
            f'<text x="{x_of(value):.1f}" y="{_HEIGHT - _BOTTOM + 20}" fill="{_QUIET}" '
            f'text-anchor="middle">{value:.3g}</text>'
        )
    parts.append(
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 6}" fill="{_TEXT}" '
        f'text-anchor="middle">{escape(axis)}</text>'
    )
    for _, colour, points in curves:
        path = "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in points)
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" '
            'stroke-linejoin="round" stroke-linecap="round"/>'
        )
        parts += [
            f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>'
            for x, y in points
        ]
    ends = [y_of(points[-1][1]) for _, _, points in curves]
    for (label, colour, _), y in zip(curves, _apart(ends), strict=True):
        parts.append(
            f'<text x="{_WIDTH - _RIGHT + 12}" y="{y + 4:.1f}" fill="{colour}">'
            f"{escape(label)}</text>"
        )
    return "".join(parts)


def _scale(
    low: float, high: float, start: float, end: float, *, log: bool
) -> Callable[[float], float]:
    def linear(value: float) -> float:
        return start + (value - low) / ((high - low) or 1.0) * (end - start)

    def logarithmic(value: float) -> float:
        return start + math.log(value / low) / (math.log(high / low) or 1.0) * (end - start)

    return logarithmic if log else linear


def _ticks(low: float, high: float) -> list[float]:
    """Four to six round numbers."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 12) for n in range(first, math.floor(high / step) + 1)]


def _thinned(values: Sequence[float]) -> Sequence[float]:
    """At most nine values: labels must not run into each other."""
    return values[:: -(-len(values) // 9)]


def _apart(ends: Sequence[float], distance: float = 14.0) -> list[float]:
    """Move labels that stand on each other apart, in their order, within the panel."""
    order = sorted(range(len(ends)), key=lambda index: ends[index])
    placed = dict.fromkeys(order, 0.0)
    last = _TOP - distance
    for index in order:
        last = placed[index] = max(ends[index], last + distance)
    over = max(0.0, last - (_HEIGHT - _BOTTOM))
    return [placed[index] - over for index in range(len(ends))]
