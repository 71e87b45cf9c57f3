"""What the forms to print are written from: the cases of a span, and everybody's words for places, people and times."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

import msgspec

from shouwang.domain.access import Principal
from shouwang.domain.community import Community
from shouwang.domain.incident import Incident, Outcome
from shouwang.domain.moment import moment
from shouwang.domain.place import PlaceKind, ancestors, is_within
from shouwang.domain.vocabulary import Instant, PlaceId

from .doors import Window
from .forms import several
from .names import Names
from .period import cases_between, site_zone
from .questions import subtrees

_OUTCOMES = {
    Outcome.REAL: "属实",
    Outcome.FALSE_ALARM: "误报",
    Outcome.DRILL: "演练",
    Outcome.TEST: "测试",
    Outcome.ACCIDENTAL: "误触",
    Outcome.DEVICE_FAULT: "设备故障",
}
_COMPOUNDS = 6
"""In the head of every sheet, which must stay short."""


class Record(NamedTuple):
    """``caller``: confined to the place that was asked for. ``cases``: oldest first, without drills and tests."""

    window: Window
    caller: Principal
    community: Community
    names: Names
    zone: tzinfo
    start: Instant
    end: Instant
    cases: Sequence[Incident]

    @property
    def asked(self) -> tuple[Window, Principal, Instant, Instant]:
        """Who asks about which span, as everything asks that is of a span."""
        return self.window, self.caller, self.start, self.end

    def clock(self, at: Instant | None) -> str:
        return f"{moment(at).astimezone(self.zone):%m-%d %H:%M:%S}" if at is not None else ""

    def minute(self, at: Instant) -> str:
        return f"{moment(at).astimezone(self.zone):%m-%d %H:%M}"

    def day(self, at: Instant) -> str:
        return f"{moment(at).astimezone(self.zone):%Y-%m-%d %H:%M}"

    def who(self, person: str | None) -> str:
        return self.names.person(person) if person else ""

    def where(self, place: str | None) -> str:
        return self.names.place(place).label if place else ""

    def facts(self) -> list[tuple[str, str]]:
        """What stands in the head of every sheet."""
        at = self.community.places.get(self.caller.place) if self.caller.place else None
        part = [("范围", self.where(at.id))] if at is not None and at.kind is not PlaceKind.COMPOUND else []
        return [
            ("单位", several(self._compounds(), "个小区", _COMPOUNDS) or "　　　　　　　　"),
            *part,
            ("时段", f"{self.day(self.start)} — {self.day(self.end)}"),
            ("打印时间", self.day(self.window.clock.now())),
        ]

    def _compounds(self) -> list[str]:
        """The compounds that the form is about: those within its place, or the one around it."""
        place, places = self.caller.place, self.community.places
        around = [PlaceId(at) for at in ancestors(place)] if place else []
        found = [
            one.id
            for one in places.values()
            if one.kind is PlaceKind.COMPOUND and (place is None or is_within(one.id, place) or one.id in around)
        ]
        return [self.where(one) for one in sorted(found)]


def record_of(window: Window, caller: Principal, place: str | None, start: Instant, end: Instant) -> Record:
    """Raises Problem where the caller may not see the place."""
    confined = msgspec.structs.replace(caller, place=max(subtrees(caller, place), key=len, default=None))
    community = window.directory.community()
    cases = [one for one in cases_between(window, confined, None, start, end) if not (one.drill or one.test)]
    names, zone = Names(community, confined), site_zone(community)
    return Record(window, confined, community, names, zone, start, end, cases[::-1])


def outcome(one: Incident) -> str:
    return _OUTCOMES[one.outcome] if one.outcome is not None else ""
