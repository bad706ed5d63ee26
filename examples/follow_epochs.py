"""Print which layer pulls most, epoch by epoch.

STYLETUNE_TOKEN=… python examples/follow_epochs.py [URL] [EPOCHS]
"""

import asyncio
import sys

from styletune.client import connect


async def main(url: str = "http://localhost:8018", epochs: str = "20") -> None:
    """Print a line for each of the next `epochs`."""
    left = int(epochs)
    async with connect(url) as play:
        async for epoch in play.epochs():
            shares = {
                f"{term}.{row['layer']}": row[term]["share"]
                for row in epoch["losses"]
                for term in ("content", "style")
            }
            name = max(shares, key=shares.__getitem__)
            print(f"step {epoch['step']}: loss {epoch['total']:.4g}, {name} {shares[name]:.0%}")
            left -= 1
            if left <= 0:
                break


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
