import numpy as np
import pytest

from styletune.training.trainer import Trainer
from tests.support.small_trainer import small_config, small_teacher


def taught(trainer: Trainer) -> list[float]:
    losses: list[float] = []
    while trainer.step < trainer.config.steps:
        trainer.run_round(losses.append)
    return losses


def test_teaching_lowers_the_error() -> None:
    trainer = Trainer(small_config(steps=24, learning_rate=1e-2), small_teacher())
    trainer.initialize()
    losses = taught(trainer)
    assert len(losses) == 24
    assert np.isfinite(losses).all()
    assert np.mean(losses[-8:]) < np.mean(losses[:4])


def test_a_resumed_training_equals_an_unbroken_one() -> None:
    unbroken = Trainer(small_config(), small_teacher())
    unbroken.initialize()
    taught(unbroken)

    broken = Trainer(small_config(), small_teacher())
    broken.initialize()
    broken.run_round(lambda _: None)
    resumed = Trainer(small_config(), small_teacher())
    resumed.restore(broken.state())
    assert resumed.step == 4
    taught(resumed)

    assert resumed.step == unbroken.step
    assert resumed.errors == pytest.approx(unbroken.errors, rel=1e-4)
    for name, value in unbroken.state().items():
        assert resumed.state()[name] == pytest.approx(value, rel=1e-3, abs=1e-5), name


def test_the_same_seed_begins_alike_and_another_does_not() -> None:
    def first_kernel(seed: int) -> np.ndarray:
        trainer = Trainer(small_config(seed=seed), small_teacher())
        trainer.initialize()
        return np.asarray(trainer.student.kernels[3])

    assert np.array_equal(first_kernel(1), first_kernel(1))
    assert not np.array_equal(first_kernel(1), first_kernel(2))


def test_a_dead_channel_comes_back_without_a_jolt() -> None:
    trainer = Trainer(small_config(steps=12), small_teacher())
    trainer.initialize()
    trainer.run_round(lambda _: None)
    silenced = np.asarray(trainer.student.biases[4]).copy()
    silenced[0] = -1e6
    trainer.student.biases[4].assign(silenced)
    losses: list[float] = []
    trainer.run_round(losses.append)
    assert np.asarray(trainer.student.biases[4])[0] > -1e5
    assert max(losses) < 2.0 * losses[0]


def test_the_result_leaves_the_student_as_it_was() -> None:
    trainer = Trainer(small_config(), small_teacher())
    trainer.initialize()
    before = [np.asarray(variable) for variable in trainer.student.variables]
    convolutions, metrics = trainer.result()
    assert len(convolutions) == len(metrics) == 8
    for old, variable in zip(before, trainer.student.variables, strict=True):
        assert np.asarray(variable) == pytest.approx(old, rel=1e-4, abs=1e-5)


def test_the_learning_rate_warms_up_and_falls() -> None:
    config = small_config(steps=1000, learning_rate=1.0)
    assert config.learning_rate_at(0) == pytest.approx(1 / 50)
    assert config.learning_rate_at(60) > 0.9
    assert config.learning_rate_at(999) < 0.02
