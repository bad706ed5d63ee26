"""Adds a row to each table as a person would in the source, paints, and prints what came of it."""

import json
from typing import Any

import numpy as np

from styletune import controls, networks, terms
from styletune.controls import Control, Kind

# What is added, table by table; the classes are below.
terms.TERMS["contrast"] = terms.LossTerm("How strongly {layer} keeps its contrast.", 0.5)
networks.NETWORKS["tiny"] = networks.FeatureNetwork(
    "for a test", networks.vgg_blocks((1, 4), (1, 6)), ("block1_conv1", "block2_conv1")
)
controls.LIVE_OPTIMIZERS["sign"] = "the sign of the gradient"
controls._GLOBAL_ROWS += (
    Control("grain", Kind.FADER, "Grain on what is shown.", default=0.25, stored=False,
            panel=controls.Panel.MASTERS),
)  # fmt: skip

from keras import ops  # noqa: E402

from styletune.config import SessionConfig, parse  # noqa: E402
from styletune.engine import losses, optimizers  # noqa: E402
from styletune.engine.painter import Painter  # noqa: E402
from styletune.ipc.control_block import ControlLayout, ControlState  # noqa: E402
from styletune.ipc.frame_block import Frame, FrameLayout  # noqa: E402
from styletune.server.history import LossHistory  # noqa: E402
from styletune.session import scenes  # noqa: E402
from styletune.session.outgoing import EpochMessage  # noqa: E402


class ContrastLoss(losses.LayerLoss):
    """(variance − variance of the style)² of all features."""

    source = "style"

    def build(self, shape: tuple[int, ...], *_: Any) -> None:
        self.target = self.add_weight((), "zeros", trainable=False, name="target")

    def statistic(self, features: Any) -> Any:
        return ops.var(features)

    def call(self, features: Any, active: Any, is_last: bool = False) -> tuple[Any, Any]:
        difference = self.statistic(ops.cast(features, "float32")) - self.target
        return features, ops.reshape(ops.square(difference), (1, 1))


class Sign(optimizers.UpdateRule):
    """Every value by the learning rate."""

    def step(self, optimizer: Any, gradient: Any, learning_rate: Any) -> Any:
        return learning_rate * ops.sign(gradient)


losses.LOSSES["contrast"] = ContrastLoss
optimizers.UPDATE_RULES["sign"] = Sign


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 200, (24, 32, 3)).astype(np.uint8)


def session(**sections: Any) -> SessionConfig:
    return parse({"network": {"name": "tiny"}, **sections}, "the test")


def added_term() -> dict[str, Any]:
    painter = Painter(session(), picture(1), [picture(2) // 4])  # of less contrast
    painter.calibrate()
    only = {f"contrast.{layer}.solo": 1.0 for layer in painter.layers}
    painter.apply(painter.session.positions() | only | {"smooth": 0.0})
    painter.run(1)
    before = painter.losses()
    painter.run(20)
    rows = painter.loss_rows()
    frame = Frame(1, 1, 1, 1.0, 1.0, picture(3), rows, 0.0, 1.0)
    layout = FrameLayout(painter.layers, 64)
    history = LossHistory(painter.layers)
    history.add(frame)
    head, line = "".join(history.csv()).splitlines()
    written = dict(zip(head.split(","), line.split(","), strict=True))
    row = rows["contrast"][0]
    sent = json.loads(EpochMessage.from_frame(frame, painter.layers).text)["losses"][0]
    table = painter.session.table()
    return {
        "controls": [
            name
            for name in ("contrast.block1_conv1", "contrast.block1_conv1.mute", "contrast.master")
            if table[name].term == "contrast"
        ],
        "calibrated": bool((painter.loss_scales["contrast"] != 1).all()),
        "lowered by its fader": painter.losses().total < 0.5 * before.total,
        "solo silences the others": not before.weighted["style"].any(),
        "frame": list(layout.unpack(np.concatenate(layout.pack(frame))).terms),
        "history": float(written["contrast.block1_conv1.raw"]) == row.raw,
        "message": sent["contrast"]["raw"] == row.raw,
        "page": [one["widget"] for one in terms.rows() if one["name"] == "contrast"],
        "traces": painter.traces,
    }


def added_network() -> dict[str, Any]:
    painter = Painter(session(), picture(1), [picture(2)])
    return {
        "layers": list(painter.layers),
        "weights": painter.weights_label,
        "receptive fields": [
            networks.receptive_field_px("tiny", layer) for layer in painter.layers
        ],
    }


def added_optimizer() -> dict[str, Any]:
    painter = Painter(session(painting={"clamp": False}), picture(1), [picture(2)])
    table = painter.session.table()
    painter.run(1)
    rate = table["learning_rate"].position(3.0)
    painter.apply(painter.session.positions() | {"optimizer": 2.0, "learning_rate": rate})
    before = painter.pixels()
    painter.run(1)
    moved = np.abs(painter.pixels() - before)
    return {
        "choices": list(table["optimizer"].choices),
        "moved by": sorted({round(float(each), 3) for each in moved[moved > 0].ravel()}),
        "traces": painter.traces,
    }


def added_control() -> dict[str, Any]:
    table = session().table()
    layout = ControlLayout(table)
    state = ControlState(1, table.defaults(), dict.fromkeys(table.triggers, 0))
    return {
        "in the block": layout.unpack(layout.pack(state)).positions["grain"],
        "stored": scenes.is_stored(table["grain"]),
        "continuous": scenes.is_continuous(table["grain"]),
        "shown": [row["panel"] for row in table.rows() if row["name"] == "grain"],
    }


print(
    json.dumps(
        {
            "term": added_term(),
            "network": added_network(),
            "optimizer": added_optimizer(),
            "control": added_control(),
        }
    )
)
