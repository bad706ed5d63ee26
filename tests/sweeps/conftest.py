"""One server for the sweeps of a module."""

from collections.abc import Iterator

import pytest

from tests.support.sweep_process import serving


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as url:
        yield url
