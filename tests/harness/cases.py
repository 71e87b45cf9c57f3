"""A small compound and the alarms in it, for tests of what is decided about them."""

from collections.abc import Sequence

import msgspec

from shouwang.domain.alert import Alert, AlertClass, AlertState
from shouwang.domain.climbing import Changed
from shouwang.domain.community import Community
from shouwang.domain.duty import Contact, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.escalation import Match, Milestone, Policy, Step
from shouwang.domain.incident import Incident
from shouwang.domain.joining import fold
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.notice import Notice
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.roster import Roster, Shift
from shouwang.domain.standing import Change, DeviceFacts, Transition
from shouwang.domain.vocabulary import (
    SECOND,
    AlertId,
    DeviceId,
    Evidence,
    Instant,
    Kind,
    Life,
    PersonId,
    PlaceId,
    Severity,
)

NOW = parse_rfc3339("2026-11-24T02:14:00+08:00")
SMOKE = "smoke"
B3 = PlaceId("chengjiang/dongmen/jinyuan/b3")
COMPOUND = PlaceId("chengjiang/dongmen/jinyuan")
FLAT = PlaceId(f"{B3}/u2/f5/501")
NEXT_DOOR = PlaceId(f"{B3}/u2/f5/502")
UPSTAIRS = PlaceId(f"{B3}/u2/f6/601")
OTHER_UNIT = PlaceId(f"{B3}/u1/f5/501")

FIRE_POLICY = Policy(
    id="fire",
    match=Match(severity=[Severity.CRITICAL]),
    steps=[
        Step(tell=["roster:desk", "post:patrol", "post:building_leader"]),
        Step(after="60s", unless=Milestone.ACKNOWLEDGED, tell=["post:property_manager"]),
        Step(when=Milestone.VERIFIED_REAL, tell=["post:branch_secretary", "post:micro_fire_station"]),
        Step(after="180s", unless=Milestone.VERIFIED, tell=["post:branch_secretary"]),
        Step(after="300s", unless=Milestone.ON_SCENE, tell=["post:community_officer"]),
    ],
)
PLAIN_POLICY = Policy(
    id="plain", steps=[Step(tell=["zone"]), Step(after="5m", unless=Milestone.ACKNOWLEDGED, tell=["zone:grid"])]
)


def person(id: str, *, reachable: bool = True) -> Person:
    channels = [Contact(kind="webhook", url=f"http://127.0.0.1/{id}")] if reachable else []
    return Person(id=PersonId(id), name=id.title(), channels=channels)


def people(*ids: str) -> dict[PersonId, Person]:
    return {PersonId(id): person(id) for id in ids}


def compound(**changes: object) -> Community:
    """Building 3 of a compound: two units, a desk on duty day and night, one holder for each post."""
    kinds = [
        (B3, PlaceKind.BUILDING),
        (PlaceId(f"{B3}/u1"), PlaceKind.UNIT),
        (PlaceId(f"{B3}/u2"), PlaceKind.UNIT),
        (FLAT, PlaceKind.DWELLING),
        (NEXT_DOOR, PlaceKind.DWELLING),
        (UPSTAIRS, PlaceKind.DWELLING),
        (OTHER_UNIT, PlaceKind.DWELLING),
        (PlaceId(f"{B3}/u2/f5"), PlaceKind.FLOOR),
        (PlaceId(f"{B3}/u2/f6"), PlaceKind.FLOOR),
        (COMPOUND, PlaceKind.COMPOUND),
    ]
    posts = {"patrol": "patrol", "building_leader": "leader", "property_manager": "manager"}
    posts |= {"branch_secretary": "secretary", "micro_fire_station": "fighter", "community_officer": "officer"}
    site = Community(
        site=SiteFacts(fallback=PersonId("fallback")),
        places={id: Place(id=id, kind=kind) for id, kind in kinds},
        people=people("guard", "fallback", "member", *posts.values()),
        posts=tuple(PostHolder(place=COMPOUND, post=post, person=PersonId(who)) for post, who in posts.items()),
        zones={
            "east": Zone(id="east", places=[B3], members=[PersonId("member")], fallback=PersonId("fallback")),
        },
        rosters={
            "desk": Roster(
                id="desk", zone="east", shifts=[Shift(start="08:00", end="08:00", people=[PersonId("guard")])]
            )
        },
        policies=(FIRE_POLICY, PLAIN_POLICY),
    )
    return msgspec.structs.replace(site, **changes)


def facts(device: str = "smoke-501", place: str = FLAT, *, life: Life = Life.IN_SERVICE) -> DeviceFacts:
    return DeviceFacts(device=DeviceId(device), kind=Kind.SMOKE, place=PlaceId(place), life=life)


def transition(
    change: Change = Change.RAISED,
    *,
    subject: str = "smoke-501",
    rule: str = SMOKE,
    at: Instant = NOW,
    severity: Severity = Severity.CRITICAL,
    late: bool = False,
    test: bool = False,
) -> Transition:
    return Transition(
        rule=rule,
        subject=subject,
        change=change,
        severity=severity,
        at=at,
        late=late,
        test=test,
        evidence=[Evidence("smoke", True, at)],
    )


def alert(
    device: str | None = "smoke-501",
    place: str = FLAT,
    *,
    id: str = "",
    klass: AlertClass = AlertClass.FIRE,
    severity: Severity = Severity.CRITICAL,
    state: AlertState = AlertState.UNACKED,
    rule: str = SMOKE,
    at: Instant = NOW,
    latching: bool = True,
    event: bool = False,
    late: bool = False,
    test: bool = False,
    **more: object,
) -> Alert:
    found = Alert(
        id=AlertId(id or f"alert-{rule}-{device}"),
        rule=rule,
        title={"zh": "烟雾报警", "en": "Smoke"},
        klass=klass,
        severity=severity,
        state=state,
        subject=device or place,
        device=DeviceId(device) if device else None,
        kind="smoke",
        place=PlaceId(place),
        raised_at=at,
        received_at=at,
        committed_at=at,
        latching=latching,
        event=event,
        late=late,
        test=test,
    )
    return msgspec.structs.replace(found, **more)


def opening(
    first: Alert | None = None, *, now: Instant = NOW, community: Community | None = None, pack: str = "fire"
) -> Changed:
    """What this alert, or smoke in the flat, opens."""
    return joining(None, first or alert(), now=now, community=community, pack=pack)


def opened(
    first: Alert | None = None, *, now: Instant = NOW, community: Community | None = None, pack: str = "fire"
) -> Incident:
    """The incident of ``opening``."""
    return opening(first, now=now, community=community, pack=pack)[0]


def joining(
    incident: Incident | None,
    one: Alert,
    change: Change = Change.RAISED,
    *,
    now: Instant = NOW,
    community: Community | None = None,
    pack: str = "fire",
) -> Changed:
    """What one more transition makes of an incident."""
    where = community or compound()
    moved = transition(change, subject=one.subject, rule=one.rule, at=now, severity=one.severity)
    return fold(incident, one, moved, community=where, policies=where.policies, pack=pack, now=now)


def joined(
    incident: Incident,
    one: Alert,
    change: Change = Change.RAISED,
    *,
    now: Instant = NOW,
    community: Community | None = None,
    pack: str = "fire",
) -> Incident:
    """The incident of ``joining``."""
    return joining(incident, one, change, now=now, community=community, pack=pack)[0]


def seconds(count: float) -> Instant:
    """``count`` seconds after ``NOW``."""
    return NOW + round(count * SECOND)


def told_by(notices: Sequence[Notice]) -> list[tuple[str, list[str]]]:
    """(why, targets) of notices."""
    return [(notice.why.value, notice.tell) for notice in notices]
