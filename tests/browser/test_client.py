"""The Python client on the real server and the real worker."""

import numpy as np
import pytest

from styletune.client.sync import connect
from tests.browser.live_server import TOKEN, LiveServer


def test_what_it_sets_is_painted_waited_for_kept_and_put_back(server: LiveServer) -> None:
    control = "content.block2_conv1"
    with connect(server.base, token=TOKEN) as play:
        before = play.controls
        rev = play.set({control: 0.75, "smooth": 0.0})
        play.trigger("reset")
        epoch = play.wait(steps=20)
        assert epoch["rev"] >= rev
        row = next(row for row in epoch["losses"] if row["layer"] == "block2_conv1")
        assert row["content"]["weight"] == pytest.approx(10)
        assert epoch["smooth"] == 0.0
        frame = next(play.frames())
        assert frame.rev >= rev
        loud = np.asarray(play.picture()).astype(int)
        assert loud.shape == (96, 128, 3)
        assert loud.std() > 10

        play.store("loud")
        play.set({control: 0.0})
        assert play.wait()["losses"][row_of(play.layers)]["content"]["weight"] == 0
        play.recall("loud")
        assert play.controls[control] == 0.75

        # The same steps with the same values are the same picture.
        first = play.paint(8, {control: 0.5}, seed=1)
        one = np.asarray(play.picture(run=first.run))
        again = play.paint(8, {control: 0.5}, seed=1)
        np.testing.assert_array_equal(np.asarray(play.picture(run=again.run)), one)
        assert first.steps == again.steps == 8
        other = play.paint(8, {control: 0.9}, seed=1)
        assert (np.asarray(play.picture(run=other.run)) != one).any()
        settled = play.paint(400, settle=0.2)
        assert settled.steps < 400
        play.set({name: before[name] for name in (control, "smooth")})


def row_of(layers: tuple[str, ...]) -> int:
    return layers.index("block2_conv1")
