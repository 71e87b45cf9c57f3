"""Who is calling: the gate in front of the API, and what endpoints learn of their caller.

The gate stands before routing, so that an unknown bearer is refused (401) before its path and body are looked at. It
also reads the body, bounded, because nothing behind it should ever hold more than it may.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shouwang.domain.access import Act, Principal, may, may_on_site, may_over, may_read_strays
from shouwang.domain.vocabulary import SECOND, Instant

from .problems import Code, Problem, not_found

API = "/api/v1"
OPEN_PATHS = frozenset({f"{API}/openapi.json", f"{API}/docs"})

CALLBACKS = f"{API}/callbacks/"

BODY_LIMIT = 1 << 20
COMMUNITY_LIMIT = 20 << 20
READ_AT_MOST, PATIENCE = 64 << 20, 10.0
"""Bytes and seconds for which a body that is too large is read on and thrown away, before the connection is ended."""

"""Bytes. The largest thing that people send here is a device with its note."""

PHOTO_LIMIT = 8 << 20
"""Bytes of a photo or document of a case, and of the picture of a place."""

KNOWN_FOR = SECOND // 2
"""How long a found bearer is believed without asking again: a revoked token ends within half a second."""

KNOWN_AT_MOST = 10_000

SESSION_COOKIE = "shouwang_session"

OURS = "x-requested-with"
"""A header that a browser sends to us only from our own page: another site's form cannot, and its script would have to
ask first, which is answered to nobody. Whoever signs in by cookie sends it with everything but reading."""

FindBearer = Callable[[str, Instant], Principal | None]


class Gate:
    """ASGI middleware: bearer or session first, then the body's size, then all else. ``open_paths`` need neither."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        find: FindBearer,
        find_session: FindBearer,
        now: Callable[[], Instant],
        open_paths: frozenset[str] = OPEN_PATHS,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        self._app = app
        self._find = find
        self._find_session = find_session
        self._now = now
        self._open_paths = open_paths
        self._body_limit = body_limit
        self._known: dict[bytes, tuple[Principal, Instant]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            if _is_guarded(scope["method"], scope["path"], self._open_paths):
                scope.setdefault("state", {})["caller"] = await self._caller(scope["method"], Headers(scope=scope))
            receive = await _bounded(scope, receive, max(self._body_limit, _allowance(scope["path"])))
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _caller(self, method: str, headers: Headers) -> Principal:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and text:
            caller = await self._known_as(text.strip(), self._find)
            if caller is None:
                raise _unauthenticated("this token is not known here; it may be mistyped, expired or revoked")
            return caller
        session = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE, "")
        caller = await self._known_as(session, self._find_session) if session else None
        if caller is None:
            raise _unauthenticated("this needs Authorization: Bearer with a token; `shouwang token create` makes one")
        if method not in ("GET", "HEAD", "OPTIONS") and OURS not in headers:
            raise Problem(Code.FORBIDDEN, f"who signs in by cookie sends the header {OURS} with a {method}")
        return caller

    async def _known_as(self, text: str, find: FindBearer) -> Principal | None:
        now = self._now()
        mark = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        known = self._known.get(mark)
        if known is not None and 0 <= now - known[1] < KNOWN_FOR:
            return known[0]
        caller = await run_sync(find, text, now)
        if caller is None:
            self._known.pop(mark, None)
            return None
        if len(self._known) >= KNOWN_AT_MOST:
            self._known.clear()
        self._known[mark] = (caller, now)
        return caller


_BEARER = HTTPBearer(auto_error=False, description="A token of `shouwang token create`.")
"""Says in the OpenAPI document what the gate does."""


async def _caller(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Principal:
    caller: Principal = request.state.caller
    return caller


Caller = Annotated[Principal, Depends(_caller)]
"""The principal of this request."""


def allow(caller: Principal, act: Act, place: str | None = None) -> None:
    """Raises the problem where the caller may not: 404 outside its place, where it may not even know; else 403."""
    if may(caller, act, place):
        return
    if place is not None and not may(caller, Act.READ, place):
        raise not_found("such thing in", place)
    raise Problem(Code.FORBIDDEN, f"a token with the role {caller.role} may not do this ({act})")


def allow_strays(caller: Principal) -> None:
    """For what belongs to no place yet. Raises the problem."""
    if may_read_strays(caller):
        return
    allow(caller, Act.READ_STRAYS)
    raise Problem(Code.FORBIDDEN, f"this token is confined to {caller.place}; what it asks for belongs to no place")


def allow_over(caller: Principal, act: Act, places: Collection[str]) -> None:
    """For what belongs to all of these places; to none: to the whole site. Raises the problem, as ``allow`` does."""
    if may_over(caller, act, places):
        return
    if not places:
        allow_on_site(caller, act)
    for place in sorted(places):
        allow(caller, act, place)


def allow_on_site(caller: Principal, act: Act) -> None:
    """For what belongs to the whole site. Raises the problem."""
    if may_on_site(caller, act):
        return
    allow(caller, act)
    raise Problem(
        Code.FORBIDDEN, f"this token is confined to {caller.place}; what it asks for belongs to the whole site"
    )


def _is_guarded(method: str, path: str, open_paths: frozenset[str]) -> bool:
    if path == f"{API}/session":
        return method in ("GET", "HEAD", "OPTIONS")  # signing in and out is for whoever is not signed in
    if path.startswith(CALLBACKS):
        return method != "POST"  # a gateway proves itself by its signature or its address
    if path.startswith("/feeds/"):
        return True
    return (path == API or path.startswith(f"{API}/")) and path not in open_paths


def _allowance(path: str) -> int:
    """Photos of a case, pictures of places and whole communities may be larger than all else that is sent."""
    if path == f"{API}/transfers/import":
        return COMMUNITY_LIMIT
    is_photo = (path.startswith(f"{API}/incidents/") and path.endswith("/files")) or (
        path.startswith(f"{API}/devices/") and path.endswith("/photos")
    )
    return PHOTO_LIMIT if is_photo or (path.startswith(f"{API}/places/") and path.endswith("/plan")) else 0


def _unauthenticated(detail: str) -> Problem:
    return Problem(Code.UNAUTHENTICATED, detail, headers={"WWW-Authenticate": 'Bearer realm="shouwang"'})


async def _bounded(scope: Scope, receive: Receive, limit: int) -> Receive:
    """The whole body, read now, at most ``limit`` bytes; a ``receive`` that gives it once more. Raises Problem."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return receive
    too_large = Problem(Code.TOO_LARGE, f"the body is larger than {limit} bytes", headers={"Connection": "close"})
    declared = Headers(scope=scope).get("content-length", "0")
    is_too_large = declared.isdecimal() and int(declared) > limit
    body, more, read, until = bytearray(), True, 0, time.monotonic() + PATIENCE
    while more and (not is_too_large or (read < READ_AT_MOST and time.monotonic() < until)):
        message: Mapping[str, object] = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        more = bool(message.get("more_body", False))
        read += len(part) if isinstance(part, bytes) else 0
        if is_too_large := is_too_large or read > limit:
            body.clear()  # read to its end, so that the caller reads our answer and not a broken connection
        else:
            body += part if isinstance(part, bytes) else b""
    if is_too_large:
        raise too_large
    scope.setdefault("state", {})["body"] = bytes(body)
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return replay
