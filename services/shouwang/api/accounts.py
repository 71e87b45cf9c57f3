"""Who may come in: users with their sessions, and one's own password. For administrators of the whole site."""

import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from shouwang.domain.access import Account, Act, Principal, Role
from shouwang.domain.community import Community
from shouwang.domain.moment import rfc3339
from shouwang.domain.vocabulary import PersonId, PlaceId

from .access import SESSION_COOKIE, Caller, allow_on_site
from .doors import TheWindow, Window
from .names import Names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .problems import Code, FieldError, Problem, not_found
from .questions import time
from .schemas import PlaceNames, Sent, Time
from .signin import Misses

router = APIRouter(tags=["access"])

SHORTEST = 8
MADE_BYTES = 12
"""Of chance in a password that is made here: 16 letters."""

Password = Annotated[str, Field(min_length=SHORTEST, max_length=1000)]
Named = Annotated[str, Field(pattern=r"^[^/\x00-\x1f\x7f]{1,100}$")]
Ref = Annotated[str, Path(max_length=100)]


class UserIn(Sent):
    """``password`` absent: one is made, and shown once in the answer."""

    name: Named
    role: Role
    place: str | None = Field(default=None, max_length=500, description="Confines the user to it and all below it.")
    person: str | None = Field(default=None, max_length=200, description="Whom of the directory the user is.")
    password: Password | None = None


class UserChange(Sent):
    """What is absent stays; null takes a place or a person away. A new password signs the user out everywhere."""

    role: Role | None = None
    place: str | None = Field(default=None, max_length=500)
    person: str | None = Field(default=None, max_length=200)
    password: Password | None = None


class PasswordIn(Sent):
    """Absent: one is made."""

    password: Password | None = None


class OwnPassword(Sent):
    old: str = Field(min_length=1, max_length=1000)
    new: Password


class UserOut(BaseModel):
    """``sessions``: browsers that are signed in now; ``signed_in_at``: the newest of them."""

    name: str
    role: Role
    place: str | None
    where: PlaceNames | None
    person: str | None
    person_name: str | None
    created_at: Time
    sessions: int
    signed_in_at: Time | None
    password: str | None = Field(default=None, description="Only where it was made just now; it is not shown again.")


class SessionsOut(BaseModel):
    ended: int


@router.get("/users")
def list_users(window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None) -> Page[UserOut]:
    """By name."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    names = Names(window.directory.community(), caller)
    rows = window.users.accounts(window.clock.now())
    page, following = cut_by_name(rows, limit, cursor, lambda one: one.who.name)
    return Page(items=[_user_out(one, names) for one in page], next=following)


@router.post("/users", status_code=201)
def add_user(window: TheWindow, caller: Caller, body: UserIn) -> UserOut:
    """Somebody who signs in with name and password. Conflict where the name is taken."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    check_scope(window.directory.community(), body.place, body.person)
    password = body.password or made_password()
    window.users.add(
        name=body.name,
        password=password,
        role=body.role,
        now=window.clock.now(),
        place=PlaceId(body.place) if body.place else None,
        person=PersonId(body.person) if body.person else None,
        by=caller.actor,
    )
    return _shown(window, caller, body.name, None if body.password else password)


@router.get("/users/{name}")
def get_user(window: TheWindow, caller: Caller, name: Ref) -> UserOut:
    allow_on_site(caller, Act.MANAGE_ACCESS)
    return _shown(window, caller, name)


@router.patch("/users/{name}")
@router.put("/users/{name}")
def change_user(window: TheWindow, caller: Caller, name: Ref, body: UserChange) -> UserOut:
    """Role, place, person, password. Conflict where nobody would be left who may do this."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    given, who = body.model_fields_set, _find(window, name).who
    check_scope(window.directory.community(), body.place, body.person)
    wanted = msgspec.structs.replace(
        who,
        role=body.role or who.role,
        place=(PlaceId(body.place) if body.place else None) if "place" in given else who.place,
        person=(PersonId(body.person) if body.person else None) if "person" in given else who.person,
    )
    if wanted != who:
        window.users.change(wanted, now=window.clock.now(), by=caller.actor)
    if body.password:
        window.users.set_password(name, body.password, now=window.clock.now(), by=caller.actor)
    return _shown(window, caller, name)


@router.post("/users/{name}/password")
def reset_password(window: TheWindow, caller: Caller, name: Ref, body: PasswordIn | None = None) -> UserOut:
    """A new password, which signs the user out everywhere."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    given = body.password if body else None
    password = given or made_password()
    window.users.set_password(name, password, now=window.clock.now(), by=caller.actor)
    return _shown(window, caller, name, None if given else password)


@router.delete("/users/{name}/sessions")
def end_sessions(window: TheWindow, caller: Caller, name: Ref) -> SessionsOut:
    """Signs a user out everywhere, within a second."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    return SessionsOut(ended=window.users.end_sessions(name, now=window.clock.now(), by=caller.actor))


@router.delete("/users/{name}", status_code=204, response_class=Response)
def remove_user(window: TheWindow, caller: Caller, name: Ref) -> Response:
    """Ends a user; what they did stays in the records. Conflict for the last administrator of the whole site."""
    allow_on_site(caller, Act.MANAGE_ACCESS)
    window.users.remove(name, window.clock.now(), by=caller.actor)
    return Response(status_code=204)


@router.post("/session/password", status_code=204, response_class=Response)
def change_own_password(window: TheWindow, caller: Caller, request: Request, body: OwnPassword) -> Response:
    """One's own password, by whoever signed in with it. Other browsers of theirs are signed out, this one stays."""
    now = window.clock.now()
    misses: Misses = request.app.state.misses
    if all(one.who.id != caller.id for one in window.users.accounts(now)):
        raise Problem(
            Code.CONFLICT, "a token has no password; whoever signed in with name and password may change theirs"
        )
    if wait := misses.wait(caller.name, now):
        raise Problem(Code.TOO_MANY, f"wrong password; try again in {wait} s", headers={"Retry-After": str(wait)})
    if not window.users.is_password(caller.name, body.old):
        misses.missed(caller.name, now)
        raise Problem(
            Code.INVALID, "this is not your password", errors=[FieldError("body/old", "is not your password")]
        )
    misses.met(caller.name)
    spare = request.cookies.get(SESSION_COOKIE)
    window.users.set_password(caller.name, body.new, now=now, by=caller.actor, spare=spare)
    return Response(status_code=204)


def check_scope(community: Community, place: str | None, person: str | None) -> None:
    """Raises Problem for a place or a person that the directory does not know."""
    faults = []
    if place and PlaceId(place) not in community.places:
        faults.append(FieldError("body/place", f"there is no place {place}"))
    if person and PersonId(person) not in community.people:
        faults.append(FieldError("body/person", f"there is no person {person}"))
    if faults:
        raise Problem(Code.INVALID, "the directory does not know all of this", errors=faults)


def made_password() -> str:
    return secrets.token_urlsafe(MADE_BYTES)


def _find(window: Window, name: str) -> Account:
    found = next((one for one in window.users.accounts(window.clock.now()) if one.who.name == name), None)
    if found is None:
        raise not_found("user", name)
    return found


def _shown(window: Window, caller: Principal, name: str, password: str | None = None) -> UserOut:
    return _user_out(_find(window, name), Names(window.directory.community(), caller), password)


def _user_out(one: Account, names: Names, password: str | None = None) -> UserOut:
    who = one.who
    return UserOut(
        name=who.name,
        role=who.role,
        place=who.place,
        where=names.place(who.place) if who.place else None,
        person=who.person,
        person_name=names.person(who.person) if who.person else None,
        created_at=rfc3339(one.created_at),
        sessions=one.sessions,
        signed_in_at=time(one.signed_in_at),
        password=password,
    )
