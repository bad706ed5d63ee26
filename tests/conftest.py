"""For all tests: what servers keep on disk goes to a folder that is removed in the end.

No property is timed: two busy cores would decide over it.
"""

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("styletune", deadline=None)
settings.load_profile("styletune")


@pytest.fixture(scope="session", autouse=True)
def _own_state_folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="styletune-tests-") as folder:
        before = os.environ.get("XDG_STATE_HOME")
        os.environ["XDG_STATE_HOME"] = folder
        yield
        del os.environ["XDG_STATE_HOME"]
        if before is not None:
            os.environ["XDG_STATE_HOME"] = before
