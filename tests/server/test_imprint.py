import pytest
from PIL import Image

from styletune.server import imprint
from styletune.server.gallery import Gallery
from styletune.server.prepared import prepare


class OnlyPictures:
    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery


class OnlyStep:
    step = 9871


@pytest.mark.parametrize(
    ("content", "styles", "name"),
    [
        ("harbour", ["strokes"], "styletune-harbour-strokes-9871.png"),
        ("My Cat.JPG", ["Ü", "a/b\r\n\"c"], "styletune-my-cat-a-b-c-9871.png"),
        ("猫.png", ["x" * 80], f"styletune-{'x' * 24}-9871.png"),
    ],
)  # fmt: skip
def test_a_file_name_is_plain_whatever_the_pictures_are_called(
    tmp_path, content: str, styles: list[str], name: str
) -> None:
    ready = prepare(Image.new("RGB", (20, 20)), content, tmp_path / "p.png")
    others = [prepare(Image.new("RGB", (20, 20)), s, tmp_path / "p.png") for s in styles]
    hub = OnlyPictures(Gallery(ready, others))
    assert imprint.file_name(hub, OnlyStep()) == name
