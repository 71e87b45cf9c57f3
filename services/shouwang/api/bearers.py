"""Tokens over HTTP: made once, shown once, ended by their id. For administrators of the whole site."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from shouwang.domain.access import ROLE_ACTS, Act, Bearer, Principal, Role
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import DAY, PersonId, PlaceId

from .access import Caller, allow_on_site
from .accounts import Named, check_scope
from .doors import TheWindow, Window
from .names import Names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .problems import not_found
from .questions import time
from .schemas import PlaceNames, Sent, Time

router = APIRouter(tags=["access"])


class TokenIn(Sent):
    """``name``: how the journal calls whoever bears it."""

    name: Named
    role: Role
    place: str | None = Field(default=None, max_length=500, description="Confines it to this place and all below it.")
    person: str | None = Field(default=None, max_length=200, description="Whom of the directory it stands for.")
    days: int | None = Field(default=None, ge=1, le=3650, description="Until it ends by itself; absent: never.")


class TokenOut(BaseModel):
    """``acts``: what its role may do, within its place."""

    id: str
    name: str
    role: Role
    place: str | None
    where: PlaceNames | None
    person: str | None
    person_name: str | None
    acts: list[Act]
    created_at: Time
    expires_at: Time | None
    is_yours: bool = Field(description="The token of this very request.")
    token: str | None = Field(default=None, description="Only in the answer that makes it; it is not shown again.")


@router.get("/tokens")
def list_tokens(
    window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None
) -> Page[TokenOut]:
    """Live ones, oldest first; never their text, which is kept nowhere."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    names = Names(window.directory.community(), caller)
    rows = window.tokens.bearers(window.clock.now())
    page, following = cut_by_name(rows, limit, cursor, lambda one: f"{one.created_at:020d} {one.who.id}")
    return Page(items=[_token_out(one, names, caller) for one in page], next=following)


@router.post("/tokens", status_code=201)
def create_token(window: TheWindow, caller: Caller, body: TokenIn) -> TokenOut:
    """A new token; its text is in this answer and never again. The answer is not kept under an Idempotency-Key."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    community, now = window.directory.community(), window.clock.now()
    check_scope(community, body.place, body.person)
    text = window.tokens.create(
        role=body.role,
        name=body.name,
        now=now,
        place=PlaceId(body.place) if body.place else None,
        person=PersonId(body.person) if body.person else None,
        expires_at=now + body.days * DAY if body.days else None,
        by=caller.actor,
    )
    made = _found(window, text)
    return _token_out(made, Names(community, caller), caller, text)


@router.delete("/tokens/{id}", status_code=204, response_class=Response)
def revoke_token(window: TheWindow, caller: Caller, id: Annotated[str, Path(max_length=100)]) -> Response:
    """Ends a token within a second."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    if not window.tokens.revoke(id, window.clock.now(), by=caller.actor):
        raise not_found("live token", id)
    return Response(status_code=204)


def _found(window: Window, text: str) -> Bearer:
    now = window.clock.now()
    who = window.tokens.find(text, now)
    found = next((one for one in window.tokens.bearers(now) if who is not None and one.who.id == who.id), None)
    if found is None:  # ended by somebody in the same instant
        raise not_found("live token", who.id if who else "")
    return found


def _token_out(one: Bearer, names: Names, caller: Principal, token: str | None = None) -> TokenOut:
    who = one.who
    return TokenOut(
        id=who.id,
        name=who.name,
        role=who.role,
        place=who.place,
        where=names.place(who.place) if who.place else None,
        person=who.person,
        person_name=names.person(who.person) if who.person else None,
        acts=[act for act in Act if act in ROLE_ACTS[who.role]],
        created_at=rfc3339(one.created_at),
        expires_at=time(one.expires_at),
        is_yours=who.id == caller.id,
        token=token,
    )
