"""Orders that wait until the worker takes them: the newest of each place wins.

Knows nothing about the worker; where they are sent comes in as a function.
"""

from collections.abc import Callable, Iterator

from styletune.ipc.commands import Command, RemoveStyle, Run, SetContent, SetStyle


class CommandQueue:
    """First in, first out, without those that a newer one has overtaken."""

    def __init__(self) -> None:
        self._orders: list[Command] = []

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[Command]:
        return iter(self._orders)

    def put(self, order: SetContent | SetStyle | RemoveStyle | Run) -> None:
        """Add an order; it takes the place of an earlier one about the same."""
        if isinstance(order, Run):
            self._orders = [other for other in self._orders if not isinstance(other, Run)]
        elif not isinstance(order, RemoveStyle):
            self._drop(order.what)
        self._orders.append(order)

    def send(self, send: Callable[[Command], bool]) -> None:
        """Send as many as there is room for."""
        while self._orders and send(self._orders[0]):
            del self._orders[0]

    def clear(self) -> None:
        """Forget them: a new worker is told the newest pictures anyway."""
        self._orders.clear()

    def _drop(self, what: str) -> None:
        for index in range(len(self._orders) - 1, -1, -1):
            earlier = self._orders[index]
            if isinstance(earlier, RemoveStyle):
                break  # before it the numbers meant other styles
            if isinstance(earlier, SetContent | SetStyle) and earlier.what == what:
                del self._orders[index]
