"""Reading files that somebody names: only so much of them, for a device has no end."""

from __future__ import annotations

import errno
import os
from pathlib import Path

MIB = 1 << 20
ESTATE_BYTES = 1024 * MIB
"""The largest estate: one of 50,000 workspaces takes a third of it."""


def read_whole(path: Path, most: int = MIB) -> bytes:
    """Read a file of at most `most` bytes; a larger one raises `OSError`, like one that is not there."""
    content = bytearray()
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            content += chunk
            if len(content) > most:
                raise OSError(errno.EFBIG, f"it is larger than {most // MIB} MiB", os.fspath(path))
    return bytes(content)
