"""Orders that wait: what overtakes what."""

from styletune.ipc.commands import (
    CameraFrame,
    Command,
    DrawLayer,
    RemoveStyle,
    Run,
    SetContent,
    SetLook,
    SetSource,
    SetStyle,
)
from styletune.supervisor.commands import CommandQueue


def queue_of(*commands: Command) -> CommandQueue:
    queue = CommandQueue()
    for command in commands:
        queue.add(command)
    return queue


def test_the_newest_order_of_a_place_takes_the_place_of_the_one_before() -> None:
    queue = queue_of(SetContent("a"), SetStyle(0, "b"), SetContent("c"), SetStyle(0, "d"))
    assert list(queue) == [SetContent("c"), SetStyle(0, "d")]
    assert len(queue) == 2


def test_an_order_never_takes_the_place_of_one_from_before_a_removal() -> None:
    commands = (SetStyle(1, "b"), SetStyle(2, "old"), SetStyle(2, "c"), RemoveStyle("b"))
    queue = queue_of(*commands, SetStyle(2, "d"))
    assert list(queue) == [SetStyle(1, "b"), SetStyle(2, "c"), RemoveStyle("b"), SetStyle(2, "d")]


def test_only_the_newest_run_is_painted_after_the_pictures_that_were_sent_before_it() -> None:
    queue = queue_of(Run(1, 10), SetContent("a"), Run(2, 20))
    assert list(queue) == [SetContent("a"), Run(2, 20)]


def test_what_there_is_no_room_for_waits_in_its_order() -> None:
    queue = queue_of(SetContent("a"), SetStyle(0, "b"), SetStyle(1, "c"))
    sent: list[Command] = []

    def room_for_two(command: Command) -> bool:
        if len(sent) == 2:
            return False
        sent.append(command)
        return True

    queue.send_to(room_for_two)
    assert sent == [SetContent("a"), SetStyle(0, "b")]
    assert list(queue) == [SetStyle(1, "c")]
    queue.clear()
    assert len(queue) == 0


def test_of_looks_sources_and_camera_pictures_only_the_newest_waits() -> None:
    queue = queue_of(
        SetLook("a"), SetSource("camera"), CameraFrame(b"1"), SetContent("c"), CameraFrame(b"2"),
        SetLook("b"), DrawLayer("a"), DrawLayer("b"),
    )  # fmt: skip
    assert list(queue) == [
        SetSource("camera"), SetContent("c"), CameraFrame(b"2"), SetLook("b"), DrawLayer("b"),
    ]  # fmt: skip
