"""The Python client: play a running styletune from a script, while others watch.

    from styletune.client import connect

    async with connect("http://localhost:8018") as play:
        await play.set({"style.block3_conv1": 0.8, "smooth": 0.2})
        await play.wait(settled=True)
        (await play.picture()).save("settled.png")

`styletune.client.sync` has the same without asyncio.
"""

from styletune.client.address import Address
from styletune.client.client import Client, connect
from styletune.client.pictures import Frame
from styletune.client.types import (
    Epoch,
    LayerLoss,
    Painted,
    Picture,
    Pictures,
    State,
    TermLoss,
    Value,
)

__all__ = [
    "Address",
    "Client",
    "Epoch",
    "Frame",
    "LayerLoss",
    "Painted",
    "Picture",
    "Pictures",
    "State",
    "TermLoss",
    "Value",
    "connect",
]
