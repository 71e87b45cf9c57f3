"""Every error of the window as a problem document (RFC 9457), with a code that programs may rely on.

``type`` is ``urn:shouwang:problem:<code>``; ``detail`` is for the person who called; ``errors`` lists the fields that
validation refused. docs/api.md explains each code.
"""

import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shouwang.domain.errors import ConfigError, Conflict, Exhausted, IllegalMove, NotFound, Rejected, Unavailable

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Code(StrEnum):
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    CHANGED = "changed"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    KEY_REUSED = "key_reused"
    TOO_MANY = "too_many"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"


_STATUS: Mapping[Code, int] = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.CONFLICT: 409,
    Code.CHANGED: 412,
    Code.TOO_LARGE: 413,
    Code.INVALID: 422,
    Code.KEY_REUSED: 422,
    Code.TOO_MANY: 429,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.REFUSED: 400,
}

_OF_STATUS = {status: code for code, status in _STATUS.items() if code is not Code.KEY_REUSED}


class FieldError(msgspec.Struct, frozen=True):
    """``pointer``: where (``body/finding``, ``query/limit``)."""

    pointer: str
    detail: str


class ProblemOut(BaseModel):
    """Every error (RFC 9457), as `application/problem+json`."""

    type: str
    title: str
    status: int
    code: Code
    detail: str = Field(description="For the person who called.")
    instance: str
    errors: list[dict[str, str]] | None = Field(
        default=None, description="`pointer` and `detail` of each refused field."
    )


ANSWERS: dict[int | str, dict[str, object]] = {
    "default": {
        "description": "problem",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
}
"""For the OpenAPI document: what any path may answer beside its own."""


class Problem(Exception):
    """Raised by endpoints for what they refuse; becomes the answer."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers
        self.status = status or _STATUS[code]

    def response(self, instance: str) -> Response:
        """The document. ``instance``: the path that was asked for."""
        document: dict[str, object] = {
            "type": f"urn:shouwang:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            document["errors"] = self.errors
        headers = dict(self.headers or {})
        return Response(msgspec.json.encode(document), self.status, headers, media_type=MEDIA_TYPE)


def not_found(what: str, id: str) -> Problem:
    return Problem(Code.NOT_FOUND, f"there is no {what} {id!r} that you may see")


def invalid(pointer: str, detail: str) -> Problem:
    """One field that cannot be as it was sent."""
    return Problem(Code.INVALID, f"{pointer}: {detail}", errors=[FieldError(pointer, detail)])


def install(app: FastAPI) -> None:
    """Makes every error of ``app`` a problem document."""
    app.add_exception_handler(Exception, _answer)
    for kind in (Problem, HTTPException, RequestValidationError, Rejected, ConfigError, Unavailable, IllegalMove):
        app.add_exception_handler(kind, _answer)


def describe(app: FastAPI) -> None:
    """Puts the shape of problems into the OpenAPI document."""
    drawn = app.openapi

    def openapi() -> dict[str, Any]:
        document = drawn()
        schema = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, shape in {**schema.pop("$defs", {}), "ProblemOut": schema}.items():
            document["components"]["schemas"].setdefault(name, shape)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's own way to extend the document


async def _answer(request: Request, error: Exception) -> Response:
    return problem_of(error).response(request.url.path)


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is to the caller."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            errors = [_field_error(one) for one in error.errors()]
            return Problem(Code.INVALID, "; ".join(f"{one.pointer}: {one.detail}" for one in errors), errors=errors)
        case HTTPException(status_code=status):
            code = _OF_STATUS.get(status, Code.REFUSED if status < 500 else Code.INTERNAL)
            detail = "nothing answers at this path" if status == 404 else str(error.detail)
            return Problem(code, detail, headers=error.headers, status=status)
        case NotFound():
            return Problem(Code.NOT_FOUND, str(error))
        case Conflict() | IllegalMove():
            return Problem(Code.CONFLICT, str(error))
        case Exhausted():
            return Problem(Code.TOO_MANY, str(error))
        case Rejected() | ConfigError():
            return Problem(Code.INVALID, str(error))
        case Unavailable():
            log.warning("asked for what does not answer", extra={"detail": str(error)})
            return Problem(Code.UNAVAILABLE, str(error), headers={"Retry-After": "2"})
        case _:
            return Problem(Code.INTERNAL, "this is our fault; it was logged")


def _field_error(error: Mapping[str, object]) -> FieldError:
    location = error.get("loc")
    parts = [str(part) for part in location] if isinstance(location, list | tuple) else []
    return FieldError("/".join(parts), str(error.get("msg", "is not valid")))
