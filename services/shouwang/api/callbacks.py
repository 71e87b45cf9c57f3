"""What gateways report back: that a message arrived or not, which key was pressed, what was written back.

No bearer stands before it: a gateway is known by its signature, or by the secret in the address that it was given.
"""

import hashlib
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from shouwang.domain.access import Act
from shouwang.domain.board import KeptReply
from shouwang.domain.errors import NotFound

from .access import API, Caller, allow_on_site
from .doors import Callbacks, TheWindow, Window
from .paging import Page
from .problems import Code, Problem, invalid, not_found

router = APIRouter(prefix="/callbacks", tags=["callbacks"])

Gateway = Annotated[str, Path(max_length=80)]


class CallbackOut(BaseModel):
    """``path``: what the gateway is told to call, below the public address; it may hold a secret."""

    gateway: str
    path: str
    signed: bool


@router.get("")
def list_callbacks(window: TheWindow, caller: Caller) -> Page[CallbackOut]:
    """Where each gateway in use reports to. For administrators: an address may hold its secret."""
    allow_on_site(caller, Act.CHANGE_RULES)
    callbacks = window.callbacks
    return Page(items=[_shown(callbacks, gateway) for gateway in callbacks.gateways] if callbacks else [])


@router.post("/{gateway}")
async def take(
    window: TheWindow, gateway: Gateway, request: Request, token: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """A report of a gateway. The same one again is answered and changes nothing."""
    body = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = await run_in_threadpool(_take, window, gateway, token, headers, body)
    return Response(answer, media_type="application/json")


def _take(window: Window, gateway: str, token: str, headers: dict[str, str], body: bytes) -> bytes:

    callbacks = window.callbacks
    if callbacks is None:
        raise not_found("gateway", gateway)
    try:
        if not callbacks.is_genuine(gateway, token, headers, body):
            raise Problem(
                Code.UNAUTHENTICATED, "this is not signed as the gateway signs, or is too old, or bears no token"
            )
        receipts = callbacks.read(gateway, body)
    except NotFound:
        raise not_found("gateway", gateway) from None
    except ValueError:
        raise invalid("body", "is not JSON") from None
    reply = msgspec.json.encode(callbacks.reply(gateway))
    who, what, now = f"callback:{gateway}", hashlib.sha256(body).hexdigest(), window.clock.now()
    if window.replies.find(who, what, now) is not None:
        # An answer that comes a second time must not undo what its person said since.
        return reply
    for receipt in receipts:
        window.answers.take(callbacks.carries(gateway), receipt)
    window.replies.keep(who, what, KeptReply(request=what, status=200, body=reply), now)
    return reply


def _shown(callbacks: Callbacks, gateway: str) -> CallbackOut:
    token = callbacks.token(gateway)
    path = f"{API}/callbacks/{gateway}" + (f"?token={token}" if token else "")
    return CallbackOut(gateway=gateway, path=path, signed=token is None)
