"""值守缺口: where a configured site has nobody to answer."""

from collections.abc import Iterator

from fastapi import APIRouter

from shouwang.domain.access import Act
from shouwang.domain.community import Community
from shouwang.domain.place import ancestors, is_within

from .access import Caller, allow
from .doors import TheWindow
from .names import place_names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .sheets import GapOut

router = APIRouter(prefix="/coverage", tags=["directory"])


@router.get("")
def list_gaps(window: TheWindow, caller: Caller, limit: Limit = DEFAULT_LIMIT, cursor: After = None) -> Page[GapOut]:
    """Places in no party zone, zones without members or fallback, a site without fallback. Empty is good."""
    allow(caller, Act.READ)
    community = window.directory.community()
    gaps = plan_gaps(community)
    rows = [gap for gap in gaps if caller.place is None or is_within(gap.place or "", caller.place)]
    page, following = cut_by_name(rows, limit, cursor, lambda gap: f"{gap.kind}|{gap.zone or ''}|{gap.place or ''}")
    return Page(items=[_named(community, gap) for gap in page], next=following)


def plan_gaps(community: Community) -> Iterator[GapOut]:
    """Every gap of the directory as configured; who is on duty at this moment is another question."""
    if community.site.fallback is None:
        yield GapOut(
            kind="site_without_fallback", detail="site.fallback names nobody: an unassigned device tells nobody"
        )
    owner: dict[tuple[str, str], str] = {}
    for zone in community.zones.values():
        if not zone.members:
            yield GapOut(kind="zone_without_members", zone=zone.id, detail=f"zone {zone.id} has no members")
        if zone.fallback is None and community.site.fallback is None:
            yield GapOut(kind="zone_without_fallback", zone=zone.id, detail=f"zone {zone.id} has no fallback")
        for place in zone.places:
            other = owner.setdefault((zone.kind, place), zone.id)
            if other != zone.id:
                detail = f"{place} is in two zones of kind {zone.kind}: {other} and {zone.id}"
                yield GapOut(kind="zone_overlap", zone=zone.id, place=place, detail=detail)
    covered: set[str] = {place for zone in community.zones.values() if zone.kind == "party" for place in zone.places}
    above_covered: set[str] = {at for place in covered for at in ancestors(place)}
    known = {*community.places, *(device.place for device in community.devices.values())}
    bare = {found for place in known if (found := _topmost_bare(place, covered, above_covered))}
    for top in sorted(bare):
        yield GapOut(kind="place_without_zone", place=top, detail=f"{top} is in no party zone")


def _named(community: Community, gap: GapOut) -> GapOut:
    return gap.model_copy(update={"where": place_names(community, gap.place)}) if gap.place else gap


def _topmost_bare(place: str, covered: set[str], above_covered: set[str]) -> str | None:
    """The highest place on the way to this one that no zone touches; None where one covers it. A place that is only
    the way to covered ones (a compound whose buildings are each in a zone) is no gap."""
    for at in reversed(list(ancestors(place))):
        if at in covered:
            return None
        if at not in above_covered:
            return at
    return None
