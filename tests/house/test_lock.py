"""The locks pin every file by hash, name no place to fetch from, and fit what pyproject.toml asks for."""

from __future__ import annotations

import re

import pytest

from tests.support import checkout

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\$")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).casefold()


def _pins(lock: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each locked distribution."""
    pins: dict[str, tuple[str, int]] = {}
    name = ""
    for line in (checkout.ROOT / lock).read_text(encoding="utf-8").splitlines():
        if match := PIN.match(line):
            name = _normal(match[1])
            pins[name] = (match[2], 0)
        elif line.strip().startswith("--hash=sha256:"):
            version, hashes = pins[name]
            pins[name] = (version, hashes + 1)
        else:
            assert line.lstrip().startswith("#") or not line, f"{lock}: {line}"
    return pins


def _exact(requirements: list[str]) -> dict[str, str]:
    found = (re.match(r"([\w.-]+)==(\S+)", text) for text in requirements)
    return {_normal(match[1]): match[2] for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    pins = _pins(lock)
    assert len(pins) > 20
    assert {name for name, (_, hashes) in pins.items() if hashes == 0} == set()


@pytest.mark.parametrize("name", ["aiohttp", "cryptography", "msgspec", "sqlalchemy"])
def test_compiled_libraries_are_locked_for_every_platform(name: str) -> None:
    assert _pins("requirements.lock")[name][1] > 20


def test_the_locks_agree() -> None:
    run, dev = (_pins(lock) for lock in LOCKS)
    assert {name: (run[name], dev[name]) for name in run.keys() & dev.keys() if run[name] != dev[name]} == {}


def test_every_requirement_is_locked() -> None:
    project = checkout.project()["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["serve"]]
    names = {_normal(re.split(r"[^\w.-]", text)[0]) for text in asked}
    assert names - _pins("requirements.lock").keys() == set()
    tools = (checkout.ROOT / "requirements-dev.in").read_text(encoding="utf-8").splitlines()
    wanted = {_normal(re.split(r"[^\w.-]", line)[0]) for line in tools if line[:1].isalpha()}
    assert wanted - _pins("requirements-dev.lock").keys() == set()


def test_exact_pins_are_the_locked_versions() -> None:
    exact = _exact(checkout.project()["project"]["dependencies"])
    assert exact.keys() >= {"textual", "azure-mgmt-machinelearningservices"}
    assert {name: _pins("requirements.lock")[name][0] for name in exact} == exact
