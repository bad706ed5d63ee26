"""Teaching a look: the loss falls, knobs act, and a broken training goes on as if unbroken."""

from collections.abc import Iterator
from contextlib import contextmanager

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
    sizes=(32, 48), widths=Widths(half=8, quarter=16, blocks=1, desk=8), learning_rate=5e-3
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


def test_the_loss_falls_and_knobs_act() -> None:
    with small_trainer(styles=2) as trainer:
        losses = []
        for _ in range(150):
            trainer.take_step(0.0)
            losses.append(trainer.style)
        assert losses[-1] < 0.8 * losses[5]
        middle = SESSION.positions()
        content = picture(48, 64, seed=9)
        still = trainer.paint(content, middle).astype(float)
        assert still.shape == content.shape
        for moved in ({f"style.{SESSION.network.selected_layers[0]}": 0.0}, {"style_mix": 1.0}):
            assert np.abs(trainer.paint(content, middle | moved) - still).mean() > 1.0


def test_a_resumed_training_equals_an_unbroken_one() -> None:
    with small_trainer() as unbroken:
        for _ in range(3):
            unbroken.take_step(0.5)
        kept = unbroken.state()
        for _ in range(3):
            unbroken.take_step(0.5)
        with small_trainer(step=3) as resumed:
            resumed.restore(kept)
            for _ in range(3):
                resumed.take_step(0.5)
            assert resumed.step == unbroken.step
            for name, value in unbroken.state().items():
                if name.startswith("v"):  # the noise of the steadiness is not kept
                    assert resumed.state()[name] == pytest.approx(value, abs=0.02), name


def test_weights_that_are_not_finite_are_found() -> None:
    with small_trainer() as trainer:
        trainer.take_step(0.0)
        good = trainer.state()
        trainer.network.trainable_variables[0].assign(
            np.full_like(trainer.network.trainable_variables[0], np.nan)
        )
        with pytest.raises(TrainingDivergedError, match="loss nan at step 1"):
            trainer.take_step(0.0)
        trainer.restore(good)
        trainer.take_step(0.0)
        assert np.isfinite(trainer.loss)
