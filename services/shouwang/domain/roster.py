"""值班表: shifts, rotations, changes of a roster and swaps as they are written. Who is on duty, shift.py says."""

import msgspec

from shouwang.domain.vocabulary import PersonId, Value


class Rotation(Value, frozen=True, kw_only=True):
    """轮班: teams take turns, each for ``days`` days, the first from the local day ``since``."""

    since: str
    teams: list[list[PersonId]]
    days: int = 1


class Shift(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """``days`` are those on which the shift begins (absent = every day): ``mon`` to ``sun``, ``workday``, ``restday``
    (weekends and public holidays, 调休 observed), ``holiday`` (public holidays alone); ``start``/``end`` local
    ``HH:MM``, over midnight where end <= start; half-open. On duty are ``people`` and the team whose turn it is. Where
    shifts of several layers hold a moment, those of the highest ``layer`` alone count: a holiday's roster over the
    week's."""

    start: str
    end: str
    people: list[PersonId] = msgspec.field(default_factory=list)
    days: list[str] | None = None
    rotation: Rotation | None = None
    layer: int = 0


class Override(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A change of a roster between two RFC 3339 instants. ``add`` alone: this person too. ``remove`` alone: not this
    person. Both: the one stands in for the other, in the other's shifts only."""

    start: str
    end: str
    remove: PersonId | None = None
    add: PersonId | None = None


class Roster(Value, frozen=True, kw_only=True):
    """值班表."""

    id: str
    name: str = ""
    shifts: list[Shift]
    zone: str = ""
    post: str = ""
    timezone: str = ""
    overrides: list[Override] = msgspec.field(default_factory=list)


def people_of(roster: Roster) -> set[PersonId]:
    """Everybody who may stand in it at some time."""
    found = {person for shift in roster.shifts for person in shift.people}
    turns = [shift.rotation.teams for shift in roster.shifts if shift.rotation is not None]
    found.update(person for teams in turns for team in teams for person in team)
    return found | {change.add for change in roster.overrides if change.add is not None}


class Swap(Value, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """换班: ``asker`` wants ``taker`` to stand in for a roster's shifts between two instants. ``state``: asked, agreed
    (then the roster has the override), refused, withdrawn. Only the taker agrees or refuses, only the asker withdraws.
    """

    id: str
    roster: str
    asker: PersonId
    taker: PersonId
    start: str
    end: str
    state: str = "asked"
    note: str = ""
