"""ETags of single things, and If-Match on changes (RFC 9110 sections 8.8 and 13.1.1)."""

import hashlib
from typing import Annotated

import msgspec
from fastapi import Header

from .problems import Code, Problem

IfMatch = Annotated[str | None, Header(description="The ETag that the thing must still have.")]


def etag(version: object) -> str:
    """Of a revision number, or of a whole value where it has none."""
    if isinstance(version, int):
        return f'"{version}"'
    return f'"{hashlib.sha256(msgspec.json.encode(version)).hexdigest()[:20]}"'


def require_match(given: str | None, present: str) -> None:
    """Raises the problem (412) where the thing changed since the caller read it."""
    if given is None or given.strip() == "*":
        return
    if present not in (one.strip() for one in given.split(",")):
        raise Problem(Code.CHANGED, f"it changed since you read it: it is {present} now, you have {given}")
