"""The client without asyncio, on a server in a process of its own."""

from collections.abc import Iterator

import pytest

from styletune.client.sync import connect
from styletune.errors import RefusedError
from tests.browser.live_server import TOKEN, run_module


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = str(tmp_path_factory.mktemp("server"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLETUNE_TOKEN", TOKEN)
        with run_module("tests.support.serve", folder, "127.0.0.1", "0") as url:
            yield url


def test_the_client_without_asyncio(url: str) -> None:
    with connect(url) as play:
        assert play.layers
        play.set({"content.block1_conv1": 1.0})
        assert play.controls["content.block1_conv1"] == 1.0
        first = play.wait(epochs=2)
        assert play.wait(steps=20)["step"] >= first["step"] + 20
        assert play.picture().getpixel((0, 0))[0] == 255
        frame = next(play.frames())
        assert frame.rev >= 1
        epochs = play.epochs()
        assert next(epochs)["epoch"] < next(epochs)["epoch"]
        play.trigger("reset")
        assert play.state["state"] == "running"
        with pytest.raises(RefusedError, match="unknown control"):
            play.set({"nothing": 1})
        play.set({"smooth": 0.1})  # and lives on


def test_the_token_comes_from_the_environment(url: str) -> None:
    with connect(url.partition("?")[0]) as play:
        assert play.layers
