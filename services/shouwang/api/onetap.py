"""``/a/{token}``: what whoever was told must know, and the answer in one tap. Needs no sign-in: the token is a
capability for one delivery.

Looking changes nothing, so that the preview of a messenger or a scanner of links never acknowledges; only a POST acts,
as the person of the delivery, through the same flow as everybody's.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shouwang.domain.acts import Acknowledge, Act, Arrive, Decline, Depart
from shouwang.domain.briefing import brief
from shouwang.domain.errors import Conflict, NotFound
from shouwang.domain.incident import Incident
from shouwang.domain.link import code_of, delivery_in, is_expired
from shouwang.domain.notice import Delivery, DeliveryState, Why
from shouwang.domain.vocabulary import IncidentId

from .doors import TheWindow, Window
from .onetap_page import STYLE_HASH, show, show_refusal, show_test

router = APIRouter(include_in_schema=False)

PROBE = "reachable"
"""``/a/reachable`` answers with a mark of this site: how doctor knows that the public address leads here."""

_ACTS: Mapping[str, Act] = {
    "acknowledge": Acknowledge(),
    "decline": Decline(),
    "en-route": Depart(),
    "arrive": Arrive(),
}
_HEADERS = {
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}

Token = Annotated[str, Path(max_length=600)]


@router.get(f"/a/{PROBE}")
def probe(window: TheWindow) -> Response:
    return Response(window.site_mark, media_type="text/plain", headers={"cache-control": "no-store"})


@router.api_route("/a/{token}", methods=["GET", "HEAD"])
def look(window: TheWindow, token: Token) -> Response:
    found = _found(window, token)
    return found if isinstance(found, Response) else _page(window, *found)


@router.post("/a/{token}")
async def act(window: TheWindow, token: Token, request: Request) -> Response:
    """A form's ``act``: acknowledge, decline, en-route, arrive; of a test message confirm."""
    wanted = parse_qs((await request.body())[:1000].decode("utf-8", "replace")).get("act", [""])[0]
    return await run_in_threadpool(_act, window, token, wanted)


def _act(window: Window, token: str, wanted: str) -> Response:
    found = _found(window, token)
    if isinstance(found, Response):
        return found
    delivery, incident = found
    try:
        if delivery.why is Why.TEST and wanted == "confirm":
            window.answers.confirm(delivery)
        elif delivery.why is not Why.TEST and wanted in _ACTS:
            window.respond.act(incident.id, _ACTS[wanted], actor=delivery.person)
        else:
            return _page(window, delivery, incident, note="请点下面的按钮 / press one of the buttons", status=422)
    except (Conflict, NotFound) as refusal:
        current = window.board.incident(incident.id) or incident
        return _page(window, delivery, current, note=str(refusal), status=409)
    # The page is loaded anew, so that a phone that loads it again does not repeat the act.
    return RedirectResponse(f"/a/{token}", status_code=303, headers=_HEADERS)


def _found(window: Window, token: str) -> tuple[Delivery, Incident] | Response:
    key = delivery_in(token, window.link_secret)
    delivery = window.board.delivery(key) if key else None
    incident = window.board.incident(IncidentId(delivery.incident)) if delivery else None
    if delivery is None or incident is None:
        return _html(show_refusal("链接无效", "This link is not one of ours."), 404)
    if is_expired(delivery, window.clock.now()):
        return _html(show_refusal("链接已过期，请到控制台查看", "This link has expired: see the console."), 410)
    return delivery, incident


def _page(window: Window, delivery: Delivery, incident: Incident, *, note: str = "", status: int = 200) -> Response:
    community = window.directory.community()
    if delivery.why is Why.TEST:
        person = community.people.get(delivery.person)
        text = show_test(
            person.language if person else "zh",
            code_of(delivery.key, window.link_secret),
            is_confirmed=delivery.state is DeliveryState.ANSWERED,
        )
        return _html(text, status)
    told = window.board.deliveries_of([incident.id]).get(incident.id, [])
    page = brief(delivery, incident, told, community, window.checklists())
    return _html(show(page, community, note=note), status)


def _html(text: str, status: int) -> Response:
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
