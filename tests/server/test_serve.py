"""`serve` as a process: what it prints, how it ends, what it imports."""

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from styletune.ipc.checkpoint import Checkpoint, write
from styletune.server.options import bind_socket
from tests.server.test_options import certificate

WAIT_S = 60  # a start on a busy machine
END_S = 30  # the promise is 5 s; a busy machine is not the server's fault
ROOT = Path(__file__).parents[2]
KEY_VALUE = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


class Served:
    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self.process = process
        self.url = url
        parts = urlsplit(url)
        self.netloc = parts.netloc
        self.port = parts.port
        self.token = parse_qs(parts.query)["token"][0]

    def end(self, *signals: int) -> tuple[str, str]:
        for number in signals:
            self.process.send_signal(number)
        return self.process.communicate(timeout=END_S)


def start(folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "tests.support.serve",
            str(folder),
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), **environment},
    )


def ended(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """What a process that ends by itself has printed."""
    with process:
        try:
            return process.communicate(timeout=WAIT_S)
        finally:
            process.kill()


@contextlib.contextmanager
def served(
    folder: Path, host: str = "127.0.0.1", *flags: object, **environment: str
) -> Iterator[Served]:
    process = start(folder, host, "0", *map(str, flags), **environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(process.communicate(timeout=WAIT_S)[1])
        yield Served(process, line.strip())
    finally:
        process.kill()
        process.communicate()


@pytest.mark.checklist(1)
def test_url_is_printed_and_nothing_else_shows_the_token(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        assert server.url == f"http://127.0.0.1:{server.port}/?token={server.token}"
        assert server.port != 0
        assert len(server.token) >= 43
        browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
        )
        with browser.open(server.url, timeout=WAIT_S) as page:
            assert page.status == 200
            assert page.url == f"http://127.0.0.1:{server.port}/"
            assert "styletune" in page.read().decode()
        out, err = server.end(signal.SIGTERM)
        assert out == ""
        assert server.token not in err


@pytest.mark.checklist(1)
def test_default_address_is_loopback(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        listening = psutil.Process(server.process.pid).net_connections(kind="inet")
        assert [(c.status, c.laddr) for c in listening if c.status == psutil.CONN_LISTEN] == [
            (psutil.CONN_LISTEN, ("127.0.0.1", server.port))
        ]


@pytest.mark.parametrize("chosen", [True, False])
def test_viewer_url_is_printed_below_the_players(tmp_path: Path, chosen: bool) -> None:
    flags = () if chosen else ("--viewer-link",)
    environment = {"STYLETUNE_VIEW_TOKEN": "only-to-watch"} if chosen else {}
    with served(tmp_path, "127.0.0.1", *flags, **environment) as server:
        assert server.process.stdout is not None
        line = server.process.stdout.readline().strip()
        address, _, token = line.partition("?token=")
        assert address == server.url.partition("?")[0]
        assert token != server.token
        assert token == "only-to-watch" if chosen else len(token) >= 43
        headers = {"Authorization": f"Bearer {token}"}
        base = f"http://{server.netloc}"
        with httpx.Client(headers=headers, trust_env=False, timeout=WAIT_S) as http:
            assert http.get(f"{base}/api/state").status_code == 200
            assert http.put(f"{base}/api/content", content=b"").status_code == 403
        out, err = server.end(signal.SIGTERM)
        assert out == ""
        assert token not in err


async def test_tls_serves_page_and_sockets(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=str(chain))
    flags = ("--tls-cert", chain, "--tls-key", key)
    with served(tmp_path, "0.0.0.0", *flags, STYLETUNE_TOKEN="of-my-own") as server:
        assert server.url == f"https://localhost:{server.port}/?token=of-my-own"
        async with httpx.AsyncClient(verify=trusted, trust_env=False, timeout=WAIT_S) as browser:
            login = await browser.get(server.url)
            assert login.status_code == 303
            assert "; Secure" in login.headers["set-cookie"]
            page = await browser.get(f"https://{server.netloc}/")
            assert "styletune" in page.text
        cookie = login.headers["set-cookie"].split(";")[0]
        controls = await connect(
            f"wss://{server.netloc}/ws",
            additional_headers={"Cookie": cookie, "Origin": f"https://{server.netloc}"},
            ssl=trusted,
            proxy=None,
            open_timeout=WAIT_S,
        )
        assert "snapshot" in str(await asyncio.wait_for(controls.recv(), WAIT_S))
        _, err = await asyncio.to_thread(server.end, signal.SIGTERM)
        assert "plain HTTP" not in err
        assert server.process.returncode == 0


@pytest.mark.parametrize("prefix", ["/paint", ""], ids=["kept", "cut off"])
async def test_proxied_page_finds_all_its_files(tmp_path: Path, prefix: str) -> None:
    flags = ("--behind-proxy", "https://art.example", "--root-path", "/paint/")
    with served(tmp_path, "127.0.0.1", *flags, STYLETUNE_TOKEN="of-my-own") as server:
        assert server.url == "https://art.example/paint/?token=of-my-own"
        port = psutil.Process(server.process.pid).net_connections(kind="inet")[0].laddr.port
        # What a proxy sends on: the browser's Host and Origin, over plain HTTP.
        proxied = {"Host": "art.example"}
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=proxied, trust_env=False, timeout=WAIT_S
        ) as http:
            login = await http.get(f"{prefix}/", params={"token": "of-my-own"})
            assert login.headers["location"] == "/paint/"
            cookie = login.headers["set-cookie"]
            assert cookie.startswith("styletune_443=")
            assert "; Path=/paint/;" in cookie
            proxied = {"Cookie": cookie.split(";")[0], "Origin": "https://art.example"}
            page = await http.get(f"{prefix}/", headers=proxied)
            named = re.findall(r'(?:href|src)="([^"#:]+)"', page.text)
            assert len(named) > 10
            for path in named:
                seen = urljoin("https://art.example/paint/", path)
                # Its own files, and the content picture that stands there at first.
                assert seen.startswith(
                    ("https://art.example/paint/web/", "https://art.example/paint/api/content.jpg")
                )
                asked = seen.removeprefix("https://art.example/paint")
                assert (await http.get(prefix + asked, headers=proxied)).status_code == 200, path
        async with connect(
            f"ws://art.example{prefix}/ws",
            additional_headers=proxied,
            proxy=None,
            open_timeout=WAIT_S,
            host="127.0.0.1",
            port=port,
        ) as controls:
            assert "snapshot" in str(await asyncio.wait_for(controls.recv(), WAIT_S))


@pytest.mark.checklist(30)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with served(tmp_path) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        controls, frames = [
            await connect(
                f"ws://{server.netloc}{path}",
                additional_headers=headers,
                proxy=None,
                open_timeout=WAIT_S,
            )
            for path in ("/ws", "/frames")
        ]
        await asyncio.wait_for(controls.recv(), WAIT_S)
        await asyncio.wait_for(frames.recv(), WAIT_S)
        out, err = await asyncio.to_thread(server.end, number)
        assert server.process.returncode == 0
        for client in (controls, frames):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await asyncio.wait_for(client.recv(), WAIT_S)
            assert client.close_code == 1012
        assert out == ""
        assert "Traceback" not in err
        assert server.token not in err
        assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.checklist(7)
@pytest.mark.parametrize("form", ["key-value", "json"])
async def test_log_of_a_run_holds_no_secret(tmp_path: Path, form: str) -> None:
    environment = {"STYLETUNE_TOKEN": "player-token-1", "STYLETUNE_VIEW_TOKEN": "viewer-token-2"}
    with served(tmp_path, "127.0.0.1", "--log-format", form, **environment) as server:
        assert server.process.stdout is not None
        server.process.stdout.readline()  # the viewers' address
        base, cookies = f"http://{server.netloc}", []
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=WAIT_S) as http:
            for token in environment.values():
                login = await http.get("/", params={"token": token})
                assert login.status_code == 303
                cookies.append(login.headers["set-cookie"].split(";")[0])
                http.cookies.clear()
                # Where a token does not belong, in every place that a log might show.
                for path in (f"/{token}", f"/api/state?token={token}", f"/web/{token}"):
                    await http.get(path, headers={"Cookie": cookies[-1]})
                    await http.get(path)
                await http.get("/", params={"token": f"{token}x"})
                bearer = {"Authorization": f"Bearer {token}", "X-Filename": token}
                await http.put("/api/content", content=token.encode(), headers=bearer)
                await http.get("/api/state", headers={"Host": f"{token}.example"})
                await http.get("/api/state", headers={"Authorization": token})
                controls = await connect(
                    f"ws://{server.netloc}/ws?token={token}",
                    additional_headers=bearer,
                    proxy=None,
                    open_timeout=WAIT_S,
                )
                for said in (
                    token,
                    f'{{"type":"{token}"}}',
                    f'{{"type":"trigger","name":"{token}"}}',
                ):
                    await controls.send(said)
                async with asyncio.timeout(WAIT_S):
                    while "error" not in str(await controls.recv()):
                        pass
                await controls.send("x" * 70_000)  # ends the socket
                await controls.wait_closed()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"GET /?token={server.token} HTTP/1.1\r\n\x00: bad\r\n\r\n".encode())
            await asyncio.wait_for(reader.read(), WAIT_S)
            writer.close()
        out, err = await asyncio.to_thread(server.end, signal.SIGTERM)
    assert out == ""
    for secret in (*environment.values(), *(cookie.partition("=")[2] for cookie in cookies)):
        assert len(secret) >= 14
        assert secret not in err
    lines = err.splitlines()
    assert any("[secret]" in line for line in lines)  # it was there to be blotted out
    assert any("no_token" in line for line in lines)
    for line in lines:
        told = json.loads(line) if form == "json" else dict(KEY_VALUE.findall(line))
        assert {"time", "level", "event"} <= told.keys(), line


def test_second_ctrl_c_changes_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        out, err = server.end(signal.SIGINT, signal.SIGINT, signal.SIGINT)
        assert server.process.returncode == 0
        assert out == ""
        assert all(" level=info " in line for line in err.splitlines()), err


@pytest.mark.checklist(24, 30)
def test_stalled_reader_does_not_delay_the_end(tmp_path: Path) -> None:
    handshake = (
        "GET /frames HTTP/1.1\r\nHost: {0.netloc}\r\nAuthorization: Bearer {0.token}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with (
        served(tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port), WAIT_S) as stalled,
    ):
        stalled.sendall(handshake.format(server).encode())
        assert stalled.recv(12) == b"HTTP/1.1 101"  # and not a byte more
        server.end(signal.SIGTERM)
        assert server.process.returncode == 0


@pytest.mark.checklist(27)
async def test_resume_restores_values_and_pictures(tmp_path: Path) -> None:
    """Killed, so that nothing could be put in order; resumed by a process of its own."""
    values = {"style.block1_conv1": 0.125, "smooth": 0.75, "content.block1_conv1.mute": True}
    with served(tmp_path) as server:
        bearer = {"Authorization": f"Bearer {server.token}"}
        async with httpx.AsyncClient(headers=bearer, trust_env=False, timeout=WAIT_S) as http:
            base = f"http://{server.netloc}"
            red = io.BytesIO()
            Image.new("RGB", (64, 48), "red").save(red, "PNG")
            await http.put(
                f"{base}/api/content", content=red.getvalue(), headers={"X-Filename": "red.png"}
            )
            async with connect(
                f"ws://{server.netloc}/ws",
                additional_headers=bearer,
                proxy=None,
                open_timeout=WAIT_S,
            ) as socket:
                await socket.send(json.dumps({"type": "set", "controls": values, "seq": 1}))
                while json.loads(await asyncio.wait_for(socket.recv(), WAIT_S)).get("seq") != 1:
                    pass
            before = (await http.get(f"{base}/api/state")).json()
        (run,) = (tmp_path / "memory" / "runs").iterdir()
        async with asyncio.timeout(WAIT_S):  # noted within a second
            while json.loads((run / "run.json").read_text())["controls"].get("smooth") != 0.75:
                await asyncio.sleep(0.05)
        # As the worker leaves it: the stand-in has none.
        (run / "checkpoints").mkdir()
        picture = np.zeros((4, 4, 3), np.float32)
        write(run / "checkpoints", Checkpoint({"picture": picture}, 1, 7, 4, 4, 1_700_000_000.0))
        half_written = run / "checkpoints" / ".checkpoint-000000002.npz.abcd1234"
        half_written.write_bytes(b"half")
        os.utime(half_written, (0, 0))
        server.process.kill()
    with served(tmp_path) as server:
        _, said = server.end(signal.SIGTERM)
        assert f"--resume --run {run.name}" in said
        assert "event=swept" in said
        assert not half_written.exists()
    with served(tmp_path, "127.0.0.1", "--resume") as server:
        bearer = {"Authorization": f"Bearer {server.token}"}
        async with httpx.AsyncClient(headers=bearer, trust_env=False, timeout=WAIT_S) as http:
            after = (await http.get(f"http://{server.netloc}/api/state")).json()
        assert after["controls"] == before["controls"]
        assert {name: after["controls"][name] for name in values} == values
        assert after["pictures"]["content"]["name"] == "red.png"
        server.end(signal.SIGTERM)


def test_resume_of_a_run_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    process = start(tmp_path, "127.0.0.1", "0", "--run", "dawn", "--resume")
    out, err = ended(process)
    assert (process.returncode, out) == (1, "")
    assert "nothing to resume: no run `dawn` of this session in" in err
    assert "Traceback" not in err


def test_port_in_use_exits_with_3(tmp_path: Path) -> None:
    with bind_socket("127.0.0.1", 0) as taken:
        process = start(tmp_path, "127.0.0.1", str(taken.getsockname()[1]))
        out, err = ended(process)
    assert process.returncode == 3
    assert out == ""
    assert "already listens on 127.0.0.1:" in err
    assert "--port" in err
    assert "Traceback" not in err


@pytest.mark.checklist(2)
def test_public_address_without_a_token_is_refused(tmp_path: Path) -> None:
    process = start(tmp_path, "0.0.0.0", "0", STYLETUNE_TOKEN="")
    out, err = ended(process)
    assert process.returncode == 2
    assert out == ""
    assert "needs a token of yours; set STYLETUNE_TOKEN" in err


def test_public_address_with_a_token_warns(tmp_path: Path) -> None:
    with served(tmp_path, "0.0.0.0", STYLETUNE_TOKEN="of-my-own") as server:
        assert server.url == f"http://localhost:{server.port}/?token=of-my-own"
        _, err = server.end(signal.SIGTERM)
        assert "plain HTTP" in err


def test_bad_picture_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "content.png").write_bytes(b"no picture")
    process = start(tmp_path, "127.0.0.1", "0")
    out, err = ended(process)
    assert process.returncode == 1
    assert out == ""
    assert "content.png: not a picture that can be read" in err
    assert "Traceback" not in err
    assert list((tmp_path / "tmp").iterdir()) == []


def test_malformed_token_exits_without_showing_it(tmp_path: Path) -> None:
    process = start(tmp_path, "127.0.0.1", "0", STYLETUNE_TOKEN="of my own")
    out, err = ended(process)
    assert process.returncode == 2
    assert "STYLETUNE_TOKEN: a token is 1 to 1024 visible ASCII characters" in err
    assert "of my own" not in out + err


def test_web_process_imports_nothing_heavy() -> None:
    """No Keras and nothing of its size; what it takes is measured while serving."""
    code = (
        "import sys, styletune.server.serve, styletune.supervisor.supervisor\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'scipy', 'h5py', 'pandas', 'matplotlib'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=WAIT_S, cwd=ROOT
    )
    assert done.stdout == "[]\n", done.stderr


async def test_web_process_takes_at_most_120_mb(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        frames = await connect(
            f"ws://{server.netloc}/frames",
            additional_headers=headers,
            proxy=None,
            open_timeout=WAIT_S,
        )
        await asyncio.wait_for(frames.recv(), WAIT_S)
        assert psutil.Process(server.process.pid).memory_info().rss <= 120e6
        await frames.close()


async def _scenes_after(server: Served, *messages: str) -> list[str]:
    """Names of the scenes at the start, and after `messages` have been obeyed."""
    headers = {"Authorization": f"Bearer {server.token}"}
    uri = f"ws://{server.netloc}/ws"
    async with connect(uri, additional_headers=headers, proxy=None, open_timeout=WAIT_S) as socket:
        names = [s["name"] for s in json.loads(await socket.recv())["scenes"]["scenes"]]
        for message in messages:
            await socket.send(message)
            while json.loads(await socket.recv())["type"] != "scenes":
                pass
    return names


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_scenes_and_values_outlive_the_process(tmp_path: Path, number: int) -> None:
    store = '{"type":"store","scene":"dawn"}'
    values, scenes = tmp_path / "memory" / "values.json", tmp_path / "memory" / "scenes.json"
    with served(tmp_path) as server:
        assert asyncio.run(_scenes_after(server, store)) == []
        if number == signal.SIGKILL:  # told to end, it saves what is not saved yet
            end = time.monotonic() + WAIT_S
            while not (values.exists() and scenes.exists()):
                assert time.monotonic() < end
                time.sleep(0.02)
        server.end(number)
    assert json.loads(values.read_text())["controls"]["smooth"] == 0.35
    with served(tmp_path) as server:
        assert asyncio.run(_scenes_after(server)) == ["dawn"]
