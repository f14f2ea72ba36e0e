"""Microsoft's own clients as witnesses: they run unchanged against the served rehearsal cloud, where installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkout import ROOT


@dataclass(frozen=True)
class Served:
    """What `rehearsal serve` printed."""

    url: str
    ca: str
    tenant: str
    client: str
    secret: str


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo estate over TLS on loopback, in a process of its own."""
    home = tmp_path_factory.mktemp("served")
    command = [sys.executable, "-c", "from tui.cli import main; main()", "rehearsal", "serve"]
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            card = json.loads(process.stdout.readline())
            yield Served(card["url"], card["ca"], card["tenant"], card["clientId"], card["clientSecret"])
        finally:
            process.terminate()


@dataclass(frozen=True)
class Az:
    """The real `az`, signed in to the rehearsal cloud."""

    program: str
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command; its output stays here, for it may hold simulated keys."""
        command = [self.program, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    def ask(self, *arguments: str) -> Any:
        """Run one command that must succeed, and give its JSON."""
        done = self.run(*arguments, "--output", "json")
        assert done.returncode == 0, f"az {arguments[0]}: exit {done.returncode}"
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="session")
def az(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """`az` with a fresh configuration, the cloud registered and a service principal signed in."""
    program = os.environ.get("AMLKEYS_AZ") or shutil.which("az")
    if program is None:
        pytest.skip("azure-cli is not installed: `make witness` installs it")
    folder = tmp_path_factory.mktemp("azure")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AZURE_CONFIG_DIR": str(folder / "az"),
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "REQUESTS_CA_BUNDLE": served.ca,
    }
    client = Az(program, environment)
    registered = client.run("cloud", "register", "--name", "sim", "--endpoint-resource-manager", served.url)
    assert registered.returncode == 0, "az cloud register failed"
    client = Az(program, {**environment, "AZURE_CLOUD_NAME": "sim"})
    login = ["--service-principal", "-u", served.client, "-p", served.secret, "--tenant", served.tenant]
    assert client.run("login", *login).returncode == 0, "az login failed"
    return client


@pytest.fixture(scope="session")
def ml_python() -> Path:
    """A Python that has azure-ai-ml."""
    named = os.environ.get("AMLKEYS_ML_PYTHON")
    if not named:
        pytest.skip("azure-ai-ml is not installed: `make witness` installs it")
    return Path(named)
