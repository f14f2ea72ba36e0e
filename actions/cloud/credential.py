"""Tokens kept by the cloud's clock, the rehearsal's own sign-in, and what a token says about who we are."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from actions.cloud.clock import CloudClock
from actions.cloud.data import SignedIn, SignInNeeded
from actions.cloud.errors import clean, failure_in, from_exception
from actions.cloud.places import Place
from actions.cloud.rehearsal import Account
from actions.cloud.transport import GateTransport
from actions.guard.secret import Secret

_RENEW_BEFORE = 300.0
_SHOWN_CLAIMS = (
    "name", "amr", "appid", "app_displayname", "idtyp", "scp", "xms_mirid", "acrs", "deviceid", "xms_cc", "groups",
    "iat", "exp",
)  # fmt: skip


class Credential:
    """Gives out tokens and keeps them, by scope, until five minutes before the cloud's clock ends them.

    Tokens are held in memory only.
    """

    def __init__(self, clock: CloudClock) -> None:
        self._clock = clock
        self._held: dict[tuple[str, ...], AccessTokenInfo] = {}
        self._asking = asyncio.Lock()

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Give a token for the scopes; raises `SignInNeeded`."""
        return await self._token(scopes, options, _RENEW_BEFORE)

    async def lasting(self, seconds: float, *scopes: str) -> AccessTokenInfo:
        """Give a token good for so many seconds, made anew where the one held would end sooner.

        Some ways to sign in hand out a token of their own keeping until five minutes before its end; then it is that
        one. Raises `SignInNeeded` where none is to be had.
        """
        return await self._token(scopes, None, max(seconds, _RENEW_BEFORE))

    async def _token(
        self, scopes: tuple[str, ...], options: TokenRequestOptions | None, least: float
    ) -> AccessTokenInfo:
        async with self._asking:
            held = self._held.get(scopes)
            claims = (options or {}).get("claims")
            if held is None or claims or held.expires_on - self._clock.now().timestamp() < least:
                held = self._held[scopes] = await self._fetch(scopes, options)
            return held

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Give a token in azure-core's older form."""
        claims = kwargs.get("claims")
        token = await self.get_token_info(*scopes, options=TokenRequestOptions(claims=claims) if claims else None)
        return AccessToken(token.token, token.expires_on)

    def forget(self) -> None:
        """Drop the tokens held, because Azure refused one."""
        self._held.clear()

    async def close(self) -> None:
        """Drop the tokens."""
        self.forget()

    async def __aenter__(self) -> Credential:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Clients come and go; the credential stays."""

    async def _fetch(self, scopes: tuple[str, ...], options: TokenRequestOptions | None) -> AccessTokenInfo:
        raise NotImplementedError


class RehearsalCredential(Credential):
    """Signs in to the rehearsal with its own client, through the same transport as everything else."""

    def __init__(self, clock: CloudClock, place: Place, transport: GateTransport, account: Account) -> None:
        super().__init__(clock)
        self._place, self._transport, self._account = place, transport, account
        self._refresh: Secret | None = None

    async def _fetch(self, scopes: tuple[str, ...], options: TokenRequestOptions | None) -> AccessTokenInfo:
        secret = self._account.client_secret
        if secret is not None:
            form = {"grant_type": "client_credentials", "client_secret": secret.reveal()}
            answer = await self._ask("token", scopes, form)
        elif self._refresh is not None:
            form = {"grant_type": "refresh_token", "refresh_token": self._refresh.reveal()}
            answer = await self._ask("token", scopes, form)
        else:
            answer = await self._by_device_code(scopes)
        if answer.refresh_token:
            self._refresh = Secret(answer.refresh_token)
        expires = int(self._clock.now().timestamp()) + answer.expires_in
        return AccessTokenInfo(answer.access_token, expires)

    async def _by_device_code(self, scopes: tuple[str, ...]) -> _Granted:
        """Sign in as the estate's user; the rehearsal accepts the code after a poll or two."""
        begun = await self._ask("devicecode", scopes, {})
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun.device_code}
        while True:
            try:
                return await self._ask("token", scopes, form)
            except SignInNeeded as error:
                if error.code != "authorization_pending":
                    raise
            await self._clock.sleep(begun.interval)

    async def _ask(self, what: str, scopes: tuple[str, ...], form: Mapping[str, str]) -> _Granted:
        """Send one request of the sign-in; raises `SignInNeeded` with the refusal's code."""
        asked = {"client_id": self._account.client_id, "scope": " ".join(scopes), **form}
        url = f"https://{self._place.login}/{self._account.tenant}/oauth2/v2.0/{what}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        failure = None
        status, body = 0, b""
        try:
            response = await self._transport.send(HttpRequest("POST", url, headers=headers, content=urlencode(asked)))
            status, body = response.status_code, response.content
        except AzureError as error:
            failure = from_exception("signing in to the rehearsal", error, change=False)
        if failure is not None:
            raise failure
        if status != 200:
            told = failure_in(body, {})
            sentence = f"signing in to the rehearsal: {told.message} ({told.code})"
            raise SignInNeeded(clean(sentence), status=status, code=told.code or "SignInNeeded")
        return msgspec.json.decode(body, type=_Granted)


class _Granted(msgspec.Struct):
    """What the sign-in answers, as far as it is used: of a token request, or of a device code's beginning."""

    access_token: str = ""
    expires_in: int = 0
    refresh_token: str = ""
    device_code: str = ""
    interval: float = 5


def signed_in(token: AccessTokenInfo) -> SignedIn:
    """Read who we are from an access token; it is not verified, Azure does that."""
    claims = claims_of(token.token)
    user = next((str(claims[name]) for name in ("upn", "preferred_username", "unique_name") if claims.get(name)), "")
    return SignedIn(
        user=clean(user or str(claims.get("app_displayname") or claims.get("appid") or claims.get("oid") or "?")),
        object_id=str(claims.get("oid") or ""),
        tenant=str(claims.get("tid") or ""),
        kind=_kind(claims, user),
        expires=datetime.fromtimestamp(token.expires_on, UTC),
        claims={name: claims[name] for name in _SHOWN_CLAIMS if name in claims},
    )


def claims_of(token: str) -> dict[str, Any]:
    """Decode a JWT's claims; an opaque token has none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        decoded = msgspec.json.decode(payload)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return {}
    return cast("dict[str, Any]", decoded) if isinstance(decoded, dict) else {}


def _kind(claims: Mapping[str, Any], user: str) -> str:
    """Name the kind of principal: user, managed identity or service principal."""
    if claims.get("idtyp") == "user" or user or claims.get("scp"):
        return "user"
    return "managed identity" if claims.get("xms_mirid") else "service principal"
