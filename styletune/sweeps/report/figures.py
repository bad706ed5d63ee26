"""The contact sheet and the plots of the losses, drawn by matplotlib; needs the extra `sweep`."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from styletune.errors import ConfigError
from styletune.sweeps.report.grid import Grid
from styletune.sweeps.results import Result
from styletune.terms import layer_terms

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The page's own colours: a wall on which neither the light nor the dark picture wins.
WALL, PLATE, RULE = "#111110", "#1b1b19", "#2c2c29"
IVORY, TEXT, QUIET = "#ece7dc", "#d9d4c9", "#9a958b"
# Amber is content, teal is style, as on the page; light to strong from the first layer on.
_SHADES = {"content": ("#ffe0b8", "#c96a1b"), "style": ("#c5f2f4", "#1b8c99")}
_OTHER_SHADES = "#ece7dc", "#8d887d"
# Those of them that the machine has; DejaVu Sans comes with matplotlib.
_FONTS = (
    "Inter", "Helvetica Neue", "Segoe UI", "Noto Sans", "Arial", "DejaVu Sans", "Noto Sans CJK JP",
    "Arial Unicode MS",
)  # fmt: skip

_MARGIN, _GAP = 56, 10  # px
_MAX_WIDTH = 2800  # px of the pictures and gaps; beyond 3200 in all viewers become slow
_MIN_TILE, _MAX_TILE = 176, 512  # px, longer edge: a label must fit below
_TITLE, _LABEL = 30, 15  # px
_DPI = 72  # at which a point, the unit of font sizes, is a pixel


def require_matplotlib() -> None:
    """Check that the report can be drawn, before anything is painted for it.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ConfigError(
            "a sweep's report needs matplotlib; run: pip install 'styletune[sweep]'"
        ) from None


# ----------------------------------------------------------- contact sheet


def draw_sheet(grid: Grid, folder: Path, title: str, subtitle: str) -> bytes:
    """Draw all pictures of a grid on one wall, labelled along its edges; returns a PNG.

    Args:
        folder: where the files of the results lie.
        subtitle: what painted them.
    """
    painted = [result for row in grid.cells for result in row if result is not None]
    rows, columns = len(grid.cells), len(grid.cells[0])
    longest = max((max(r.width, r.height) for r in painted), default=_MIN_TILE)
    room = _MAX_WIDTH // columns - _GAP
    scale = max(min(longest, _MAX_TILE, room), min(_MIN_TILE, room), 24) / longest
    tile_width = max((round(r.width * scale) for r in painted), default=round(longest * scale))
    tile_height = max((round(r.height * scale) for r in painted), default=round(longest * scale))
    step_x = tile_width + _GAP
    step_y = tile_height + _GAP + (0 if grid.rows else 2 * _LABEL)
    width, height = columns * step_x - _GAP, rows * step_y - _GAP
    wall = Image.new("RGB", (width, height), WALL)
    for row, results in enumerate(grid.cells):
        for column, result in enumerate(results):
            corner = column * step_x, row * step_y
            if result is not None:
                with Image.open(folder / result.file) as picture:
                    tile = _fit(picture, tile_width, tile_height)
                left, top = (tile_width - tile.width) // 2, (tile_height - tile.height) // 2
                wall.paste(tile, (corner[0] + left, corner[1] + top))
            elif grid.rows:  # a hole in a table should be seen as one
                wall.paste(PLATE, (*corner, corner[0] + tile_width, corner[1] + tile_height))
    with _style():
        figure = _figure(width, height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(np.asarray(wall), interpolation="none", extent=(0, width, height, 0))
        axes.set_axis_off()
        name = f"{grid.name}  ·  " if grid.name else ""
        above = -_LABEL * (5.2 if grid.columns else 1.8)
        _write(axes, 0, above - 1.9 * _LABEL, title, max(width, 600), size=_TITLE, color=IVORY)
        _write(axes, 0, above, name + subtitle, max(width, 600), color=QUIET)
        if grid.rows and grid.columns:
            _write(axes, 0, -2.2 * _LABEL, grid.columns.name, width, color=QUIET)
            _write(axes, -14, -0.7 * _LABEL, grid.rows.name, 300, color=QUIET, ha="right")
            for column, label in enumerate(grid.columns.labels):
                _write(axes, column * step_x, -0.7 * _LABEL, label, tile_width)
            for row, label in enumerate(grid.rows.labels):
                middle = row * step_y + tile_height / 2
                _write(axes, -14, middle, label, 300, ha="right", va="center")
        for row, labels in enumerate(grid.labels):
            for column, label in enumerate(labels):
                below = row * step_y + tile_height + 0.5 * _LABEL
                _write(axes, column * step_x, below, label, tile_width, va="top")
        return _save_png(figure)


def _fit(picture: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _write(
    axes: "Axes",
    x: float,
    y: float,
    text: str,
    room: float,
    *,
    size: int = _LABEL,
    color: str = TEXT,
    **alignment: Any,
) -> None:
    """Write a line at a pixel, cut with an ellipsis where it is wider than `room` pixels."""
    text = " ".join(text.split())[: int(3 * room / size)]
    artist = axes.text(x, y, text, size=size, color=color, parse_math=False, **alignment)
    while len(text) > 1 and artist.get_window_extent().width > room:
        text = text[:-2].rstrip() + "…"
        artist.set_text(text)


def _save_png(figure: "Figure") -> bytes:
    """The figure with all its labels, its pixels on whole pixels."""
    from matplotlib.transforms import Bbox

    box = figure.get_tightbbox()
    outer = Bbox(np.stack([np.floor(box.min * _DPI), np.ceil(box.max * _DPI)]) / _DPI)
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches=outer.padded(_MARGIN / _DPI))
    return file.getvalue()


# -------------------------------------------------------------- loss plots

Curve = tuple[str, list[tuple[float, float]]]  # label, points


def draw_losses(results: Sequence[Result], logs: Mapping[str, bool]) -> str:
    """Plot the losses against what was swept: a row for each axis, a column for each term.

    A point is the raw loss of one layer relative to its own mean over the sweep, so that layers
    whose losses differ by decades share one axis; the mean is taken over all else that was swept.

    Args:
        logs: for each axis of numbers, whether it is logarithmic.

    Returns:
        SVG; empty where no axis has two numbers.
    """
    names = dict.fromkeys(name for result in results for name in result.at)
    axes = [name for name in names if len({r.at[name] for r in results if name in r.at}) > 1]
    if not axes:
        return ""
    with _style():
        figure = _figure(580 * len(layer_terms()), 330 * len(axes), layout="constrained")
        panels = figure.subplots(len(axes), len(layer_terms()), squeeze=False)
        for row, axis in zip(panels, axes, strict=True):
            for panel, term in zip(row, layer_terms(), strict=True):
                _draw_panel(panel, _curves(results, axis, term), term)
                panel.set_xlabel(axis, color=TEXT, parse_math=False)
                if logs.get(axis, False) and min(r.at[axis] for r in results if axis in r.at) > 0:
                    panel.set_xscale("log")
                _set_ticks(panel, sorted({r.at[axis] for r in results if axis in r.at}))
        file = io.StringIO()
        figure.savefig(
            file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    svg = file.getvalue()
    # Without its head and a size it can stand in a page, and fills what it is given.
    svg = svg[svg.index("<svg") :]
    return re.sub(r'(<svg [^>]*?) width="[^"]*" height="[^"]*"', r"\1", svg, count=1)


def _curves(results: Sequence[Result], axis: str, term: str) -> list[Curve]:
    """One curve for each layer: its mean raw loss at each value of the axis, relative."""
    layers = dict.fromkeys(t.layer for r in results for t in r.terms if t.term == term)
    curves = []
    for layer in layers:
        by_value: dict[float, list[float]] = {}
        for result in results:
            for found in result.terms:
                if axis in result.at and (found.layer, found.term) == (layer, term):
                    by_value.setdefault(result.at[axis], []).append(found.raw)
        points = [(value, fmean(losses)) for value, losses in sorted(by_value.items())]
        mean = fmean([loss for _, loss in points]) if points else 0.0
        if mean > 0 and len(points) > 1:
            curves.append((layer, [(value, loss / mean) for value, loss in points]))
    return curves


def _draw_panel(panel: "Axes", curves: Sequence[Curve], term: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    panel.set_title(f"{term} loss of each layer", loc="left", color=TEXT, size=14, pad=14)
    panel.set_ylabel("times its mean over the sweep")
    panel.locator_params(axis="y", nbins=5)
    shades = LinearSegmentedColormap.from_list(term, _SHADES.get(term, _OTHER_SHADES))
    losses = [loss for _, points in curves for _, loss in points]
    if losses:
        # Zero may be left out where all curves lie far above it: what they do is then seen.
        low = 0.0 if min(losses) < 0.5 * max(losses) else 0.95 * min(losses)
        panel.set_ylim(low, 1.05 * max(losses))
    ends = _spread([points[-1][1] for _, points in curves], 0.055, panel.get_ylim())
    for index, ((layer, points), end) in enumerate(zip(curves, ends, strict=True)):
        color = shades(index / max(1, len(curves) - 1))
        panel.plot(*zip(*points, strict=True), color=color, marker="o")
        panel.annotate(
            layer, (1, end), (10, 0), ("axes fraction", "data"), "offset points",
            color=color, va="center", parse_math=False, annotation_clip=False,
        )  # fmt: skip


def _set_ticks(panel: "Axes", values: Sequence[float]) -> None:
    """Label at most nine of the values that were swept, which must not run into each other."""
    ticks = values[:: -(-len(values) // 9)]
    panel.set_xticks(ticks, [f"{value:.3g}" for value in ticks])
    panel.set_xticks([], minor=True)


def _spread(ends: Sequence[float], distance: float, limits: tuple[float, float]) -> list[float]:
    """Move labels that overlap apart, in their order and within the limits.

    Args:
        distance: between two labels, as a part of the axis.
    """
    low, high = limits
    distance *= high - low
    order = sorted(range(len(ends)), key=lambda index: -ends[index])
    placed = list(ends)
    last = high + distance
    for index in order:
        last = placed[index] = min(ends[index], last - distance)
    return [end + max(0.0, low - last) for end in placed]


# ------------------------------------------------------------------- style


def _figure(width: int, height: int, **options: Any) -> "Figure":
    """A figure of so many pixels, without pyplot and its windows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width / _DPI, height / _DPI), _DPI, facecolor=WALL, **options)
    FigureCanvasAgg(figure)  # without it each text is measured by drawing the whole figure
    return figure


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib as mpl
    from matplotlib import font_manager

    present = set(font_manager.get_font_names())
    style: Any = {
        "font.family": [font for font in _FONTS if font in present],
        "font.size": 12,
        "text.color": TEXT,
        "axes.facecolor": WALL,
        "axes.labelcolor": QUIET,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.edgecolor": RULE,
        "axes.axisbelow": True,
        "figure.constrained_layout.w_pad": 18 / _DPI,
        "figure.constrained_layout.h_pad": 14 / _DPI,
        "grid.color": RULE,
        "grid.linewidth": 1,
        "lines.linewidth": 1.5,
        "lines.markersize": 4,
        "xtick.color": RULE,
        "xtick.labelcolor": QUIET,
        "ytick.left": False,
        "ytick.labelcolor": QUIET,
        "savefig.facecolor": WALL,
        "svg.fonttype": "none",  # text stays text: crisp, in the page's font, and can be searched
        "svg.hashsalt": "styletune",  # the same results make the same file
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # A letter that no font of this machine has is drawn as a box.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        yield
