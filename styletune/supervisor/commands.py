"""Commands that wait until the worker takes them: the newest of each picture wins. Pure."""

from collections.abc import Callable, Iterator

from styletune.ipc.commands import (
    Command,
    DrawLayer,
    LookCommand,
    RemoveStyle,
    Run,
    SetContent,
    SetStyle,
    SourceCommand,
)


class CommandQueue:
    """First in, first out, without those that a newer one has replaced."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    def __len__(self) -> int:
        return len(self._commands)

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands)

    def add(self, command: SourceCommand | LookCommand | DrawLayer | Run) -> None:
        """Add a command; an earlier one about the same is dropped."""
        if isinstance(command, Run):
            self._commands = [other for other in self._commands if not isinstance(other, Run)]
        elif not isinstance(command, RemoveStyle):
            self._drop(command.label)
        self._commands.append(command)

    def send_to(self, send: Callable[[Command], bool]) -> None:
        """Send as many as `send` has room for."""
        while self._commands and send(self._commands[0]):
            del self._commands[0]

    def clear(self) -> None:
        """Drop all: a new worker starts with the newest pictures anyway."""
        self._commands.clear()

    def _drop(self, label: str) -> None:
        for index in range(len(self._commands) - 1, -1, -1):
            earlier = self._commands[index]
            if isinstance(earlier, RemoveStyle):
                break  # before it the indices meant other styles
            named = SetContent | SetStyle | LookCommand | DrawLayer
            if isinstance(earlier, named) and earlier.label == label:
                del self._commands[index]
