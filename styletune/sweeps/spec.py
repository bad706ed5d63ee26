"""Sweep files: what is swept, as TOML checked by pydantic; unknown keys are refused.

What takes a server's table of controls to check is checked in `points`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from styletune.errors import ConfigError, Location, explain_validation_error
from styletune.files import printable
from styletune.terms import layer_terms
from styletune.toml_reader import read_toml

if TYPE_CHECKING:
    TermName: TypeAlias = str
else:  # pydantic needs the names themselves, mypy must not see them
    TermName = Literal[layer_terms()]

Value = float | bool | str
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Axis(_Section):
    """What is swept: exactly one of `control`, `picture`, `alone` and `each`."""

    control: str | None = None  # any control; its values are listed, or from … to …
    picture: Annotated[str, Field(pattern=r"^(content|style [1-4])$")] | None = None
    alone: TermName | None = None  # of each layer alone, the others off
    each: TermName | None = None  # each layer's fader by itself, from … to …
    layers: tuple[str, ...] | None = None  # of `alone` and `each`; None: all that are played
    at: Annotated[float, Field(ge=0, le=1)] = 0.5  # where `alone` puts the fader
    values: Annotated[tuple[Value, ...], Field(min_length=1)] | None = None
    start: Annotated[float | None, Field(alias="from")] = None
    to: float | None = None
    count: Annotated[int, Field(ge=1, le=10_000)] = 5
    scale: Literal["linear", "log"] = "linear"
    # position: of the fader, 0..1; value: in the control's unit
    unit: Annotated[Literal["position", "value"], Field(alias="in")] = "position"
    zip: str | None = None  # axes of the same name go together instead of crosswise
    name: str | None = None  # on the sheet; None: the control's

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        named = [k for k in ("control", "picture", "alone", "each") if getattr(self, k) is not None]
        if len(named) != 1:
            raise ValueError(
                "an axis has one of `control`, `picture`, `alone` and `each`; received "
                + (", ".join(named) or "none")
            )
        is_range = self.start is not None or self.to is not None
        if self.alone is None and (self.values is not None) == is_range:
            raise ValueError("an axis has either `values`, or `from` and `to`")
        if is_range and (self.start is None or self.to is None):
            raise ValueError("`from` and `to` belong together")
        if is_range and self.picture is not None:
            raise ValueError("an axis of pictures has `values`")
        if is_range and self.scale == "log" and min(self.start or 0, self.to or 0) <= 0:
            raise ValueError(
                '`scale = "log"` needs `from` and `to` above 0; '
                f"received {self.start:g} and {self.to:g}"
            )
        return self


class SweepSpec(_Section):
    """A sweep file."""

    name: str = ""  # on the sheet; empty: the file's
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    settle: Annotated[float, Field(gt=0, lt=1)] | None = None  # end earlier, at rest; else None
    start: Literal["reset", "last"] = "reset"  # from which picture each point is painted
    base: str = "now"  # all other controls: now, defaults, or scene:NAME
    method: Literal["grid", "list", "random"] = "grid"
    samples: Annotated[int, Field(ge=1, le=100_000)] = 24  # of `random`
    seed: Seed = 0  # of `random`: which samples
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] | None = None  # each point with each
    controls: dict[str, Value] = {}  # the same for all points
    axes: tuple[Axis, ...] = ()
    points: tuple[dict[str, Value], ...] = ()  # of `list`; `label`, `content`, `style 1` allowed
    session: str | None = None  # file, for --local and --ray

    @property
    def swept(self) -> set[str]:
        """The controls and pictures that the sweep itself sets, for all points or for some."""
        names = {axis.picture or axis.control for axis in self.axes} | set(self.controls)
        return {name for name in names.union(*self.points) if name is not None}

    @field_validator("base")
    @classmethod
    def _check_base(cls, base: str) -> str:
        if base in ("now", "defaults") or base.removeprefix("scene:") not in ("", base):
            return base
        raise ValueError(f'must be "now", "defaults" or "scene:NAME"; received {base!r}')

    @model_validator(mode="after")
    def _check_method(self) -> Self:
        if self.method == "list":
            if not self.points or self.axes:
                raise ValueError('method = "list" needs [[points]], and no [[axes]]')
        elif self.points:
            raise ValueError('[[points]] belong to method = "list"')
        elif not self.axes and self.seeds is None:
            raise ValueError("the sweep is empty: name [[axes]], [[points]] or seeds")
        for axis in self.axes:
            if axis.each is not None and axis.zip is not None:
                raise ValueError("`each` makes two axes, and cannot be zipped")
            if self.method == "random" and (axis.zip is not None or axis.each is not None):
                raise ValueError('method = "random" takes no `zip` and no `each`')
        return self


def load(path: Path) -> SweepSpec:
    """Read a sweep file; relative pictures and sessions are taken from its folder.

    Raises:
        ConfigError: the file is missing, not TOML, or has a key or value that is not allowed.
    """
    spec = parse(read_toml(path), source=str(path))
    folder = path.parent
    return spec.model_copy(
        update={
            "name": spec.name or printable(path.stem).replace("-", " "),
            "session": spec.session and _resolve(folder, spec.session),
            "axes": tuple(_resolve_axis(folder, axis) for axis in spec.axes),
            "points": tuple(
                {k: _resolve(folder, str(v)) if is_slot(k) else v for k, v in point.items()}
                for point in spec.points
            ),
        }
    )


def is_slot(name: str) -> bool:
    """Whether a name is that of a picture's slot: `content`, `style 1` to `style 4`."""
    return name == "content" or name.startswith("style ")


def _resolve_axis(folder: Path, axis: Axis) -> Axis:
    if axis.picture is None or axis.values is None:
        return axis
    return axis.model_copy(update={"values": tuple(_resolve(folder, str(v)) for v in axis.values)})


def _resolve(folder: Path, name: str) -> str:
    """The path of a file in the folder; else the name as it is, which may be a sample's."""
    path = folder / name
    return str(path.resolve()) if path.is_file() else name


def parse(data: dict[str, Any], source: str) -> SweepSpec:
    """Check plain data as `tomllib` reads it.

    Raises:
        ConfigError: naming `source`, the key, what is allowed and what was received.
    """
    try:
        return SweepSpec.model_validate(data)
    except ValidationError as error:
        why = explain_validation_error(error, allowed=_allowed_keys)
        raise ConfigError(f"{source}: {why}") from None


def _allowed_keys(location: Location) -> str:
    model = Axis if location[0] == "axes" else SweepSpec
    names = (field.alias or name for name, field in model.model_fields.items())
    return f"allowed are {', '.join(names)}"
