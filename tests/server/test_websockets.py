"""/ws and /frames through real sockets."""

import asyncio
import contextlib
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus

from styletune.ipc.commands import Report, Run, State
from styletune.server import send_queue
from styletune.server.websockets import TokenBucket
from styletune.session.roles import Role
from tests.support.web_process import (
    VIEWER,
    WAIT_S,
    receive,
    receive_frame,
    running,
    send,
    until,
)

FADER = "content.block1_conv1"


async def test_first_message_is_a_snapshot(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        first = json.loads(await socket.recv())
        assert first["type"] == "snapshot"
        assert first["rev"] == 0
        assert first["epoch"] is None
        assert first["clients"] == 1
        assert first["client"]
        assert first["version"]
        assert first["layers"] == list(server.painter.layers)
        assert first["controls"] == server.hub.session.state.controls()
        assert first["controls"]["paused"] is False
        assert first["state"]["state"] == "running"
        assert first["state"]["device"] == "stand-in"
        assert first["pictures"]["content"] == {
            "name": "navy", "width": 64, "height": 48, "version": 1,
        }  # fmt: skip
        assert len(first["pictures"]["styles"]) == 1
        state = (await server.http.get("/api/state")).json()
        assert state.keys() == first.keys()


async def test_set_reaches_the_worker_and_all_clients(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as one:
        async with server.socket("/ws") as two:
            me = (await receive(one, "snapshot"))["client"]
            await receive(two, "snapshot")
            await send(one, {"type": "set", "controls": {FADER: 0.75, "paused": True}, "seq": 7})
            for socket in (one, two):
                changed = await receive(socket, "changed")
                assert changed == {
                    "type": "changed",
                    "rev": 1,
                    "controls": {FADER: 0.75, "paused": True},
                    "source": me,
                    "seq": 7,
                }
        assert server.painter.controls is not None
        assert server.painter.controls.rev == 1
        assert server.painter.controls.positions[FADER] == 0.75
        assert server.painter.controls.positions["paused"] == 1.0


async def test_trigger_reaches_the_worker_each_time(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        for _ in range(3):
            await send(socket, {"type": "trigger", "name": "kick"})
        for _ in range(3):
            assert (await receive(socket, "triggered"))["name"] == "kick"
        assert server.painter.controls is not None
        assert server.painter.controls.triggers["kick"] == 3
        assert sum(server.painter.controls.triggers.values()) == 3
        assert server.painter.controls.rev == 0


async def test_midi_knob_moves_its_fader(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await send(socket, {"type": "midi", "device": "nanoKONTROL2 MIDI 1", "data": [176, 16, 64]})
        place = 0.5
        while place != 64 / 127:  # smoothly, some milliseconds
            changed = await receive(socket, "changed")
            assert changed["source"] == "midi:nanoKONTROL2 MIDI 1"
            before, (place,) = place, changed["controls"].values()
            assert changed["controls"].keys() == {"style.block1_conv1"}
            assert before < place <= 64 / 127


async def test_page_of_the_wall_plays_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "MAX_CLIENTS", 1)
    async with (
        running(tmp_path) as server,
        server.socket("/ws", **VIEWER) as audience,
        server.socket("/ws?role=viewer") as wall,  # an audience does not keep it out
        server.socket("/ws") as player,
    ):
        await receive(audience, "snapshot")
        assert (await receive(wall, "snapshot"))["role"] == "viewer"
        assert (await receive(player, "snapshot"))["players"] == 1
        for socket in (wall, player):
            await send(socket, {"type": "set", "controls": {"blackout": True}, "seq": 3})
        assert (await receive(wall, "error"))["code"] == "view_only"
        assert (await receive(wall, "changed"))["controls"] == {"blackout": True}
        assert server.hub.state().players == 1


async def test_hardware_client_receives_only_what_it_needs(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws?only=hardware") as agent:
        async with server.socket("/ws") as page:
            await receive(page, "snapshot")
            device = "nanoKONTROL2 MIDI 1"
            await send(agent, {"type": "listen", "device": device})
            await send(agent, {"type": "midi", "device": device, "data": [176, 16, 64]})
            assert (await receive(page, "changed"))["source"] == f"midi:{device}"
            server.painter.paint()
            await receive(page, "epoch")
            await send(page, {"type": "set", "controls": {"style.block1_conv1.solo": True}})
            await send(page, {"type": "learn", "target": FADER})
            await receive(page, "learning")
            await send(agent, {"type": "learn", "target": "nothing"})
        heard = []
        while not heard or heard[-1]["type"] != "error":
            heard.append(json.loads(await asyncio.wait_for(agent.recv(), WAIT_S)))
        assert [message["type"] for message in heard[:2]] == ["snapshot", "bindings"]
        kinds = {message["type"] for message in heard}
        assert kinds == {"snapshot", "bindings", "feedback", "learning", "error"}


async def test_unknown_query_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        with pytest.raises(InvalidStatus, match="403"):
            async with server.socket("/ws?only=everything"):
                pass


@pytest.mark.checklist(18)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not JSON", "bad_json"),
        ('{"type":"set","controls":{"smooth":NaN}}', "bad_json"),
        ('{"type":"set","controls":{"smooth":Infinity}}', "bad_json"),
        ('{"type":"set","controls":{"smooth":1e400}}', "out_of_range"),
        ('{"type":"set","controls":{"smooth":' + "9" * 60_000 + "}}", "bad_json"),
        ("[" * 60_000, "bad_json"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "bad_json"),
        ('{"type":"dance"}', "bad_type"),
        ('{"type":"set"}', "bad_message"),
        ('{"type":"set","controls":{"no.such":0.5}}', "unknown_control"),
        ('{"type":"set","controls":{"smooth":0.5,"learning_rate":1.5}}', "out_of_range"),
        ('{"type":"set","controls":{"smooth":-1e-9}}', "out_of_range"),
        ('{"type":"set","controls":{"smooth":"0.5"}}', "bad_value"),
        (b"\xff\xfe", "bad_json"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_bad_message_is_answered(tmp_path: Path, text: str | bytes, code: str) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        before = dict(server.hub.session.state.positions)
        await send(socket, text)
        error = await receive(socket, "error")
        assert error["code"] == code
        assert error["message"]
        assert server.hub.session.state.positions == before
        assert server.hub.session.counts[code] == 1
        await send(socket, {"type": "set", "controls": {FADER: 1}})  # the session lives on
        assert (await receive(socket, "changed"))["rev"] == 1


@pytest.mark.checklist(19)
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("x" * 65_537, 1009),
        (b"\x81\x82\x00\x00\x00\x00\xff\xfe", 1007),  # a text frame that is not UTF-8
        (b"\x81\x02{}", 1002),  # not masked, as only a server's may be
        (b"\x83\x80\x00\x00\x00\x00", 1002),  # of a kind that does not exist
        (b"\xf1\x80\x00\x00\x00\x00", 1002),  # with bits that nobody agreed on
        (b"\x01\x80\x00\x00\x00\x00\x81\x80\x00\x00\x00\x00", 1002),  # begins within another
        (b"\x89\x80\x00\x00\x00\x00\x81\x02{}", 1002),  # behind a ping that is fine
        (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 1009),  # 8 EiB to come
    ],
)
async def test_malformed_frame_closes_the_socket(
    tmp_path: Path, message: str | bytes, code: int
) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        if isinstance(message, str):
            await socket.send(message)
        else:
            socket.transport.write(message)
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket, "never")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        async with server.socket("/ws") as another:
            await receive(another, "snapshot")


def frame(first: int, payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """A masked frame of up to 125 bytes that begins with the byte `first`."""
    masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
    return bytes([first, 0x80 | len(payload)]) + mask + masked


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 50, 1000])
async def test_messages_in_pieces(tmp_path: Path, chunk: int) -> None:
    """Plain ones, with pings between, in several frames, as bytes, and a close behind them."""

    def move(number: int) -> bytes:
        return json.dumps({"type": "set", "controls": {FADER: number / 10}, "seq": number}).encode()

    long = json.dumps({"type": "trigger", "name": "kick", "seq": 3}).encode().ljust(125)
    data = b"".join([
        frame(0x81, move(1)), frame(0x89, b"ping"), frame(0x81, move(2)), frame(0x81, long),
        frame(0x01, move(4)[:9]), frame(0x89, b"within"), frame(0x80, move(4)[9:]),
        frame(0x82, move(5)), frame(0x81, move(6)), frame(0x88, (1000).to_bytes(2, "big")),
    ])  # fmt: skip
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        for at in range(0, len(data), chunk):
            socket.transport.write(data[at : at + chunk])
            await asyncio.sleep(0)
        async with asyncio.timeout(WAIT_S):
            said = [json.loads(message)["type"] async for message in socket]
        assert "error" not in said
        assert socket.close_code == 1000
        assert server.hub.session.state.positions[FADER] == 0.6
        assert server.hub.session.counts["set"] == 5
        assert server.hub.session.triggers["kick"] == 1


async def test_snapshot_on_request(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        me = (await receive(socket, "snapshot"))["client"]
        await send(socket, {"type": "set", "controls": {FADER: 0.25}})
        await send(socket, {"type": "snapshot?", "seq": 12})
        again = await receive(socket, "snapshot")
        assert again["rev"] == 1
        assert again["controls"][FADER] == 0.25
        assert again["client"] == me
        assert again["seq"] == 12


async def test_epochs_and_states_are_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        server.painter.paint()
        epoch = await receive(socket, "epoch")
        assert (epoch["epoch"], epoch["step"], epoch["rev"]) == (0, 0, 0)
        assert (epoch["width"], epoch["height"]) == (48, 32)
        assert [row["layer"] for row in epoch["losses"]] == list(server.painter.layers)
        assert epoch["losses"][0]["style"] == {
            "raw": 2.0, "weight": 0.5, "weighted": 1.0, "share": 1 / 16,
        }  # fmt: skip
        server.painter.retry_s = 4.0
        server.painter.tell(Report(State.RESTARTING, "exit code 1"))
        state = await receive(socket, "state")
        assert state["state"] == "restarting"
        assert state["retry_s"] == 4.0
        server.painter.retry_s = None
        server.painter.tell(Report(State.FAILED, "five times in a row"))
        state = await receive(socket, "state")
        assert state["log"] == ["last words"]
        assert "retry_s" not in state
        async with server.socket("/ws") as late:
            assert (await receive(late, "snapshot"))["epoch"] == epoch


async def test_picture_shows_the_change_of_its_revision(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        server.socket("/ws") as controls,
        server.socket("/frames") as frames,
    ):
        await send(controls, {"type": "set", "controls": {FADER: 1.0}})
        rev = (await receive(controls, "changed"))["rev"]
        frame = server.painter.paint()
        head, jpeg = await receive_frame(frames)
        assert head == {
            "epoch": 0, "step": 0, "rev": rev, "width": 48, "height": 32, "time": frame.time,
        }  # fmt: skip
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            assert picture.size == (48, 32)
            assert picture.getpixel((20, 20))[0] > 250


@pytest.mark.checklist(28)
async def test_two_pictures_in_flight_then_only_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("styletune.server.frame_stream.PAUSE_AFTER_S", 60.0)
    async with running(tmp_path) as server, server.socket("/frames") as socket:
        server.painter.paint()
        assert (await receive_frame(socket))[0]["epoch"] == 0
        server.painter.paint()
        assert (await receive_frame(socket))[0]["epoch"] == 1
        for _ in range(5):
            server.painter.paint()
            await asyncio.sleep(0)
        await until(
            lambda: server.hub.frame_stream.newest and server.hub.frame_stream.newest.epoch == 6
        )
        assert server.hub.frame_stream.encoded == 2  # nobody may have one: none is encoded
        await send(socket, {"type": "ack", "epoch": 0})
        assert (await receive_frame(socket))[0]["epoch"] == 6
        await send(socket, {"type": "ack", "epoch": 6})  # and with it epoch 1
        for epoch in (7, 8):
            server.painter.paint()
            assert (await receive_frame(socket))[0]["epoch"] == epoch


async def test_epoch_is_encoded_once_for_all_viewers(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        viewers = [await server.socket("/frames") for _ in range(5)]
        for epoch in range(4):
            server.painter.paint()
            seen = [await receive_frame(viewer) for viewer in viewers]
            assert len({jpeg for _, jpeg in seen}) == 1
            assert {head["epoch"] for head, _ in seen} == {epoch}
            for viewer in viewers:
                await send(viewer, {"type": "ack", "epoch": epoch})
        assert server.hub.frame_stream.encoded == 4
        for viewer in viewers:
            await viewer.close()


async def test_late_viewer_gets_the_picture_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        server.painter.paint()
        await until(lambda: server.hub.frame_stream.newest is not None)
        async with server.socket("/frames") as socket:
            assert (await receive_frame(socket))[0]["epoch"] == 0


async def test_viewers_are_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        assert (await receive(socket, "snapshot"))["state"]["viewers"] == 0
        async with server.socket("/frames"):
            await until(lambda: server.hub.state().viewers == 1)
        while (await receive(socket, "state"))["viewers"] != 0:
            pass


async def test_bad_acknowledgement_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/frames") as socket:
        await send(socket, {"type": "ack", "epoch": "0"})
        assert (await receive(socket, "error"))["code"] == "bad_message"
        await send(socket, {"type": "ack", "epoch": 12345})  # never sent
        server.painter.paint()
        assert (await receive_frame(socket))[0]["epoch"] == 0


@pytest.mark.parametrize("path", ["/ws", "/frames"])
async def test_socket_too_many_is_closed(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "MAX_CLIENTS", 2)
    monkeypatch.setattr(send_queue, "MAX_VIEWERS", 2)
    async with running(tmp_path) as server, server.socket(path), server.socket(path):
        await until(lambda: 2 in (server.hub.snapshot().clients, server.hub.viewers))
        async with server.socket(path) as third:
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(third.recv(), WAIT_S)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "server full")
        assert (await server.http.get("/healthz")).status_code == 200


@pytest.mark.parametrize("path", ["/ws", "/frames"])
async def test_an_audience_takes_no_place_of_a_player(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "MAX_CLIENTS", 2)
    monkeypatch.setattr(send_queue, "MAX_VIEWERS", 2)
    async with running(tmp_path) as server, contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(server.socket(path, **VIEWER))
        async with server.socket(path, **VIEWER) as third:
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(third.recv(), WAIT_S)
        for _ in range(2):
            await stack.enter_async_context(server.socket(path))
        await until(lambda: 4 in (server.hub.snapshot().clients, server.hub.viewers))


async def test_viewers_that_ask_without_pause_are_answered_a_few_times_a_second(
    tmp_path: Path,
) -> None:
    async with (
        running(tmp_path) as server,
        server.socket("/ws") as player,
        server.socket("/ws", **VIEWER) as one,
        server.socket("/ws", **VIEWER) as two,
    ):
        await receive(player, "snapshot")
        for n in range(200):
            await send(one, {"type": "snapshot?", "seq": n})
            await send(two, "not JSON" if n % 2 else {"type": "trigger", "name": "kick"})
        await send(player, {"type": "set", "controls": {FADER: 0.75}, "seq": 1})
        await receive(player, "changed")
        await receive(one, "snapshot")
        for seq in range(5):
            assert (await receive(one, "snapshot"))["seq"] == seq
        assert server.hub.stats.messages < 100
        one.transport.abort()  # a close in order would wait for the rest to be read
        two.transport.abort()


async def test_frames_socket_that_sends_rubbish_is_answered_a_few_times_a_second(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, server.socket("/frames", **VIEWER) as socket:
        for _ in range(200):
            await send(socket, "rubbish")
        await until(lambda: server.hub.stats.bad["bad_json"] >= 10)
        await asyncio.sleep(0.1)
        assert server.hub.stats.bad["bad_json"] < 20
        socket.transport.abort()


async def test_snapshot_is_made_once_for_all_who_ask_in_one_turn(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as player:
        me = (await receive(player, "snapshot"))["client"]
        hub = server.hub
        first, second = hub.snapshot(), hub.snapshot(me)
        assert second.controls is first.controls
        assert (first.client, first.role, second.client, second.role) == (
            "", "viewer", me, "player",
        )  # fmt: skip
        hub.send([hub.session.state.move({FADER: 0.5}, "test", undoable=False)])
        third = hub.snapshot()
        assert (third.rev, third.controls[FADER]) == (1, 0.5)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert hub.snapshot().controls is not third.controls


@pytest.mark.checklist(20)
@pytest.mark.parametrize("path", ["/ws", "/frames"])
async def test_sixty_four_sockets_are_served(tmp_path: Path, path: str) -> None:
    async with running(tmp_path) as server, contextlib.AsyncExitStack() as stack:
        for _ in range(64):
            await stack.enter_async_context(server.socket(path))
        count = server.hub.viewers if path == "/frames" else server.hub.count_clients(Role.PLAYER)
        assert count == 64
        async with server.socket(path) as late:
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(late.recv(), WAIT_S)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "server full")
        assert (await server.http.get("/api/state")).status_code == 200


async def test_sockets_are_closed_with_1012_at_shutdown(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        controls, frames = await server.socket("/ws"), await server.socket("/frames")
        server.shutdown.requested = True
        assert await asyncio.wait_for(server.task, WAIT_S) == 0
        for socket in (controls, frames):
            with pytest.raises(ConnectionClosed) as closed:
                await receive(socket, "never")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        assert server.painter.stopped >= 1


async def test_sets_of_two_clients_end_on_the_last_values(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as reader:
        await receive(reader, "snapshot")
        async with server.socket("/ws") as one, server.socket("/ws") as two:
            for step in range(100):
                await send(one, {"type": "set", "controls": {FADER: step / 100}})
                await send(two, {"type": "set", "controls": {"smooth": step / 100}})
            seen: dict[str, float] = {}
            rev = 0
            while seen != {FADER: 0.99, "smooth": 0.99}:
                changed = await receive(reader, "changed")
                assert changed["rev"] > rev
                rev = changed["rev"]
                seen |= changed["controls"]
        # Of what came at once only the newest was obeyed.
        assert rev <= 200
        assert server.hub.session.counts["set"] == 200


@pytest.mark.checklist(29)
async def test_sets_of_two_clients_on_one_fader_agree(
    tmp_path: Path,
) -> None:
    async with (
        running(tmp_path) as server,
        server.socket("/ws") as one,
        server.socket("/ws") as two,
    ):
        for socket in (one, two):
            await receive(socket, "snapshot")
        for step in range(200):
            await asyncio.gather(
                send(one, {"type": "set", "controls": {FADER: step / 1000}}),
                send(two, {"type": "set", "controls": {FADER: 1 - step / 1000}}),
            )
        await until(lambda: server.hub.stats.messages == 400)
        await asyncio.sleep(0)  # to the end of the turn
        seen = []
        for socket in (one, two):
            position, rev = None, 0
            while rev < server.hub.session.state.rev:
                changed = await receive(socket, "changed")
                position, rev = changed["controls"].get(FADER, position), changed["rev"]
            seen.append(position)
        assert seen[0] == seen[1] == server.hub.session.state.positions[FADER]
        assert server.painter.controls.positions[FADER] == seen[0]


async def test_storm_of_sets_is_merged_and_ends_on_the_last(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        rev = (await receive(socket, "snapshot"))["rev"]
        for n in range(2000):
            controls = {"smooth": n / 2000}
            await send(socket, {"type": "set", "controls": controls, "seq": n, "gesture": "storm"})
        count = 0
        while True:
            changed = await receive(socket, "changed")
            count += 1
            assert changed.get("since", changed["rev"] - 1) <= rev
            rev = changed["rev"]
            if changed["seq"] == 1999:
                break
        assert rev == server.hub.session.state.rev < 1000  # only what was newest was obeyed
        assert changed["controls"] == {"smooth": 1999 / 2000}
        assert count < 1000
        assert server.painter.controls is not None
        assert server.painter.controls.positions["smooth"] == 1999 / 2000
        assert server.hub.session.state.scenes_message().undo == 1


async def test_storm_of_one_client_leaves_the_others_served(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        server.socket("/ws") as socket,
        server.socket("/ws") as other,
    ):
        await receive(other, "snapshot")
        reading = asyncio.create_task(receive(socket, "never"))
        # At once, as out of a network's buffer.
        socket.transport.write(
            b"".join(
                frame(0x81, json.dumps({"type": "set", "controls": {"smooth": n / 3000}}).encode())
                for n in range(3000)
            )
        )
        await until(lambda: server.hub.stats.messages > 0)
        await send(other, {"type": "set", "controls": {FADER: 0.25}, "seq": 1})
        while (await receive(other, "changed")).get("seq") != 1:
            pass
        assert server.hub.stats.messages < 3000
        while (await receive(other, "changed"))["controls"].get("smooth") != 2999 / 3000:
            pass
        reading.cancel()


def storm_delays(*, rate_hz: float, seconds: float = 10.0) -> int:
    """How often a writer waits that sends so many changes a second."""
    bucket, now, count = TokenBucket(), 100.0, 0
    end = now + seconds
    while now < end:
        if delay_s := bucket.delay_s(now):
            count += 1
            now += delay_s
        now += 1 / rate_hz
    return count


def test_token_bucket_lets_changes_of_a_hand_and_a_burst_pass_at_once() -> None:
    assert storm_delays(rate_hz=60) == 0
    assert storm_delays(rate_hz=200) == 0
    assert storm_delays(rate_hz=1e6, seconds=0.00004) == 0


def test_token_bucket_lets_a_storm_pass_twenty_times_a_second() -> None:
    bucket, now, sent = TokenBucket(), 100.0, 0
    while now < 110:
        sent += 1
        now += bucket.delay_s(now) + 0.0001
    assert 190 < sent < 260


def test_token_bucket_is_calm_at_once_after_a_storm() -> None:
    bucket, now = TokenBucket(), 100.0
    for _ in range(150):
        now += bucket.delay_s(now)
    assert bucket.delay_s(now + 0.2) == 0


async def test_bad_sets_among_many_are_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        for n in range(100):
            value = 7 if n % 10 == 0 else n / 100
            await send(socket, {"type": "set", "controls": {"smooth": value}, "seq": n})
        refused, answered = [], -1
        while answered < 99 or len(refused) < 10:
            message = json.loads(await socket.recv())
            if message["type"] == "error":
                refused.append(message["seq"])
            elif message["type"] == "changed":
                answered = message["seq"]
        assert refused == list(range(0, 100, 10))


async def test_morph_is_a_smooth_path(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        for message in (
            {"type": "set", "controls": {"smooth": 0.9, "color": "luminance"}},
            {"type": "store", "scene": "dusk"},
            {"type": "set", "controls": {"smooth": 0.1, "color": "full"}},
            {"type": "recall", "scene": "dusk", "seconds": 2},
        ):
            await send(socket, message)
        path, told = [], None
        async with asyncio.timeout(WAIT_S):
            while path[-1:] != [0.9] or told is None or told["morph"]:
                message = json.loads(await socket.recv())
                if message["type"] == "scenes":
                    told = message
                elif message["type"] == "changed" and message["source"] == "scene:dusk":
                    path.append(message["controls"]["smooth"])
        assert path == sorted(path)
        assert len(path) > 5
        assert [scene["name"] for scene in told["scenes"]] == ["dusk"]
        state = (await server.http.get("/api/state")).json()
        assert state["scenes"]["scenes"] == told["scenes"]
        assert state["controls"]["color"] == "luminance"


async def test_paint_run_keeps_its_last_picture(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await send(socket, {"type": "paint", "steps": 30, "controls": {FADER: 0.5}, "seq": 1})
        assert (await receive(socket, "changed"))["rev"] == 1
        painting = await receive(socket, "painting")
        assert (painting["run"], painting["rev"], painting["seq"]) == (1, 1, 1)
        assert server.painter.runs == [Run(1, 30)]
        server.painter.paint()
        assert "run" not in await receive(socket, "epoch")
        server.painter.paint(done=True)
        assert (await receive(socket, "epoch"))["run"] == {"run": 1, "step": 30, "done": True}
        server.painter.paint(width=20)
        await receive(socket, "epoch")
        newest = await server.http.get("/api/image.png")
        finished = await server.http.get("/api/image.png?run=1")
        widths = [Image.open(io.BytesIO(a.content)).width for a in (newest, finished)]
        assert widths == [20, 48]
        other = await server.http.get("/api/image.png?run=2")
        assert other.status_code == 404
        assert other.json()["message"] == "run 2 is not among the last two that have ended"


async def test_sets_of_one_turn_are_merged(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        rev = (await receive(socket, "snapshot"))["rev"]
        hub = server.hub
        (client,) = hub._clients._queues
        # In one turn of the loop, as they come out of a network's buffer.
        for text in (
            '{"type":"set","controls":{"smooth":0.1},"seq":1}',
            '{"type":"set","controls":{"smooth":0.2},"seq":2}',
            '{"type":"set","controls":{"smooth":7},"seq":3}',
            '{"type":"set","controls":{"smooth":0.3}}',
            f'{{"type":"set","controls":{{"{FADER}":0.4}},"gesture":"a"}}',
        ):
            hub.receive(text, client)
        assert (await receive(socket, "error"))["seq"] == 3
        changed = await receive(socket, "changed")
        assert changed["controls"] == {"smooth": 0.3, FADER: 0.4}
        assert (changed["seq"], changed["rev"]) == (2, rev + 3)
        # What is no set sees all that was sent before it.
        hub.receive('{"type":"set","controls":{"smooth":0.6}}', client)
        hub.receive('{"type":"store","scene":"now"}', client)
        assert hub.session.state.scenes["now"].controls["smooth"] == 0.6
