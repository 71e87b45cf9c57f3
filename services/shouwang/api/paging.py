"""Pages of lists: a limit, an opaque mark of where the page before ended, and the mark for the next."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from shouwang.domain.board import Mark

from .problems import Problem, invalid

T = TypeVar("T")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=500, description="Items of one page.")]
After = Annotated[
    str | None, Query(alias="cursor", max_length=600, description="`next` of the page before; absent for the newest.")
]

DEFAULT_LIMIT = 50


class Page(BaseModel, Generic[T]):
    """Newest first. ``next`` is null on the last page."""

    items: list[T]
    next: str | None = Field(default=None, description="Give it as `cursor` for the page after this one.")


def mark_of(cursor: str | None) -> Mark | None:
    """The (instant, id) in a cursor. Raises Problem for one that we did not make."""
    return _read(cursor, tuple[int, str])


def number_of(cursor: str | None) -> int | None:
    """The sequence number in a cursor."""
    return _read(cursor, int)


def cut(rows: Sequence[Row], limit: int, mark: Callable[[Row], object]) -> tuple[Sequence[Row], str | None]:
    """The page and its ``next``, from one row more than the page holds."""
    if len(rows) <= limit:
        return rows, None
    page = rows[:limit]
    return page, written(mark(page[-1]))


def cut_by_name(
    rows: Iterable[Row], limit: int, cursor: str | None, name: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """A page of a list in memory, in order of ``name``, which tells its items apart."""
    after = _read(cursor, str)
    rest = sorted((row for row in rows if after is None or name(row) > after), key=name)
    return cut(rest, limit, name)


def cut_by_mark(
    rows: Iterable[Row], limit: int, cursor: str | None, mark: Callable[[Row], Mark]
) -> tuple[Sequence[Row], str | None]:
    """A page of a list in memory, newest first."""
    before = mark_of(cursor)
    rest = sorted((row for row in rows if before is None or mark(row) < before), key=mark, reverse=True)
    return cut(rest, limit, mark)


def written(mark: object) -> str:
    """A mark as URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(mark)).decode().rstrip("=")


def _read(cursor: str | None, shape: type[T]) -> T | None:
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=shape)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise _unknown_cursor() from None


def _unknown_cursor() -> Problem:
    return invalid("query/cursor", "is not the `next` of a page of this list; leave it out to begin with the newest")
