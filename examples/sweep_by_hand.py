"""Paint 100 steps at three positions of one fader, each from the first picture.

STYLETUNE_TOKEN=… python examples/sweep_by_hand.py [URL]
"""

import sys

from styletune.client.sync import connect


def main(url: str = "http://localhost:8018") -> None:
    """Save a picture of each position, and one of the painting at rest."""
    with connect(url) as play:
        for position in (0.2, 0.5, 0.8):
            painted = play.paint(100, {"style.block3_conv1": position})
            play.picture(run=painted.run).save(f"block3-{position}.png")
            print(position, painted.epoch["total"])
        play.set({"style.block3_conv1": 0.5})  # and the painting goes on
        play.wait(settled=True)
        play.picture().save("settled.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
