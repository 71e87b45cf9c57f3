"""Incidents for systems of others, as CAP 1.2."""

from fastapi import APIRouter, Response

from shouwang.domain.access import Act
from shouwang.domain.cap import MEDIA_TYPE, cap_alert, cap_feed
from shouwang.domain.community import Community
from shouwang.domain.grouping import around_of
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.place import PlaceKind
from shouwang.domain.vocabulary import DAY, IncidentId, PlaceId

from .access import Caller, allow
from .doors import TheWindow, Window
from .period import LONGEST, cases_between, site_zone
from .problems import not_found

feeds = APIRouter(tags=["reports"])
"""Outside the API's path, behind the same gate."""


@feeds.get("/feeds/cap", response_class=Response)
def cap(window: TheWindow, caller: Caller) -> Response:
    """Incidents that go on, or ended within a day, as CAP 1.2 in an Atom feed. By building; nobody is named."""
    allow(caller, Act.READ)
    community, now = window.directory.community(), window.clock.now()
    zone = site_zone(community)
    cases = [
        one
        for one in cases_between(window, caller, None, now - LONGEST, now + DAY, at_most=500)
        if is_live(one.state) or (one.resolved_at or one.closed_at or 0) > now - DAY
    ]
    alerts = [(one, cap_alert(one, area=_area(community, one), sender=_sender(window), zone=zone)) for one in cases]
    feed = cap_feed(alerts, sender=_sender(window), at=now, zone=zone)
    return Response(feed, media_type="application/atom+xml; charset=utf-8")


@feeds.get("/feeds/cap/{incident_id}", response_class=Response)
def cap_of(window: TheWindow, caller: Caller, incident_id: str) -> Response:
    """One incident as a CAP 1.2 message."""
    incident = window.board.incident(IncidentId(incident_id))
    if incident is None:
        raise not_found("incident", incident_id)
    allow(caller, Act.READ, incident.place)
    community = window.directory.community()
    body = cap_alert(incident, area=_area(community, incident), sender=_sender(window), zone=site_zone(community))
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n', media_type=MEDIA_TYPE)


def _area(community: Community, incident: Incident) -> str:
    place = around_of(incident.place, PlaceKind.BUILDING, community.places) or PlaceId(incident.place)
    return " ".join(community.place_names(place))


def _sender(window: Window) -> str:
    return f"shouwang-{window.site_mark}" if window.site_mark else "shouwang"
