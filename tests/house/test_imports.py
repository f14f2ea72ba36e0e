"""What is really loaded, and what the contracts in pyproject.toml do not see."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support import checkout
from tests.support.checkout import PACKAGES

SHARED_ROOMS = {"__init__", "cloud", "estate", "guard", "registry", "runbooks", "posture", "workspaces"}


def _loaded_by(code: str) -> set[str]:
    """The modules loaded once `code` has run in a fresh interpreter."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def _of(packages: set[str], loaded: set[str]) -> set[str]:
    return {name for name in loaded if any(name == p or name.startswith(f"{p}.") for p in packages)}


def _command(*arguments: str) -> str:
    return (
        f"import sys; sys.argv = ['amlkeys', *{arguments!r}]\n"
        "from tui.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass"
    )


HEAVY = {"textual", "azure", "msal", "aiohttp", "requests", "sqlalchemy", "cryptography", "azsim", "uvicorn"}


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_a_quick_answer_loads_no_library_to_speak_of(argument: str) -> None:
    loaded = _loaded_by(_command(argument))
    assert "tui.cli" in loaded
    assert _of(HEAVY, loaded) == set()


@pytest.mark.parametrize("words", ["workspaces --json", "show fraud-scoring --holders --json"])
def test_a_read_on_the_command_line_loads_neither_textual_nor_an_sdk(words: str) -> None:
    loaded = _loaded_by(_command(*words.split(), "--rehearse="))
    assert "actions.cloud.azure" in loaded
    assert _of({"textual", "azure.mgmt", "azure.identity", "azure.keyvault", "aiohttp", "sqlalchemy"}, loaded) == set()


def test_the_first_frame_needs_nothing_of_the_cloud() -> None:
    loaded = _loaded_by("import tui.app, tui.screens.workspaces")
    assert _of({"actions.cloud", "actions.workspaces", "click", *HEAVY - {"textual"}}, loaded) == set()


def test_the_rehearsal_cloud_stands_alone() -> None:
    loaded = _loaded_by("import azsim.cloud")
    assert (
        _of({"textual", "rich", "azure", "msal", "aiohttp", "click", "sqlalchemy", "tui", "actions"}, loaded) == set()
    )
    assert _of({"uvicorn", "trustme", "cryptography"}, loaded) == set(), "only `serve` needs these"


def test_the_actions_know_no_terminal() -> None:
    loaded = _loaded_by("import actions.registry")
    assert _of({"textual", "rich", "click", "tui", "azsim"}, loaded) == set()


def _imports(source: str) -> Iterator[str]:
    """Each module that this source imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _normal(distribution: str) -> str:
    return distribution.casefold().replace("_", "-")


def test_every_library_in_use_is_declared() -> None:
    declared = checkout.project()["project"]
    requirements = [*declared["dependencies"], *declared["optional-dependencies"]["serve"]]
    allowed = {_normal(re.split(r"[^\w.-]", text)[0]) for text in requirements}
    owners = importlib.metadata.packages_distributions()
    modules = {module for name in checkout.package_files() for module in _imports(checkout.text(name) or "")}
    foreign = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - set(PACKAGES)
    declared_by = {root: {_normal(owner) for owner in owners.get(root, [])} & allowed for root in foreign}
    assert {root for root, names in declared_by.items() if not names} == set()


def test_every_action_is_kept_apart_by_a_contract() -> None:
    inside = [name.split("/")[1] for name in checkout.package_files() if name.startswith("actions/")]
    rooms = {name.removesuffix(".py") for name in inside} - SHARED_ROOMS
    actions = {f"actions.{room}" for room in rooms if not room.startswith("_")}
    contracts = {c["id"]: c for c in checkout.project()["tool"]["importlinter"]["contracts"]}
    assert actions == set(contracts["actions-apart"]["modules"])
    for below in ("guard-below-cloud", "cloud-below-actions"):
        assert actions <= set(contracts[below]["forbidden_modules"])
