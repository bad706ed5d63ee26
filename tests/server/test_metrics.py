"""What a monitor reads, over a real socket, parsed by Prometheus' own parser."""

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from styletune.ipc.commands import Report, State
from styletune.server.metrics import ROWS
from tests.support.web_process import (
    VIEWER,
    WAIT_S,
    Running,
    receive,
    receive_frame,
    running,
    send,
    until,
)


async def scrape(server: Running) -> dict[tuple[str, ...], float]:
    answer = await server.http.get("/metrics", headers=VIEWER)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_names_and_units_are_as_prometheus_wants_them() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.name.startswith("styletune_")
        assert row.help.endswith(".")
        assert not row.name.endswith("_total")


async def test_before_the_first_picture_nothing_is_made_up(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        seen = await scrape(server)
        assert seen["styletune_epochs_total",] == 0
        assert ("styletune_loss",) not in seen
        assert ("styletune_frame_age_seconds",) not in seen
        assert seen["styletune_state", "running"] == 1
        assert seen["styletune_state", "failed"] == 0
        assert seen["process_open_fds",] > 0


async def test_what_is_painted_sent_and_dropped_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("styletune.server.frame_stream.PAUSE_AFTER_S", 60.0)
    async with (
        running(tmp_path) as server,
        server.socket("/ws") as controls,
        server.socket("/frames") as frames,
    ):
        await receive(controls, "snapshot")
        for _ in range(2):
            server.painter.paint()
            await receive_frame(frames)
        for _ in range(4):
            server.painter.paint()
        await until(lambda: server.hub.frame_stream.newest.epoch == 5)
        await send(frames, {"type": "ack", "epoch": 1})
        assert (await receive_frame(frames))[0]["epoch"] == 5
        seen = await scrape(server)
        assert seen["styletune_epochs_total",] == 6
        assert seen["styletune_steps_total",] == 50
        assert seen["styletune_steps_per_second",] == 20
        assert seen["styletune_loss",] == 16
        assert seen["styletune_layer_loss_raw", "style", "block1_conv1"] == 2
        assert seen["styletune_layer_loss_weighted", "content", "block3_conv4@4"] == 1
        assert seen["styletune_frames_sent_total",] == 3
        assert seen["styletune_frames_dropped_total", "viewer"] == 3
        assert seen["styletune_frames_dropped_total", "worker"] == 0
        assert seen["styletune_frame_age_seconds",] > 0
        assert seen["styletune_clients", "player"] == 1
        assert seen["styletune_clients", "viewer"] == 0
        assert seen["styletune_viewers",] == 1


async def test_what_is_refused_is_counted_by_kind(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        server.socket("/ws") as playing,
        server.socket("/ws", **VIEWER) as watching,
    ):
        for bad in ("not JSON", {"type": "dance"}, {"type": "trigger", "name": "no"}):
            await send(playing, bad)
            await receive(playing, "error")
        await send(watching, {"type": "trigger", "name": "reset"})
        await receive(watching, "error")
        await server.http.put("/api/content", content=b"no picture")
        async with httpx.AsyncClient(
            base_url=server.http.base_url, trust_env=False, timeout=WAIT_S
        ) as nobody:
            await nobody.get("/metrics")
        seen = await scrape(server)
        for code in ("bad_json", "bad_type", "unknown_control", "view_only"):
            assert seen["styletune_bad_messages_total", code] == 1
        assert seen["styletune_messages_total",] == 4
        assert seen["styletune_refusals_total", "no_token"] == 1
        assert seen["styletune_uploads_total", "bad_picture"] == 1


async def test_restarts_and_rollbacks_are_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for state in (State.ROLLING_BACK, State.RUNNING, State.RESTARTING):
            server.painter.tell(Report(state))
        await until(lambda: server.hub.stats.restarts)
        seen = await scrape(server)
        assert seen["styletune_restarts_total",] == 1
        assert seen["styletune_rollbacks_total",] == 1
        assert seen["styletune_state", "restarting"] == 1


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.STARTING, 200), (State.COMPILING, 200), (State.RUNNING, 200),
        (State.PAUSED, 200), (State.ROLLING_BACK, 200), (State.RESTARTING, 503),
        (State.FAILED, 503),
    ],
)  # fmt: skip
async def test_health_is_bad_while_nothing_paints(
    tmp_path: Path, state: State, status: int
) -> None:
    async with running(tmp_path) as server:
        server.painter.tell(Report(state))
        answer = await server.http.get("/healthz")
        assert (answer.status_code, answer.json()) == (status, {"state": state.value})
