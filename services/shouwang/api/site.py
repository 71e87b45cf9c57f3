"""The page: the built console where there is one, else the plain live page; nothing from outside, no sign-in to load.

Any GET outside ``/api`` that names no file of it is answered with the page itself, which then reads its own address.
"""

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

PAGE = Path(__file__).parent / "page"
CONSOLE = Path(__file__).parent.parent / "console"

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


class StaticFile(msgspec.Struct, frozen=True):
    content: bytes
    media_type: str
    etag: str


def site_router(known: Sequence[BaseRoute], page: Path = PAGE, console: Path = CONSOLE) -> APIRouter:
    """Whatever ``known`` routes do not answer. All files are read once: they are few and small, and never change while
    the service runs."""
    files = {f"/page/{name}": file for name, file in _read(page).items()}
    built = _read(console)
    files.update({f"/{name}": file for name, file in built.items()})
    index = built.get("index.html") or files["/page/index.html"]
    router = APIRouter(include_in_schema=False)

    @router.api_route("/{path:path}", methods=list(METHODS))
    async def show(request: Request, path: str) -> Response:
        is_page = not f"/{path}/".startswith("/api/")
        allowed = _allowed(known, request.scope) or (("GET", "HEAD") if is_page else ())
        if request.method in ("GET", "HEAD") and is_page and "GET" in allowed:
            return _answer(request, files.get(f"/{path}", index))
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
    content = path.read_bytes()
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return StaticFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


def _answer(request: Request, file: StaticFile) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, headers=headers, media_type=file.media_type)
