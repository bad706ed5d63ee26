import numpy as np
import pytest

from styletune.training.trainer import Trainer
from tests.support.small_trainer import small_config, small_teacher

CONFIG = small_config(steps=32, learning_rate=1e-2)


def taught(trainer: Trainer, steps: int) -> list[float]:
    losses: list[float] = []
    while trainer.step < steps:
        trainer.run_round(losses.append)
    return losses


def copied(trainer: Trainer) -> dict[str, np.ndarray]:
    return {name: np.array(value) for name, value in trainer.state().items()}


class Taught:
    """A trainer after six of its eight rounds; tracing is most of what a small one costs."""

    def __init__(self) -> None:
        self.trainer = Trainer(CONFIG, small_teacher())
        self.trainer.initialize()
        self.losses = taught(self.trainer, 20)
        self.before = copied(self.trainer)  # its last round
        self.losses += taught(self.trainer, 24)
        self.after, self.errors = copied(self.trainer), self.trainer.errors.copy()


@pytest.fixture(scope="module")
def unbroken() -> Taught:
    return Taught()


def test_teaching_lowers_the_error(unbroken: Taught) -> None:
    losses = unbroken.losses
    assert len(losses) == 24
    assert np.isfinite(losses).all()
    assert np.mean(losses[-8:]) < np.mean(losses[:4])


def test_a_resumed_training_equals_an_unbroken_one(unbroken: Taught) -> None:
    resumed = Trainer(CONFIG, small_teacher())
    resumed.restore(unbroken.before)
    assert resumed.step == 20
    taught(resumed, 24)

    assert resumed.errors == pytest.approx(unbroken.errors, rel=1e-4)
    state = resumed.state()
    assert state.keys() == unbroken.after.keys()
    for name, value in unbroken.after.items():
        assert state[name] == pytest.approx(value, rel=1e-3, abs=1e-5), name
    assert any((value != unbroken.before[name]).any() for name, value in unbroken.after.items())


def test_the_same_seed_begins_alike_and_another_does_not() -> None:
    def first_kernel(seed: int) -> np.ndarray:
        trainer = Trainer(small_config(seed=seed, crops=16), small_teacher())
        trainer.initialize()
        return np.asarray(trainer.student.kernels[3])

    first = first_kernel(1)
    assert np.array_equal(first, first_kernel(1))
    assert not np.array_equal(first, first_kernel(2))


def test_a_dead_channel_comes_back_without_a_jolt(unbroken: Taught) -> None:
    trainer = unbroken.trainer
    silenced = np.asarray(trainer.student.biases[4]).copy()
    silenced[0] = -1e6
    trainer.student.biases[4].assign(silenced)
    losses: list[float] = []
    trainer.run_round(losses.append)
    assert np.asarray(trainer.student.biases[4])[0] > -1e5
    assert max(losses) < 2.0 * losses[0]


def test_the_result_leaves_the_student_as_it_was(unbroken: Taught) -> None:
    trainer = unbroken.trainer
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
