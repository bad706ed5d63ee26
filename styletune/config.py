"""Session files: what a session starts with, as TOML checked by pydantic.

The one source for defaults: flags override the file, the file overrides defaults.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from styletune.controls import LIVE_OPTIMIZERS, MAX_STYLES, ControlTable
from styletune.errors import (
    ConfigError,
    ControlError,
    LayerError,
    Location,
    explain_validation_error,
)
from styletune.networks import DEFAULT_NETWORK, NETWORKS
from styletune.terms import MAX_LAYERS
from styletune.toml_reader import read_toml

MIN_SIZE_PX, MAX_SIZE_PX = 32, 4096
MAX_MEGAPIXELS = 178  # of a picture that Pillow opens at all
OFFLINE_OPTIMIZER = "lbfgs"  # for `paint` only: it loses its memory when a control moves

if TYPE_CHECKING:
    NetworkName: TypeAlias = str
    OptimizerName: TypeAlias = str
else:  # pydantic needs the names themselves, mypy must not see them
    NetworkName = Literal[tuple(NETWORKS)]
    OptimizerName = Literal[(*LIVE_OPTIMIZERS, OFFLINE_OPTIMIZER)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Pictures(_Section):
    """Which pictures; a bare name such as `harbour` is one of the samples."""

    content: str = "harbour"
    styles: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_STYLES)] = ("strokes",)
    size: Annotated[int, Field(ge=MIN_SIZE_PX, le=MAX_SIZE_PX)] = 256  # longer edge, px
    style_size: Annotated[int, Field(ge=MIN_SIZE_PX, le=MAX_SIZE_PX)] | None = None  # None: size
    # Of a source picture; JPEGs of more are decoded at a half or less.
    max_megapixels: Annotated[int, Field(ge=1, le=MAX_MEGAPIXELS)] = 50

    @property
    def max_pixels(self) -> int:
        """Pixels that a source picture may have."""
        return self.max_megapixels * 10**6


class Network(_Section):
    """The feature network: which, its weights, and which of its layers are used."""

    name: NetworkName = DEFAULT_NETWORK
    weights: str | None = None  # a file; None: the package's (lite), Keras' cache or download
    layers: tuple[str, ...] | None = None  # None: the network's default layers
    padding: Literal["replicate", "zero"] = "replicate"  # of the first convolution
    pooling: Literal["max", "average"] = "max"

    @model_validator(mode="after")
    def _known_layers(self) -> Self:
        try:
            NETWORKS[self.name].order(self.layers or ())
        except LayerError as error:
            raise ValueError(f"{self.name}: {error}") from None
        return self

    @property
    def selected_layers(self) -> tuple[str, ...]:
        """The one to eight layers that the session uses, from full size to coarsest."""
        row = NETWORKS[self.name]
        return row.order(dict.fromkeys(self.layers or row.default_layers))


class Optimizer(_Section):
    """What turns gradients into steps. The learning rate is a control; see `[controls]`."""

    name: OptimizerName = "adam"
    schedule: Literal["constant", "cosine", "exponential"] = "exponential"  # of `paint`
    beta_1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    # 0.99, not 0.999: after a fader moves, the second moment must forget within a few dozen
    # steps, or the slider feels dead (×0.01) or the picture jolts (×100).
    beta_2: Annotated[float, Field(ge=0, lt=1)] = 0.99
    epsilon: Annotated[float, Field(gt=0)] = 1e-7
    normalize: bool = True  # divide the summed gradient by its norm before Adam
    levels: Annotated[int, Field(ge=1, le=6)] = 3  # of a pyramid that the picture is; 1: pixels


class Engine(_Section):
    """On what, and how exactly, the network is computed."""

    device: Annotated[str, Field(pattern=r"^(auto|cpu|gpu(:\d{1,2})?)$")] = "auto"
    # Of the feature network; pictures, losses and Gram matrices are float32 in any case.
    precision: Literal["float32", "tf32", "bfloat16", "float16"] = "float32"
    # Steps in one launch, without Python between them: slower on a CPU. Keras' name for it.
    steps_per_execution: Annotated[int, Field(ge=1, le=1000)] = 1


class Painting(_Section):
    """How a painting begins, steps and is published."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    init: str = "content"  # content, tinted, noise, style, look, or a picture file
    calibrate: bool = True  # scale each term by its gradient's norm: equal faders pull equally
    # What the style's faders set: how much of the style each layer takes, or a weight.
    faders: Literal["amount", "log", "linear"] = "amount"
    # How much of the features' means is taken out of Gram matrices; 0: as in 2015. Without it
    # their largest part is the means', and amounts move little else.
    centering: Annotated[float, Field(ge=0, le=1)] = 0.85
    scales: bool = True  # coarse to fine: begin small, go on at the full size
    clamp: bool = True  # keep pixels in 0..255 after each step
    epoch_ms: Annotated[float, Field(gt=0, le=10_000)] = 100.0
    epoch_steps: Annotated[int, Field(ge=1, le=10_000)] | None = None  # None: as epoch_ms allows


class LookChoice(_Section):
    """The learned look that can paint in the place of the steps, and what it paints."""

    file: str | None = None  # or a shipped name; None: the shipped one of the session's only style
    source: Annotated[str, Field(min_length=1)] = "content"  # the picture, or a film file


class Server(_Section):
    """Where the server listens, which pictures it offers, and whether a spare worker waits."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8018  # 0: any free port
    pictures: str | None = None  # a folder of pictures to choose from; None: the samples only
    spare: bool = True  # a second worker, all imported: pictures again in a second or two


class Midi(_Section):
    """Which controller profile is used."""

    profile: str | None = None  # a file or a shipped name; None: by the device's name


class SessionConfig(_Section):
    """A whole session file.

    Example:
        >>> SessionConfig().network.selected_layers[0]
        'block1_conv1'
    """

    pictures: Pictures = Pictures()
    network: Network = Network()
    optimizer: Optimizer = Optimizer()
    engine: Engine = Engine()
    painting: Painting = Painting()
    look: LookChoice = LookChoice()
    controls: dict[str, float | bool | str] = {}  # positions at the start
    server: Server = Server()
    midi: Midi = Midi()

    @field_validator("network")
    @classmethod
    def _layer_count(cls, network: Network) -> Network:
        if not 1 <= len(network.selected_layers) <= MAX_LAYERS:
            raise ValueError(
                f"a session plays 1 to {MAX_LAYERS} layers; received {len(network.selected_layers)}"
            )
        return network

    @model_validator(mode="after")
    def _known_controls(self) -> Self:
        try:
            self.table().check(self.controls)
        except ControlError as error:
            raise ValueError(str(error)) from None
        return self

    def table(self) -> ControlTable:
        """The control table of this session's layers."""
        return ControlTable(
            self.network.selected_layers,
            faders=self.painting.faders,
            size_px=self.pictures.size,
            optimizer=self.optimizer.name,
        )

    def positions(self) -> dict[str, float]:
        """Positions of all faders and switches at the start."""
        table = self.table()
        return table.defaults() | table.check(self.controls)

    def with_overrides(self, **sections: dict[str, Any]) -> "SessionConfig":
        """A copy with some keys of some sections replaced, checked again; None leaves a key.

        Raises:
            ConfigError: a value is not allowed.
        """
        data = self.model_dump()
        for section, changes in sections.items():
            data[section].update({k: v for k, v in changes.items() if v is not None})
        return parse(data, source="the command line")


def parse(data: dict[str, Any], source: str) -> SessionConfig:
    """Check plain data, as `tomllib` reads it, and return the session.

    Raises:
        ConfigError: naming `source`, the key, what is allowed and what was received.
    """
    try:
        return SessionConfig.model_validate(data)
    except ValidationError as error:
        why = explain_validation_error(error, allowed=_allowed_keys)
        raise ConfigError(f"{source}: {why}") from None


def load(path: str | Path) -> SessionConfig:
    """Read a session file; relative picture and weight paths are taken from its folder.

    Raises:
        ConfigError: the file is missing, not TOML, or has a key or value that is not allowed.
    """
    path = Path(path)
    data = read_toml(path)
    session = parse(data, source=str(path))
    return resolve_paths(session, path.parent)


def resolve_paths(session: SessionConfig, folder: Path) -> SessionConfig:
    """Resolve file names against the session file's folder, where such a file is."""

    def resolve(name: str) -> str:
        beside = folder / name
        return str(beside.resolve()) if beside.is_file() else name

    return session.with_overrides(
        pictures={
            "content": resolve(session.pictures.content),
            "styles": tuple(resolve(style) for style in session.pictures.styles),
        },
        network={"weights": session.network.weights and resolve(session.network.weights)},
        painting={"init": resolve(session.painting.init)},
        look={
            "file": session.look.file and resolve(session.look.file),
            "source": resolve(session.look.source),
        },
        server={"pictures": session.server.pictures and str(folder / session.server.pictures)},
    )


def _allowed_keys(location: Location) -> str:
    model: Any = SessionConfig
    for part in location[:-1]:
        model = model.model_fields[part].annotation
    where = f"[{'.'.join(map(str, location[:-1]))}]" if location[:-1] else "the file"
    return f"{where} takes {', '.join(model.model_fields)}"
