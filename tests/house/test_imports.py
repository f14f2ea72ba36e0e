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

SHARED_ROOMS = {"__init__", "cloud", "guard", "registry", "runbooks", "workspaces"}


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


def test_the_rehearsal_cloud_stands_alone() -> None:
    loaded = _loaded_by("import azsim.cloud")
    assert (
        _of({"textual", "rich", "azure", "msal", "aiohttp", "click", "sqlalchemy", "tui", "actions"}, loaded)
        == set()
    )
    assert _of({"uvicorn", "trustme", "cryptography"}, loaded) == set(), "only `serve` needs these"


def test_the_actions_know_no_terminal() -> None:
    loaded = _loaded_by("import actions.registry")
    assert _of({"textual", "rich", "click", "tui", "azsim"}, loaded) == set()


def _imports(tree: ast.AST, type_only: bool = False) -> Iterator[tuple[str, bool]]:
    """Each imported module below `tree`, and whether only type checkers see it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, type_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", type_only
        else:
            checked = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            yield from _imports(node, type_only or checked)


def _imports_of(names: list[str]) -> set[tuple[str, str, bool]]:
    """(file, module, type-only) for every import of these files."""
    return {(name, *found) for name in names for found in _imports(ast.parse(checkout.text(name) or ""))}


def test_the_guard_knows_the_cloud_only_as_a_type() -> None:
    guard = [name for name in checkout.package_files() if name.startswith("actions/guard/")]
    known = {(name, module) for name, module, type_only in _imports_of(guard) if not type_only}
    assert {(name, module) for name, module in known if module.startswith("actions.cloud")} == set()


def test_every_library_in_use_is_declared() -> None:
    declared = checkout.project()["project"]
    requirements = [*declared["dependencies"], *declared["optional-dependencies"]["serve"]]
    allowed = {re.split(r"[^\w.-]", text)[0].casefold().replace("_", "-") for text in requirements}
    owners = importlib.metadata.packages_distributions()
    modules = {module for _, module, _ in _imports_of(checkout.package_files())}
    foreign = {
        m for m in modules if m.partition(".")[0] not in sys.stdlib_module_names | set(checkout.PACKAGES)
    }
    undeclared = {
        module
        for module in foreign
        if module.partition(".")[0] != "azure"
        and not {name.casefold().replace("_", "-") for name in owners.get(module.partition(".")[0], [])}
        & allowed
    }
    assert undeclared == set()


def test_every_action_is_kept_apart_by_a_contract() -> None:
    rooms = {
        name.split("/")[1].removesuffix(".py") for name in checkout.package_files() if name[:8] == "actions/"
    }
    contracts = {c["id"]: c for c in checkout.project()["tool"]["importlinter"]["contracts"]}
    actions = {f"actions.{room}" for room in rooms - SHARED_ROOMS if not room.startswith("_")}
    assert actions == set(contracts["actions-apart"]["modules"])
    for below in ("guard-below-cloud", "cloud-below-actions"):
        assert actions <= set(contracts[below]["forbidden_modules"])
