import pytest
from PIL import Image

from styletune.server.decoding import decode_picture
from styletune.server.pictures import SourcePictures
from styletune.server.routes import pictures as routes


class OnlyPictures:
    def __init__(self, pictures: SourcePictures) -> None:
        self.pictures = pictures


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
    ready = decode_picture(Image.new("RGB", (20, 20)), content, tmp_path / "p.png")
    others = [decode_picture(Image.new("RGB", (20, 20)), s, tmp_path / "p.png") for s in styles]
    hub = OnlyPictures(SourcePictures(ready, others))
    assert routes.file_name(hub, OnlyStep()) == name
