"""Signing in with name and password, and out again: a session in a cookie that no script can read.

Guessing is slow twice: each try costs an argon2id hash, and a name that was missed five times waits.
"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from shouwang.domain.vocabulary import SECOND, Duration, Instant

from .access import OURS, SESSION_COOKIE
from .doors import TheWindow
from .problems import Code, Problem
from .schemas import Sent

router = APIRouter(tags=["session"])

MISSES = 5
MISSED_FOR: Duration = 30 * SECOND
"""How long a name waits after so many misses, counted from the last."""
NAMES_AT_MOST = 10_000
COOKIE_SECONDS = 400 * 86_400
"""The most that browsers keep; when a session ends is the service's to say."""


class SignIn(Sent):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class Misses:
    """Wrong passwords by name, forgotten after a while. Of one process, on its event loop or under the interpreter's
    lock: a lost count costs a guesser one hash less."""

    def __init__(self) -> None:
        self._missed: dict[str, tuple[int, Instant]] = {}

    def wait(self, name: str, now: Instant) -> int:
        """Seconds until this name may be tried; 0 for now."""
        count, last = self._missed.get(name, (0, 0))
        left = last + MISSED_FOR - now
        return -(-left // SECOND) if count >= MISSES and left > 0 else 0

    def missed(self, name: str, now: Instant) -> None:
        count, last = self._missed.get(name, (0, 0))
        if len(self._missed) >= NAMES_AT_MOST:
            self._missed.clear()
        self._missed[name] = (count + 1 if now - last < MISSED_FOR else 1, now)

    def met(self, name: str) -> None:
        self._missed.pop(name, None)


@router.post("/session", status_code=204, response_class=Response)
def sign_in(window: TheWindow, request: Request, body: SignIn) -> Response:
    """Starts a session: an HttpOnly cookie. Everything but reading then also needs the header `X-Requested-With`."""
    _from_our_page(request)
    misses: Misses = request.app.state.misses
    now = window.clock.now()
    wait = misses.wait(body.name, now)
    if wait:
        detail = f"wrong password {MISSES} times; try again in {wait} s"
        raise Problem(Code.TOO_MANY, detail, headers={"Retry-After": str(wait)})
    text = window.users.sign_in(body.name, body.password, now)
    if text is None:
        misses.missed(body.name, now)
        raise Problem(Code.UNAUTHENTICATED, "this name and password do not belong together")
    misses.met(body.name)
    answer = Response(status_code=204)
    answer.set_cookie(
        SESSION_COOKIE,
        text,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.delete("/session", status_code=204, response_class=Response)
def sign_out(window: TheWindow, request: Request) -> Response:
    """Ends the session of this browser."""
    _from_our_page(request)
    text = request.cookies.get(SESSION_COOKIE)
    if text:
        window.users.sign_out(text)
    answer = Response(status_code=204)
    answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def _from_our_page(request: Request) -> None:
    """Another site must not sign anybody in or out either. Raises Problem."""
    if OURS not in request.headers:
        raise Problem(Code.FORBIDDEN, f"signing in and out needs the header {OURS}")
