"""The chatter filter: known lines go, all others stay, in order."""

import os

import pytest

from styletune.engine.stderr_filter import filter_stderr


def test_known_chatter_is_dropped_and_all_else_passes(capfd: pytest.CaptureFixture[str]) -> None:
    with filter_stderr():
        os.write(2, b"I0000 port.cc:153] oneDNN custom operations are on.\n")
        os.write(2, b"E0000 something that matters\n")
        os.write(2, b"I0000 cudart_stub.cc:31] Could not find cuda drivers\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "E0000 something that matters\nafter\n"


def test_nothing_is_lost_when_loading_fails(capfd: pytest.CaptureFixture[str]) -> None:
    def load() -> None:
        with filter_stderr():
            os.write(2, b"the reason\n")
            raise ImportError

    with pytest.raises(ImportError):
        load()
    assert capfd.readouterr().err == "the reason\n"
