"""Content by level: who is told how to get in, who learns the room, and who gets a summary without residents' data.

Three levels, by what a person is for at the place. The assigned responder is whoever holds the incident, and while
nobody does, whoever is called and may have to go. Offices above the compound and observers support from afar: for them
a compound is enough.
"""

from collections.abc import Mapping
from enum import StrEnum

from shouwang.domain.community import Community
from shouwang.domain.duty import DESK_POST
from shouwang.domain.incident import Incident, is_live
from shouwang.domain.notice import Delivery, Why
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.vocabulary import PersonId, PlaceId

SUMMARY_POSTS = frozenset({"sub_district_officer", "community_officer", "branch_observer", "neighbour_supervisor"})
"""街道、社区、支部观察员、近邻监督员: they watch and answer for that it is done, never enter a home, and need no
resident's data for it."""

STAYING_POSTS = frozenset({DESK_POST, "branch_secretary", "committee_chair"})
"""Posts that lead from where they are; the desk has the console."""

POST_ZH: Mapping[str, str] = {
    "desk_operator": "消控室值班员",
    "shift_lead": "值班长",
    "patrol": "秩序维护员",
    "micro_fire_station": "微型消防站队员",
    "engineer": "工程维修",
    "maintenance_firm": "维保单位",
    "property_manager": "物业经理",
    "building_leader": "楼栋长",
    "unit_leader": "单元长",
    "party_member": "党员",
    "branch_secretary": "小区党支部书记",
    "committee_chair": "业委会主任",
    "branch_observer": "支部观察员",
    "neighbour_supervisor": "近邻监督员",
    "grid_worker": "网格员",
    "care_partner": "结对帮扶人",
    "family": "家属",
    "community_officer": "社区值班干部",
    "sub_district_officer": "街道值班人员",
}
"""The posts that are shipped. A site may add others."""

_ABOVE = frozenset({PlaceKind.SUB_DISTRICT, PlaceKind.COMMUNITY})
_CALLS = frozenset({Why.FIRST, Why.WORSE, Why.NEXT_STEP, Why.REPEAT, Why.VERIFIED, Why.COVERAGE_GAP})
_CALLS_BESIDE_THE_HOLDER = frozenset({Why.NEXT_STEP, Why.COVERAGE_GAP})


class Level(StrEnum):
    """``assigned`` learns how to get in, ``near`` the room, ``summary`` neither."""

    ASSIGNED = "assigned"
    NEAR = "near"
    SUMMARY = "summary"


def level_of(delivery: Delivery, incident: Incident, community: Community) -> Level:
    """What the message of a delivery may say now."""
    if is_afar(delivery.person, community):
        return Level.SUMMARY
    return Level.ASSIGNED if _is_assigned(delivery, incident, community) else Level.NEAR


def is_afar(person: PersonId, community: Community) -> bool:
    """All posts of the person watch, or are a site's own ones above the compound. Without any post: no."""
    held = community.duties.get(person, [])
    return bool(held) and all(
        post in SUMMARY_POSTS or (post not in POST_ZH and any(_is_above(place, community) for place in places))
        for post, places in held
    )


def shows_residents(incident: Incident) -> bool:
    """Whether anybody may learn from it who lives there, how to get in and who needs help: while somebody must act, and
    never in an exercise, which is real to nobody but those who exercise."""
    return is_live(incident.state) and not incident.drill and not incident.test


def post_of(person: str, place: str, community: Community) -> str:
    """The post that the person holds at the place or nearest above it, empty where there is none."""
    held = {at: post for post, places in community.duties.get(PersonId(person), []) for at in places}
    return next((held[at] for at in ancestors(place) if at in held), "")


def posts_of(person: str | None, place: str, community: Community) -> list[str]:
    """All posts that the person holds there or around it, by name, as a deputy or by standing in a roster; those of a
    roster without a zone count everywhere."""
    around = set(ancestors(place))
    held = community.duties.get(PersonId(person), []) if person else []
    return list(dict.fromkeys(post for post, places in held if not places or around.intersection(places)))


def post_words(post: str, *, in_chinese: bool) -> str:
    return POST_ZH.get(post, post) if in_chinese else post.replace("_", " ")


def may_go(person: PersonId, place: PlaceId, community: Community) -> bool:
    """Holds a post there whose people go, or answers for its duty zone and has no post that stays."""
    if here := set(posts_of(person, place, community)):
        return bool(here - SUMMARY_POSTS - STAYING_POSTS)
    around = set(ancestors(place))
    zones = (zones.get(at) for zones in community.zones_by_place.values() for at in around)
    return any(zone is not None and person in zone.members for zone in zones)


def _is_assigned(delivery: Delivery, incident: Incident, community: Community) -> bool:
    person = delivery.person
    if not shows_residents(incident) or delivery.why not in _CALLS or person in incident.declined:
        return False
    if incident.holder is not None and delivery.why not in _CALLS_BESIDE_THE_HOLDER:
        return incident.holder == person
    return incident.holder == person or delivery.why is Why.COVERAGE_GAP or may_go(person, incident.place, community)


def _is_above(place: PlaceId, community: Community) -> bool:
    known = community.places.get(place)
    return known is not None and known.kind in _ABOVE
