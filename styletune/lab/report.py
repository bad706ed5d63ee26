"""From a laboratory to its page: draws the figures of each layer and writes them."""

import contextlib
from collections.abc import Callable, Generator, Mapping

from styletune.engine.offline import Progress
from styletune.engine.state import Picture
from styletune.lab import figures
from styletune.lab.laboratory import SOURCES, Laboratory, field_centre
from styletune.lab.observation import Observation
from styletune.lab.page import Figure, LabFolder, Page
from styletune.networks import receptive_field_px


class Report:
    """The page of a laboratory in the making; after each method it is whole.

    Raises:
        StorageError: something cannot be written; so do all methods.
    """

    def __init__(self, laboratory: Laboratory, folder: LabFolder, page: Page) -> None:
        self._laboratory = laboratory
        self._folder = folder
        self._page = page
        folder.begin(page)
        for source in SOURCES:
            name = getattr(page, source)
            file = self._write(source, laboratory.pictures[source])
            page.sources.append(Figure(file, source, name, f"The {source} picture: {name}", source))
        self._observations = {source: laboratory.observe(source) for source in SOURCES}

    def add_layer(self, layer: str) -> None:
        """Add what needs no painting: field, gradient, Gram matrices and feature maps."""
        observed = {source: self._observations[source][layer] for source in SOURCES}
        self._page.layers[layer] = {}
        self._add_field(layer, observed["content"])
        self._add_gradient(layer)
        self._add_grams(layer, observed)
        for source, observation in observed.items():
            self._add_maps(layer, source, observation)
        self._folder.write_page(self._page)

    def reconstruct(
        self, term: str, layer: str, should_stop: Callable[[], bool]
    ) -> Generator[Progress, None, None]:
        """Add the picture that one term of a layer paints from noise, also where it is stopped.

        Raises:
            WorkerError: the painting diverged again and again.
        """
        # Closed before the picture is taken: L-BFGS then goes back to its best one.
        with contextlib.closing(self._laboratory.reconstruct(term, layer, should_stop)) as progress:
            for now in progress:
                yield now
                if should_stop():
                    break
        steps = self._laboratory.steps_taken
        self._add(
            layer,
            f"{term}-alone",
            self._laboratory.picture(),
            f"{term.capitalize()} alone",
            f"from noise, {steps} steps",
            f"What {layer} keeps of the {term} picture, painted from noise",
            term,
        )
        self._folder.write_page(self._page)

    def _add_field(self, layer: str, observation: Observation) -> None:
        network, page = self._page.network, self._page
        field_px = receptive_field_px(network, layer)
        centre = field_centre(network, observation, page.height, page.width)
        self._add(
            layer,
            "field",
            figures.draw_field(self._laboratory.pictures["content"], field_px, centre),
            "Receptive field",
            f"{field_px} px",
            f"The content picture with a square of {field_px} px that one value of {layer} sees",
            "field",
        )

    def _add_gradient(self, layer: str) -> None:
        self._add(
            layer,
            "gradient",
            figures.draw_gradient(self._laboratory.gradient(layer)),
            "Pull of the style",
            "on the content picture",
            f"Where the style term of {layer} changes the content picture most",
            "style",
        )

    def _add_grams(self, layer: str, observed: Mapping[str, Observation]) -> None:
        content, style, difference = figures.draw_grams(
            observed["content"].gram, observed["style"].gram
        )
        channels = len(observed["content"].gram)
        for source, drawn in zip(SOURCES, (content, style), strict=True):
            self._add(
                layer,
                f"gram-{source}",
                drawn,
                "Gram matrix",
                f"{source}, {channels} × {channels}",
                f"Gram matrix of the {source} picture in {layer}",
                f"{source} square",
            )
        self._add(
            layer,
            "gram-difference",
            difference,
            "Difference",
            "amber: more in the content",
            f"Difference of the Gram matrices of content and style in {layer}",
            "both square",
        )

    def _add_maps(self, layer: str, source: str, observation: Observation) -> None:
        channels = ", ".join(map(str, observation.channels))
        self._add(
            layer,
            f"maps-{source}",
            figures.draw_maps(observation.maps, source),
            "Strongest feature maps",
            f"{source}, channels {channels}",
            f"The strongest feature maps of the {source} picture in {layer}: channels {channels}",
            f"{source} wide",
        )

    def _add(
        self, layer: str, kind: str, drawn: Picture, caption: str, note: str, alt: str, look: str
    ) -> None:
        file = self._write(f"{layer}-{kind}", drawn)
        self._page.layers[layer][kind] = Figure(file, caption, note, alt, look)

    def _write(self, name: str, drawn: Picture) -> str:
        return self._folder.write_picture(name, figures.as_png(drawn))
