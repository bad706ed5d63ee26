"""What is painted from: a place for the content and one for each style, and what hung there.

Paths come in; those that the next worker is told come out. Of each place the earlier pictures
are remembered, for when the newest is refused. Pure; knows nothing about the worker of now.
"""

from collections import deque
from collections.abc import Iterable

from styletune.controls import MAX_STYLES
from styletune.errors import PictureError

_REMEMBERED = 8  # of each place


class SourcePaths:
    """One content and one to four styles; newest pictures last."""

    def __init__(self, content: str, styles: Iterable[str]) -> None:
        self._content = _place(content)
        self._styles = [_place(style) for style in styles]

    @property
    def content(self) -> str:
        """The content picture."""
        return self._content[-1]

    @property
    def styles(self) -> tuple[str, ...]:
        """The style pictures."""
        return tuple(place[-1] for place in self._styles)

    def hang_content(self, path: str) -> None:
        """Paint this picture from now on."""
        self._content.append(path)

    def hang_style(self, index: int, path: str) -> None:
        """Use this picture as style `index`, counted from 0; the next index adds one.

        Raises:
            PictureError: there are fewer styles, or four already.
        """
        count = len(self._styles)
        if not 0 <= index <= count or index >= MAX_STYLES:
            raise PictureError(
                f"there are {count} style pictures, and at most {MAX_STYLES}; received style "
                f"{index + 1}"
            )
        if index == count:
            self._styles.append(_place())
        self._styles[index].append(path)

    def remove_style(self, index: int) -> str:
        """Forget a style, and return its picture; those after it move up.

        Raises:
            PictureError: there is none of that index, or it is the first.
        """
        if not 1 <= index < len(self._styles):
            raise PictureError(
                f"styles 2 to {len(self._styles)} can be removed; received {index + 1}"
            )
        return self._styles.pop(index)[-1]

    def refuse(self, path: str) -> None:
        """Go back to what hung before a picture that cannot be used; the first one stays."""
        for place in (self._content, *self._styles):
            if path not in place:
                continue
            if len(place) > 1:
                place.reverse()
                place.remove(path)  # the newest of that name
                place.reverse()
            elif place is not self._content and len(self._styles) > 1:
                self._styles = [style for style in self._styles if style is not place]
            return


def _place(*paths: str) -> deque[str]:
    return deque(paths, maxlen=_REMEMBERED)
