"""Let the painting wander: random scenes, each reached in some seconds, each saved as a picture.

STYLETUNE_TOKEN=… python examples/scene_morph.py [URL] [SCENES] [SECONDS]
"""

import asyncio
import random
import sys
import time

from styletune.client import connect

POSITIONS = (0.0, 0.35, 0.5, 0.65)  # off, a quarter of a weight, 1, four times


async def main(url: str = "http://localhost:8018", scenes: str = "4", seconds: str = "8") -> None:
    """Wander through so many scenes. They stay on the server, to be played again."""
    rng = random.Random(1)
    async with connect(url) as play:
        for number in range(1, int(scenes) + 1):
            name = f"wandering {number}"
            controls = {f"style.{layer}": rng.choice(POSITIONS) for layer in play.layers}
            await play.put_scene({"name": name, "saved": time.time(), "controls": controls})
            await play.recall(name, seconds=float(seconds))
            await asyncio.sleep(float(seconds))
            await play.wait(epochs=1)
            (await play.picture()).save(f"wandering-{number}.png")
            print(name)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
