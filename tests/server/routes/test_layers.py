"""What a layer sees, over HTTP."""

from pathlib import Path

from tests.support.web_process import VIEWER, running


async def test_layer_is_drawn_for_viewers_too(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        layer = server.painter.layers[-1]
        answer = await server.http.get(f"/api/layers/{layer}.webp", headers=VIEWER)
        assert (answer.status_code, answer.content) == (200, b"a WebP")
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "no-store"
        assert server.painter.drawn == [layer]
        unknown = await server.http.get("/api/layers/block9.webp")
        assert unknown.status_code == 404
        assert "no layer `block9`; it has block1_conv1" in unknown.json()["message"]
        server.painter.drawing = b""
        nothing = await server.http.get(f"/api/layers/{server.painter.layers[0]}.webp")
        assert (nothing.status_code, nothing.json()["code"]) == (503, "not_drawn")
        assert server.painter.drawn == [layer, server.painter.layers[0]]
