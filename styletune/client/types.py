"""What the client reads and returns, as types; unknown fields of messages are let through.

docs/reference/messages.md says what each field means.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

Value = float | bool | str  # of a fader, a switch, a choice


class TermLoss(TypedDict):
    """Content or style of one layer: raw, effective weight, their product, its share of all."""

    raw: float
    weight: float
    weighted: float
    share: float


class LayerLoss(TypedDict):
    """Both terms of one layer."""

    layer: str
    content: TermLoss
    style: TermLoss


class RunStep(TypedDict):
    """How far the run of a `paint` is."""

    run: int
    step: int
    done: bool


class Epoch(TypedDict):
    """A painted epoch; `rev` is the revision of the controls that it contains."""

    epoch: int
    step: int
    rev: int
    time: float
    steps_per_s: float
    width: int
    height: int
    losses: list[LayerLoss]
    smooth: float
    total: float
    run: NotRequired[RunStep]


class State(TypedDict):
    """What the painting is doing, on what."""

    state: str
    message: str
    device: str
    network: str
    weights: str
    backend: str
    width: int
    height: int


class Picture(TypedDict):
    """A content or style picture."""

    name: str
    width: int
    height: int
    version: int


class Pictures(TypedDict):
    """The pictures that are painted from."""

    content: Picture
    styles: list[Picture]


class Scene(TypedDict):
    """A stored scene: values of controls under a name."""

    name: str
    saved: float
    controls: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Painted:
    """The end of a `Client.paint`.

    Attributes:
        run: its number, for `Client.picture`.
        epoch: the message of its last picture, with all losses.
        steps: taken.
        disturbed: somebody else moved a control, a trigger or a picture meanwhile.
        rollbacks: how often the picture was not finite and was taken back.
    """

    run: int
    epoch: Epoch
    steps: int
    disturbed: bool
    rollbacks: int
