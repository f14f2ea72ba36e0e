"""The rubric: what makes a support app, or one that looks like it, remarkable, each with its reason and correction."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import datetime, timedelta

from actions.cloud.data import ResourceId
from actions.guard.model import Finding, Severity
from actions.support_apps.naming import MACHINE_LEARNING, MICROSOFT
from actions.support_apps.state import Aks, App, Held, SupportAppsInspection

RECENT, SOON = timedelta(days=90), timedelta(days=30)
"""A credential is recent this long after its start, and expires soon this long before its end."""
QUIET = (90, 30)
"""Days without a sign-in that support a removal, the longer first."""


def findings(found: SupportAppsInspection) -> tuple[Finding, ...]:
    """All remarks, worst first."""
    now = datetime.fromisoformat(found.as_of)
    remarks = [*_problems(found), *_block(found), *_residue(found), *_first_party(found)]
    reviewed = [app for app in found.apps if app.reviewed]
    for app in reviewed:
        held = found.of(app)
        remarks += [*_name(app, found.tenant), *_state(app, held), *_credentials(app, found.tenant, now)]
        remarks += [*_roles(app, held), *_use(app, found.sign_ins, now)]
        if not held and not found.unread:
            remedy = "its principal may be deleted by the directory's owners"
            remarks.append(_finding("S18", Severity.INFO, app.name, "holds no role assignment any more", remedy))
    remarks += _needed(found, [app for app in reviewed if any(found.here(held) for held in found.of(app))])
    remarks += [
        _finding("S21", Severity.INFO, app.name, "a managed identity with the prefix in its name: not a support app")
        for app in found.apps
        if app.kind == "managed-identity"
    ]
    order = list(Severity)
    return tuple(sorted(remarks, key=lambda item: order.index(item.severity)))


def _problems(found: SupportAppsInspection) -> Iterable[Finding]:
    for problem in found.problems:
        remedy = "nothing is removed on an incomplete review; Directory Readers and Reader show the rest"
        yield _finding("S22", Severity.UNKNOWN, "review", f"incomplete: {problem}", remedy)
    if found.unmatched:
        told = f"{found.unmatched} of its ids fit no service principal seen here"
        yield _finding("S23", Severity.INFO, "given list", told)


def forbidding(found: SupportAppsInspection) -> tuple[Aks, ...]:
    """The clusters that forbid a removal in this subscription: attached to its workspaces, or lying in it."""
    own = ResourceId(found.subscription).subscription.casefold()
    return tuple(item for item in found.aks if item.age != "after" and own in _places(item))


def _places(item: Aks) -> set[str]:
    return {ResourceId(item.workspace).subscription.casefold(), ResourceId(item.cluster).subscription.casefold()}


def told_of(item: Aks) -> str:
    """Say why a cluster forbids a removal."""
    since = f"was attached on {item.created[:10]}" if item.age == "before" else "tells no date, which counts as old"
    where = f"{ResourceId(item.workspace).name}/{item.name}"
    return f"the Kubernetes service {where} {since}: before 14 May 2021 it may need its support app"


def _block(found: SupportAppsInspection) -> Iterable[Finding]:
    for item in forbidding(found):
        code = "S15" if item.age == "before" else "S16"
        subject = f"{ResourceId(item.workspace).name}/{item.name}"
        remedy = "no role assignment is removed here; delete and re-create the cluster first"
        yield _finding(code, Severity.HIGH, subject, told_of(item), remedy)


def _name(app: App, tenant: str) -> Iterable[Finding]:
    """Whose application it is, and whether its name is what it looks like."""
    if app.kind == "look-alike":
        told = f"its name only looks like a support app's: it holds {_odd(app.name)}"
        yield _finding("S20", Severity.CRITICAL, app.name, told, "report it to security; disable rather than delete")
    owner = app.owner.casefold()
    if not owner:
        told = "whose application it is cannot be seen"
        yield _finding("S5", Severity.UNKNOWN, app.name, told, "a directory reader sees appOwnerOrganizationId")
    elif owner not in MICROSOFT and owner != tenant.casefold():
        told = f"its application belongs to the tenant {app.owner}, which is neither Microsoft's nor yours"
        remedy = "report it to security; disable it, which can be undone, rather than delete it"
        yield _finding("S3", Severity.CRITICAL, app.name, told, remedy)


def _odd(name: str) -> str:
    odd = sorted({f"U+{ord(letter):04X}" for letter in name if not letter.isascii()})
    return ", ".join(odd) or "other letters than the name that it resembles"


def _state(app: App, held: tuple[Held, ...]) -> Iterable[Finding]:
    if app.disabled and app.disabled.casefold() != "notdisabled":
        remedy = "ask Microsoft why before anything else"
        yield _finding("S10", Severity.HIGH, app.name, f"Microsoft disabled it: {app.disabled}", remedy)
    if app.enabled is False and held:
        remedy = "remove the assignment first, then the principal"
        yield _finding("S9", Severity.INFO, app.name, "is disabled, and still holds role assignments", remedy)


def _credentials(app: App, tenant: str, now: datetime) -> Iterable[Finding]:
    live = [item for item in app.credentials if (end := _moment(item.end)) is None or end > now]
    remedy = "ask who added it; only its owner removes it, by hand"
    for item in live:
        what = f"the {item.kind} {item.key[:8]} ({item.start[:10]} to {item.end[:10] or 'no end'}, on the {item.on})"
        start, end = _moment(item.start), _moment(item.end)
        if app.owner and app.owner.casefold() == tenant.casefold() and start is not None and now - start <= RECENT:
            told = f"{what} was added in the last 90 days to an application of your own tenant"
            yield _finding("S4", Severity.HIGH, app.name, told, remedy)
        if item.kind == "password":
            yield _finding("S6", Severity.HIGH, app.name, f"{what} is a standing secret", remedy)
        if end is not None and end - now < SOON:
            told = f"{what} expires in less than 30 days: an old Kubernetes service may stop working"
            yield _finding("S7", Severity.INFO, app.name, told, "do not renew it by hand; re-create the cluster")
    if app.credentials and not live:
        told = "holds only expired credentials, so it cannot sign in with them (federated ones are not seen)"
        yield _finding("S8", Severity.INFO, app.name, told, "a candidate for removal")


def _roles(app: App, all_held: tuple[Held, ...]) -> Iterable[Finding]:
    for held in all_held:
        role = held.role_name or held.role
        if held.assigns:
            told = f"holds {role} at {held.scope}, which can assign roles; documented is Contributor"
            yield _finding("S1", Severity.CRITICAL, app.name, told, "remove that one assignment, once its owner agrees")
        elif held.assigns is None:
            told = f"holds the role {role} at {held.scope}, whose definition cannot be read"
            yield _finding("S24", Severity.UNKNOWN, app.name, told, "Reader at the scope shows the role")
        if not held.scope.casefold().startswith("/subscriptions/"):
            told = f"holds {role} at {held.scope}, above the subscription"
            remedy = "none at the subscription replaces it; amlkeys does not touch it: tell who owns that scope"
            yield _finding("S2", Severity.CRITICAL, app.name, told, remedy)


def _use(app: App, sign_ins: bool, now: datetime) -> Iterable[Finding]:
    """Silence supports a removal, and alone proves nothing."""
    if not sign_ins:
        return
    last = _moment(app.last_sign_in)
    days = 10_000 if last is None else (now - last).days
    for limit in QUIET:
        if days >= limit:
            told = f"no sign-in in {limit} days (last: {app.last_sign_in[:10]})"
            yield _finding("S19", Severity.INFO, app.name, told, "supports a removal")
            return


def _needed(found: SupportAppsInspection, holders: list[App]) -> Iterable[Finding]:
    """Whether this subscription can need the apps that hold something in it."""
    if not holders or found.problems:
        return
    own = ResourceId(found.subscription).subscription.casefold()
    attached = [item for item in found.aks if own in _places(item)]
    many = f"{len(holders)} app{'s' * (len(holders) != 1)}"
    if not found.workspaces and not attached:
        told = f"has no workspace at all, and {many} with roles in it"
        yield _finding(
            "S11", Severity.HIGH, found.name, told, "remove the role assignments, wait, then have them deleted"
        )
        return
    if len(holders) > len(found.regions):
        told = f"{many} for {len(found.regions)} regions with workspaces; documented was one a region"
        remedy = "names do not tell the region: decide by the clusters and sign-ins"
        yield _finding("S12", Severity.WARN, found.name, told, remedy)
    remedy = "remove the assignments (they can be restored), observe, then have the principals deleted"
    if not attached:
        yield _finding("S14", Severity.WARN, found.name, f"no Kubernetes service is attached, so {many} can go", remedy)
    elif all(item.age == "after" for item in attached):
        told = f"every attached Kubernetes service is younger than 14 May 2021, so {many} should not be needed"
        yield _finding("S17", Severity.WARN, found.name, told, remedy)


def _residue(found: SupportAppsInspection) -> Iterable[Finding]:
    gone = {principal.casefold() for principal in found.gone}
    for held in found.held:
        if held.principal.casefold() in gone and found.here(held):
            told = f"{held.role_name or held.role} at {held.scope} belongs to nobody any more"
            yield _finding(
                "S25",
                Severity.INFO,
                held.principal,
                told,
                f"harmless; az role assignment delete --ids {shlex.quote(held.id)}",
            )


def _first_party(found: SupportAppsInspection) -> Iterable[Finding]:
    for app in found.apps:
        roles = [held for held in found.of(app) if found.here(held)]
        if app.kind == "first-party" and app.app_id == MACHINE_LEARNING and roles:
            if found.encrypted:
                told = "Microsoft's own principal; its role is documented for workspaces with a customer's key"
            else:
                told = (
                    "Microsoft's own principal; its role is documented only for a customer's key, which none here has"
                )
            yield _finding("S26", Severity.INFO, app.name, told)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _finding(code: str, severity: Severity, subject: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(id=code, severity=severity, subject=subject, sentence=sentence, remedy=remedy)
