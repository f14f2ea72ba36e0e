"""Plain calls to Resource Manager and Graph through azure-core's pipeline, and failures turned into ours."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from azure.core.credentials import TokenRequestOptions
from azure.core.exceptions import AzureError
from azure.core.pipeline import AsyncPipeline, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    AsyncHTTPPolicy,
    AsyncRetryPolicy,
    ContentDecodePolicy,
    HeadersPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest

from actions.cloud.credential import Credential
from actions.cloud.data import CloudError
from actions.cloud.errors import Unreadable, from_answer, from_exception, unreadable
from actions.cloud.places import Place
from actions.cloud.transport import GateTransport
from actions.guard.gate import RequestClass, classify

_T = TypeVar("_T")
ONCE: dict[str, Any] = {"retry_total": 0}
"""How a change is sent: azure-core would repeat a POST after 500, 503, 504 and any Retry-After."""
REPEATABLE: dict[str, Any] = {"retry_on_methods": frozenset({"GET", "HEAD", "POST"})}
"""How a read is sent, those by POST too (queries, listKeys)."""
FOREIGN_LINK = "ForeignLink"
"""Our code for a link of an answer that points outside the cloud signed in to."""
_PATH_SAFE = "/:()!$&'*+,;=@-._~"


class Reply(msgspec.Struct, frozen=True):
    """A good answer: `headers` in any case; `data` is the JSON object, empty where there was none (or `null`)."""

    status: int
    headers: Mapping[str, str]
    data: dict[str, Any]

    @property
    def request_id(self) -> str:
        """Azure's id of the request, for support cases and the record."""
        return self.headers.get("x-ms-request-id") or self.headers.get("request-id") or ""


def reply_of(response: Any) -> Reply:
    """Read a good answer of either response family; raises `Unreadable` where it is not Azure's JSON."""
    body: bytes = response.content if hasattr(response, "content") else response.body()
    try:
        value = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None
    data: dict[str, Any] = value if isinstance(value, dict) else {}
    return Reply(response.status_code, response.headers, data)


def _as(kind: type[_T], data: dict[str, Any]) -> _T | None:
    """Give an answer as a struct; None where it is no such thing."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        return None


class SignPolicy(AsyncHTTPPolicy[Any, Any]):
    """Adds the token, and never to another host than the one the token is for.

    A refused token (expired, or a claims challenge) is replaced once; only reads are then sent a second time.
    """

    def __init__(self, credential: Credential, scope: str, host: str, place: Place) -> None:
        super().__init__()
        self._credential, self._scope, self._host, self._hosts = credential, scope, host, place.hosts

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Sign and send."""
        sent = request.http_request
        parts = urlsplit(sent.url)
        if parts.scheme != "https" or (parts.hostname or "").casefold() != self._host:
            raise foreign_link()
        await self._sign(sent, None)
        response = await self.next.send(request)
        require_json(response.http_response)
        if response.http_response.status_code == 401:
            claims = claims_in(response.http_response.headers.get("WWW-Authenticate") or "")
            self._credential.forget()
            if classify(sent.method, sent.url, self._hosts) is not RequestClass.WRITE:
                await self._sign(sent, claims)
                response = await self.next.send(request)
        return response

    async def _sign(self, sent: Any, claims: str | None) -> None:
        options = TokenRequestOptions(claims=claims) if claims else None
        token = await self._credential.get_token_info(self._scope, options=options)
        sent.headers["Authorization"] = f"Bearer {token.token}"


def require_json(response: Any) -> None:
    """Refuse a good answer that is no JSON: a proxy's page must not pass for an empty list or a success."""
    body: bytes = response.content if hasattr(response, "content") else response.body()
    kind = str(response.headers.get("Content-Type") or "")
    if response.status_code in range(300, 400) or (response.status_code < 300 and body and "json" not in kind):
        raise Unreadable


def claims_in(challenge: str) -> str | None:
    """Read the claims of a continuous access evaluation challenge (base64 in WWW-Authenticate)."""
    found = re.search(r'claims="([^"]+)"', challenge)
    if not found or "insufficient_claims" not in challenge:
        return None
    try:
        return base64.b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def insist_new(what: str, link: str, seen: set[str]) -> None:
    """Refuse to read a page of a list again: it would never end."""
    if link in seen:
        raise unreadable(what, change=False)
    seen.add(link)


def foreign_link() -> CloudError:
    """Make the error for a link of an answer that points outside the cloud signed in to."""
    return CloudError("Azure pointed to another host, which is not followed", status=0, code=FOREIGN_LINK)


class Wire:
    """Sends requests for everything above it: signed, retried where that is safe, and with our errors."""

    def __init__(self, place: Place, transport: GateTransport, credential: Credential) -> None:
        self.place, self.transport, self.credential = place, transport, credential
        arm, graph = self._policies(place.arm_scope, place.arm), self._policies(place.graph_scope, place.graph)
        self._arm: AsyncPipeline[Any, Any] = AsyncPipeline(transport, arm)
        self._graph: AsyncPipeline[Any, Any] = AsyncPipeline(transport, graph)
        self._quick: AsyncPipeline[Any, Any] = AsyncPipeline(transport, [])

    def _policies(self, scope: str, host: str) -> list[Any]:
        """Make a pipeline's policies: no provider registration, no redirects, no request logging."""
        return [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy("amlkeys"),
            AsyncRetryPolicy(retry_total=6, retry_status=6, retry_backoff_factor=0.8, retry_backoff_max=30),
            SignPolicy(self.credential, scope, host, self.place),
        ]

    def client_options(self) -> dict[str, Any]:
        """Give the options that make an SDK client use this wire."""
        return {
            "base_url": f"https://{self.place.arm}",
            "credential_scopes": [self.place.arm_scope],
            "transport": self.transport,
            "policies": [*self._policies(self.place.arm_scope, self.place.arm), ContentDecodePolicy()],
        }

    async def request(
        self,
        what: str,
        method: str,
        path: str,
        api_version: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        change: bool = False,
    ) -> Reply:
        """Send one request by Resource Manager path or full URL; a change is sent once and never again.

        `what` begins the sentence of an error ("storage account stx"). Graph has no api-version: give "".
        """
        url = self.url(path, api_version, query)
        return await self.send(what, method, url, body=body, headers=headers, change=change)

    def url(self, path: str, api_version: str, query: Mapping[str, str] | None = None) -> str:
        """Make the full URL of a Resource Manager path; a full URL stays as it is but for the query."""
        start = path if path.startswith("https://") else f"https://{self.place.arm}{quote(path, safe=_PATH_SAFE)}"
        asked = {"api-version": api_version, **(query or {})} if api_version else dict(query or {})
        if not asked:
            return start
        return f"{start}{'&' if '?' in start else '?'}{urlencode(asked, quote_via=quote)}"

    async def send(
        self,
        what: str,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        change: bool = False,
    ) -> Reply:
        """Send one request to Resource Manager or Graph by its full URL, which is used as it is."""
        pipeline = self._graph if urlsplit(url).hostname == self.place.graph else self._arm
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        request = HttpRequest(method, url, headers=sent, content=body)

        async def exchange() -> Reply:
            response = (await pipeline.run(request, **(ONCE if change else REPEATABLE))).http_response
            if response.status_code >= 400:
                status, received = response.status_code, response.headers
                raise from_answer(what, status, received, response.content, change=change)
            return reply_of(response)

        return await self.guarded(what, exchange(), change=change)

    async def secrets(self, what: str, path: str, api_version: str, kind: type[_T]) -> _T:
        """POST a route that lists secrets, and give its answer as a struct; no failure holds on to the answer."""
        reply = await self.request(what, "POST", path, api_version)
        found = _as(kind, reply.data)
        del reply  # what is raised below keeps this frame
        if found is None:
            raise unreadable(what, change=False)
        return found

    async def guarded(self, what: str, call: Awaitable[_T], *, change: bool = False) -> _T:
        """Await a call of the SDK and turn its failure into ours, with no answer hanging on the exception."""
        try:
            return await call
        except AzureError as error:
            failure = from_exception(what, error, change=change)
        except (TimeoutError, OSError) as error:
            failure = from_exception(what, AzureError(type(error).__name__), change=change)
        except (Unreadable, ValueError, TypeError, KeyError, AttributeError, RecursionError):  # the SDK's deserialisers
            failure = unreadable(what, change=change)
        raise failure

    async def pages(
        self, what: str, path: str, api_version: str, query: Mapping[str, str] | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """GET a collection page by page, following nextLink as it is."""
        reply = await self.request(what, "GET", path, api_version, query=query)
        seen: set[str] = set()
        while True:
            data = reply.data
            yield data.get("value") or []
            following = data.get("nextLink")
            if not following:
                return
            insist_new(what, following, seen)
            reply = await self.send(what, "GET", following)

    async def all(
        self, what: str, path: str, api_version: str, query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """GET a whole collection."""
        return [row async for page in self.pages(what, path, api_version, query) for row in page]

    async def bare(self, request: HttpRequest, **options: Any) -> Any:
        """Send a request that signs itself (a storage probe) or needs no token: one try, azure-core's errors."""
        return (await self._quick.run(request, **options)).http_response
