"""Files that somebody names are read whole up to a size, and no further."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.guard.files import MIB, read_whole


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB])
def test_a_file_is_read_whole_up_to_its_bound(tmp_path: Path, size: int) -> None:
    (tmp_path / "f").write_bytes(b"x" * size)
    assert len(read_whole(tmp_path / "f", MIB)) == size


@pytest.mark.parametrize("endless", [False, True])
def test_what_is_larger_or_endless_is_refused(tmp_path: Path, endless: bool) -> None:
    path = Path("/dev/zero") if endless else tmp_path / "f"
    if not endless:
        path.write_bytes(b"x" * (MIB + 1))
    with pytest.raises(OSError, match="larger than 1 MiB"):
        read_whole(path, MIB)


def test_what_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_whole(tmp_path / "nothing")
