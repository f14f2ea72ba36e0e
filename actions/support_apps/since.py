"""What changed since the last signed-off review: new apps, new credentials, wider roles, promises that ran out."""

from __future__ import annotations

from collections.abc import Iterable

from actions.guard.model import Finding, Severity
from actions.support_apps.state import Earlier, Held, Kept, Reviewed, SupportAppsInspection


def reviewed(found: SupportAppsInspection) -> tuple[Reviewed, ...]:
    """The apps as the next review compares with them."""
    return tuple(
        Reviewed(
            principal=app.principal, name=app.name, credentials=tuple(sorted(item.key for item in app.credentials)),
            held=tuple(sorted(grant(held) for held in found.of(app))),
        )
        for app in found.apps
        if app.reviewed
    )  # fmt: skip


def grant(held: Held) -> str:
    """One assignment as one comparable text."""
    return f"{held.scope.rstrip('/').casefold() or '/'} {held.role} {held.condition}".strip()


def standing(found: SupportAppsInspection) -> tuple[Kept, ...]:
    """What the last review kept until a date to come, where neither the app nor the assignment changed since."""
    earlier = found.earlier
    if earlier is None:
        return ()
    known = {item.principal.casefold(): item for item in earlier.apps}
    now = {item.principal.casefold(): item for item in reviewed(found)}
    held = {item.name: item for item in found.decidable()}
    return tuple(
        item
        for item in earlier.kept
        if item.until > found.as_of[:10]
        and item.assignment in held
        and known.get(held[item.assignment].principal.casefold()) == now.get(held[item.assignment].principal.casefold())
    )


def changes(found: SupportAppsInspection) -> tuple[Finding, ...]:
    """The findings that only a comparison gives; none without an earlier review, or where the directory is dark."""
    earlier = found.earlier
    if earlier is None:
        return ()
    since = f"since the review {earlier.run} of {earlier.at[:10]}"
    known = {item.principal.casefold(): item for item in earlier.apps}
    remarks: list[Finding] = []
    for item in reviewed(found):
        before = known.get(item.principal.casefold())
        if before is None:
            remarks.append(_finding("S31", Severity.WARN, item.name, f"a new app {since}"))
            continue
        remarks += _app(item, before, since)
    remarks += _ended(found, earlier)
    return tuple(remarks)


def _app(item: Reviewed, before: Reviewed, since: str) -> Iterable[Finding]:
    for key in sorted(set(item.credentials) - set(before.credentials)):
        yield _finding("S32", Severity.HIGH, item.name, f"a new credential {since}: {key[:8]}")
    for text in sorted(set(item.held) - set(before.held)):
        scope, _, role = text.partition(" ")
        role, _, condition = role.partition(" ")
        freed = any(old.startswith(f"{scope} {role} ") for old in before.held) and not condition
        told = "lost its condition" if freed else "is new"
        yield _finding("S33", Severity.HIGH, item.name, f"a wider role {since}: {role} at {scope} {told}")


def _ended(found: SupportAppsInspection, earlier: Earlier) -> Iterable[Finding]:
    for item in earlier.kept:
        if item.until <= found.as_of[:10]:
            told = f"was kept until {item.until} ({item.reason}); that day has come"
            yield _finding("S34", Severity.WARN, item.what, told, "decide anew")


def _finding(code: str, severity: Severity, subject: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(id=code, severity=severity, subject=subject, sentence=sentence, remedy=remedy)
