"""What every answer carries: headers that keep a browser safe, and its place in the figures."""

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shouwang.metrics import HTTP_REQUESTS, HTTP_SECONDS

SAFE = {
    # Nothing from outside, and nothing inline: a name typed by somebody can never become a script.
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=(), camera=(self)",
}


STREAM = "/events"
"""Ends only when the caller leaves: there is no HEAD of it."""


class Manners:
    """ASGI middleware, outermost of ours. No CORS: other origins are not answered to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, streams = time.perf_counter(), 500, False

        async def polite(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SAFE.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
                streams = headers.get("content-type", "").startswith("text/event-stream")
            await send(message)

        try:
            if scope["method"] == "HEAD" and not scope["path"].endswith(STREAM):
                await _headed(self._app, scope, receive, polite)
            else:
                await self._app(scope, receive, polite)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            HTTP_REQUESTS.labels(method, f"{status // 100}xx").inc()
            if not streams:
                HTTP_SECONDS.labels(method).observe(time.perf_counter() - begun)


async def _headed(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to the same GET without its content (RFC 9110, 9.3.2)."""

    async def bodiless(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            await send({"type": "http.response.body", "body": b""})

    await app({**scope, "method": "GET"}, receive, bodiless)


_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
