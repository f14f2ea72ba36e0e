"""Access tokens of the rehearsal: made here, read here, refused with Azure's reasons."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from azsim import secrets
from azsim.clock import Clock, unix
from azsim.principals import Caller, Directory
from azsim.rng import Rng

LIFETIME = timedelta(seconds=86399)
Problem = Literal["missing", "invalid", "expired", "audience"]


class Tokens:
    """Issues and checks bearer tokens; a token that was read once is remembered."""

    def __init__(self, seed: int, directory: Directory, clock: Clock, rng: Rng) -> None:
        self._seed = seed
        self._directory = directory
        self._clock = clock
        self._rng = rng
        self._read: dict[str, tuple[Caller, int, str]] = {}

    def issue(self, caller: Caller, audience: str, *, lifetime: timedelta = LIFETIME) -> str:
        """A token for `audience` (a resource URI such as `https://management.azure.com`)."""
        now = self._clock.now()
        tenant = self._directory.tenant_id
        claims: dict[str, object] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant}/",
            "iat": unix(now),
            "nbf": unix(now),
            "exp": unix(now + lifetime),
            "oid": caller.object_id,
            "sub": caller.object_id,
            "tid": tenant,
            "uti": self._rng.token(22),
            "ver": "1.0",
            "idtyp": "app" if caller.is_app else "user",
            "name": caller.display_name,
        }
        if caller.is_app:
            claims["appid"] = caller.name
        else:
            claims.update(upn=caller.name, unique_name=caller.name, preferred_username=caller.name)
            claims.update(self._directory.signed_in.claims)
        return secrets.access_token(self._seed, claims)

    def read(self, token: str) -> Caller | None:
        """Whom the token speaks for; None when it is not one of ours."""
        found = self._entry(token)
        return found[0] if found else None

    def expiry(self, token: str) -> datetime | None:
        """When the token ends."""
        found = self._entry(token)
        return datetime.fromtimestamp(found[1], tz=self._clock.now().tzinfo) if found else None

    def check(self, token: str | None, audiences: frozenset[str], now: datetime, origin: str = "") -> Caller | Problem:
        """The caller, or why the token is refused; `origin` is an audience too, and a trailing slash plays no part."""
        if token is None:
            return "missing"
        found = self._entry(token)
        if found is None:
            return "invalid"
        caller, expires, audience = found
        if expires <= now.timestamp():
            return "expired"
        return caller if audience in audiences or audience == origin.casefold() else "audience"

    def _entry(self, token: str) -> tuple[Caller, int, str] | None:
        found = self._read.get(token)
        if found is not None:
            return found
        claims = secrets.read_access_token(self._seed, token)
        if claims is None or claims.get("tid") != self._directory.tenant_id:
            return None
        audience = str(claims.get("aud", ""))
        if claims.get("idtyp") == "app":
            caller = self._directory.application(str(claims.get("appid", "")), audience)
        else:
            caller = self._directory.user(audience)
        expires = claims.get("exp")
        if caller is None or not isinstance(expires, int):
            return None
        if len(self._read) > 1000:
            self._read.clear()
        self._read[token] = (caller, expires, caller.audience.rstrip("/").casefold())
        return self._read[token]
