"""The community file: what it takes, what it refuses and where, what applying it changes, and that it comes back."""

import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.cli import shouwang as verbs
from shouwang.domain.community import Community, identity, rows
from shouwang.domain.duty import Contact, Group, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.escalation import Match, Milestone, Policy, Step
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.roster import Override, Roster, Shift
from shouwang.domain.vocabulary import SECOND, DeviceId, Life, PersonId, PlaceId, Severity
from shouwang.registry.changes import plan_apply
from shouwang.registry.community import Reading, parse_community
from shouwang.registry.demo import DEMO_FILE, demo_compound
from shouwang.registry.export import export_community
from shouwang.registry.findings import Around
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory

pytestmark = pytest.mark.slow

EXAMPLE = """\
site:      {fallback: wang, timezone: Asia/Shanghai}
places:    [{id: chengjiang/dongmen/jinyuan/b3, kind: building, name: 3号楼}]
people:    [{id: wang, name: 王某, phone: "+8610000000000", channels: [{kind: webhook, url: "http://127.0.0.1:9/x", secret: s3cret}, {kind: apprise, url: "mailto://x"}]}]
posts:     [{place: chengjiang/dongmen/jinyuan, post: desk_operator, person: wang}]
zones:     [{id: jinyuan-east, kind: party, name: 东责任区, places: [chengjiang/dongmen/jinyuan/b3], members: [wang], fallback: wang}]
rosters:   [{id: jinyuan-desk, zone: jinyuan-east, post: desk_operator, timezone: Asia/Shanghai, shifts: [{days: [mon, tue], from: "20:00", to: "08:00", people: [wang]}], overrides: []}]
policies:  [{id: fire, match: {severity: [critical]}, steps: [{after: 0s, tell: [roster:jinyuan-desk, post:patrol, post:building_leader]}, {after: 60s, unless: acknowledged, tell: [post:property_manager]}, {after: 0s, when: verified_real, tell: [post:branch_secretary, post:micro_fire_station]}, {after: 180s, unless: verified, tell: [post:branch_secretary]}, {after: 300s, unless: on_scene, tell: [post:community_officer]}]}]
devices:   [{id: jy-3-2-501-smoke, profile: heiman-hs1sa, address: "zigbee2mqtt:0x00158d0001a2b3c4", place: chengjiang/dongmen/jinyuan/b3/u2/f5/501}]
"""  # noqa: E501
"""The example of the documentation, word for word but for its phone."""

FULL = Around(profiles=["heiman-hs1sa", "native"], families=["zigbee2mqtt", "native"], channels=["webhook", "console"])


def read(text: str, around: Around = FULL) -> Reading:
    return parse_community(text, "jinyuan.yaml", around)


def problems(text: str, around: Around = FULL) -> list[str]:
    return [str(problem) for problem in read(text, around).problems]


def test_the_documented_example_is_taken_whole() -> None:
    reading = read(EXAMPLE)
    assert reading.problems == []
    community = reading.community
    assert community.site == SiteFacts(fallback=PersonId("wang"), timezone="Asia/Shanghai")
    assert community.people[PersonId("wang")].channels[0] == Contact(
        kind="webhook", url="http://127.0.0.1:9/x", secret="s3cret"
    )
    assert [step.after for step in community.policies[0].steps] == ["0s", "60s", "0s", "180s", "300s"]
    assert community.rosters["jinyuan-desk"].shifts[0].start == "20:00"
    assert community.devices[DeviceId("jy-3-2-501-smoke")].life is Life.IN_SERVICE
    notes = "\n".join(map(str, reading.notes))
    assert "no channel 'apprise' yet" in notes
    assert "nobody holds post 'patrol' anywhere" in notes


def test_the_example_of_the_documentation_page_is_taken_whole() -> None:
    page = (Path(__file__).parents[2] / "docs" / "community-file.md").read_text(encoding="utf-8")
    assert problems(page.split("```yaml\n")[1].split("```")[0]) == []


def test_without_ids_of_profiles_and_families_these_are_not_judged() -> None:
    assert problems(EXAMPLE.replace("heiman-hs1sa", "nothing-known"), Around()) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("sites: {}\n", "jinyuan.yaml:1: sites is not a section of a community file; did you mean 'site'?"),
        (
            "site: {numbers: [{service: '119', number: '120'}]}\n",
            "site.numbers[0].service: 119 is the same everywhere; leave it out",
        ),
        ("site: {numbers: [{service: gas-company, number: x1}]}\n", "numbers[0].number: 'x1' cannot be dialled"),
        ("site: {gates: [{name: 西门, place: nowhere}]}\n", "site.gates[0].place: there is no place 'nowhere'"),
        ("places: {a: b}\n", "jinyuan.yaml:1: places is not a list; expected rows that begin with -"),
        (
            "places: [{id: a, kind: bulding}]\n",
            "places[0].kind: Invalid enum value 'bulding'; did you mean 'building'?",
        ),
        ("places: [{id: a, kind: building, nam: x}]\n", "unknown field `nam`; did you mean 'name'?"),
        ("places: [{kind: building}]\n", "missing required field `id`"),
        ("places: [{id: /a/b, kind: unit}]\n", "places[0].id: '/a/b' is not a place"),
        ("places: [{id: a//b, kind: unit}]\n", "'a//b' is not a place"),
        ("places: [{id: unassigned, kind: area}]\n", "is where devices stand that nobody registered"),
        ("places: [{id: a, kind: unit}, {id: a, kind: unit}]\n", "place a stands twice, first as places[0]"),
        ("places: [{id: 501, kind: unit}]\n", "Expected `str`, got `int`; put it in quotes"),
        ("places: [1]\n", "places[0]: Expected `object`, got `int`"),
        ("people: [{id: a, name: a}, {id: a, name: b}]\n", "person a stands twice"),
        ("people: [{id: '', name: a}]\n", "people[0].id: '' is not an id"),
        (
            "people: [{id: a, name: a, phone: 13800000000}]\n",
            "people[0].phone: Expected `str`, got `int`; put it in quotes",
        ),
        (
            "people: [{id: a, name: a, channels: [{kind: webhook, url: 'ftp://x'}]}]\n",
            "channels[0].url: is not a web address",
        ),
        (
            "people: [{id: a, name: a, channels: [{kind: webhook, ulr: x}]}]\n",
            "channels[0]: Object contains unknown field `ulr`; did you mean 'url'?",
        ),
        (
            "people: [{id: a, name: a, channels: [{kind: webhook, url: 'http://x', secret: 'whsec_!'}]}]\n",
            "people[0].channels[0].secret: begins with whsec_ but is not base64 after it",
        ),
        ("posts: [{place: a, post: patrol, person: wnag}]\n", "posts[0].person: there is no person 'wnag'"),
        (
            "zones: [{id: z, kind: fire}]\n",
            "zones[0].kind: 'fire' is not a kind of zone; expected one of party, property, grid",
        ),
        ("zones: [{id: z, members: [x]}]\n", "zones[0].members[0]: there is no person 'x'"),
        ("zones: [{id: z, fallback: x}]\n", "zones[0].fallback: there is no person 'x'"),
        (
            "zones: [{id: y, places: [a/b]}, {id: z, places: [a/b]}]\n",
            "zones[1].places[0]: a/b is in party zone y already",
        ),
        (
            "rosters: [{id: r, shifts: [{from: '25:00', to: '08:00', people: []}]}]\n",
            "rosters[0].shifts[0].from: '25:00' is not a wall-clock time",
        ),
        (
            "rosters: [{id: r, shifts: [{from: 20:00, to: 08:00, people: []}]}]\n",
            "put it in quotes, for example \"20:00\"",
        ),
        (
            "rosters: [{id: r, shifts: [{from: '20:00', to: '08:00', days: [monday], people: []}]}]\n",
            "'monday' is not a day",
        ),
        (
            "rosters: [{id: r, timezone: Asia/Shanghia, shifts: []}]\n",
            "rosters[0].timezone: 'Asia/Shanghia' is not a time zone",
        ),
        ("rosters: [{id: r, zone: nowhere, shifts: []}]\n", "rosters[0].zone: there is no zone 'nowhere'"),
        (
            "rosters: [{id: r, shifts: [{from: '20:00', to: '08:00', people: [x]}]}]\n",
            "shifts[0].people[0]: there is no person 'x'",
        ),
        (
            "rosters: [{id: r, shifts: [], overrides: [{from: '2026-01-02T00:00:00+08:00', "
            "to: '2026-01-01T00:00:00+08:00', add: x}]}]\n",
            "does not come after",
        ),
        (
            "rosters: [{id: r, shifts: [], overrides: [{from: 2026-01-01 00:00:00, "
            "to: '2026-01-02T00:00:00+08:00', add: x}]}]\n",
            "has no UTC offset",
        ),
        (
            "rosters: [{id: r, shifts: [], overrides: [{from: '2026-01-01T00:00:00+08:00', "
            "to: '2026-01-02T00:00:00+08:00'}]}]\n",
            "overrides[0]: changes nothing",
        ),
        ("policies: [{id: p, steps: []}]\n", "policies[0].steps"),
        ("policies: [{id: p, steps: [{tell: []}]}]\n", "policies[0].steps[0].tell"),
        ("policies: [{id: p, steps: [{after: soon, tell: [zone]}]}]\n", "steps[0].after: 'soon' is not a duration"),
        ("policies: [{id: p, steps: [{tell: [everybody]}]}]\n", "tell[0]: 'everybody' is not a target"),
        ("policies: [{id: p, steps: [{tell: [roster:desk]}]}]\n", "tell[0]: there is no roster 'desk'"),
        ("policies: [{id: p, steps: [{tell: [person:x]}]}]\n", "tell[0]: there is no person 'x'"),
        ("groups: [{id: g, members: [x]}]\n", "groups[0].members[0]: there is no person 'x'"),
        ("groups: [{id: g}, {id: g}]\n", "group g stands twice, first as groups[0]"),
        (
            "groups: [{id: volunteers}]\npolicies: [{id: p, steps: [{tell: [group:volunters]}]}]\n",
            "tell[0]: there is no group 'volunters'; did you mean 'volunteers'?",
        ),
        ("policies: [{id: p, steps: [{tell: [zone:fire]}]}]\n", "tell[0]: 'fire' is not a kind of zone"),
        (
            "policies: [{id: p, steps: [{unless: acknowleged, tell: [zone]}]}]\n",
            "Invalid enum value 'acknowleged'; did you mean 'acknowledged'?",
        ),
        (
            "policies: [{id: p, match: {severity: [dire]}, steps: [{tell: [zone]}]}]\n",
            "expected one of critical, high, medium, low, info",
        ),
        (
            "policies: [{id: p, match: {kinds: [smok]}, steps: [{tell: [zone]}]}]\n",
            "match.kinds[0]: 'smok' is not a kind of device or place; did you mean 'smoke'?",
        ),
        (
            "devices: [{id: d, profile: heiman-hs1sa, address: 'native:d', place: a, gateway: g}]\n",
            "there is no device 'g' to stand behind",
        ),
        (
            "devices: [{id: d, profile: heiman-hs1s, address: 'native:d', place: a}]\n",
            "'heiman-hs1s' is not a profile; did you mean 'heiman-hs1sa'?",
        ),
        (
            "devices: [{id: d, profile: native, address: d, place: a}]\n",
            "'d' is not an address; expected FAMILY:IDENTITY",
        ),
        ("devices: [{id: d, profile: native, address: 'native:', place: a}]\n", "'native:' is not an address"),
        (
            "devices: [{id: d, profile: native, address: 'native:1', place: ''}]\n",
            "devices[0].place: '' is not a place",
        ),
        (
            "devices: [{id: d, profile: native, address: 'native:1', place: a}, {id: e, "
            "profile: native, address: 'native:1', place: a}]\n",
            "devices[1].address: native:1 is the address of device d already",
        ),
        (
            "devices: [{id: d, profile: native, address: 'native:1', place: a, life: alive}]\n",
            "expected one of discovered, commissioning, in_service",
        ),
        ("site: {fallback: nobody}\n", "site.fallback: there is no person 'nobody'"),
        ("site: {timezone: Mars/Base}\n", "site.timezone: 'Mars/Base' is not a time zone"),
        ("site: []\n", "jinyuan.yaml:1: site: Expected `object`, got `array`"),
        ("", "jinyuan.yaml:1: is empty"),
        ("- a\n", "is not one mapping"),
        ("a: 1\n---\nb: 2\n", "holds several documents"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_what_was_expected(wrong: str, said: str) -> None:
    found = problems(wrong)
    assert any(said in one for one in found), found


def test_a_policy_may_say_what_it_matches_in_one_word_or_in_lists() -> None:
    steps = "steps: [{tell: [zone]}]"
    lists = read(
        f"policies: [{{id: p, match: {{severity: [high], rules: [smoke], kinds: [gas], places: [a/b]}}, {steps}}}]\n"
    )
    words = read(f"policies: [{{id: p, match: {{severity: high, rule: smoke, kind: [gas], place: a/b}}, {steps}}}]\n")
    assert words.problems == lists.problems == []
    assert words.community.policies == lists.community.policies
    both = problems(f"policies: [{{id: p, match: {{rule: smoke, rules: [gas]}}, {steps}}}]\n")
    assert "match: Object contains unknown field `rule`; did you mean 'rules'?" in both[0]


def test_a_key_that_belongs_elsewhere_is_not_advised_as_itself() -> None:
    (said,) = problems("devices: [{id: d, kind: gas, profile: native, address: 'native:d', place: a}]\n")
    assert "unknown field `kind`" in said and "'kind'" not in said


def test_all_problems_come_at_once_each_with_its_line() -> None:
    text = """\
people:
  - {id: wang, name: 王某}
  - {id: li, nam: 李某}
zones:
  - {id: z, members: [wang, zhao]}
devices:
  - id: d
    profile: natve
    address: "native:d"
    place: a/b
    life: resting
  - {id: e, profile: natve, address: "native:e", place: a/b}
"""
    assert [one.partition(": ")[0] for one in problems(text)] == [
        "jinyuan.yaml:3", "jinyuan.yaml:5", "jinyuan.yaml:11", "jinyuan.yaml:12",
    ]  # fmt: skip


def test_unquoted_times_of_overrides_are_understood() -> None:
    reading = read(
        "people: [{id: wang, name: w}]\n"
        "rosters: [{id: r, shifts: [], overrides: "
        "[{from: 2026-01-01T20:00:00+08:00, to: 2026-01-02T08:00:00+08:00, add: wang}]}]\n"
    )
    assert reading.problems == []
    assert reading.community.rosters["r"].overrides[0].start == "2026-01-01T20:00:00+08:00"


def test_gaps_are_said_and_not_refused() -> None:
    reading = read(
        "people: [{id: wang, name: w}]\n"
        "zones: [{id: z, places: [a/b1]}, {id: y, places: [a/b1/u1]}]\n"
        "places: [{id: a/b1/u1/101, kind: dwelling}, {id: a/b2/u1/101, kind: dwelling}]\n"
        "devices: [{id: d, profile: native, address: 'lorawan:1', place: a/b3}]\n"
    )
    assert reading.problems == []
    notes = "\n".join(map(str, reading.notes))
    assert "places in no party zone: a/b2/u1/101, a/b3" in notes
    assert "people without a contact count as nobody: wang" in notes
    assert "site.fallback names nobody" in notes
    assert "no family is called 'lorawan'" in notes
    assert "taken out of it: a/b1/u1" in notes


def test_a_file_may_lean_on_what_is_configured_already() -> None:
    known = read(EXAMPLE).community
    more = (
        "posts: [{place: chengjiang, post: patrol, person: wang}]\n"
        "devices: [{id: new, profile: native, address: 'native:new', place: chengjiang/x}]\n"
        "policies: [{id: p, steps: [{tell: ['roster:jinyuan-desk']}]}]\n"
    )
    assert problems(more, Around(community=known)) == []
    assert len(problems(more)) == 2


def test_what_is_configured_already_is_not_contradicted() -> None:
    known = read(EXAMPLE).community
    twice = (
        "devices: [{id: new, profile: native, address: 'zigbee2mqtt:0x00158d0001a2b3c4', place: x}]\n"
        "zones: [{id: new, places: [chengjiang/dongmen/jinyuan/b3]}]\n"
    )
    assert [one.partition(": ")[2] for one in problems(twice, Around(community=known))] == [
        "devices[0].address: zigbee2mqtt:0x00158d0001a2b3c4 is the address of device jy-3-2-501-smoke already",
        "zones[0].places[0]: chengjiang/dongmen/jinyuan/b3 is in party zone jinyuan-east already; "
        "a place is in one zone of a kind at most",
    ]
    assert problems(EXAMPLE, Around(community=known)) == [], "a file does not contradict itself"


def test_an_address_may_move_to_another_device_in_one_file() -> None:
    known = read(EXAMPLE).community
    swapped = (
        "devices: [{id: jy-3-2-501-smoke, profile: native, address: 'native:1', place: x},"
        "{id: new, profile: native, address: 'zigbee2mqtt:0x00158d0001a2b3c4', place: x}]\n"
    )
    assert problems(swapped, Around(community=known)) == []


def test_a_place_may_move_to_another_zone_in_one_file() -> None:
    known = read(EXAMPLE).community
    moved = "zones: [{id: jinyuan-east, places: [chengjiang/x]}, {id: new, places: [chengjiang/dongmen/jinyuan/b3]}]\n"
    assert problems(moved, Around(community=known)) == []


# What applying changes ------------------------------------------------------------------------------------------------


def test_applying_to_nothing_adds_everything_and_again_nothing() -> None:
    wanted = read(EXAMPLE).community
    plan = plan_apply(Community(), wanted, prune=False)
    assert {one.how for one in plan.summary} == {"added", "changed"}
    assert [str(one) for one in plan.summary if one.how == "changed"] == ["~ site site (fallback)"]
    assert len(plan.put) == 8
    assert plan_apply(wanted, wanted, prune=True).is_empty


def test_only_pruning_removes() -> None:
    current = read(EXAMPLE).community
    less = read("people: [{id: wang, name: 王大}]\n").community
    kept = plan_apply(current, less, prune=False, has_site=False)
    assert [str(one) for one in kept.summary] == ["~ person wang (name, phone, channels)"]
    assert kept.remove == []
    pruned = plan_apply(current, less, prune=True, has_site=False)
    assert set(pruned.remove) == {identity(value) for value in rows(current)} - {("person", "wang")}


def test_the_files_policies_come_first_and_in_its_order() -> None:
    def policies(*ids: str) -> Community:
        return Community(policies=tuple(Policy(id=id, steps=[Step(tell=["zone"])]) for id in ids))

    assert plan_apply(policies("a", "b", "c"), policies("c", "d"), prune=False).order == ["c", "d", "a", "b"]
    assert plan_apply(policies("a", "b", "c"), policies("c", "d"), prune=True).order == ["c", "d"]
    assert plan_apply(policies("a", "b"), policies("a"), prune=False).order is None


def test_the_directory_holds_what_was_applied_in_every_order(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/state.sqlite")
    database.create()
    directory = SqlDirectory(database, lambda: 1_764_000_000 * SECOND)
    order = ["b", "a", "c"]
    for ids in (["a", "b", "c"], order, ["c"]):
        wanted = Community(policies=tuple(Policy(id=id, steps=[Step(tell=[f"post:{id}"])]) for id in ids))
        plan = plan_apply(directory.community(), wanted, prune=False)
        directory.change(plan.put, plan.remove, plan.order)
    assert [policy.id for policy in directory.community().policies] == ["c", "b", "a"]
    wanted = read(EXAMPLE).community
    plan = plan_apply(directory.community(), wanted, prune=True)
    directory.change(plan.put, plan.remove, plan.order)
    assert export_community(directory.community()) == export_community(wanted)
    database.close()


# Round trip -----------------------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"]), max_size=12)
ids = st.text("abcdefgh0123456789-_.一二", min_size=1, max_size=8)
clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
paths = st.lists(ids, min_size=1, max_size=6).map("/".join)


def some(of: st.SearchStrategy[Any], at_most: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(of, max_size=at_most)


@st.composite
def communities(draw: st.DrawFn) -> Community:
    people = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    person = st.sampled_from([PersonId(id) for id in people])
    contact = st.builds(
        Contact,
        kind=st.sampled_from(["webhook", "console", "sms"]),
        url=words.map(lambda word: f"https://h/{word}"),
        secret=words,
        verified=st.booleans(),
        guarded=st.booleans(),
    )
    places = draw(st.lists(paths.map(PlaceId), max_size=5, unique=True))
    zone_places = draw(st.permutations(places))
    zones = [
        Zone(
            id=id,
            name=draw(words),
            kind=draw(st.sampled_from(["party", "grid"])),
            places=zone_places[n : n + 1],
            members=draw(some(person)),
            fallback=draw(st.none() | person),
        )
        for n, id in enumerate(draw(st.lists(ids, max_size=3, unique=True)))
    ]
    rosters = draw(st.lists(ids, max_size=3, unique=True))
    shift = st.builds(
        Shift, start=clocks, end=clocks, people=some(person), days=st.none() | some(st.sampled_from(["mon", "sun"]))
    )
    override = st.builds(
        Override,
        start=st.just("2026-01-01T20:00:00+08:00"),
        end=st.just("2026-01-02T08:00:00+08:00"),
        add=person,
        remove=st.none() | person,
    )
    groups = draw(st.lists(ids, max_size=2, unique=True))
    targets = [
        "zone",
        "zone:grid",
        "post:patrol",
        f"person:{people[0]}",
        *(f"roster:{id}" for id in rosters),
        *(f"group:{id}" for id in groups),
    ]
    step = st.builds(
        Step,
        tell=st.lists(st.sampled_from(targets), min_size=1, max_size=3),
        after=st.sampled_from(["0s", "1m30s", "26h"]),
        unless=st.none() | st.sampled_from(Milestone),
        when=st.none() | st.sampled_from(Milestone),
    )
    match = st.builds(
        Match,
        severity=st.none() | some(st.sampled_from(Severity)),
        kinds=st.none() | st.just(["smoke"]),
        rules=st.none() | some(words),
        places=st.none() | some(paths),
    )
    policy = st.builds(
        Policy,
        id=ids,
        steps=st.lists(step, min_size=1, max_size=3),
        match=match,
        title=st.dictionaries(st.sampled_from(["zh", "en"]), words),
    )
    holders = st.builds(PostHolder, place=paths.map(PlaceId), post=ids, person=person)
    device_ids = draw(st.lists(ids, max_size=4, unique=True))
    return Community(
        site=SiteFacts(fallback=draw(st.none() | person), demo=draw(st.booleans())),
        places={id: Place(id=id, kind=draw(st.sampled_from(PlaceKind)), name=draw(words)) for id in places},
        people={
            PersonId(id): Person(
                id=PersonId(id),
                name=draw(words),
                phone=draw(words),
                channels=draw(some(contact)),
                language=draw(st.sampled_from(["zh", "en"])),
            )
            for id in people
        },
        posts=tuple(draw(st.lists(holders, max_size=3, unique_by=identity))),
        zones={zone.id: zone for zone in zones},
        rosters={
            id: Roster(
                id=id, name=draw(words), shifts=draw(some(shift)), overrides=draw(some(override)), post=draw(words)
            )
            for id in rosters
        },
        groups={id: Group(id=id, name=draw(words), members=draw(some(person))) for id in groups},
        policies=tuple(draw(st.lists(policy, max_size=3, unique_by=lambda one: one.id))),
        devices={
            DeviceId(id): Device(
                id=DeviceId(id),
                profile=draw(ids),
                address=f"native:{id}",
                place=PlaceId(draw(paths)),
                life=draw(st.sampled_from(Life)),
                tags=draw(some(words)),
                name=draw(words),
                note=draw(words),
            )
            for id in device_ids
        },
    )


def same(one: Community, other: Community) -> bool:
    """Equal in all that a file holds; only policies have an order."""
    return (
        one.site == other.site
        and {identity(value): value for value in rows(one)} == {identity(value): value for value in rows(other)}
        and one.policies == other.policies
    )


@settings(max_examples=60, deadline=None)
@given(communities())
def test_what_is_exported_comes_back_the_same(community: Community) -> None:
    text = export_community(community)
    reading = parse_community(text, "export.yaml")
    assert reading.problems == []
    assert same(reading.community, community)
    assert export_community(reading.community) == text
    assert plan_apply(community, reading.community, prune=True).is_empty


@settings(max_examples=40, deadline=None)
@given(communities(), communities(), st.booleans())
def test_applying_a_plan_brings_what_was_wanted(current: Community, wanted: Community, prune: bool) -> None:
    plan = plan_apply(current, wanted, prune=prune)
    after = {identity(value): value for value in rows(current)}
    for name in plan.remove:
        del after[name]
    after.update({identity(value): value for value in plan.put})
    after.pop(("site", "site"), None)
    goal = {identity(value): value for value in rows(wanted)}
    if prune:
        assert after == goal
    else:
        assert goal.items() <= after.items() if not goal else all(after[name] == value for name, value in goal.items())
        assert after.keys() == goal.keys() | {identity(value) for value in rows(current)}


def test_the_demo_compound_is_marked_and_names_nobody() -> None:
    reading = parse_community(DEMO_FILE.read_text(encoding="utf-8"), "demo", Around(channels=["webhook", "console"]))
    assert reading.problems == []
    assert reading.community.site.demo
    assert all("（演示）" in person.name and not person.phone for person in reading.community.people.values())
    assert all(str(id).startswith("demo-") for id in [*reading.community.devices, *reading.community.people])
    assert all(str(id).startswith("demo-") for id in reading.community.places)
    assert len(reading.community.devices) >= 100
    assert len(demo_compound()) > 250
    assert export_community(reading.community)


def test_a_large_compound_is_read_within_its_time() -> None:
    places = [f"c/b{b}/u{u}/f{f}/{f}0{d}" for b in range(50) for u in range(2) for f in range(10) for d in range(2)]
    lines: list[str] = ["site: {fallback: p0}\nplaces:\n"]
    lines += [f"  - {{id: {place}, kind: dwelling, name: 户}}\n" for place in places]
    lines += ["people:\n", *(f"  - {{id: p{n}, name: 某}}\n" for n in range(300))]
    lines += ["devices:\n"]
    for n, place in enumerate(places):
        for kind in ("smoke", "gas", "sos"):
            lines.append(f'  - {{id: d{n}-{kind}, profile: native, address: "native:{n}-{kind}", place: {place}}}\n')
    began = time.process_time()
    reading = read("".join(lines))
    assert reading.problems == []
    assert len(reading.community.devices) == 6000
    assert time.process_time() - began < 5


# The verb -------------------------------------------------------------------------------------------------------------


def shouwang(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(verbs, ["community", *words], input=stdin)


def test_the_verb_applies_exports_and_refuses_whole(tmp_path: Path) -> None:
    data, file, back = ["--data-dir", str(tmp_path / "var")], tmp_path / "jinyuan.yaml", tmp_path / "back.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    dry = shouwang("apply", str(file), "--dry-run", *data)
    assert (dry.exit_code, "+ device jy-3-2-501-smoke" in dry.stdout) == (0, True), dry.stderr
    assert "devices" in shouwang("export", "-", *data).stdout
    assert "jy-3-2-501-smoke" not in shouwang("export", "-", *data).stdout, "a dry run changes nothing"
    applied = shouwang("apply", str(file), *data)
    assert applied.exit_code == 0, applied.stderr
    assert "applied as revision 1" in applied.stdout
    assert "nothing to change" in shouwang("apply", str(file), *data).stdout
    assert shouwang("export", str(back), *data).exit_code == 0
    assert back.stat().st_mode & 0o777 == 0o600
    assert same(read(back.read_text(encoding="utf-8")).community, read(EXAMPLE).community)
    bad = back.read_text(encoding="utf-8").replace("kind: building", "kind: bulding")
    refused = shouwang("apply", "-", "--prune", *data, stdin=bad)
    assert refused.exit_code == 1
    assert "places[0].kind: Invalid enum value 'bulding'" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert shouwang("export", "-", *data).stdout == back.read_text(encoding="utf-8")
    pruned = shouwang("apply", "-", "--prune", "--json", *data, stdin="people: [{id: wang, name: 王某}]\n")
    assert pruned.exit_code == 0, pruned.stderr
    assert '"how": "removed", "kind": "device", "id": "jy-3-2-501-smoke"' in pruned.stdout


@pytest.mark.parametrize(("name", "content"), [("missing.yaml", None), ("broken.yaml", "a: [1\n"), ("book.xlsx", "x")])
def test_the_verb_says_which_file_cannot_be_read(tmp_path: Path, name: str, content: str | None) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_text(content, encoding="utf-8")
    refused = shouwang("apply", str(file), "--data-dir", str(tmp_path / "var"))
    assert refused.exit_code == 3
    assert name in refused.stderr
