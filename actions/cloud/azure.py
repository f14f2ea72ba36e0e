"""The cloud itself: one object behind all calls, over Azure or over a rehearsal of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from actions.cloud.clock import CloudClock, LocalClock, LoopbackClock, RehearsalClock
from actions.cloud.credential import RehearsalCredential
from actions.cloud.data import DeviceCode, Throttling
from actions.cloud.directory import Directory
from actions.cloud.endpoints import Endpoints
from actions.cloud.governance import Governance
from actions.cloud.http import Wire
from actions.cloud.limits import Limits
from actions.cloud.machine_learning import MachineLearning
from actions.cloud.places import PUBLIC, Place
from actions.cloud.reach import Reach
from actions.cloud.rehearsal import Account, Face
from actions.cloud.storage import Storage
from actions.cloud.transport import GateTransport, InProcess
from actions.cloud.vault_keys import VaultKeys
from actions.cloud.vault_secrets import VaultSecrets
from actions.guard.gate import Gate
from actions.guard.model import Mode
from actions.guard.secret import Secret


def ignore(_: Throttling) -> None:
    """Tell nobody."""


class AzureCloud(MachineLearning, Storage, VaultKeys, Governance, Endpoints, VaultSecrets, Directory, Reach):
    """One signed-in view of one Azure cloud, or of a rehearsal; fulfils the Cloud protocol.

    It is made without any I/O; its coroutines belong on one event loop.
    """

    @classmethod
    def real(
        cls,
        place: Place,
        *,
        tenant: str = "",
        prompt: Callable[[DeviceCode], None] | None = None,
        methods: tuple[str, ...] = (),
        mode: Mode = Mode.LOOK,
        on_throttle: Callable[[Throttling], None] = ignore,
    ) -> Self:
        """Speak to Azure; `prompt` shows a device code, `methods` narrows the ways to sign in.

        Raises `TrustError` when the certificate authorities that the environment names cannot be read.
        """
        from actions.cloud.network import Network, trust
        from actions.cloud.sign_in import AzureSignIn

        clock, gate = LocalClock(), Gate(place.hosts, mode)
        transport = GateTransport(Network(trust()), gate, clock, Limits(place.arm, clock, on_throttle))
        credential = AzureSignIn(clock, place, transport, tenant=tenant, prompt=prompt, methods=methods)
        return cls(Wire(place, transport, credential), gate, clock, rehearsal=False)

    @classmethod
    def in_process(
        cls,
        face: Face,
        account: Account,
        *,
        speed: float = 0.0,
        mode: Mode = Mode.LOOK,
        on_throttle: Callable[[Throttling], None] = ignore,
        place: Place = PUBLIC,
    ) -> Self:
        """Speak to a rehearsal cloud in this process; waits take no real time unless `speed` says how fast to run.

        It bears the names of another Azure cloud's `place` where it stands for something there.
        """
        clock, gate = RehearsalClock(face.clock, speed), Gate(place.hosts, mode)
        transport = GateTransport(InProcess(face, clock), gate, clock, Limits(place.arm, clock, on_throttle))
        return cls._rehearsed(transport, gate, clock, account, place)

    @classmethod
    def loopback(
        cls,
        url: str,
        ca: str,
        account: Account,
        *,
        control_token: Secret | None = None,
        mode: Mode = Mode.LOOK,
        on_throttle: Callable[[Throttling], None] = ignore,
    ) -> Self:
        """Speak to a rehearsal served on this machine; with its control token waits shift its clock.

        Raises ValueError for any other address and `TrustError` for a CA file that cannot be read.
        """
        from actions.cloud.network import Loopback

        network = Loopback(url, ca, control_token=control_token)
        clock, gate = LoopbackClock(network.shift), Gate(PUBLIC.hosts, mode)
        transport = GateTransport(network, gate, clock, Limits(PUBLIC.arm, clock, on_throttle))
        return cls._rehearsed(transport, gate, clock, account)

    @classmethod
    def _rehearsed(
        cls, transport: GateTransport, gate: Gate, clock: CloudClock, account: Account, place: Place = PUBLIC
    ) -> Self:
        credential = RehearsalCredential(clock, place, transport, account)
        return cls(Wire(place, transport, credential), gate, clock, rehearsal=True)
