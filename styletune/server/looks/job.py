"""What a training of a look is told, and what it tells: its job, session, progress."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from styletune.config import SessionConfig
from styletune.controls import MAX_STYLES
from styletune.server.jobs.background import Job


class TrainingJob(Job):
    """What is learned."""

    name: str
    styles: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_STYLES)]
    minutes: int
    near: bool


class TrainingProgress(BaseModel):
    """`status.json`: what `styletune train --status` writes."""

    state: Literal["training", "exporting", "written"]
    progress: float
    style_left: float | None
    seconds_left: float | None


def taught_session(session: SessionConfig) -> dict[str, object]:
    """What a look is taught with, as a session file: network, faders, size, and controls."""
    data = session.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    painting = {key: at for key, at in data.get("painting", {}).items() if key != "init"}
    controls = {name: at for name, at in session.controls.items() if name != "paused"}
    return {
        "pictures": {"size": session.pictures.size},
        "network": data.get("network", {}),
        "painting": painting,
        "controls": controls,
    }
