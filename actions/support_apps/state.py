"""What a review of the support apps reads, decides and leaves: frozen, secret-free values."""

from __future__ import annotations

from typing import Literal

from actions.guard.contract import Goal, Inspection, Options
from actions.guard.model import Frozen

AppKind = Literal["likely", "candidate", "own", "look-alike", "managed-identity", "first-party", "unknown"]
AksAge = Literal["before", "after", "unknown"]


class Credential(Frozen, frozen=True, kw_only=True):
    """One credential, by its key id and dates (ISO 8601); never its value."""

    kind: Literal["password", "certificate"]
    key: str
    name: str = ""
    start: str = ""
    end: str = ""
    on: Literal["principal", "application"] = "principal"


class App(Frozen, frozen=True, kw_only=True):
    """One service principal; `source` tells where its name comes from. `enabled` is None where that is unknown."""

    principal: str
    name: str
    kind: AppKind
    app_id: str = ""
    owner: str = ""
    enabled: bool | None = None
    disabled: str = ""
    created: str = ""
    credentials: tuple[Credential, ...] = ()
    last_sign_in: str = ""
    source: Literal["directory", "pim", "list", "nothing"] = "directory"

    @property
    def reviewed(self) -> bool:
        """Whether it may be a support app, so that its assignments are decided about."""
        return self.kind in ("likely", "candidate", "own", "look-alike")


class Held(Frozen, frozen=True, kw_only=True):
    """One role assignment as Resource Manager tells it: all that is needed to make it again exactly.

    `role` is the role definition's GUID; `assigns` says whether the role lets its holder assign roles (None: unknown).
    """

    id: str
    scope: str
    role: str
    principal: str
    role_name: str = ""
    assigns: bool | None = False
    principal_type: str = ""
    condition: str = ""
    condition_version: str = ""
    description: str = ""
    delegated: str = ""
    made_by: str = ""
    made_at: str = ""

    @property
    def name(self) -> str:
        """The assignment's own name, a GUID, by which it is decided about."""
        return self.id.rstrip("/").rpartition("/")[2].casefold()


class Aks(Frozen, frozen=True, kw_only=True):
    """A Kubernetes service attached to a workspace, with its age against 14 May 2021."""

    workspace: str
    name: str
    created: str
    age: AksAge
    cluster: str = ""


class Reviewed(Frozen, frozen=True, kw_only=True):
    """One app as a review left it: its credentials' key ids, and `scope role condition` of each assignment."""

    principal: str
    name: str
    credentials: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


class Kept(Frozen, frozen=True, kw_only=True):
    """One assignment that a review kept, until when (a date), and why."""

    assignment: str
    what: str
    until: str
    reason: str


class Owed(Frozen, frozen=True, kw_only=True):
    """One app for the directory's owners: `held` names its assignments here, `elsewhere` the scopes of the others."""

    principal: str
    name: str
    held: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    suspect: bool = False
    """A look-alike or another tenant's: to be disabled and reported, never deleted."""


class Earlier(Frozen, frozen=True, kw_only=True):
    """The last signed-off review of the subscription: what it saw and what it kept."""

    run: str
    at: str
    apps: tuple[Reviewed, ...] = ()
    kept: tuple[Kept, ...] = ()


class SupportAppsOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator may choose."""

    listed: tuple[str, ...] = ()
    """Ids and names from somebody who may read the directory, matched here: `ID NAME` each; `@FILE` or `-` reads lines."""
    leave: bool = False
    """Sign off without deciding about the rest: what is undecided is told as left open."""
    again: bool = False
    """Ask anew about what an earlier review kept until a date that is still to come."""
    undo: tuple[Held, ...] = ()
    """Assignments that an earlier run removed, to be made again; `--undo RUN` fills it from the journal."""
    since: tuple[Earlier, ...] = ()
    """The last review of this subscription, to compare with; the journal fills it."""


class SupportAppsInspection(Inspection, frozen=True, kw_only=True):
    """The apps, what they hold in every visible subscription, and what decides whether that may be taken away."""

    subscription: str
    """The subscription's resource id, `/subscriptions/GUID`."""
    tenant: str = ""
    visible: tuple[tuple[str, str], ...] = ()
    """Id and name of each subscription that was looked at."""
    apps: tuple[App, ...] = ()
    held: tuple[Held, ...] = ()
    """Every assignment of the apps, and of service principals that the directory does not know."""
    gone: tuple[str, ...] = ()
    """Principals of assignments that the directory does not know any more."""
    names: dict[str, str] = {}
    """Names of those who made the assignments, by object id."""
    workspaces: int = 0
    regions: tuple[str, ...] = ()
    """Regions of this subscription's workspaces."""
    encrypted: bool = False
    """Whether a workspace of the subscription is encrypted with a customer's key."""
    aks: tuple[Aks, ...] = ()
    """Attached Kubernetes services of every visible subscription."""
    problems: tuple[str, ...] = ()
    """What could not be read, in sentences; a review with any is incomplete and removes nothing."""
    unread: tuple[str, ...] = ()
    """Ids of subscriptions whose role assignments could not be read."""
    sign_ins: bool = False
    """Whether the report of sign-ins could be read."""
    unmatched: int = 0
    """Entries of the given list that fit no assignment."""
    earlier: Earlier | None = None

    @property
    def complete(self) -> bool:
        """Whether everything that the rubric asks for could be read."""
        return not self.problems

    def app(self, principal: str) -> App | None:
        """Find an app by its object id."""
        wanted = principal.casefold()
        return next((app for app in self.apps if app.principal.casefold() == wanted), None)

    def of(self, app: App) -> tuple[Held, ...]:
        """The assignments of one app, in every visible subscription."""
        wanted = app.principal.casefold()
        return tuple(held for held in self.held if held.principal.casefold() == wanted)

    def here(self, held: Held) -> bool:
        """Whether an assignment lies in this subscription: at it, or below it."""
        scope, own = held.scope.rstrip("/").casefold(), self.subscription.casefold()
        return scope == own or scope.startswith(f"{own}/")

    def decidable(self) -> tuple[Held, ...]:
        """The assignments of reviewed apps in this subscription."""
        reviewed = {app.principal.casefold() for app in self.apps if app.reviewed}
        return tuple(held for held in self.held if held.principal.casefold() in reviewed and self.here(held))


class SupportAppsGoal(Goal, frozen=True, kw_only=True):
    """What the review saw at its start, and what is to be decided."""

    subscription: str
    name: str
    as_of: str
    apps: tuple[Reviewed, ...] = ()
    held: tuple[Held, ...] = ()
    """The assignments to decide about."""
    titles: dict[str, str] = {}
    """What to call each of them, by name."""
    standing: tuple[Kept, ...] = ()
    """What an earlier review kept until a date that is still to come."""
    visible: str = ""
    problems: tuple[str, ...] = ()
    owed: tuple[Owed, ...] = ()
    """The apps that may be left to the directory's owners; none where something forbids a removal."""
    leave: bool = False
    undo: tuple[Held, ...] = ()
