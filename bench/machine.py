"""On what machine and with which versions a table was taken."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

_SHOWN = ("amlkeys", "textual", "azure-core", "azure-identity", "azure-mgmt-machinelearningservices")


def described() -> dict[str, str]:
    """Name processor count, memory, system, Python and the libraries that matter."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    facts = {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    return facts | {name: version(name) for name in _SHOWN}
