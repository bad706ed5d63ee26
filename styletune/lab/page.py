"""The laboratory's page: index.html and the pictures beside it, without scripts or network."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from styletune import files
from styletune.errors import ConfigError, StorageError
from styletune.lab.descriptions import describe, facts
from styletune.networks import layer_effect, receptive_field_px

_TEMPLATE = Path(__file__).with_name("page.html")
_MARK = '<meta name="generator" content="styletune lab">'  # in each of our pages
_PICTURES = "pictures"

# The figures of a layer; the first row stands beside the words.
ROWS = (
    ("field", "content-alone", "style-alone"),
    ("gradient", "gram-content", "gram-style", "gram-difference"),
    ("maps-content", "maps-style"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of the page.

    Attributes:
        file: its name, relative to the page.
        caption: what it is, in a few words.
        note: more on it, quieter.
        alt: for who cannot see it.
        look: whose colour it has and how it is laid out, as class names of the page.
    """

    file: str
    caption: str
    note: str
    alt: str
    look: str = ""


@dataclass(slots=True)
class Page:
    """What the page shows so far.

    Attributes:
        content, style: the pictures' names.
        subtitle: what was computed, and how.
        sources: the two pictures.
        width, height: of the content picture, px.
        layers: by layer, its figures by their kinds; see `ROWS`.
    """

    network: str
    content: str
    style: str
    subtitle: str
    width: int
    height: int
    sources: list[Figure] = field(default_factory=list)
    layers: dict[str, dict[str, Figure]] = field(default_factory=dict)

    def text(self) -> str:
        """The text of index.html."""
        heading = f"{self.content} and {self.style}, layer by layer"
        return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
            title=html.escape(f"{heading} · styletune"),
            heading=html.escape(heading),
            subtitle=html.escape(self.subtitle),
            ratio=f"{self.width} / {self.height}",
            square=f"{max(self.width, self.height)} / {self.height}",  # for a portrait, its width
            sources="\n".join(map(_figure, self.sources)),
            links="\n".join(map(self._link, self.layers)),
            sections="\n".join(self._section(*item) for item in self.layers.items()),
        )

    def _effect(self, layer: str) -> str:
        return layer_effect(receptive_field_px(self.network, layer))

    def _link(self, layer: str) -> str:
        return (
            f'<li><a href="#{_slug(layer)}">{self._effect(layer)}'
            f'<span class="name">{html.escape(layer)}</span></a></li>'
        )

    def _section(self, layer: str, figures: Mapping[str, Figure]) -> str:
        field_px = receptive_field_px(self.network, layer)
        words = (
            f'<div class="words">\n<h2>{self._effect(layer)}</h2>\n'
            f'<p class="name">{html.escape(layer)}</p>\n'
            f'<p class="sentence">{html.escape(describe(self.network, layer))}</p>\n'
            f'<p class="quiet">{field_px} × {field_px} px of {self.width} × {self.height}. '
            f"{html.escape(facts(self.network, layer))}</p>\n</div>"
        )
        rows = ["\n".join(_figure(figures.get(kind)) for kind in row) for row in ROWS]
        body = "\n".join(
            f'<div class="row">\n{words if not number else ""}\n{row}\n</div>'
            for number, row in enumerate(rows)
        )
        return f'<section id="{_slug(layer)}">\n{body}\n</section>'


def _slug(layer: str) -> str:
    return layer.replace("@", "-")


def _figure(figure: Figure | None) -> str:
    """A figure, whose picture links to itself, to be seen at its own size; None: a gap."""
    if figure is None:
        return '<figure><div class="waiting">not painted</div></figure>'
    name = html.escape(figure.file)
    return (
        f'<figure class="{figure.look}"><a href="{name}"><img src="{name}" '
        f'alt="{html.escape(figure.alt)}"></a><figcaption>{html.escape(figure.caption)} '
        f"<span>{html.escape(figure.note)}</span></figcaption></figure>"
    )


class LabFolder:
    """A folder with the page and its pictures, each file written whole or not at all.

    Raises:
        ConfigError: the folder holds something else.
        StorageError: it cannot be made or read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._index = path / "index.html"
        try:
            self._before = self._own_pictures()
            (path / _PICTURES).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._error(error) from None

    def _own_pictures(self) -> list[str]:
        """Names of the pictures of the page that is there, relative to it."""
        if self._index.is_file():
            text = self._index.read_text(encoding="utf-8", errors="replace")
            if _MARK in text:
                return re.findall(rf'src="({_PICTURES}/[\w-]+\.png)"', text)
        found = list(self.path.rglob("*")) if self.path.is_dir() else []
        if any(path.name != _PICTURES for path in found if not path.name.startswith(".")):
            raise ConfigError(
                f"{self.path}: the folder holds other files; name a new folder with -o, or one "
                "that `styletune lab` has written"
            )
        return []

    def begin(self, page: Page) -> None:
        """Write a page that is still empty, and remove the pictures of the one before.

        Raises:
            StorageError: it cannot be written; so do all methods.
        """
        self.write_page(page)
        for name in self._before:
            (self.path / name).unlink(missing_ok=True)

    def write_picture(self, name: str, png: bytes) -> str:
        """Keep a picture; returns its file's name as the page has it."""
        file = f"{_PICTURES}/{_slug(name)}.png"
        self._write(file, png)
        return file

    def write_page(self, page: Page) -> None:
        """Write index.html anew."""
        self._write(self._index.name, page.text().encode(errors="replace"))

    def _write(self, name: str, data: bytes) -> None:
        try:
            files.write_bytes_atomically(self.path / name, data)
        except OSError as error:
            raise self._error(error) from None

    def _error(self, error: OSError) -> StorageError:
        return StorageError(f"cannot write {self.path}: {error.strerror or error}")
