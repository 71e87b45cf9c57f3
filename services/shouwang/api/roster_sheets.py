"""Shapes of rosters, overrides, swaps and duty as people send and read them."""

from typing import Annotated

from pydantic import BaseModel, Field

from shouwang.domain.roster_grid import How, Why

from .schemas import Sent, Time
from .sheets import GapOut, RosterOut

Ref = Annotated[str, Field(min_length=1, max_length=200)]
Begin = Annotated[str, Field(alias="from", max_length=40)]
End = Annotated[str, Field(alias="to", max_length=40)]


class RotationIn(Sent):
    since: str = Field(max_length=10, examples=["2026-11-01"])
    days: int = Field(default=1, ge=1, le=366)
    teams: Annotated[list[Annotated[list[Ref], Field(max_length=50)]], Field(min_length=1, max_length=60)]


class ShiftIn(Sent):
    """``days``: mon … sun, workday, restday, holiday; absent is every day."""

    start: Begin
    end: End
    people: Annotated[list[Ref], Field(max_length=200)] = Field(default_factory=list)
    days: Annotated[list[str], Field(max_length=10)] | None = None
    rotation: RotationIn | None = None
    layer: int = Field(default=0, ge=0, le=9)


class RosterIn(Sent):
    name: str = Field(default="", max_length=200)
    zone: str = Field(default="", max_length=200)
    post: str = Field(default="", max_length=200)
    timezone: str = Field(default="", max_length=60)
    shifts: Annotated[list[ShiftIn], Field(max_length=200)]


class ShiftsIn(RosterIn):
    dry_run: bool = Field(default=False, description="Only say what it would do to coverage.")


class ShiftsOut(BaseModel):
    """``before``: sent again, it takes the change back; null where the roster is new. ``opens``, ``closes``: gaps of
    coverage in the next 7 days."""

    applied: bool
    roster: RosterOut
    before: RosterOut | None
    opens: list[GapOut]
    closes: list[GapOut]


class OverrideIn(Sent):
    roster: Ref
    start: Begin
    end: End
    add: str | None = Field(default=None, max_length=200)
    remove: str | None = Field(default=None, max_length=200)


class OverrideMade(BaseModel):
    id: str
    roster: str
    start: str | None = Field(serialization_alias="from")
    end: str | None = Field(serialization_alias="to")
    add: str | None
    remove: str | None


class ChangesIn(Sent):
    """Overrides to add and, by id, to take back: all of them at once, or none."""

    add: Annotated[list["StandInIn"], Field(max_length=100)] = Field(default_factory=list)
    remove: Annotated[list[Ref], Field(max_length=100)] = Field(default_factory=list)
    dry_run: bool = Field(default=False, description="Only say what it would do to coverage.")


class StandInIn(Sent):
    """An override of the roster that the path names."""

    start: Begin
    end: End
    add: str | None = Field(default=None, max_length=200)
    remove: str | None = Field(default=None, max_length=200)


class ChangesOut(BaseModel):
    """``added`` and ``removed``: what undoes it, the other way round. ``opens``: gaps of coverage that it makes;
    ``closes``: those that it ends; within the spans that it touches."""

    applied: bool
    added: list[OverrideMade]
    removed: list[OverrideMade]
    opens: list[GapOut]
    closes: list[GapOut]


class SwapIn(Sent):
    """``asker``: whose shifts; the person that the token stands for unless said."""

    roster: Ref
    taker: Ref
    start: Begin
    end: End
    asker: str | None = Field(default=None, max_length=200)
    note: str = Field(default="", max_length=500)


class SwapOut(BaseModel):
    id: str
    roster: str
    asker: str
    asker_name: str
    taker: str
    taker_name: str
    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    state: str = Field(description="asked, agreed, refused, withdrawn")
    note: str


class AbsenceIn(Sent):
    start: Annotated[str, Field(alias="from", serialization_alias="from", max_length=40)]
    end: Annotated[str, Field(alias="to", serialization_alias="to", max_length=40)]


class WatchPerson(BaseModel):
    id: str
    name: str


class WatchOut(BaseModel):
    """A span in which nobody comes or goes."""

    roster: str
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    people: list[WatchPerson]
    why_nobody: str


class HereOut(BaseModel):
    """``how``: planned, stands_in (for ``other``) or added, by ``override``."""

    person: str
    how: How
    other: str | None
    override: str | None


class OffOut(BaseModel):
    """``why``: replaced (by ``other``), taken_off or away."""

    person: str
    why: Why
    other: str | None
    override: str | None


class PieceOut(BaseModel):
    """A part of a shift in which nobody comes or goes. ``overruled``: a higher layer holds these hours."""

    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    here: list[HereOut]
    off: list[OffOut]
    overruled: bool


class CellOut(BaseModel):
    """One shift (by its number in the roster) on the local day on which it begins."""

    shift: int
    day: str
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    pieces: list[PieceOut]


class GridDayOut(BaseModel):
    """``worked``: a weekend day that is worked (调休)."""

    day: str
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    workday: bool
    holiday: bool
    worked: bool


class SpanOut(BaseModel):
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")


class LeaveOut(SpanOut):
    person: str


class GridOut(BaseModel):
    """A roster as a sheet: days across, shifts down. ``bare``: hours that no shift holds. ``names`` of everybody in it;
    ``unread``: what cannot be read of the roster."""

    roster: RosterOut
    days: list[GridDayOut]
    cells: list[CellOut]
    bare: list[SpanOut]
    leaves: list[LeaveOut]
    names: dict[str, str]
    unread: list[str]


class DutyCardOut(BaseModel):
    at: Time
    workday: bool
    rosters: dict[str, list[WatchOut]]
    gaps: list[GapOut]
    open_incidents: list[str]


class FeedOut(BaseModel):
    path: str = Field(description="Below this service's address; whoever has it sees the shifts.")
