"""What an epoch has painted, layer by layer."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from styletune.ipc.frame_block import Frame, Term
from styletune.server.messages.sent import Sent, absent


class RunStep(Sent):
    """How far the run of a `paint` is; `done`: this is its last picture."""

    run: int
    step: int
    done: bool


class TermLoss(Sent):
    """One content or style term of one layer; see `shared.frame_block.Term`."""

    raw: float
    weight: float
    weighted: float
    share: float

    @classmethod
    def of(cls, term: Term) -> "TermLoss":
        """The same, as a message shows it."""
        return cls(raw=term.raw, weight=term.weight, weighted=term.weighted, share=term.share)


class LayerLoss(Sent):
    """Both terms of one layer."""

    layer: str
    content: TermLoss
    style: TermLoss


class Epoch(Sent):
    """An epoch has been painted; its picture goes out on /frames."""

    newest_only: ClassVar[bool] = True
    type: Literal["epoch"] = "epoch"
    epoch: int
    step: int
    rev: int
    time: float
    steps_per_s: float
    width: int
    height: int
    losses: tuple[LayerLoss, ...]
    smooth: float
    total: float
    run: RunStep | None = Field(default=None, exclude_if=absent)

    @classmethod
    def of(cls, frame: Frame, layers: Sequence[str]) -> "Epoch":
        """What a frame says, without its picture."""
        height, width = frame.picture.shape[:2]
        return cls(
            epoch=frame.epoch,
            step=frame.step,
            rev=frame.rev,
            time=frame.time,
            steps_per_s=frame.steps_per_s,
            width=width,
            height=height,
            losses=tuple(
                LayerLoss(layer=layer, content=TermLoss.of(content), style=TermLoss.of(style))
                for layer, content, style in zip(layers, frame.content, frame.style, strict=True)
            ),
            smooth=frame.smooth,
            total=frame.total,
            run=RunStep(run=frame.run, step=frame.run_step, done=frame.run_done)
            if frame.run
            else None,
        )
