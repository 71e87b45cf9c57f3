"""The console as it was built, else one line that says how to build it; nothing from outside, no sign-in to load.

Any GET outside ``/api`` that names no file of it is answered with the page itself, which then reads its own address.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from .access import API
from .problems import Code, Problem

CONSOLE = Path(__file__).parent.parent / "console"

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


WORTH_PACKING = 1_000
"""Bytes from which a text is also kept compressed."""

UNBUILT = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>守望</title></head>
<body><h1>守望 Shouwang</h1><p>服务在运行，控制台尚未构建：请运行 <code>make setup</code>。</p>
<p lang="en">The service runs; its console was not built: run <code>make setup</code>. The API is at
<a href="/api/v1/docs">/api/v1/docs</a>.</p></body></html>
"""


class StaticFile(msgspec.Struct, frozen=True):
    """``packed``: the same by gzip, empty where it saves nothing. ``is_lasting``: its name changes with its content."""

    content: bytes
    media_type: str
    etag: str
    packed: bytes = b""
    is_lasting: bool = False


def site_router(known: Sequence[BaseRoute], console: Path = CONSOLE) -> APIRouter:
    """Whatever ``known`` routes do not answer. All files are read once: they are few and small, and never change while
    the service runs."""
    files = {f"/{name}": file for name, file in _read(console).items()}
    index = files.get("/index.html") or _file(UNBUILT.encode(), TYPES[".html"])
    router = APIRouter(include_in_schema=False)

    @router.api_route("/{path:path}", methods=list(METHODS))
    async def show(request: Request, path: str) -> Response:
        is_page = not f"/{path}/".startswith("/api/")
        allowed = _allowed(known, request.scope) or (("GET", "HEAD") if is_page else ())
        if request.method in ("GET", "HEAD") and is_page and "GET" in allowed:
            file = files.get(f"/{path}")
            if file is None and path.startswith("assets/"):
                raise Problem(Code.NOT_FOUND, f"there is no file {path}; the page is of another version: load it again")
            return _answer(request, file or index)
        if allowed:
            detail = f"{request.method} is not answered at this path; expected {', '.join(allowed)}"
            raise Problem(Code.METHOD_NOT_ALLOWED, detail, headers={"Allow": ", ".join(allowed)})
        raise Problem(Code.NOT_FOUND, f"nothing answers at this path; {API}/docs lists what does")

    return router


def _allowed(known: Sequence[BaseRoute], scope: Scope) -> Sequence[str]:
    """The methods that other routes answer at this path."""
    asked = [(method, {**scope, "method": method}) for method in METHODS]
    return [method for method, one in asked if any(route.matches(one)[0] is Match.FULL for route in known)]


def _read(folder: Path) -> Mapping[str, StaticFile]:
    if not (folder / "index.html").is_file():
        return {}
    return {path.relative_to(folder).as_posix(): _load(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _load(path: Path) -> StaticFile:
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _file(path.read_bytes(), media_type, is_lasting=path.parent.name == "assets")


def _file(content: bytes, media_type: str, *, is_lasting: bool = False) -> StaticFile:
    is_text = media_type.startswith("text/") or media_type in ("image/svg+xml", "application/json")
    packed = gzip.compress(content, mtime=0) if is_text and len(content) >= WORTH_PACKING else b""
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return StaticFile(content, media_type, etag, packed, is_lasting)


def _answer(request: Request, file: StaticFile) -> Response:
    lasting = "public, max-age=31536000, immutable"
    headers = {"ETag": file.etag, "Cache-Control": lasting if file.is_lasting else "no-cache"}
    if file.packed:
        headers["Vary"] = "Accept-Encoding"
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    content = file.content
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = file.packed
    return Response(content, headers=headers, media_type=file.media_type)
