"""Writing to terminals that stall or vanish, without an app."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator

import pytest

from tui.driver import SteadyOutput

FRAME = "\x1b[2J" + "x" * 4000 + "\x1b[0m"


class Line:
    """A pseudo-terminal: our output at one end, a reader at the other."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.output = SteadyOutput(self.slave, patience=0.01)

    def read(self) -> bytes:
        """Take all that is there."""
        os.set_blocking(self.master, False)
        found = b""
        while True:
            try:
                found += os.read(self.master, 65536)
            except BlockingIOError:
                return found

    def fill(self) -> int:
        """Write frames until one is cut; gives how many were written."""
        for count in range(1, 1000):
            self.output.write(FRAME)
            if self.output.stalled:
                return count
        raise AssertionError("the terminal never filled up")


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    for descriptor in (made.master, made.slave):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_a_frame_arrives_whole(line: Line):
    line.output.write("frame é")
    assert line.read() == "frame é".encode()


def test_a_stalled_line_drops_frames_and_finishes_the_one_that_was_cut(line: Line):
    count = line.fill()
    line.output.write("dropped")
    received = line.read()
    while not line.output.drain():
        received += line.read()
    received += line.read()
    assert received == FRAME.encode() * count
    line.output.write("whole again")
    assert line.read() == b"whole again"


def test_a_vanished_terminal_raises_nothing_and_takes_nothing(line: Line):
    os.close(line.master)
    line.output.write("anything")
    assert line.output.lost
    line.output.write("more")
    assert not line.output.stalled


def test_the_terminal_is_given_back_even_after_frames_were_dropped(line: Line):
    count = line.fill()
    taken = line.read()
    line.output.leave("<back>")
    assert (taken + line.read()) == FRAME.encode() * count + b"<back>"


def test_the_shared_descriptor_keeps_waiting(line: Line):
    assert os.get_blocking(line.slave)
