"""Every file has its room, and none tells of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from azsim.secrets import MARK
from tests.support import checkout

ROOMS = {".ci", "actions", "azsim", "bench", "docs", "snapshots", "tests", "tui"}
FRONT = {
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements-dev.in",
    "requirements-dev.lock",
    "requirements.lock",
}
IN_PACKAGES = {".py", ".tcss", ".md", ".toml", ".txt", ".typed", "amlkeys.1"}

MACHINE_PATH = re.compile(r"(?:^|[^\w.-])/(?:work|farm|root|home/(?!you/)\w+|Users/(?!you/)\w+|opt/(?:wheels|pypi))/")
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org"))
]


def _registry_hosts() -> list[str]:
    """The public registries, and whatever this machine's pip is set to."""
    settings = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, check=True, text=True
    ).stdout
    own = [urlsplit(url).hostname for url in re.findall(r"https?://[^\s'\"]+", settings)]
    return [*REGISTRIES, *(host for host in own if host and host != "localhost")]


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name in checkout.files()
        if not name.endswith(".svg")
        for number, line in enumerate((checkout.text(name) or "").splitlines(), 1)
        if pattern.search(line)
    ]


def test_every_file_has_a_room() -> None:
    strays = [name for name in checkout.files() if name.partition("/")[0] not in ROOMS and name not in FRONT]
    assert strays == []


def test_the_packages_hold_code_styles_runbooks_and_drills_only() -> None:
    names = checkout.package_files("")
    assert [name for name in names if not name.endswith(tuple(IN_PACKAGES))] == []


@pytest.mark.parametrize("package", checkout.PACKAGES)
def test_each_package_is_typed(package: str) -> None:
    assert f"{package}/py.typed" in checkout.files()


def test_no_path_of_a_machine() -> None:
    assert _lines_with(MACHINE_PATH) == []


def test_no_host_of_a_registry() -> None:
    assert _lines_with(re.compile("|".join(map(re.escape, _registry_hosts())))) == []


def test_the_pattern_knows_a_machine_path() -> None:
    assert MACHINE_PATH.search("see " + "/".join(["", "work", "main", "x"]))
    assert MACHINE_PATH.search("/".join(["", "home", "ada", "amlkeys"]))
    assert not MACHINE_PATH.search("GET /subscriptions/1/network/x, ~/.config/amlkeys, /homework/x")


def test_no_simulated_secret_in_any_file() -> None:
    holders = {name for name in checkout.files() if MARK.encode() in (checkout.ROOT / name).read_bytes()}
    assert holders == {"azsim/secrets.py"}, "only the definition of the mark may spell it"


def test_relative_links_lead_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name in checkout.files()
        if name.endswith(".md")
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", checkout.text(name) or "")
        if not ((checkout.ROOT / name).parent / target).exists()
    ]
    assert broken == []
