"""The client on a real server with a painter of known behaviour."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.client import Client, connect
from styletune.errors import ConfigError, RefusedError, UnreachableError, WorkerError
from styletune.ipc.commands import CommandRejected, Report, Run, State
from tests.support.standin_supervisor import REFUSED_WIDTH_PX
from tests.support.web_process import TOKEN, Running, running, until

FADER = "content.block1_conv1"


@asynccontextmanager
async def joined(folder: Path) -> AsyncIterator[tuple[Running, Client]]:
    async with (
        running(folder) as server,
        connect(f"http://127.0.0.1:{server.port}", token=TOKEN) as client,
    ):
        yield server, client


async def test_attributes_are_those_of_the_snapshot(tmp_path: Path) -> None:
    async with joined(tmp_path) as (server, client):
        assert client.connected
        assert client.layers == server.painter.layers
        assert client.controls == server.hub.session.state.controls()
        assert client.state["device"] == "stand-in"
        assert client.pictures["content"]["name"] == "navy"
        assert client.epoch is None
        assert {row["name"] for row in await client.table()} >= set(client.controls)


async def test_pictures_come_only_once_they_contain_the_set(
    tmp_path: Path,
) -> None:
    async with joined(tmp_path) as (server, client):
        server.painter.paint()
        await until(lambda: client.epoch is not None)
        rev = await client.set({FADER: 1.0, "paused": True})
        assert (client.rev, client.controls[FADER], client.controls["paused"]) == (rev, 1.0, True)
        picture = asyncio.create_task(client.array())
        frames = client.frames()
        frame = asyncio.create_task(anext(frames))
        await asyncio.sleep(0.05)
        assert not picture.done()
        assert not frame.done()  # the one that there is was painted before
        server.painter.paint()
        assert (await picture)[0, 0, 0] == 255
        assert (await frame).rev == rev
        assert abs(int((await frame).array()[0, 0, 0]) - 255) < 3  # JPEG
        await frames.aclose()


async def test_refused_messages_raise_the_code_of_the_server(tmp_path: Path) -> None:
    async with joined(tmp_path) as (_, client):
        before = dict(client.controls)
        with pytest.raises(RefusedError, match=r"must be in 0\.\.1; received value=2") as refused:
            await client.set({"smooth": 0.1, FADER: 2})
        assert refused.value.code == "out_of_range"
        with pytest.raises(RefusedError, match=r"unknown control `.style\.nowhere"):
            await client.set({"style.nowhere": 0.5})
        with pytest.raises(RefusedError, match="no trigger"):
            await client.trigger("smooth")
        with pytest.raises(RefusedError, match="`steps`"):
            await client.paint(0)
        assert client.controls == before


async def test_wait_counts_from_the_first_epoch_with_the_set(
    tmp_path: Path,
) -> None:
    async with joined(tmp_path) as (server, client):
        for _ in range(3):
            server.painter.paint()
        await client.set({FADER: 0.5})
        waits = [
            asyncio.create_task(client.wait()),
            asyncio.create_task(client.wait(epochs=3)),
            asyncio.create_task(client.wait(steps=35)),  # ten an epoch
            asyncio.create_task(client.wait(settled=True)),
        ]
        ends: dict[int, int] = {}
        while len(ends) < len(waits):
            painted = server.painter.paint().epoch
            await until(lambda n=painted: client.epoch is not None and client.epoch["epoch"] >= n)
            for index, task in enumerate(waits):
                if task.done():
                    ends.setdefault(index, (await task)["epoch"] - 3)
            assert painted < 50
        assert ends[0] in (0, 1)  # a slow reader skips some
        assert ends[1] in (2, 3)
        assert ends[2] in (4, 5)
        assert 10 <= ends[3] <= 13


async def test_a_paint_ends_with_its_last_picture(tmp_path: Path) -> None:
    async with joined(tmp_path) as (server, client):
        seen: list[int] = []
        task = asyncio.create_task(
            client.paint(40, {FADER: 1.0}, seed=7, on_epoch=lambda e: seen.append(e["epoch"]))
        )
        await until(lambda: server.painter.runs)
        assert server.painter.runs == [Run(1, 40, True, 7)]
        server.painter.paint()
        await asyncio.sleep(0.02)
        assert not task.done()
        server.painter.paint(done=True)
        painted = await task
        assert (painted.run, painted.steps, painted.disturbed) == (1, 40, False)
        assert painted.epoch["rev"] == 1
        assert seen == [1]
        server.painter.paint(width=20)
        assert (await client.picture(run=painted.run)).width == 48
        assert "styletune" in (await client.picture(run=painted.run)).info
        with pytest.raises(RefusedError, match="run 9 is not among"):
            await client.picture(run=9)


@pytest.mark.parametrize("change", ["control", "trigger", "picture"])
async def test_a_change_by_somebody_else_disturbs_a_paint(tmp_path: Path, change: str) -> None:
    async with joined(tmp_path) as (server, client):
        url = f"localhost:{server.port}"
        async with connect(url, token=TOKEN) as other:
            task = asyncio.create_task(client.paint(40))
            await until(lambda: server.painter.runs)
            if change == "control":
                await other.set({FADER: 0.25})
            elif change == "trigger":
                await other.trigger("kick")
            else:
                await other.upload("style/1", Image.new("RGB", (32, 32)))
            server.painter.paint(done=True)
            assert (await task).disturbed


async def test_a_run_lost_with_its_worker_is_painted_again(tmp_path: Path) -> None:
    async with joined(tmp_path) as (server, client):
        task = asyncio.create_task(client.paint(40))
        await until(lambda: len(server.painter.runs) == 1)
        server.painter.tell(Report(State.RESTARTING, "killed"))
        await until(lambda: client.state["state"] == "restarting")
        assert len(server.painter.runs) == 1  # not before it paints again
        server.painter.tell(Report(State.RUNNING))
        await until(lambda: len(server.painter.runs) == 2)
        server.painter.paint(done=True)
        assert (await task).run == 2


async def test_a_failed_painting_ends_all_waiting(tmp_path: Path) -> None:
    async with joined(tmp_path) as (server, client):
        tasks = [asyncio.create_task(client.paint(40)), asyncio.create_task(client.wait())]
        await until(lambda: server.painter.runs)
        server.painter.tell(Report(State.FAILED, "no weights here"))
        for task in tasks:
            with pytest.raises(WorkerError, match="no weights here"):
                await task


async def test_scenes_are_stored_recalled_read_and_deleted(tmp_path: Path) -> None:
    async with joined(tmp_path) as (server, client):
        await client.set({FADER: 0.75})
        await client.store("dawn / 1")
        assert client.scenes == ("dawn / 1",)
        await client.set({FADER: 0.25})
        scene = await client.scene("dawn / 1")
        assert (scene["name"], scene["controls"][FADER]) == ("dawn / 1", 0.75)
        await client.recall("dawn / 1")
        assert client.controls[FADER] == 0.75
        picture = asyncio.create_task(client.array())
        server.painter.paint()
        assert (await picture)[0, 0, 0] == 191
        await client.put_scene({"name": "dusk", "saved": 1.0, "controls": {FADER: 0.1}})
        await client.delete_scene("dawn / 1")
        await until(lambda: client.scenes == ("dusk",))
        with pytest.raises(RefusedError, match="noon"):
            await client.recall("noon")
        with pytest.raises(RefusedError, match="noon"):
            await client.scene("noon")


async def test_pictures_are_uploaded_from_files_bytes_and_pillow(tmp_path: Path) -> None:
    async with joined(tmp_path) as (_, client):
        file = tmp_path / "dünen.png"
        Image.new("RGB", (80, 60), "tan").save(file)
        assert (await client.upload("content", file))["name"] == "dünen.png"
        assert (await client.upload("content", "mountains"))["name"] == "mountains"
        assert (await client.upload("style/1", file.read_bytes()))["width"] == 80
        assert (await client.upload("style/1", Image.new("L", (50, 40)), "grey"))["name"] == "grey"
        await until(lambda: client.pictures["styles"][0]["name"] == "grey")
        with pytest.raises(
            RefusedError, match="there are styles 1 to 1, and at most 4; received 7"
        ):
            await client.upload("style/7", file)
        with pytest.raises(RefusedError, match="not a picture"):
            await client.upload("content", b"not a picture")


async def test_a_rejected_picture_ends_a_paint(tmp_path: Path) -> None:
    async with joined(tmp_path) as (server, client):
        task = asyncio.create_task(client.paint(40))
        await until(lambda: server.painter.runs)
        server.painter.tell(CommandRejected("content", "it is too small", ""))
        with pytest.raises(WorkerError, match="content: it is too small"):
            await task
        assert REFUSED_WIDTH_PX


async def test_a_lost_connection_comes_back_and_paints_again(tmp_path: Path) -> None:
    async with joined(tmp_path) as (server, client):
        assert client._connection._socket is not None
        task = asyncio.create_task(client.paint(40))
        await until(lambda: len(server.painter.runs) == 1)
        client._connection._socket.transport.abort()
        await until(lambda: len(server.painter.runs) == 2)
        server.painter.paint(done=True)
        assert (await task).run == 2
        assert await client.set({FADER: 0.5}) == client.rev


async def test_a_server_that_stays_away_ends_all_waiting(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        url = f"http://127.0.0.1:{server.port}"
        client = connect(url, token=TOKEN, patience_s=0.3)
        joined = await client.__aenter__()
        task = asyncio.create_task(joined.wait(epochs=2))
        await asyncio.sleep(0)
    with pytest.raises(UnreachableError, match="styletune serve"):
        await task
    with pytest.raises(UnreachableError):
        await joined.set({FADER: 0.5})
    await client.__aexit__(None, None, None)


async def test_connect_raises_why_it_failed(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        url = f"http://127.0.0.1:{server.port}"
        with pytest.raises(RefusedError, match="does not know this token") as refused:
            async with connect(url, token="wrong"):
                pass
        assert refused.value.code == "unauthorized"
    with pytest.raises(UnreachableError, match="no server answers at"):
        async with connect(url, token=TOKEN):
            pass
    with pytest.raises(ConfigError):
        async with connect("ftp://x"):
            pass


async def test_another_kind_of_server_is_recognised(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnreachableError, match="is not a styletune server"):
            async with connect(f"127.0.0.1:{port}"):
                pass


def test_a_frame_is_parsed_or_refused() -> None:
    from styletune.client.pictures import Frame
    from styletune.errors import MessageError

    jpeg = io.BytesIO()
    Image.new("RGB", (4, 3), (250, 10, 10)).save(jpeg, "JPEG")
    head = b'{"epoch":1,"step":2,"rev":3,"width":4,"height":3,"time":5.0}'
    frame = Frame.parse(len(head).to_bytes(4, "little") + head + jpeg.getvalue())
    assert (frame.epoch, frame.step, frame.rev) == (1, 2, 3)
    assert frame.array().shape == (3, 4, 3)
    assert frame.array().dtype == np.uint8
    for broken in (b"", b"\xff\xff\xff\xff", b"\x02\x00\x00\x00{}", b"\x02\x00\x00\x00[]"):
        with pytest.raises(MessageError, match="no frame"):
            Frame.parse(broken)
