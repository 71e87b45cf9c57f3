"""值守: who would be told now, and every gap of the next 30 days, before an alarm finds out."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from shouwang.domain.access import Act
from shouwang.domain.community import Community
from shouwang.domain.coverage import AHEAD, Gap
from shouwang.domain.place import ancestors, is_within
from shouwang.domain.reaching import Covered, who_would_be_told
from shouwang.domain.vocabulary import DAY, UNASSIGNED, PersonId, PlaceId

from .access import Caller, allow
from .covering import known_places
from .doors import TheWindow, Window
from .names import Names, place_names
from .paging import DEFAULT_LIMIT, After, Limit, Page, cut_by_name
from .problems import not_found
from .questions import When, Within, instant_of, subtrees, time
from .sheets import CalledOut, CoveredOut, CoveredStepOut, GapOut, OffOut

router = APIRouter(prefix="/coverage", tags=["directory"])

Days = Annotated[int, Query(ge=1, le=AHEAD // DAY, description="How far ahead to look; `at` is one moment.")]


class CoverageOut(Page[GapOut]):
    """``items``: gaps, none is good. ``told``: with ``place``, whom each class of alarm would reach there."""

    told: list[CoveredOut] | None = Field(default=None, description="Only where a place was asked for.")


@router.get("")
def list_gaps(
    window: TheWindow,
    caller: Caller,
    place: Within = None,
    at: When = None,
    days: Days = AHEAD // DAY,
    limit: Limit = DEFAULT_LIMIT,
    cursor: After = None,
) -> CoverageOut:
    """Gaps of a place and all below it (of the site) in the next days, or at one moment."""
    allow(caller, Act.READ)
    inside = subtrees(caller, place)
    community = window.directory.community()
    moment = instant_of(at, "query/at")
    kept = window.kept_gaps.gaps(window, days * DAY if moment is None else 1, moment, sorted(inside))
    found = [gap_out(gap) for gap in kept]
    configured = [gap for gap in plan_gaps(community) if all(is_within(gap.place or "", one) for one in inside)]
    gaps = [*configured, *found]
    page, following = cut_by_name(gaps, limit, cursor, _mark)
    names = Names(community, caller)
    asked = window.clock.now() if moment is None else moment
    told = None if place is None else _told(window, names, PlaceId(place.strip("/")), asked)
    return CoverageOut(items=[named(community, gap, names) for gap in page], next=following, told=told)


@router.get("/told")
def who_is_told(
    window: TheWindow, caller: Caller, place: Annotated[str, Query(max_length=500)], at: When = None
) -> list[CoveredOut]:
    """现在会通知谁: step by step, on which channels, for each class of alarm at a place; now, or at a moment."""
    wanted = PlaceId(place.strip("/"))
    allow(caller, Act.READ, wanted)
    community = window.directory.community()
    if wanted != UNASSIGNED and not any(id in community.places for id in ancestors(wanted)):
        raise not_found("place", place)
    moment = instant_of(at, "query/at")
    return _told(window, Names(community, caller), wanted, window.clock.now() if moment is None else moment)


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
    known = known_places(community)
    bare = {found for place in known if (found := _topmost_bare(place, covered, above_covered))}
    for top in sorted(bare):
        yield GapOut(kind="place_without_zone", place=top, detail=f"{top} is in no party zone")


def _told(window: Window, names: Names, place: PlaceId, at: int) -> list[CoveredOut]:
    community = window.directory.community()
    policies = (*community.policies, *window.policies())
    told = who_would_be_told(community, policies, place, at, window.kinds)
    return [_covered_out(one, community, names) for one in told]


def _kinds(community: Community, id: PersonId) -> list[str]:
    return sorted({one.kind for one in community.people[id].channels})


def _covered_out(one: Covered, community: Community, names: Names) -> CoveredOut:
    steps = [
        CoveredStepOut(
            index=step.index,
            after=step.after,
            unless=step.unless,
            when=step.when,
            tell=step.tell,
            people=[
                CalledOut(
                    person=called.person,
                    name=names.person(called.person),
                    post=names.post(called.person, one.place),
                    channels=called.channels,
                    verified=called.verified,
                )
                for called in step.people
            ],
            off=[OffOut(person=id, name=names.person(id), kinds=_kinds(community, id)) for id in step.off],
            gaps=step.gaps,
        )
        for step in one.steps
    ]
    return CoveredOut(
        klass=one.klass,
        severity=one.severity,
        rule=one.rule,
        place=one.place,
        at=time(one.at) or "",
        policy=one.policy,
        steps=steps,
        fallback=one.fallback,
    )


def gap_out(gap: Gap) -> GapOut:
    """A gap as it is shown."""
    return GapOut(
        kind=gap.kind,
        detail=gap.detail,
        place=gap.place,
        zone=gap.zone,
        person=gap.person,
        policy=gap.policy,
        step=gap.step,
        start=time(gap.start),
        end=time(gap.end),
        times=gap.times,
        rosters=gap.rosters,
    )


def _mark(gap: GapOut) -> str:
    """Tells gaps apart, so that a page can go on after one."""
    return "|".join(
        str(part or "")
        for part in (gap.kind, gap.zone, gap.place, gap.person, gap.policy, gap.step, gap.start, gap.detail)
    )


def named(community: Community, gap: GapOut, names: Names | None = None) -> GapOut:
    """With its place in words; and its person, as ``names`` may be read."""
    where = place_names(community, gap.place) if gap.place else None
    name = names.person(gap.person) if names is not None and gap.person else None
    return gap.model_copy(update={"where": where, "name": name})


def _topmost_bare(place: str, covered: set[str], above_covered: set[str]) -> str | None:
    """The highest place on the way to this one that no zone touches; None where one covers it. A place that is only
    the way to covered ones (a compound whose buildings are each in a zone) is no gap."""
    for at in reversed(list(ancestors(place))):
        if at in covered:
            return None
        if at not in above_covered:
            return at
    return None
