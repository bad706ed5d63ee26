from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from styletune.errors import explain_validation_error, short_repr


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    size: int = 1

    @model_validator(mode="after")
    def _small(self) -> "Inner":
        if self.size > 9:
            raise ValueError("Size must be at most 9")
        return self


class Outer(BaseModel):
    name: str
    inner: Inner = Inner()


def error(data: Any) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        Outer.model_validate(data)
    return raised.value


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "`name`: field required"),
        (
            {"name": "a", "inner": {"size": "x"}},
            "`inner.size`: input should be a valid integer; received 'x'",
        ),
        ({"name": "a", "inner": {"size": 10}}, "`inner`: size must be at most 9"),
        (
            {"name": "a", "inner": {"sise": 1}},
            "`inner.sise`: extra inputs are not permitted; received 1",
        ),
        (
            7,
            "input should be a valid dictionary or instance of Outer; received 7",
        ),
    ],
)
def test_explain_validation_error(data: Any, sentence: str) -> None:
    assert explain_validation_error(error(data)) == sentence


def test_explain_validation_error_names_the_allowed_keys() -> None:
    unknown = error({"name": "a", "inner": {"sise": 1}})
    told = explain_validation_error(unknown, allowed=lambda location: f"{location[0]} takes size")
    assert told == "unknown key `inner.sise`; inner takes size"
    assert explain_validation_error(unknown, location=("sise",)).startswith("`sise`: ")


def test_short_repr_is_short() -> None:
    for value in ("x" * 10**6, [1] * 10**6, 10**10_000, {"a": "x" * 1000}):
        assert len(short_repr(value)) <= 81
