"""What is to be known of the people on duty at a moment: whose papers run out, who is on which roster now."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from shouwang.domain.community import Community
from shouwang.domain.duty import Certificate, Person, on_duty
from shouwang.domain.errors import ConfigError
from shouwang.domain.moment import moment
from shouwang.domain.shift import local_day, timezone
from shouwang.domain.vocabulary import Instant, PersonId, Value

SOON = 60
"""Days before its end from which a certificate is said to run out: a course and an examination take about as long."""


DESK_CERTIFICATE = "desk"


class Validity(StrEnum):
    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    UNREADABLE = "unreadable"
    """Files are checked when they are applied; a day that cannot be read all the same certifies nobody."""


_HOLDS = (Validity.VALID, Validity.EXPIRING)


class Paper(Value, frozen=True, kw_only=True):
    """A certificate at a moment. ``days``: until it ends, 0 on its last day, negative after; None: it does not end."""

    kind: str
    expires: str | None
    days: int | None
    validity: Validity


def papers(community: Community, person: Person, now: Instant) -> list[Paper]:
    """The certificates of a person, counted in days of the site."""
    return [_paper(one, now, community.site.timezone) for one in person.certificates]


def is_certified(community: Community, person: Person, at: Instant) -> bool:
    """Holds a certificate for the desk of a fire control room (GB 25506) on the site's day of this moment."""
    return any(one.kind == DESK_CERTIFICATE and one.validity in _HOLDS for one in papers(community, person, at))


def rosters_now(community: Community, now: Instant) -> Mapping[PersonId, list[str]]:
    """The rosters that have a person on duty at this moment, by person, without those who are away."""
    found: dict[PersonId, list[str]] = {}
    for person, roster in _on_duty(community, now):
        found.setdefault(person, []).append(roster)
    return found


def _on_duty(community: Community, now: Instant) -> Iterator[tuple[PersonId, str]]:
    for roster in sorted(community.rosters.values(), key=lambda one: one.id):
        people = on_duty(community, roster, now)
        if not isinstance(people, str):
            yield from ((PersonId(person), roster.id) for person in people)


def _paper(one: Certificate, now: Instant, site_timezone: str) -> Paper:
    if one.expires is None:
        return Paper(kind=one.kind, expires=None, days=None, validity=Validity.VALID)
    try:
        today = moment(now).astimezone(timezone(site_timezone)).date()
        days = (local_day(one.expires) - today).days
    except ConfigError:
        return Paper(kind=one.kind, expires=one.expires, days=None, validity=Validity.UNREADABLE)
    validity = Validity.EXPIRED if days < 0 else Validity.EXPIRING if days <= SOON else Validity.VALID
    return Paper(kind=one.kind, expires=one.expires, days=days, validity=validity)
