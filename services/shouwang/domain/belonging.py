"""Which places a thing of the directory belongs to, for who may change it: rosters, duty zones and people have none of
their own, but those that they answer for."""

from collections.abc import Iterator

from shouwang.domain.community import Community
from shouwang.domain.duty import Person, Zone
from shouwang.domain.roster import Roster, people_of
from shouwang.domain.vocabulary import PlaceId


def places_of(community: Community, thing: Zone | Roster | Person) -> list[PlaceId]:
    """Every place that a change of it would be felt at; empty for what is the whole site's: a roster of no zone, a zone
    without places, the site's fallback, whoever has no duty yet."""
    match thing:
        case Zone():
            return list(thing.places)
        case Roster():
            zone = community.zones.get(thing.zone)
            return list(zone.places) if zone is not None else []
        case Person():
            duties = list(_duties(community, thing))
            is_of_site = community.site.fallback == thing.id or any(not places for places in duties)
            return [] if is_of_site else list(dict.fromkeys(place for places in duties for place in places))


def _duties(community: Community, person: Person) -> Iterator[list[PlaceId]]:
    yield from ([post.place] for post in community.posts if person.id in (post.person, post.deputy))
    yield from (
        zone.places for zone in community.zones.values() if person.id in zone.members or person.id == zone.fallback
    )
    yield from (places_of(community, roster) for roster in community.rosters.values() if person.id in people_of(roster))
