"""Signing in to Azure: the first of five ways that works, and a clear sentence when none does.

The ways are azure-identity's credentials in the order of its default chain, with device code at the end for a
terminal without a browser. Nothing is kept on disk.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError
from azure.identity import DeviceCodeCredential
from azure.identity.aio import (
    AzureCliCredential,
    ChainedTokenCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from actions.cloud.clock import CloudClock
from actions.cloud.credential import Credential, claims_of
from actions.cloud.data import DeviceCode, SignInNeeded
from actions.cloud.errors import clean
from actions.cloud.places import Place
from actions.cloud.transport import GateTransport, ThreadBridge
from actions.guard.gate import Refused

METHODS = ("environment", "workload-identity", "managed-identity", "az", "device-code")
_REASON = 140

Prompt = Callable[[DeviceCode], None]


class AzureSignIn(Credential):
    """Tries the ways in order, keeps the first that gives a token, and stays with it."""

    def __init__(
        self,
        clock: CloudClock,
        place: Place,
        transport: GateTransport,
        *,
        tenant: str = "",
        prompt: Prompt | None = None,
        methods: tuple[str, ...] = (),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__(clock)
        unknown = [name for name in methods if name not in METHODS]
        if unknown:
            raise ValueError(f"no way to sign in is called {unknown[0]!r}; there are {', '.join(METHODS)}")
        self._place, self._transport, self._tenant, self._prompt = place, transport, tenant, prompt
        self._methods, self._environ = methods or METHODS, environ
        self._chosen: Any = None
        for noisy in ("azure.identity", "msal"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL + 1)

    async def _fetch(self, scopes: tuple[str, ...], options: TokenRequestOptions | None) -> AccessTokenInfo:
        if self._chosen is not None:
            try:
                renewed: AccessTokenInfo = await self._chosen.get_token_info(*scopes, options=options)
                return renewed
            except (AzureError, Refused) as error:
                reason = _short(error)
            sentence = f"the sign-in to {self._place.name} has ended: {reason}"
            raise SignInNeeded(sentence, status=401, code="SignInNeeded")
        tried: list[str] = []
        for method in self._methods:
            found = await self._try(method, scopes, options)
            if isinstance(found, AccessTokenInfo):
                return found
            tried.append(f"{method}: {found}")
        sentence = (
            f"not signed in to {self._place.name}. Tried {'; '.join(tried)}. "
            "Sign in with az login (add --tenant for another directory), or set AZURE_TENANT_ID, AZURE_CLIENT_ID "
            "and AZURE_CLIENT_SECRET"
        )
        raise SignInNeeded(sentence, status=401, code="SignInNeeded")

    async def _try(
        self, method: str, scopes: tuple[str, ...], options: TokenRequestOptions | None
    ) -> AccessTokenInfo | str:
        """Try one way; return its token and keep it, or the reason why not."""
        credential: Any = None
        try:
            credential = self._make(method)
            if credential is None:
                return "no screen to show a code on"
            token: AccessTokenInfo = await credential.get_token_info(*scopes, options=options)
        except (AzureError, Refused, ValueError) as error:
            if credential is not None:
                await credential.close()
            return _short(error)
        theirs = str(claims_of(token.token).get("tid") or "")
        if _is_guid(self._tenant) and theirs and theirs.casefold() != self._tenant.casefold():
            await credential.close()
            return f"it belongs to tenant {theirs}"
        self._chosen = credential
        return token

    def _make(self, method: str) -> Any:
        """Make the credential of one way; None where it needs a person and nobody can be asked."""
        shared: dict[str, Any] = {"authority": self._place.login, "transport": self._transport}
        if method == "environment":
            return EnvironmentCredential(**shared)
        if method == "workload-identity":
            return WorkloadIdentityCredential(**shared)
        if method == "managed-identity":
            client_id = self._environ.get("AZURE_CLIENT_ID")
            # Alone it would wait a minute for a machine without one; in a chain it looks first.
            return ChainedTokenCredential(ManagedIdentityCredential(client_id=client_id, transport=self._transport))
        if method == "az":
            return AzureCliCredential(tenant_id=self._tenant)
        return _DeviceCode(self._place, self._transport, self._tenant, self._prompt) if self._prompt else None

    async def close(self) -> None:
        """Drop the tokens and the credential."""
        await super().close()
        if self._chosen is not None:
            await self._chosen.close()


class _DeviceCode:
    """azure-identity's device code credential, which blocks, run in a thread; its requests pass the gate too."""

    def __init__(self, place: Place, transport: GateTransport, tenant: str, prompt: Prompt) -> None:
        loop = asyncio.get_running_loop()
        self._bridge = ThreadBridge(transport, loop)

        def show(url: str, code: str, expires: datetime) -> None:
            loop.call_soon_threadsafe(prompt, DeviceCode(url=url, code=code, expires=expires))

        chosen: dict[str, Any] = {"tenant_id": tenant} if tenant else {}
        self._credential = DeviceCodeCredential(
            authority=place.login,
            transport=self._bridge,
            prompt_callback=show,
            **chosen,
        )

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Ask in a thread; when this is cancelled the thread's next request ends it."""
        try:
            return await asyncio.to_thread(partial(self._credential.get_token_info, *scopes, options=options))
        except asyncio.CancelledError:
            self._bridge.close()
            raise

    async def close(self) -> None:
        """End a thread that still waits."""
        self._bridge.close()


def _short(error: Exception) -> str:
    """Give the first sentence of a reason, without links and line breaks."""
    text = clean(str(getattr(error, "message", None) or error))
    for end in (". ", " To mitigate", " Visit ", "Attempted credentials:"):
        head, _, tail = text.partition(end)
        text = tail if end == "Attempted credentials:" and tail else head
    return text.strip().rstrip(".")[:_REASON]


def _is_guid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4
