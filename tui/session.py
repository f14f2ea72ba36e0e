"""The composition root: from flags to a signed-in cloud, a journal and an engine; real or rehearsed, never mixed.

Making a session imports no Azure SDK and opens nothing: a console can paint first. `Session.connect` does the rest on
the engine's thread, where everything that touches Azure stays.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from actions.guard.files import ESTATE_BYTES, read_whole
from actions.guard.reach import Mode
from tui.config import Config, ConfigError, load_config
from tui.environments import Environments
from tui.modes import mode_told
from tui.render import clean
from tui.served import Served, of_address, of_line
from tui.served import SessionError as SessionError
from tui.settings import Settings as Settings

if TYPE_CHECKING:
    from actions.cloud.azure import AzureCloud
    from actions.cloud.data import DeviceCode, SignedIn, Throttling
    from actions.cloud.protocol import Cloud
    from actions.guard.arming import Arming
    from actions.guard.engine import Engine
    from actions.guard.events import Event
    from actions.guard.journal import Journal
    from actions.guard.model import Plan
    from actions.guard.worker import EngineThread
    from azsim.clock import Clock
    from azsim.cloud import Cloud as Simulated
    from tui.twin import Twin

T = TypeVar("T")
CLOUDS = ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud")
DEMO = "Contoso"
"""The company of the demo estate, told before that is built."""
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Banner(msgspec.Struct, frozen=True):
    """What every screen and every command says of itself: how far it may go, where, as whom, and how fresh."""

    mode: Mode
    rehearsal: bool
    estate: str
    cloud: str
    tenant: str
    user: str
    as_of: str

    def words(self) -> tuple[str, ...]:
        """The banner's parts in the order to show them; the first can not be mistaken for the other world."""
        place = f"REHEARSAL {self.estate}".strip() if self.rehearsal else "AZURE"
        short = self.tenant.partition("-")[0] if re.fullmatch(_GUID, self.tenant) else self.tenant
        tenant = f"tenant {short}" if short else ""
        parts = (place, mode_told(self.mode), self.user or "not signed in", tenant, self.cloud)
        return tuple(clean(part) for part in parts if part)


class Connected(msgspec.Struct, frozen=True):
    """What there is once signed in; `sim` is the rehearsal cloud of this process, for its clock, faults and outages.

    Engine and journal are made when first asked for: lists need neither.
    """

    cloud: Cloud
    arming: Arming
    signed_in: SignedIn
    sim: Simulated | None
    session: Session

    @property
    def engine(self) -> Engine:
        """The engine; raises `JournalError` where its journal cannot be opened."""
        return self.session.engine

    @property
    def journal(self) -> Journal:
        """The journal; raises `JournalError` where it cannot be opened."""
        return self.session.journal


def ignore(_event: object) -> None:
    """Tell nobody."""


def open_session(settings: Settings, *, emit: Callable[[Event], None] = ignore) -> Session:
    """Check the flags and the settings file and decide where to go; raises `SessionError`."""
    try:
        config = load_config(settings.config)
    except ConfigError as error:
        raise SessionError(str(error)) from None
    if settings.live and settings.dry_run:
        raise SessionError("Take either --live or --dry-run, not both.")
    if not settings.rehearsal:
        cloud = settings.cloud or config.cloud or CLOUDS[0]
        if cloud not in CLOUDS:
            raise SessionError(f"There is no Azure cloud {clean(cloud)!r}; take one of {', '.join(CLOUDS)}.")
        return Session(settings, config, emit, cloud=cloud)
    for flag, value in (("--cloud", settings.cloud), ("--tenant", settings.tenant)):
        if value:
            raise SessionError(f"{flag} belongs to real Azure; a rehearsal has its own cloud, tenant and sign-in.")
    place = _rehearsal(settings)
    if isinstance(place, Served):
        return Session(settings, config, emit, served=place)
    session = Session(settings, config, emit, sim=place)
    if settings.rehearse:
        _ = session.sim  # a file is checked before anything is painted; the demo estate can wait
    return session


class Session:
    """One start of amlkeys; `emit` gets the runs' events on the engine's thread, `notice` remarks outside of runs."""

    def __init__(
        self,
        settings: Settings,
        config: Config,
        emit: Callable[[Event], None],
        *,
        cloud: str = CLOUDS[0],
        sim: Callable[[], Simulated] | None = None,
        served: Served | None = None,
    ) -> None:
        self.settings, self.config, self.emit = settings, config, emit
        self.environments = Environments(config.environments)
        self.audits = False
        """Whether the journal is opened to be read alone."""
        self.wanted_drill, self.last_won = settings.drill, False
        self.watching: Callable[[Callable[[Event], None]], Callable[[Event], None]] = lambda emit: emit
        """Put before whoever hears a run's events, by a drill that is played on lines."""
        self.on_device_code: Callable[[DeviceCode], None] | None = None
        self.on_throttle: Callable[[Throttling], None] = ignore
        self._cloud, self._make_sim, self._served = cloud, sim, served
        self._first_sim = sim
        self._apart: tempfile.TemporaryDirectory[str] | None = None
        self._sim: Simulated | None = None
        self._thread: EngineThread | None = None
        self._journal: Journal | None = None
        self._arming: Arming | None = None
        self._azure: AzureCloud | None = None
        self._engine: Engine | None = None
        self._connected: Connected | None = None
        self._connecting = asyncio.Lock()
        self._making = RLock()
        self._closed = False

    @property
    def thread(self) -> EngineThread:
        """The engine's thread, started when first asked for; RuntimeError once the session is closed."""
        if self._closed:
            raise RuntimeError("the session is closed")
        if self._thread is None:
            from actions.guard.worker import EngineThread

            self._thread = EngineThread()
            self._thread.start()
        return self._thread

    @property
    def journal(self) -> Journal:
        """The journal, opened when first asked for; rehearsals keep their own."""
        with self._making:
            if self._journal is None:
                from actions.guard.journal import Journal

                place = self.settings.journal or ("" if self.settings.rehearsal else self.config.journal)
                if self._apart is not None:
                    place = str(Path(self._apart.name) / "drill.sqlite3")
                self._journal = Journal.open(place or None, rehearsal=self.settings.rehearsal, look=self.audits)
            return self._journal

    @property
    def estate(self) -> str:
        """The rehearsed company's name, or the address of a served rehearsal; empty for real Azure."""
        if self._sim is not None:
            return self._sim.estate.tenant.display_name
        if self._make_sim is not None:
            return DEMO
        return urlsplit(self._served.url).netloc if self._served else ""

    @property
    def sim(self) -> Simulated | None:
        """The rehearsal cloud in this process, built when first asked for; None anywhere else."""
        with self._making:
            if self._sim is None and self._make_sim is not None:
                self._sim = self._make_sim()
            return self._sim

    @property
    def can_renew(self) -> bool:
        """Whether the rehearsal cloud is in this process, and can begin anew."""
        return self._first_sim is not None

    async def renew(self, *, drill: bool) -> Connected:
        """Begin the rehearsal in this process anew and sign in again; must run on the engine's thread, without a run.

        A drill has the demo estate and a journal of its own; otherwise it is the estate that the session began with.
        """
        if self._first_sim is None:
            raise SessionError("Only a rehearsal in this process can begin anew.")
        async with self._connecting:
            azure, self._azure = self._azure, None
            if azure is not None:
                await azure.close()
            with self._making:
                self._arming = self._engine = self._connected = self._sim = None
                self._make_sim = (lambda: _demo(self.settings.seed)) if drill else self._first_sim
                self._drop_journal()
                self._apart = tempfile.TemporaryDirectory(prefix="amlkeys-drill-") if drill else None
        return await self.connect()

    def _drop_journal(self) -> None:
        """Close the journal, and remove that of a drill."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if self._apart is not None:
            self._apart.cleanup()
            self._apart = None

    def steer(self, faults: Sequence[Mapping[str, Any]], behaviour: Mapping[str, Any]) -> None:
        """Let things go wrong in a rehearsal in this process: its own faults, and how it behaves from now on."""
        sim = self.sim
        if sim is None:
            raise SessionError("Only a rehearsal in this process can be steered from here.")
        from azsim.faults import Fault

        for fault in faults:
            sim.faults.add(msgspec.convert(fault, Fault))
        sim.world.set_behaviour(dict(behaviour))

    def banner(self) -> Banner:
        """Say where this session stands; callable at any time and from any thread."""
        mode = self._arming.mode() if self._arming else self.settings.mode
        facts = (mode, self.settings.rehearsal, self.estate, cloud_of(self._sim) if self._sim else self._cloud)
        if self._connected is None:
            return Banner(*facts, self.settings.tenant or self.config.tenant, "", "")
        who, now = self._connected.signed_in, self._connected.cloud.now()
        return Banner(*facts, who.tenant, who.user, now.isoformat(timespec="seconds").replace("+00:00", "Z"))

    async def connect(self) -> Connected:
        """Import the SDKs and sign in, once; must run on the engine's thread."""
        async with self._connecting:
            if self._connected is None:
                self._connected = await self._sign_in()
            return self._connected

    def submit(self, work: Callable[[Connected], Awaitable[T]], *, keep: bool = False) -> Future[T]:
        """Do some work on the engine's thread once connected; `keep` is for runs, which a closing session awaits."""

        async def connected_work() -> T:
            return await work(await self.connect())

        return self.thread.submit(connected_work(), keep=keep)

    def run(self, work: Callable[[Connected], Awaitable[T]], *, keep: bool = False) -> T:
        """The same, waiting for the result."""
        return self.submit(work, keep=keep).result()

    def close(self) -> None:
        """Let runs finish, close what was opened and end the thread; a second call does nothing."""
        self._closed = True
        thread, self._thread = self._thread, None
        if thread is not None:
            if self._azure is not None:
                with suppress(RuntimeError):
                    thread.submit(self._azure.close(), keep=True)
            thread.close()
            thread.join()
        self._drop_journal()

    @property
    def engine(self) -> Engine:
        """The engine, made when first asked for, not signed in; enough to stop a run or to leave a note with it."""
        with self._making:
            if self._engine is None:
                from actions.guard.engine import Engine
                from actions.guard.lease import Operator
                from actions.registry import actions

                azure, arming = self._reach()

                def tell(event: Event) -> None:
                    self.emit(event)

                self._engine = Engine(
                    cloud=azure, journal=self.journal, actions=actions(), operator=Operator.here(), arming=arming,
                    emit=tell, named=self.environments.insists, twin=self._make_twin,
                )  # fmt: skip
            return self._engine

    async def _make_twin(self, plan: Plan, holding: Mapping[str, str]) -> Twin:
        """Make what a dry run acts on; its time begins with the cloud's, and stands still where that does."""
        from azsim.clock import Clock
        from tui.twin import make

        azure, _ = self._reach()
        clock = type(self._sim.clock) if self._sim is not None else Clock
        return await make(azure, plan, holding, seed=self.settings.seed, clock=clock(azure.now()))

    def _reach(self) -> tuple[AzureCloud, Arming]:
        """Make the cloud and what arms its gate, once; nothing is sent."""
        with self._making:
            if self._azure is None or self._arming is None:
                from actions.guard.arming import Arming

                try:
                    self._azure = self._make_cloud()
                except ValueError as error:  # a certificate authority or an address that cannot be used
                    raise SessionError(clean(str(error)[:1].upper() + str(error)[1:])) from None
                self._arming = Arming(self._azure.gate)
                self._arming.arm(self.settings.mode)
            return self._azure, self._arming

    async def _sign_in(self) -> Connected:
        cloud, arming = self._reach()
        return Connected(cloud, arming, await cloud.signed_in(), self.sim, self)

    def _make_cloud(self) -> AzureCloud:
        from actions.cloud.azure import AzureCloud
        from actions.cloud.rehearsal import Account

        def throttled(found: Throttling) -> None:
            self.on_throttle(found)

        sim = self.sim
        if sim is not None:
            return in_process(sim, self.settings.speed, throttled)
        if self._served is not None:
            from actions.guard.secret import Secret

            given = self._served
            token = Secret(given.control_token) if given.control_token else None
            secret = Secret(given.client_secret) if given.client_secret else None
            account = Account(given.tenant, given.client_id, secret)
            return AzureCloud.loopback(given.url, given.ca, account, control_token=token, on_throttle=throttled)
        from actions.cloud.places import place

        tenant = self.settings.tenant or self.config.tenant
        return AzureCloud.real(place(self._cloud), tenant=tenant, prompt=self.on_device_code, on_throttle=throttled)


def in_process(
    sim: Simulated, speed: float, on_throttle: Callable[[Throttling], None], mode: Mode = Mode.LOOK
) -> AzureCloud:
    """Sign in to a rehearsal cloud that lives in this process; a picture's bears the names of the cloud it is of."""
    from actions.cloud.azure import AzureCloud
    from actions.cloud.places import place
    from actions.cloud.rehearsal import Account, Face
    from azsim.principals import rehearsal_app_id
    from azsim.wire import ConnectionDropped, Request
    from tui.sim_clock import SimClock

    tenant = sim.estate.tenant.tenant_id
    client = rehearsal_app_id(tenant)
    account = Account(tenant, client)
    face = Face(handle=sim.handle, request=Request, dropped=ConnectionDropped, clock=SimClock(sim))
    return AzureCloud.in_process(
        face, account, speed=speed, mode=mode, on_throttle=on_throttle, place=place(cloud_of(sim))
    )


def cloud_of(sim: Simulated) -> str:
    """The Azure cloud that a rehearsal stands for."""
    named = str(sim.estate.about.get("cloud") or "")
    return named if named in CLOUDS else CLOUDS[0]


def _rehearsal(settings: Settings) -> Callable[[], Simulated] | Served:
    """Find what `--rehearse` means: nothing (the demo estate), an address, an estate or the line of a served one."""
    given = settings.rehearse or ""
    if given.startswith(("https://", "http://")):
        return of_address(given, settings.rehearse_ca)
    if not given:
        return lambda: _demo(settings.seed)
    try:
        content = read_whole(Path(given).expanduser(), ESTATE_BYTES)
    except OSError as error:
        raise SessionError(f"The estate {clean(given)} cannot be read: {error.strerror}.") from None
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raw = msgspec.json.decode(content)
        if isinstance(raw, dict) and "url" in raw:
            return of_line(raw, given)
        if isinstance(raw, dict) and str(raw.get("schema", "")).startswith("amlkeys."):
            raise SessionError(f"{clean(given)} is no estate but {clean(str(raw['schema']))}; --rehearse= is the demo.")
    return lambda: simulated(content, settings.seed, given)


def _demo(seed: int) -> Simulated:
    """Build the demo estate, which takes a moment that listing runs does not need."""
    from azsim.estates.demo import demo

    return simulated(demo(), seed, "the demo estate")


def simulated(document: bytes | dict[str, Any], seed: int, name: str) -> Simulated:
    """Build the rehearsal cloud of a session."""
    return rehearsal_of(document, seed, name)


def rehearsal_of(document: bytes | dict[str, Any], seed: int, name: str, clock: Clock | None = None) -> Simulated:
    """Build a rehearsal cloud in this process; raises `SessionError` for what is no estate."""
    from azsim.cloud import Cloud as Simulated
    from azsim.estate import EstateError

    try:
        return Simulated(document, seed=seed, clock=clock)
    except EstateError as error:
        raise SessionError(f"{clean(name)} is no estate that can be rehearsed: {clean(str(error))}.") from None
