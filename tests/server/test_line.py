"""What a bad line does to a page: delays, cuts, resets, between a real client and a real server."""

import asyncio
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.server.tunnel import Tunnel
from tests.support.web_process import BEARER, WAIT_S, receive, receive_frame, running, send

FADER = "style.block1_conv1"


async def through(tunnel: Tunnel, path: str) -> ClientConnection:
    return await connect(
        f"ws://127.0.0.1:{tunnel.port}{path}",
        additional_headers=BEARER,
        proxy=None,
        open_timeout=WAIT_S,
    )


@pytest.mark.parametrize("how", [Tunnel.cut, Tunnel.reset])
async def test_reconnected_page_finds_values_and_picture(tmp_path: Path, how) -> None:
    async with running(tmp_path) as server, Tunnel(server.port) as tunnel:
        for turn in range(3):
            controls, frames = await through(tunnel, "/ws"), await through(tunnel, "/frames")
            snapshot = await receive(controls, "snapshot")
            assert snapshot["clients"] == 1
            assert snapshot["controls"]["smooth"] == 0.35
            if turn:
                assert snapshot["controls"][FADER] == (turn - 1) / 10
            await send(controls, {"type": "set", "controls": {FADER: turn / 10}, "seq": turn})
            assert (await receive(controls, "changed"))["seq"] == turn
            epoch = server.painter.paint().epoch
            while (await receive_frame(frames))[0]["epoch"] != epoch:
                pass
            how(tunnel)
            for socket in (controls, frames):
                with pytest.raises(ConnectionClosed):
                    await receive(socket, "never")
            async with asyncio.timeout(WAIT_S):  # the server notices, and forgets them
                while server.hub.snapshot().clients or server.hub.state().viewers:
                    await asyncio.sleep(0.01)


@pytest.mark.checklist(23)
async def test_slow_line_has_two_pictures_in_flight(tmp_path: Path) -> None:
    """So that what is seen is at most as old as two pictures take, whatever the tunnel buffers."""
    async with running(tmp_path) as server, Tunnel(server.port, delay_s=0.05) as tunnel:
        frames = await through(tunnel, "/frames")
        async with asyncio.timeout(WAIT_S):
            while not server.hub.state().viewers:
                await asyncio.sleep(0.01)
        behind = []
        for _ in range(20):
            painting = asyncio.create_task(_paint_on(server.painter))
            head, _ = await receive_frame(frames)
            await send(frames, {"type": "ack", "epoch": head["epoch"]})
            painting.cancel()
            behind.append(server.hub.frame_stream.encoded)
        # Of all that was painted, one was encoded for each that was seen, and two ahead of it.
        assert server.painter.epoch > 2 * len(behind)
        assert all(encoded <= seen + 2 for seen, encoded in enumerate(behind, 1))
        await frames.close()


async def _paint_on(painter) -> None:
    while True:
        painter.paint()
        await asyncio.sleep(0.005)


async def test_delay_keeps_order_and_loses_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as server, Tunnel(server.port, delay_s=0.1) as tunnel:
        controls = await through(tunnel, "/ws")
        await receive(controls, "snapshot")
        for step in range(50):
            await send(controls, {"type": "set", "controls": {FADER: step / 100}})
        await send(controls, {"type": "set", "controls": {FADER: 0.5}, "seq": 50})
        while (await receive(controls, "changed")).get("seq") != 50:
            pass
        assert server.hub.session.state.positions[FADER] == 0.5
        assert server.hub.session.counts["set"] == 51
        await controls.close()
