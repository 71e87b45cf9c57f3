"""Whom targets mean: posts, rosters, zones, people; and that nobody is a gap, never silence."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cases import B3, COMPOUND, FLAT, NOW, OTHER_UNIT, UPSTAIRS, compound, people, person
from shouwang.domain.community import Community
from shouwang.domain.duty import (
    PostHolder,
    SiteFacts,
    Zone,
    empty_duties,
    fallback_of,
    resolve,
    target_problem,
    zone_of,
)
from shouwang.domain.moment import rfc3339
from shouwang.domain.place import Place, PlaceKind
from shouwang.domain.roster import Override, Roster, Shift
from shouwang.domain.vocabulary import DAY, HOUR, UNASSIGNED, PersonId, PlaceId


def holder(who: str, post: str, place: str) -> PostHolder:
    return PostHolder(place=PlaceId(place), post=post, person=PersonId(who))


def told(community: Community, *targets: str, place: str = FLAT, **more: object) -> list[str]:
    return list(resolve(community, place, targets, NOW, **more).people)  # type: ignore[arg-type]


def gaps(community: Community, *targets: str, place: str = FLAT) -> list[str]:
    return resolve(community, place, targets, NOW).gaps


def test_a_post_is_answered_at_the_place_itself_before_its_ancestors() -> None:
    site = compound(
        people=people("a", "b", "c"),
        posts=(holder("a", "leader", COMPOUND), holder("b", "leader", B3), holder("c", "leader", UPSTAIRS)),
    )
    assert told(site, "post:leader", place=FLAT) == ["b"]
    assert told(site, "post:leader", place=UPSTAIRS) == ["c"]
    assert told(site, "post:leader", place=COMPOUND) == ["a"]


def test_all_who_hold_a_post_at_one_place_are_meant() -> None:
    site = compound(people=people("a", "b"), posts=(holder("b", "patrol", B3), holder("a", "patrol", B3)))
    assert told(site, "post:patrol") == ["a", "b"]


def test_a_holder_without_a_channel_leaves_the_post_to_the_next_ancestor() -> None:
    site = compound(
        people={**people("b"), PersonId("a"): person("a", reachable=False)},
        posts=(holder("a", "leader", B3), holder("b", "leader", COMPOUND)),
    )
    assert told(site, "post:leader") == ["b"]


def test_a_post_that_no_person_holds_is_filled_by_the_roster_for_it() -> None:
    desk = Roster(
        id="d",
        post="desk_operator",
        zone="east",
        shifts=[Shift(start="00:00", end="24:00", people=[PersonId("guard")])],
    )
    site = compound(rosters={"d": desk})
    assert told(site, "post:desk_operator") == ["guard"]
    assert told(site, "post:desk_operator", place="elsewhere/b9") == []
    held = msgspec.structs.replace(site, posts=(holder("member", "desk_operator", COMPOUND),))
    assert told(held, "post:desk_operator") == ["member"]


def test_a_zone_means_its_members_of_the_kind_asked_for() -> None:
    zones = {
        "p": Zone(id="p", places=[B3], members=[PersonId("b"), PersonId("a")]),
        "g": Zone(id="g", kind="grid", places=[COMPOUND], members=[PersonId("c")]),
    }
    site = compound(people=people("a", "b", "c"), zones=zones)
    assert told(site, "zone") == told(site, "zone:party") == ["a", "b"]
    assert told(site, "zone:grid") == ["c"]
    assert gaps(site, "zone:property") == [f"zone:property: {FLAT} is in no property zone"]


def test_the_zone_of_the_nearest_place_is_meant() -> None:
    zones = {
        "whole": Zone(id="whole", places=[COMPOUND], members=[PersonId("a")]),
        "unit": Zone(id="unit", places=[PlaceId(f"{B3}/u2")], members=[PersonId("b")]),
    }
    site = compound(people=people("a", "b"), zones=zones)
    assert told(site, "zone", place=FLAT) == ["b"]
    assert told(site, "zone", place=OTHER_UNIT) == ["a"]


def test_one_person_in_three_roles_is_told_once() -> None:
    site = compound(
        people=people("a"),
        posts=(holder("a", "patrol", B3),),
        zones={"z": Zone(id="z", places=[B3], members=[PersonId("a")])},
    )
    assert told(site, "person:a", "post:patrol", "zone") == ["a"]


def test_what_cannot_be_answered_is_a_gap_with_its_reason() -> None:
    site = compound(people={PersonId("mute"): person("mute", reachable=False)}, zones={"z": Zone(id="z", places=[B3])})
    assert gaps(site, "person:mute") == ["person:mute: mute has no channel"]
    assert gaps(site, "person:ghost") == ["person:ghost: there is no person ghost"]
    assert gaps(site, "roster:gone") == ["roster:gone: no such roster"]
    assert gaps(site, "zone") == ["zone: zone z has no members"]
    assert gaps(site, "post:patrol")[0].startswith("post:patrol: nobody who can be reached")
    assert "is not a target" in gaps(site, "guard")[0]
    assert gaps(site) == ["nothing to tell: no target was given"]
    assert gaps(site, "told") == ["told: nobody was told before"]
    assert gaps(site, "holder") == ["holder: nobody holds it"]


def test_a_roster_that_cannot_be_read_is_a_gap_and_stops_nobody_else() -> None:
    broken = Roster(
        id="desk", timezone="Asia/Atlantis", shifts=[Shift(start="00:00", end="24:00", people=[PersonId("guard")])]
    )
    found = resolve(compound(rosters={"desk": broken}), FLAT, ["roster:desk", "post:patrol"], NOW)
    assert found.people == ["patrol"]
    assert "Asia/Atlantis" in found.gaps[0]


def test_told_and_holder_are_those_of_the_incident() -> None:
    assert told(compound(), "told", "holder", told=["leader", "guard"], holder="guard") == ["guard", "leader"]


def test_a_device_that_nobody_registered_belongs_to_the_sites_fallback() -> None:
    site = compound()
    assert told(site, "zone", place=UNASSIGNED) == ["fallback"]
    assert fallback_of(site, UNASSIGNED) == "fallback"
    bare = msgspec.structs.replace(site, site=SiteFacts())
    assert told(bare, "zone", place=UNASSIGNED) == []
    assert fallback_of(bare, UNASSIGNED) is None


def test_the_fallback_is_the_party_zones_then_anothers_then_the_sites() -> None:
    zones = {
        "g": Zone(id="g", kind="grid", places=[COMPOUND], fallback=PersonId("grid")),
        "p": Zone(id="p", places=[B3], fallback=PersonId("party")),
    }
    site = compound(people=people("grid", "party", "fallback"), zones=zones)
    assert fallback_of(site, FLAT) == "party"
    unreachable = {**site.people, PersonId("party"): person("party", reachable=False)}
    assert fallback_of(msgspec.structs.replace(site, people=unreachable), FLAT) == "grid"
    assert fallback_of(msgspec.structs.replace(site, zones={}), FLAT) == "fallback"


def test_of_two_zones_of_one_kind_the_same_one_is_meant_every_time() -> None:
    zones = [Zone(id=id, places=[B3], members=[PersonId(id)]) for id in ("b", "a")]
    for listed in (zones, zones[::-1]):
        zone = zone_of(compound(zones={zone.id: zone for zone in listed}), FLAT)
        assert zone is not None
        assert zone.id == "a"


def test_empty_duties_are_named_before_an_alarm_finds_out() -> None:
    assert empty_duties(compound(), NOW) == []
    bare = compound(people={}, site=SiteFacts())
    assert [duty.partition(":")[0] for duty in empty_duties(bare, NOW)] == ["roster", "zone east", "site"]


@pytest.mark.parametrize("target", ["post:patrol", "roster:desk", "zone", "zone:grid", "person:guard"])
def test_targets_are_read_as_policies_write_them(target: str) -> None:
    assert target_problem(target) is None


@pytest.mark.parametrize("target", ["", "patrol", "post:", "zone:", "group:", "told", "roster"])
def test_what_is_no_target_is_refused(target: str) -> None:
    assert "is not a target" in (target_problem(target) or "")


# Whatever the directory ---------------------------------------------------------------------------------------------

IDS = st.sampled_from([PersonId(name) for name in "abcdef"])
PLACES = st.sampled_from([PlaceId(path) for path in ("x", "x/1", "x/1/a", "x/2", "y")])
POSTS = st.sampled_from(["patrol", "leader"])
CLOCKS = st.sampled_from(["00:00", "02:30", "08:00", "20:00", "24:00", "25:99", "soon"])
WEEK = st.none() | st.lists(st.sampled_from(["mon", "tue", "sat", "someday"]), max_size=3)
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "", "Nowhere/Land"])
MOMENTS = st.integers(min_value=NOW - 400 * DAY, max_value=NOW + 400 * DAY)
SHIFTS = st.builds(Shift, start=CLOCKS, end=CLOCKS, people=st.lists(IDS, max_size=3), days=WEEK)
OVERRIDES = st.builds(
    lambda start, hours, remove, add: Override(
        start=rfc3339(start), end=rfc3339(start + hours * HOUR), remove=remove, add=add
    ),
    MOMENTS,
    st.integers(min_value=0, max_value=10_000),
    st.none() | IDS,
    st.none() | IDS,
)
TARGETS = st.sampled_from(
    [
        "post:patrol",
        "post:leader",
        "roster:r1",
        "roster:r2",
        "roster:none",
        "zone",
        "zone:grid",
        "person:a",
        "person:z",
        "told",
        "holder",
        "x",
        "post:",
    ]
)


@st.composite
def communities(draw: st.DrawFn) -> Community:
    mute = draw(st.sets(IDS))
    known = draw(st.sets(IDS))
    zones = draw(
        st.lists(
            st.builds(
                Zone,
                id=st.sampled_from(["z1", "z2", "z3"]),
                kind=st.sampled_from(["party", "grid"]),
                places=st.lists(PLACES, max_size=2),
                members=st.lists(IDS, max_size=3),
                fallback=st.none() | IDS,
            ),
            max_size=3,
            unique_by=lambda zone: zone.id,
        )
    )
    rosters = draw(
        st.lists(
            st.builds(
                Roster,
                id=st.sampled_from(["r1", "r2"]),
                shifts=st.lists(SHIFTS, max_size=3),
                zone=st.sampled_from(["", "z1"]),
                post=st.sampled_from(["", "patrol"]),
                timezone=ZONES,
                overrides=st.lists(OVERRIDES, max_size=3),
            ),
            max_size=2,
            unique_by=lambda roster: roster.id,
        )
    )
    return Community(
        site=SiteFacts(fallback=draw(st.none() | IDS)),
        places={PlaceId("x"): Place(id=PlaceId("x"), kind=PlaceKind.COMPOUND)},
        people={id: person(id, reachable=id not in mute) for id in known},
        posts=tuple(draw(st.lists(st.builds(PostHolder, place=PLACES, post=POSTS, person=IDS), max_size=6))),
        zones={zone.id: zone for zone in zones},
        rosters={roster.id: roster for roster in rosters},
    )


@given(communities(), st.one_of(PLACES, st.just(UNASSIGNED)), st.lists(TARGETS, max_size=6), MOMENTS, st.lists(IDS))
def test_nobody_is_never_silence_and_nobody_hears_one_step_twice(
    community: Community, place: str, targets: list[str], now: int, before: list[PersonId]
) -> None:
    found = resolve(community, place, targets, now, told=before, holder="b")
    assert found.people or found.gaps
    assert len(found.people) == len(set(found.people))
    assert all(community.people[one].channels for one in found.people)


@given(communities(), PLACES, st.lists(TARGETS, max_size=6), MOMENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_listed_changes_nobody(
    community: Community, place: str, targets: list[str], now: int, random: object
) -> None:
    def shuffled(items: object) -> list:  # type: ignore[type-arg]
        mixed = list(items)  # type: ignore[call-overload]
        random.shuffle(mixed)  # type: ignore[attr-defined]
        return mixed

    again = msgspec.structs.replace(
        community,
        posts=tuple(shuffled(community.posts)),
        people=dict(shuffled(community.people.items())),
        zones={
            id: msgspec.structs.replace(zone, members=shuffled(zone.members))
            for id, zone in shuffled(community.zones.items())
        },
        rosters={
            id: msgspec.structs.replace(roster, shifts=shuffled(roster.shifts), overrides=shuffled(roster.overrides))
            for id, roster in shuffled(community.rosters.items())
        },
    )
    assert resolve(again, place, targets, now) == resolve(community, place, targets, now)
    mixed = resolve(again, place, shuffled(targets), now)
    assert sorted(mixed.people) == sorted(resolve(community, place, targets, now).people)
