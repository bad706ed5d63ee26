import numpy as np
import pytest

from styletune.errors import WeightsError
from styletune.training.batches import preprocess
from styletune.training.dataset import teaching_picture
from styletune.training.student import LAYERS, Student, features
from tests.support.small_trainer import TEACHER_WIDTHS, small_teacher


def pictures() -> np.ndarray:
    return preprocess(np.stack([teaching_picture(seed, 32) for seed in range(2)]))


def test_preprocessing_is_that_of_vgg19() -> None:
    # RGB (10, 20, 30) → BGR less the means.
    assert preprocess(np.array([[[[10, 20, 30]]]])).ravel() == pytest.approx(
        [30 - 103.939, 20 - 116.779, 10 - 123.68]
    )


def test_a_loaded_student_computes_its_convolutions() -> None:
    student = Student(small_teacher(1), TEACHER_WIDTHS)
    student.load(small_teacher(2))
    for ours, theirs in zip(
        student.features(pictures()), features(small_teacher(2), pictures()), strict=True
    ):
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), rel=1e-3, abs=1e-3)


def test_rescaling_multiplies_activations_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    student = Student(small_teacher(), TEACHER_WIDTHS)
    for variable in student.maps:
        variable.assign(rng.standard_normal(variable.shape))
    before = [np.asarray(activation) for activation in student.features(pictures())]
    guesses = [a @ np.asarray(m) for a, m in zip(before, student.maps, strict=True)]
    factors = [rng.uniform(0.5, 2.0, width) for width in TEACHER_WIDTHS]
    student.rescale(factors)
    for old, guess, factor, new, linear_map in zip(
        before, guesses, factors, student.features(pictures()), student.maps, strict=True
    ):
        assert np.asarray(new) == pytest.approx(old * factor, rel=1e-3, abs=1e-3)
        assert np.asarray(new) @ np.asarray(linear_map) == pytest.approx(guess, rel=1e-2, abs=1e-2)


def test_a_reinitialized_channel_is_active_and_changes_no_other() -> None:
    student = Student(small_teacher(), TEACHER_WIDTHS)
    silenced = np.asarray(student.biases[2]).copy()
    silenced[[1, 5]] = -1e6
    student.biases[2].assign(silenced)
    before = [np.asarray(activation) for activation in student.features(pictures())]
    assert before[2][..., [1, 5]].max() == 0.0
    student.reinitialize_dead(2, [1, 5], np.random.default_rng(0))
    after = [np.asarray(activation) for activation in student.features(pictures())]
    assert after[2][..., [1, 5]].max() > 0.0
    others = [0, 2, 3, 4, 6, 7]
    assert after[2][..., others] == pytest.approx(before[2][..., others])
    for layer in (0, 1, 3, 4, 5, 6, 7):
        assert after[layer] == pytest.approx(before[layer], rel=1e-4, abs=1e-4)


def test_the_arrays_work_on_preprocessed_pictures() -> None:
    student = Student(small_teacher(), TEACHER_WIDTHS)
    for ours, theirs in zip(
        student.features(pictures()), features(student.arrays(), pictures()), strict=True
    ):
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), rel=1e-3, abs=1e-3)


def test_a_student_has_eight_layers() -> None:
    assert len(LAYERS) == 8
    with pytest.raises(WeightsError, match="8 convolutions; received 3"):
        Student(small_teacher()[:3], TEACHER_WIDTHS[:3])
