"""Teaching a look: the loss falls, knobs act, and a broken training goes on as if unbroken."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest

from styletune.looks.network import Widths
from styletune.training.looks.trainer import LookConfig, LookTrainer, TrainingDivergedError
from tests.support.small_painter import picture, small_session

pytestmark = pytest.mark.long

SESSION = small_session(
    pictures={"size": 48}, painting={"faders": "amount", "centering": 0.85}, network={"weights": ""}
)
CONFIG = LookConfig(
    sizes=(32, 48),
    widths=Widths(half=8, quarter=16, blocks=1, desk=8),
    learning_rate=5e-3,
    steadiness=0.0,
)


@contextmanager
def small_trainer(
    step: int = 0, styles: int = 1, config: LookConfig = CONFIG
) -> Iterator[LookTrainer]:
    pictures = [picture(48, 48, seed=seed) for seed in range(styles)]
    trainer = LookTrainer(config, SESSION, pictures, step=step)
    try:
        yield trainer
    finally:
        trainer.close()


@pytest.fixture(scope="module")
def trained() -> Iterator[LookTrainer]:
    """Two styles, sixty steps; tests leave it as good as it was."""
    with small_trainer(styles=2) as trainer:
        before = []
        for _ in range(60):
            trainer.take_step(0.0)
            before.append(trainer.style)
        assert before[-1] < 0.9 * before[5]
        yield trainer


def test_knobs_and_the_mix_act(trained: LookTrainer) -> None:
    middle = SESSION.positions()
    content = picture(48, 64, seed=9)
    still = trained.paint(content, middle).astype(float)
    assert still.shape == content.shape
    for moved in ({f"style.{SESSION.network.selected_layers[0]}": 0.0}, {"style_mix": 1.0}):
        assert np.abs(trained.paint(content, middle | moved) - still).mean() > 0.3


def take_and_keep(trainer: LookTrainer) -> None:
    trainer.take_step(0.0)
    trainer.state()


def test_weights_that_are_not_finite_are_found(trained: LookTrainer) -> None:
    good = trained.state()
    for layer, why in (("paint", "loss nan"), ("condition", "weights that are not finite")):
        kernel = trained.network.get_layer(layer).kernel
        kernel.assign(np.full(kernel.shape, np.nan))
        with pytest.raises(TrainingDivergedError, match=why):
            take_and_keep(trained)
        trained.restore(good)
    trained.take_step(0.0)
    assert np.isfinite(trained.loss)


def test_a_gradient_that_is_not_finite_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def steep(painted: Any, contents: Any, desk: Any) -> tuple[Any, Any]:
        flat = keras.ops.mean(painted * 0.0, axis=(1, 2, 3))
        return keras.ops.sqrt(flat) + 0.1, flat  # 0.1, and steeper than any number

    with small_trainer() as trainer:
        monkeypatch.setattr(trainer, "_loss", steep)
        before = trainer.state()["v0"]
        trainer.take_step(0.0)
        assert np.array_equal(trainer.state()["v0"], before)
        for _ in range(8):
            trainer.take_step(0.0)
        with pytest.raises(TrainingDivergedError, match="gradients that are not finite"):
            trainer.take_step(0.0)


def test_a_resumed_training_equals_an_unbroken_one(trained: LookTrainer) -> None:
    kept, step = trained.state(), trained.step
    with small_trainer(step=step, styles=2) as resumed:
        resumed.restore(kept)
        for _ in range(3):
            trained.take_step(0.5)
            resumed.take_step(0.5)
        assert resumed.step == trained.step == step + 3
        after = trained.state()
        for name, value in resumed.state().items():
            assert value == pytest.approx(after[name], rel=1e-3, abs=1e-4), name
