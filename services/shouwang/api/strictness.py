"""Query parameters that no path knows: a filter that is misspelt must not give the unfiltered list."""

from collections.abc import Iterator
from difflib import get_close_matches
from inspect import isclass

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from .problems import Code, FieldError, Problem

PAGING = frozenset({"limit", "cursor"})
"""Known everywhere: whoever pages through every list may page through one that is given whole."""

_known: dict[int, frozenset[str]] = {}


async def only_known(request: Request) -> None:
    """Raises the problem that names what is not known, and what may have been meant."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.query_params:
        return
    known = _known.get(id(route))
    if known is None:
        known = _known[id(route)] = PAGING | frozenset(_names(route.dependant))
    errors = [
        FieldError(f"query/{name}", _meant(name, known))
        for name in dict.fromkeys(request.query_params)
        if name not in known
    ]
    if errors:
        raise Problem(Code.INVALID, "; ".join(f"{one.pointer}: {one.detail}" for one in errors), errors=errors)


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
        shape = field.field_info.annotation
        if isclass(shape) and issubclass(shape, BaseModel):
            yield from (one.alias or name for name, one in shape.model_fields.items())
    for below in dependant.dependencies:
        yield from _names(below)


def _meant(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return f"is not known here; did you mean {near[0]}?"
    return f"is not known here; known: {', '.join(sorted(known)) or 'none'}"
