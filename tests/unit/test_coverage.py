"""Who would be told, and every gap: by example, and for any community whatever."""

import random
import time

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.alert import AlertClass
from shouwang.domain.community import Community
from shouwang.domain.coverage import AHEAD, Gap, GapKind, coverage_gaps, duty_changes
from shouwang.domain.duty import (
    Absence,
    Certificate,
    Contact,
    Group,
    Person,
    PostHolder,
    SiteFacts,
    Zone,
    is_away,
    is_reachable,
    resolve,
)
from shouwang.domain.escalation import Match, Milestone, Policy, Step
from shouwang.domain.household import FamilyContact, Household
from shouwang.domain.moment import parse_rfc3339, rfc3339
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.reaching import who_would_be_told
from shouwang.domain.roster import Override, Roster, Rotation, Shift, Swap
from shouwang.domain.rostering import answer_swap
from shouwang.domain.vocabulary import DAY, HOUR, PersonId, PlaceId

START = parse_rfc3339("2026-11-24T12:00:00+08:00")
ROOT = PlaceId("s/c/jy")


def person(id: str, *, verified: bool = True, certified: bool = True, channels: int = 1, away: str = "") -> Person:
    absences = [Absence(start=away.split("/")[0], end=away.split("/")[1])] if away else []
    return Person(
        id=PersonId(id),
        name=id,
        channels=[Contact(kind="webhook", url="http://x", verified=verified)] * channels,
        certificates=[Certificate()] if certified else [],
        absences=absences,
    )


def compound(*people: Person, shifts: list[Shift] | None = None) -> Community:
    shifts = shifts or [
        Shift(start="08:00", end="20:00", people=[PersonId("day1"), PersonId("day2")]),
        Shift(start="20:00", end="08:00", people=[PersonId("night1"), PersonId("night2")]),
    ]
    everybody = [person(id) for id in ("day1", "day2", "night1", "night2", "chief")]
    return Community(
        site=SiteFacts(fallback=PersonId("chief")),
        people={one.id: one for one in (*everybody, *people)},
        places={
            PlaceId(id): Place(id=PlaceId(id), kind=kind)
            for id, kind in ((ROOT, PlaceKind.COMPOUND), (f"{ROOT}/b1", PlaceKind.BUILDING))
        },
        posts=(PostHolder(place=ROOT, post="property_manager", person=PersonId("chief")),),
        zones={"z": Zone(id="z", places=[ROOT], members=[PersonId("chief")])},
        rosters={"desk": Roster(id="desk", zone="z", post="desk_operator", shifts=shifts)},
    )


POLICIES = [
    Policy(
        id="all",
        steps=[
            Step(tell=["post:desk_operator"]),
            Step(after="60s", unless=Milestone.ACKNOWLEDGED, tell=["post:property_manager"]),
        ],
    )
]


def gaps(community: Community, days: int = 30) -> list[Gap]:
    return coverage_gaps(community, POLICIES, START, START + days * DAY)


def test_a_desk_that_is_always_manned_by_two_certified_people_has_no_gap() -> None:
    assert gaps(compound()) == []


def test_a_leave_that_empties_the_night_is_named_with_its_hours() -> None:
    away = "2026-11-26T00:00:00+08:00/2026-11-28T00:00:00+08:00"
    found = gaps(compound(person("night1", away=away), person("night2", away=away)))
    nobody = [gap for gap in found if gap.kind is GapKind.NOBODY]
    assert [(rfc3339(gap.start or 0), rfc3339(gap.end or 0), gap.times) for gap in nobody] == [
        ("2026-11-25T16:00:00Z", "2026-11-26T00:00:00Z", 3)  # 00:00 to 08:00, then the nights of the 26th and 27th
    ]
    assert "night1 is away" in nobody[0].detail or "nobody" in nobody[0].detail
    assert {gap.kind for gap in found} == {GapKind.NOBODY, GapKind.NOBODY_AT_NIGHT, GapKind.DESK_UNCERTIFIED}


def test_certificates_that_run_out_contacts_that_nobody_proved_and_three_roles_are_gaps() -> None:
    expiring = Person(
        id=PersonId("day1"),
        name="d",
        channels=[Contact(kind="webhook", url="http://x")],
        certificates=[Certificate(expires="2026-12-01")],
    )
    community = compound(expiring)
    more = (
        PostHolder(place=ROOT, post="engineer", person=PersonId("chief")),
        PostHolder(place=ROOT, post="patrol", person=PersonId("chief")),
    )
    community = Community(
        **{name: getattr(community, name) for name in ("site", "people", "places", "zones", "rosters")},
        posts=(*community.posts, *more),
    )
    found = {gap.kind: gap for gap in gaps(community)}
    assert set(found) == {GapKind.DESK_UNCERTIFIED, GapKind.UNVERIFIED_CONTACT, GapKind.THREE_ROLES}
    assert rfc3339(found[GapKind.DESK_UNCERTIFIED].start or 0) == "2026-12-02T00:00:00Z"
    assert found[GapKind.UNVERIFIED_CONTACT].person == "day1"
    assert found[GapKind.THREE_ROLES].person == "chief"


def test_one_certified_person_is_enough_where_the_province_allows_it() -> None:
    community = compound(person("day2", certified=False))
    assert [gap.kind for gap in gaps(community)] == [GapKind.DESK_UNCERTIFIED]
    alone = Community(
        site=SiteFacts(fallback=PersonId("chief"), desk_certified=1),
        **{name: getattr(community, name) for name in ("people", "places", "posts", "zones", "rosters")},
    )
    assert gaps(alone) == []


def test_rosters_that_follow_holidays_nobody_decreed_yet_are_a_gap() -> None:
    shifts = [
        Shift(start="00:00", end="24:00", people=[PersonId("day1"), PersonId("day2")], days=["workday"]),
        Shift(start="00:00", end="24:00", people=[PersonId("night1"), PersonId("night2")], days=["restday"]),
    ]
    assert [gap.kind for gap in gaps(compound(shifts=shifts))] == [GapKind.CALENDAR_ENDS]


def test_who_would_be_told_names_people_channels_and_the_fallback_step_by_step() -> None:
    fire = next(
        one
        for one in who_would_be_told(compound(), POLICIES, PlaceId(f"{ROOT}/b1/u1"), START)
        if one.klass is AlertClass.FIRE
    )
    assert [[called.person for called in step.people] for step in fire.steps] == [["day1", "day2"], ["chief"]]
    assert fire.steps[0].people[0].channels == ["webhook"] and fire.fallback == "chief"
    night = who_would_be_told(compound(), POLICIES, PlaceId(f"{ROOT}/b1/u1"), START + 12 * HOUR)
    assert [called.person for called in night[0].steps[0].people] == ["night1", "night2"]


CARE = Policy(
    id="care",
    match=Match(rules=["care-inactive-day", "care-inactive-long"]),
    steps=[Step(tell=["post:desk_operator"]), Step(after="60s", tell=["post:care_partner", "post:family"])],
)


def with_homes(*kin: str | None) -> Community:
    """A home that is watched over for each; its household's contact is this person, or a number alone."""
    base = compound(person("daughter"))
    homes = [PlaceId(f"{ROOT}/b1/{number}") for number in range(len(kin))]
    return msgspec.structs.replace(
        base,
        places={
            **base.places,
            **{id: Place(id=id, kind=PlaceKind.DWELLING, tags=["care:consent", "care:alone"]) for id in homes},
            PlaceId(f"{ROOT}/b1/x"): Place(id=PlaceId(f"{ROOT}/b1/x"), kind=PlaceKind.DWELLING),
        },
        households={
            home: Household(
                place=home,
                contacts=[FamilyContact(name="n", phone="1", person=PersonId(one) if one else None)],
            )
            for home, one in zip(homes, kin, strict=True)
        },
    )


def test_homes_that_are_watched_over_need_somebody_who_knows_them_and_no_other_home_does() -> None:
    def found(community: Community) -> list[tuple[GapKind, PlaceId | None, int | None]]:
        gaps = coverage_gaps(community, [CARE, *POLICIES], START, START + AHEAD)
        return [(gap.kind, gap.place, gap.step) for gap in gaps]

    assert found(with_homes()) == []
    assert found(with_homes("daughter")) == []
    assert found(with_homes("daughter", None)) == [(GapKind.EMPTY_STEP, f"{ROOT}/b1/1", 1)]
    assert found(with_homes(None, None, None)) == [(GapKind.EMPTY_STEP, ROOT, 1)], "one gap for all homes alike"
    assert found(with_homes("nobody")) == [(GapKind.EMPTY_STEP, f"{ROOT}/b1/0", 1)]


def test_who_would_be_told_of_an_unmoving_day_is_said_of_homes_that_are_watched_over() -> None:
    community = with_homes("daughter")
    home = who_would_be_told(community, [CARE, *POLICIES], PlaceId(f"{ROOT}/b1/0"), START)
    care = {one.rule: one for one in home if one.rule}
    assert set(care) == {"care-inactive-long", "care-inactive-day"}
    assert [[called.person for called in step.people] for step in care["care-inactive-day"].steps] == [
        ["day1", "day2"],
        ["daughter"],
    ]
    assert not [one for one in who_would_be_told(community, [CARE], PlaceId(f"{ROOT}/b1/x"), START) if one.rule]


def test_family_are_the_contacts_of_the_household_beside_who_holds_the_post_there() -> None:
    community = with_homes("daughter", None)
    home, other = PlaceId(f"{ROOT}/b1/0"), PlaceId(f"{ROOT}/b1/1")
    held = PostHolder(place=home, post="family", person=PersonId("chief"))
    assert resolve(community, home, ["post:family"], START).people == ["daughter"]
    both = msgspec.structs.replace(community, posts=(*community.posts, held))
    assert resolve(both, home, ["post:family"], START).people == ["chief", "daughter"]
    assert not resolve(both, other, ["post:family"], START).people, "a number alone is dialled by people"
    assert community.duties[PersonId("daughter")] == [("family", [home])]


def with_contacts(id: str, *kinds: str) -> Person:
    return Person(
        id=PersonId(id),
        name=id,
        channels=[Contact(kind=kind, url="http://x", verified=True) for kind in kinds],
        certificates=[Certificate()],
    )


def test_whoever_has_only_channels_that_are_not_installed_is_no_coverage_and_is_named() -> None:
    community = compound(with_contacts("chief", "sms"), with_contacts("night1", "sms"), with_contacts("day1", "sms"))

    def found(*channels: str) -> dict[GapKind, Gap]:
        gaps = coverage_gaps(community, POLICIES, START, START + AHEAD, channels=channels)
        return {gap.kind: gap for gap in gaps}

    assert found() == found("webhook", "sms") == {}
    off = found("webhook")
    assert set(off) == {GapKind.EMPTY_STEP, GapKind.NO_FALLBACK, GapKind.CHANNEL_OFF}
    assert "chief has no contact that can be used here (only sms)" in off[GapKind.EMPTY_STEP].detail
    named = [
        gap.person
        for gap in coverage_gaps(community, POLICIES, START, START + AHEAD, channels=["webhook"])
        if gap.kind is GapKind.CHANNEL_OFF
    ]
    assert named == ["chief", "day1", "night1"]


def test_a_contact_that_was_proven_on_a_channel_since_taken_away_proves_nothing() -> None:
    two = msgspec.structs.replace(
        with_contacts("chief", "sms"),
        channels=[Contact(kind="sms", number="1", verified=True), Contact(kind="webhook", url="http://x")],
    )
    found = coverage_gaps(compound(two), POLICIES, START, START + AHEAD, channels=["webhook"])
    assert [(gap.kind, gap.person) for gap in found] == [(GapKind.UNVERIFIED_CONTACT, "chief")]


def test_who_would_be_told_names_whom_no_installed_channel_reaches_as_the_alarm_itself_would() -> None:
    community = compound(with_contacts("day1", "sms", "voice"), with_contacts("chief", "sms"))
    [first, second] = who_would_be_told(community, POLICIES, ROOT, START, ["webhook", "console"])[0].steps
    assert [called.person for called in first.people] == ["day2"] and first.off == ["day1"]
    assert first.gaps == ["day1 has no contact that can be used here (only sms, voice)"]
    assert (second.people, second.off) == ([], ["chief"])
    assert who_would_be_told(community, POLICIES, ROOT, START, ["webhook"])[0].fallback is None
    assert who_would_be_told(community, POLICIES, ROOT, START, ["sms"])[0].fallback == "chief"


def test_a_community_above_its_compounds_is_no_place_where_anything_alarms() -> None:
    community = compound()
    above = {PlaceId("s/c"): Place(id=PlaceId("s/c"), kind=PlaceKind.COMMUNITY), **community.places}
    held = PostHolder(place=PlaceId("s/c"), post="community_officer", person=PersonId("chief"))
    wider = Community(
        **{name: getattr(community, name) for name in ("site", "people", "zones", "rosters")},
        places=above,
        posts=(*community.posts, held),
    )
    assert gaps(wider) == []


def test_a_month_of_a_large_compound_is_looked_at_in_a_moment() -> None:
    """2,000 dwellings in 20 buildings, 300 people, 30 rosters that change three times a day: bounded work, by count of
    moments and stands rather than by minutes and dwellings."""
    people = [person(f"p{number}") for number in range(300)]
    rosters = {
        f"r{number}": Roster(
            id=f"r{number}",
            zone=f"z{number % 20}",
            post="patrol" if number % 2 else "desk_operator",
            shifts=[
                Shift(
                    start=f"{8 * turn:02}:00",
                    end=f"{8 * turn + 8:02}:00",
                    rotation=Rotation(
                        since="2026-11-01", teams=[[PersonId(f"p{number * 9 + turn * 3 + team}")] for team in range(3)]
                    ),
                )
                for turn in range(3)
            ],
        )
        for number in range(30)
    }
    places = {ROOT: Place(id=ROOT, kind=PlaceKind.COMPOUND)}
    for building in range(20):
        for flat in range(100):
            id = PlaceId(f"{ROOT}/b{building}/u1/f{flat // 4}/{flat}")
            places[id] = Place(id=id, kind=PlaceKind.DWELLING)
    community = Community(
        site=SiteFacts(fallback=PersonId("p0")),
        people={one.id: one for one in people},
        places=places,
        rosters=rosters,
        zones={
            f"z{n}": Zone(id=f"z{n}", places=[PlaceId(f"{ROOT}/b{n}")], members=[PersonId(f"p{n}")]) for n in range(20)
        },
    )
    began = time.process_time()
    found = coverage_gaps(community, POLICIES, START, START + AHEAD)
    assert time.process_time() - began < 20  # about one second on one core; a hang would fail here
    assert found and len(duty_changes(community, START, START + AHEAD)) <= 91


# For any community ----------------------------------------------------------------------------------------------------

IDS = st.sampled_from([PersonId(f"p{number}") for number in range(6)])
PLACES = st.sampled_from([PlaceId(path) for path in ("s", "s/a", "s/a/1", "s/a/2", "s/b", "s/b/1")])
POSTS = st.sampled_from(["patrol", "desk_operator", "branch_secretary", "property_manager"])
HOURS = st.sampled_from(["00:00", "06:30", "08:00", "20:00", "24:00"])
TIMES = st.integers(-3, 40).map(lambda hours: rfc3339(START + hours * HOUR))
TARGETS = st.one_of(
    POSTS.map(lambda post: f"post:{post}"),
    st.sampled_from(["roster:r0", "roster:r1", "roster:gone", "zone", "zone:grid", "trinity", "group:g", "group:gone"]),
    IDS.map(lambda id: f"person:{id}"),
    st.tuples(POSTS, IDS).map(lambda pair: f"any:post:{pair[0]}|person:{pair[1]}"),
    st.just("any:roster:r1|group:g|trinity|zone"),
)
CONTACTS = st.lists(
    st.builds(Contact, kind=st.sampled_from(["webhook", "sms", "push"]), verified=st.booleans()), max_size=2
)
CERTIFICATES = st.lists(
    st.builds(Certificate, expires=st.sampled_from([None, "2026-11-01", "2026-11-24", "2027-11-24", "soon"])),
    max_size=1,
)
TEAMS = st.lists(st.lists(IDS, max_size=2), min_size=1, max_size=3)
ROTATIONS = st.none() | st.builds(
    Rotation, since=st.sampled_from(["2026-11-20", "2027-01-01"]), teams=TEAMS, days=st.integers(1, 3)
)


@st.composite
def communities(draw: st.DrawFn) -> Community:
    def absences() -> list[Absence]:
        return [Absence(start=draw(TIMES), end=draw(TIMES)) for _ in range(draw(st.integers(0, 1)))]

    def one_person(id: PersonId) -> Person:
        return Person(id=id, name=id, channels=draw(CONTACTS), absences=absences(), certificates=draw(CERTIFICATES))

    def roster(id: str) -> Roster:
        shifts = [
            Shift(
                start=draw(HOURS),
                end=draw(HOURS),
                people=draw(st.lists(IDS, max_size=2)),
                days=draw(st.none() | st.lists(st.sampled_from(["tue", "wed", "workday", "holiday"]), max_size=2)),
                layer=draw(st.integers(0, 1)),
                rotation=draw(ROTATIONS),
            )
            for _ in range(draw(st.integers(0, 2)))
        ]
        overrides = [
            Override(start=draw(TIMES), end=draw(TIMES), add=draw(st.none() | IDS), remove=draw(st.none() | IDS))
            for _ in range(draw(st.integers(0, 2)))
        ]
        return Roster(
            id=id, shifts=shifts, overrides=overrides, zone=draw(st.sampled_from(["", "z"])), post=draw(POSTS)
        )

    people = {id: one_person(id) for id in draw(st.sets(IDS))}
    posts = draw(
        st.lists(st.builds(PostHolder, place=PLACES, post=POSTS, person=IDS, deputy=st.none() | IDS), max_size=5)
    )
    zones = {
        id: Zone(
            id=id,
            kind=kind,
            places=draw(st.lists(PLACES, max_size=3)),
            members=draw(st.lists(IDS, max_size=3)),
            fallback=draw(st.none() | IDS),
        )
        for id, kind in (("z", "party"), ("g", "grid"))
    }
    community = Community(
        site=SiteFacts(fallback=draw(st.none() | IDS)),
        places={id: Place(id=id, kind=PlaceKind.AREA) for id in map(PlaceId, ("s", "s/a", "s/a/1", "s/b"))},
        people=people,
        posts=tuple(posts),
        zones=zones,
        rosters={"r0": roster("r0"), "r1": roster("r1")},
        groups={"g": Group(id="g", members=draw(st.lists(IDS, max_size=3)))},
    )
    return swapped(community, draw(st.lists(st.tuples(IDS, IDS, TIMES, TIMES, st.booleans()), max_size=2)))


def swapped(community: Community, asked: list[tuple[PersonId, PersonId, str, str, bool]]) -> Community:
    """With swaps that were asked for, and agreed to or not."""
    for number, (asker, taker, start, end, agrees) in enumerate(asked):
        swap = Swap(id=f"sw{number}", roster="r0", asker=asker, taker=taker, start=start, end=end)
        roster = None
        if agrees:
            swap, roster = answer_swap(swap, "agreed", taker, community)
        rosters = {**community.rosters, **({roster.id: roster} if roster else {})}
        community = msgspec.structs.replace(community, swaps={**community.swaps, swap.id: swap}, rosters=rosters)
    return community


def shuffled(community: Community, seed: int) -> Community:
    """The same, as another directory might list it."""
    chance = random.Random(seed)

    def mixed(items: list[tuple[str, object]]) -> dict[str, object]:
        chance.shuffle(items)
        return dict(items)

    return Community(
        site=community.site,
        places=community.places,
        people=mixed(list(community.people.items())),  # type: ignore[arg-type]
        posts=tuple(chance.sample(community.posts, len(community.posts))),
        zones=mixed([(id, in_another_order(zone, chance)) for id, zone in community.zones.items()]),  # type: ignore[arg-type]
        rosters=mixed([(id, in_another_order(roster, chance)) for id, roster in community.rosters.items()]),  # type: ignore[arg-type]
        groups={id: in_another_order(group, chance) for id, group in community.groups.items()},  # type: ignore[misc]
        swaps=mixed(list(community.swaps.items())),  # type: ignore[arg-type]
    )


def in_another_order(thing: Zone | Roster | Group, chance: random.Random) -> Zone | Roster | Group:
    """Its own lists, too: whoever wrote them meant sets."""
    match thing:
        case Zone() | Group():
            return msgspec.structs.replace(thing, members=chance.sample(thing.members, len(thing.members)))
        case Roster():
            return msgspec.structs.replace(
                thing,
                shifts=chance.sample(thing.shifts, len(thing.shifts)),
                overrides=chance.sample(thing.overrides, len(thing.overrides)),
            )


@given(communities(), PLACES, st.lists(TARGETS, max_size=4), st.integers(-48, 48), st.integers(0, 9))
def test_nobody_is_told_twice_an_empty_duty_has_its_reason_and_order_changes_nothing(
    community: Community, place: PlaceId, targets: list[str], hours: int, seed: int
) -> None:
    now = START + hours * HOUR
    found = resolve(community, place, targets, now)
    assert len(found.people) == len(set(found.people))
    assert found.people or found.gaps
    assert all(is_reachable(community, one) and not is_away(community, one, now) for one in found.people)
    assert resolve(shuffled(community, seed), place, targets, now) == found
    plain = msgspec.structs.replace(community, people={id: unproven(one) for id, one in community.people.items()})
    assert resolve(plain, place, targets, now) == found, "an unproven contact is told; a certificate opens no ear"
    assert resolve(community, place, [*targets, *targets], now).people == found.people


def unproven(person: Person) -> Person:
    channels = [msgspec.structs.replace(one, verified=False) for one in person.channels]
    return msgspec.structs.replace(person, channels=channels, certificates=[])


@given(communities(), PLACES, st.lists(TARGETS, min_size=1, max_size=3), st.integers(0, 47))
def test_a_step_that_means_nobody_at_some_moment_is_in_the_coverage_gaps_of_that_moment(
    community: Community, place: PlaceId, targets: list[str], hours: int
) -> None:
    policies = [Policy(id="p", match=Match(), steps=[Step(tell=targets)])]
    at = START + hours * HOUR + 1
    is_empty = not resolve(community, place, targets, at).people
    found = coverage_gaps(community, policies, START, START + 2 * DAY, [place])
    named = [
        gap
        for gap in found
        if gap.kind is GapKind.NOBODY and (gap.start is None or gap.times > 1 or gap.start <= at < (gap.end or 0))
    ]
    assert not is_empty or named
    now_only = coverage_gaps(community, policies, at, at + 1, [place])
    assert is_empty == any(gap.kind is GapKind.NOBODY for gap in now_only)
