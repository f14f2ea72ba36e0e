"""Takes the machine out of the tests before anything else is imported; loaded by `-p` in pyproject.toml.

Textual reads its environment when it is imported, and the snapshot plug-in imports it before any conftest.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

_NAMES = {
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "CURL_CA_BUNDLE",
    "FORCE_COLOR",
    "LINES",
    "NO_COLOR",
    "REQUESTS_CA_BUNDLE",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMUX",
}
_PREFIXES = ("AMLKEYS_", "ARM_", "AZURE_", "IDENTITY_", "IMDS_", "MSI_", "TEXTUAL_", "XDG_")
_PROXIES = {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}
_KEPT = {"AMLKEYS_AZ", "AMLKEYS_MATRIX_WHOLE", "AMLKEYS_ML_PYTHON", "AMLKEYS_WIRE", "TEXTUAL_SNAPSHOT_TEMPDIR"}
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
"""Bytes that must be free there."""


def _belongs_to_the_machine(name: str) -> bool:
    if name in _KEPT:
        return False
    return name in _NAMES or name.upper() in _PROXIES or name.startswith(_PREFIXES)


def clean() -> None:
    """Remove what would change colours, sign-in, trust or folders, and fix terminal and time zone."""
    for name in [name for name in os.environ if _belongs_to_the_machine(name)]:
        del os.environ[name]
    os.environ.update(TERM="xterm-256color", TZ="UTC", LANG="C.UTF-8", LC_ALL="C.UTF-8")
    time.tzset()


def keep_files_in_memory() -> None:
    """Put temporary folders where a flushed journal costs nothing, if there is such a place with room."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


clean()
keep_files_in_memory()
pytest.register_assert_rewrite("tests.support.snapshots")  # syrupy explains differences through it
