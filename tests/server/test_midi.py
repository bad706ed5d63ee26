"""Hardware over real sockets: learning, feedback, profiles in and out."""

import json
from pathlib import Path
from typing import Any

import httpx

from styletune.midi import profile
from tests.support.web_process import receive, running, send

TWISTER = "Midi Fighter Twister"


async def ready(socket: Any, device: str = TWISTER) -> dict[str, Any]:
    await receive(socket, "snapshot")
    await send(socket, {"type": "listen", "device": device})
    return await receive(socket, "bindings")


async def test_a_recall_by_one_is_shown_on_the_hardware_of_another(tmp_path: Path) -> None:
    async with running(tmp_path) as this, this.socket("/ws") as player, this.socket("/ws") as other:
        bindings = await ready(player)
        assert bindings["profile"] == "MIDI Fighter Twister"
        first = await receive(player, "feedback")
        assert first["device"] == TWISTER
        assert len(first["data"]) == 16
        layer = this.hub.session.state.table.layers[0]
        await send(other, {"type": "set", "controls": {f"style.{layer}": 1.0}})
        assert (await receive(player, "feedback"))["data"] == [[0xB0, 0, 127]]
        # Nobody else gets it.
        await send(other, {"type": "snapshot?"})
        kinds = [json.loads(await other.recv())["type"]]
        while kinds.count("snapshot") < 2:
            kinds.append(json.loads(await other.recv())["type"])
        assert "feedback" not in kinds


async def test_after_the_silence_a_hand_is_told_what_a_script_did(tmp_path: Path) -> None:
    async with running(tmp_path) as this, this.socket("/ws") as player:
        await ready(player)
        await receive(player, "feedback")
        layer = this.hub.session.state.table.layers[0]
        await send(player, {"type": "midi", "device": TWISTER, "data": [0xB0, 0, 100]})
        await receive(player, "changed")
        await send(player, {"type": "set", "controls": {f"style.{layer}": 0.0}})
        # By the clock alone, 300 ms later: nothing else happens.
        assert (await receive(player, "feedback"))["data"] == [[0xB0, 0, 0]]


async def test_learning_is_seen_by_everybody_and_ends_by_itself(tmp_path: Path) -> None:
    async with running(tmp_path) as this, this.socket("/ws") as page, this.socket("/ws") as agent:
        await receive(page, "snapshot")
        await receive(agent, "snapshot")
        await send(page, {"type": "learn", "target": "paused"})
        for socket in (page, agent):
            assert (await receive(socket, "learning"))["target"] == "paused"
        await send(agent, {"type": "midi", "device": "Box", "data": [0xB0, 5, 127]})
        assert (await receive(page, "learning"))["source"] == "ch 1 CC 5"
        learnt = await receive(page, "learning")  # a silence has told: it was a key
        assert (learnt["target"], learnt["encoding"]) == (None, "button")
        (bound,) = (await receive(page, "bindings"))["bindings"]
        assert (bound["target"], bound["learned"]) == ("paused", True)
        await send(agent, {"type": "midi", "device": "Box", "data": [0xB0, 5, 127]})
        assert (await receive(page, "changed"))["controls"] == {"paused": True}
        await send(page, {"type": "unlearn", "target": "paused", "device": "Box"})
        assert (await receive(page, "bindings"))["bindings"] == []


async def test_who_comes_later_is_told_what_is_bound(tmp_path: Path) -> None:
    async with running(tmp_path) as this, this.socket("/ws") as agent:
        await ready(agent)
        async with this.socket("/ws") as page:
            assert (await receive(page, "bindings"))["device"] == TWISTER


async def test_a_device_that_goes_takes_its_ghosts_along(tmp_path: Path) -> None:
    async with running(tmp_path) as this, this.socket("/ws") as page:
        await receive(page, "snapshot")
        async with this.socket("/ws") as agent:
            await send(agent, {"type": "midi", "device": "nanoKONTROL2", "data": [0xB0, 16, 127]})
            assert (await receive(page, "hardware"))["waiting"] is True
        assert (await receive(page, "hardware"))["waiting"] is False


async def test_a_profile_is_exported_and_imported(tmp_path: Path) -> None:
    async with running(tmp_path) as this, this.socket("/ws") as page:
        await receive(page, "snapshot")
        answer = await this.http.get("/api/bindings/nanoKONTROL2%20SLIDER%2FKNOB")
        assert answer.headers["content-type"] == "application/toml; charset=utf-8"
        assert profile.loads(answer.text) == profile.load_named("nanokontrol2")
        text = "name = 'mine'\ndevices = ['Box']\ncontrols = [{target = 'smooth', number = 5}]"
        assert (await this.http.put("/api/bindings/My%20Box", content=text)).status_code == 204
        bindings = await receive(page, "bindings")
        assert (bindings["device"], bindings["profile"]) == ("My Box", "mine")
        assert await refusal(this.http, "/api/bindings/Box", "x =") == (
            422, "profile: not valid TOML: Invalid value (at end of document)",
        )  # fmt: skip
        assert await refusal(this.http, f"/api/bindings/{'x' * 300}", text) == (
            422, "a device's name has at most 200 characters",
        )  # fmt: skip
        assert (await refusal(this.http, "/api/bindings/Box", b"\xff"))[0] == 422
        for hostile in ("a." * 29_000 + "a = 1", "a = " + "[" * 50_000, "a = " + "1" * 50_000):
            assert (await refusal(this.http, "/api/bindings/Box", hostile))[0] == 422
        assert await refusal(this.http, "/api/bindings/", text) == (
            422, "a device's name has one character at least",
        )  # fmt: skip
        many = text.replace("number = 5", f"status = 'nrpn', number = {list(range(600))}")
        status, message = await refusal(this.http, "/api/bindings/Box", many)
        assert (status, "this profile cannot be kept: " in message) == (422, True)


async def refusal(http: httpx.AsyncClient, path: str, body: str | bytes) -> tuple[int, str]:
    answer = await http.put(path, content=body)
    return answer.status_code, answer.json()["message"]
