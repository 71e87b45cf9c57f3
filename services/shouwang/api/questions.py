"""What list endpoints may be asked, read from the query: states, severities, place, times."""

from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Query

from shouwang.domain.access import Principal
from shouwang.domain.errors import ConfigError
from shouwang.domain.moment import duration, parse_rfc3339, rfc3339
from shouwang.domain.place import touches
from shouwang.domain.vocabulary import Duration, Instant, PlaceId

from .problems import invalid, not_found

E = TypeVar("E", bound=StrEnum)

Several = Annotated[list[str] | None, Query(description="One or more, repeated or separated by commas.")]
Within = Annotated[str | None, Query(max_length=500, description="A place's path: it and all below it.")]
When = Annotated[str | None, Query(max_length=40, description="RFC 3339 with an offset.")]


def split(given: list[str] | None) -> list[str]:
    """The words of a parameter that may be repeated and may hold several."""
    return [part.strip() for text in given or () for part in text.split(",") if part.strip()]


def words(given: list[str] | None, shape: type[E], pointer: str) -> frozenset[E]:
    """The enum values in a query. Raises Problem for a word that is none of them."""
    return frozenset(_word(text, shape, pointer) for text in split(given))


def subtrees(caller: Principal, place: str | None) -> tuple[PlaceId, ...]:
    """The subtrees that all items must lie in. Raises Problem where the caller asks for a place outside its own."""
    if place is None:
        return (caller.place,) if caller.place is not None else ()
    if caller.place is not None and not touches(place, caller.place):
        raise not_found("place", place)
    return tuple({PlaceId(place.strip("/"))} | ({caller.place} if caller.place else set()))


def instant_of(text: str | None, pointer: str) -> Instant | None:
    """A time of the query; an unescaped ``+`` arrives as a blank and is read as it was meant."""
    if text is None:
        return None
    try:
        return parse_rfc3339(text.strip().replace(" ", "+") if "T" in text else text)
    except ConfigError as error:
        raise invalid(pointer, str(error)) from None


def duration_of(text: str | None, pointer: str) -> Duration | None:
    if text is None:
        return None
    try:
        found = duration(text)
    except ConfigError as error:
        raise invalid(pointer, str(error)) from None
    if found <= 0:
        raise invalid(pointer, f"{text!r} is not longer than nothing")
    return found


def time(at: Instant | None) -> str | None:
    """RFC 3339, or null."""
    return None if at is None else rfc3339(at)


def _word(text: str, shape: type[E], pointer: str) -> E:
    try:
        return shape(text)
    except ValueError:
        known = ", ".join(shape)
        raise invalid(pointer, f"{text!r} is none of {known}") from None
