"""Rules that watch how people live are not armed where nobody agreed; emergencies ask nobody."""

import msgspec

from harness.timelines import rule, says
from shouwang.domain.community import Community
from shouwang.domain.evaluate import hear, run_due
from shouwang.domain.gathering import hear_place, notices
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import DeviceState
from shouwang.domain.vocabulary import HOUR, SECOND, DeviceId, Instant, PlaceId, Reading
from shouwang.flows.world import World

NOON: Instant = 1_772_424_000 * SECOND
HOME = PlaceId("j/b3/u2/501")
QUIET = "{inactive: {metrics: [contact, occupancy], longest: 4h}}"


def world(*rules: Rule, home_tags: tuple[str, ...] = (), device_tags: tuple[str, ...] = ()) -> World:
    places = [
        Place(id=PlaceId("j/b3"), kind=PlaceKind.BUILDING, tags=["care:consent"]),
        Place(id=HOME, kind=PlaceKind.DWELLING, tags=list(home_tags)),
    ]
    device = Device(id=DeviceId("d"), profile="x", address="native:d", place=HOME, tags=list(device_tags))
    community = Community(places={place.id: place for place in places}, devices={device.id: device})
    return World(community, RuleBook(rules, minds_consent=True), (), {})


def in_scope(seen: World) -> set[str]:
    scope = seen.book.for_facts(seen.facts(DeviceId("d")))
    return {*scope.rules, *(one.rule.id for rules in scope.of_places.values() for one in rules)}


def test_what_concludes_from_how_people_live_asks_for_consent() -> None:
    rules = (
        rule(QUIET, id="quiet"),
        rule("{is: {metric: occupancy, value: true, for: 1h}}", id="bathroom"),
        rule("{event: {metric: action}}", id="own-wish", more="consent: true"),
        rule("{is: {metric: fall, value: true}}", id="fall"),
        rule("{all: [{is: {metric: fall, value: true}}, {is: {metric: occupancy, value: true}}]}", id="inferred"),
        rule("{event: {metric: emergency}}", id="call"),
        rule("{is: {metric: contact, value: false}}", id="door"),
    )
    assert [one.id for one in rules if one.asks_consent] == ["quiet", "bathroom", "own-wish", "inferred"]
    assert in_scope(world(*rules)) == {"fall", "call", "door"}
    assert in_scope(world(*rules, home_tags=("care:consent",))) == {one.id for one in rules}
    assert in_scope(world(*rules, device_tags=("care:consent",))) == {one.id for one in rules}


def test_tags_of_a_home_hold_for_its_devices_and_those_of_a_building_do_not() -> None:
    alone = rule("{is: {metric: smoke, value: true}}", id="alone", more="scope: {tags: [alone]}")
    everywhere = rule("{is: {metric: smoke, value: true}}", id="b", more="scope: {tags: ['care:consent']}")
    assert in_scope(world(alone, everywhere, home_tags=("alone",))) == {"alone"}


def test_consent_that_is_taken_back_silences_what_is_pending() -> None:
    quiet = rule(QUIET, id="quiet")
    agreed, refused = world(quiet, home_tags=("care:consent",)), world(quiet)
    row = DeviceId(f"place:{HOME}")
    readings = [Reading(DeviceId("d"), "occupancy", True, NOON, NOON)]
    facts = agreed.facts(DeviceId("d"))
    after = hear(agreed.book, facts, DeviceState(), readings, NOON).state
    told = notices(agreed.book, facts, DeviceState(), after, readings)
    state = hear_place(agreed.book, row, DeviceState(), told, NOON).state
    later = NOON + 5 * HOUR
    assert [one.subject for one in run_due(agreed.book, agreed.facts(row), state, later).transitions] == [HOME]
    silenced = run_due(refused.book, refused.facts(row), state, later)
    assert silenced.transitions == []
    assert silenced.state == msgspec.structs.replace(state, standings={}, due_at=None)
    assert notices(refused.book, refused.facts(DeviceId("d")), DeviceState(), after, readings) == []


def test_a_recording_is_of_nobody() -> None:
    assert says(QUIET, "0s a occupancy=true", "5h tick") == ["4h a raised"]
