from styletune.server import past
from styletune.server.past import Past


def test_a_revision_has_the_values_it_had() -> None:
    values = Past(3, {"a": 0.0, "b": False})
    values.changed(4, {"a": 0.1})
    values.changed(5, {"a": 0.2, "b": True})
    assert values.at(3) == (3, {"a": 0.0, "b": False})
    assert values.at(4) == (4, {"a": 0.1, "b": False})
    assert values.at(5) == values.at(9) == (5, {"a": 0.2, "b": True})


def test_what_no_picture_will_ask_for_is_forgotten() -> None:
    values = Past(0, {"a": 0.0})
    for rev in range(1, 11):
        values.changed(rev, {"a": rev / 10})
    values.painted(7)
    assert values.at(7) == (7, {"a": 0.7})
    assert values.at(9) == (9, {"a": 0.9})
    # Older ones are gone: it says which values these are.
    assert values.at(2) == (7, {"a": 0.7})


def test_a_painter_that_hangs_does_not_let_it_grow() -> None:
    values = Past(0, {"a": 0.0})
    for rev in range(1, past.KEPT + 101):
        values.changed(rev, {"a": float(rev)})
    assert len(values._changes) == past.KEPT
    assert values.at(0) == (100, {"a": 100.0})
    assert values.at(150) == (150, {"a": 150.0})
