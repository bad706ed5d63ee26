"""The messages that the client reads, as types. Fields that it does not know are let through.

What they mean stands in the README's table; this is all that the client knows of the server.
"""

from typing import NotRequired, TypedDict

Value = float | bool | str  # of a fader, a switch, a choice


class TermLoss(TypedDict):
    """Content or style of one layer: raw, weight as heard, their product, its share of all."""

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
