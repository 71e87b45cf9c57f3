"""Idempotency-Key on POST: the first answer is kept for a day, and given again to whoever repeats the request.

The key belongs to the bearer. The same key with another request is refused, so that a reused key never answers a
different question. An act itself is safe to repeat (200 or 409), hence a crash between the act and its kept answer does
no harm.
"""

import hashlib
from collections.abc import Callable

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shouwang.domain.access import Principal
from shouwang.domain.board import KeptReply
from shouwang.domain.vocabulary import Instant

from .access import API
from .doors import Replies
from .problems import MEDIA_TYPE, Code, Problem

KEY_LIMIT = 200
"""Characters of a key."""

REPLY_LIMIT = 64 * 1024
"""Bytes of an answer that is kept; that of an incident with a long timeline is more. Of a longer one only that it was
done is kept: the one writer of the state database has alarms to write."""


class Idempotency:
    """ASGI middleware behind the gate."""

    def __init__(self, app: ASGIApp, *, replies: Replies, now: Callable[[], Instant]) -> None:
        self._app = app
        self._replies = replies
        self._now = now
        self._under_way: set[tuple[str, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        caller: Principal | None = scope.get("state", {}).get("caller")
        if key is None or caller is None or scope["method"] != "POST" or _tells_a_secret(scope["path"]):
            await self._app(scope, receive, send)
            return
        claim = (caller.id, key)
        try:
            if not 0 < len(key) <= KEY_LIMIT:
                raise Problem(Code.INVALID, f"Idempotency-Key has {len(key)} characters; expected 1 to {KEY_LIMIT}")
            if claim in self._under_way:
                raise Problem(Code.CONFLICT, "a request with this Idempotency-Key is being answered; ask again shortly")
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, send)
            return
        self._under_way.add(claim)
        try:
            await self._once(scope, receive, send, claim)
        finally:
            self._under_way.discard(claim)

    async def _once(self, scope: Scope, receive: Receive, send: Send, claim: tuple[str, str]) -> None:
        request = _asked(scope)
        kept = await run_sync(self._replies.find, *claim, self._now())
        if kept is not None:
            await _give_again(kept, request, scope, receive, send)
            return
        heard = _Heard()
        await self._app(scope, receive, heard)
        try:
            if heard.status < 500:  # what failed on our side may be tried again
                body = bytes(heard.body) if len(heard.body) <= REPLY_LIMIT else b""
                reply = KeptReply(request=request, status=heard.status, body=body)
                await run_sync(self._replies.keep, *claim, reply, self._now())
        finally:
            # The key is free before the answer leaves: whoever repeats the request at once is given it again.
            self._under_way.discard(claim)
            for message in heard.messages:
                await send(message)


class _Heard:
    """Holds an answer back until it is kept. Only answers to POST pass here, and none of them streams."""

    def __init__(self) -> None:
        self.status = 500
        self.body = bytearray()
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif len(self.body) <= REPLY_LIMIT:
            self.body += message.get("body", b"")


async def _give_again(kept: KeptReply, request: str, scope: Scope, receive: Receive, send: Send) -> None:
    if kept.request != request:
        detail = "this Idempotency-Key belongs to another request; use a new key for a new request"
        await Problem(Code.KEY_REUSED, detail).response(scope["path"])(scope, receive, send)
        return
    if not kept.body:
        detail = "this was done already; its answer was too long to be kept: read it again"
        await Problem(Code.CONFLICT, detail).response(scope["path"])(scope, receive, send)
        return
    start: Message = {"type": "http.response.start", "status": kept.status, "headers": []}
    headers = MutableHeaders(scope=start)
    headers["content-type"] = "application/json" if kept.status < 400 else MEDIA_TYPE
    headers["content-length"] = str(len(kept.body))
    headers["idempotency-replayed"] = "true"
    await send(start)
    await send({"type": "http.response.body", "body": kept.body})


def _tells_a_secret(path: str) -> bool:
    """Answers that hold a token, a password or what was revealed are shown once and kept nowhere: such a request is
    never given again."""
    return (
        path in (f"{API}/tokens", f"{API}/users")
        or (path.startswith(f"{API}/users/") and path.endswith("/password"))
        or (path.startswith(f"{API}/incidents/") and path.endswith("/reveal"))
    )


def _asked(scope: Scope) -> str:
    body: bytes = scope.get("state", {}).get("body", b"")
    head = f"{scope['method']} {scope['path']}?{scope.get('query_string', b'').decode('latin-1')}\n"
    return hashlib.sha256(head.encode() + body).hexdigest()
