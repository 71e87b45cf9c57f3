"""Shapes of silences, maintenance, work permits and shelves on the wire, and of the alarm figures."""

from typing import Literal

from pydantic import BaseModel, Field

from shouwang.domain.suppression import HoldKind, Work
from shouwang.domain.vocabulary import Severity

from .schemas import PlaceNames, Sent, Time

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class UntilIn(Sent):
    """Until when, one of ``until`` and ``lasts``; and why."""

    until: Time | None = None
    lasts: str | None = Field(default=None, max_length=20, examples=["2h"], description="From its begin.")
    why: str = Field(min_length=1, max_length=500)


class ScopeIn(UntilIn):
    rules: list[str] = Field(default_factory=list, max_length=100)
    devices: list[str] = Field(default_factory=list, max_length=500)
    places: list[str] = Field(default_factory=list, max_length=100, description="Each means itself and all below it.")
    since: Time | None = Field(default=None, alias="from", description="Now, unless told.")


class SilenceIn(ScopeIn):
    """暂停通知: what matches is raised as ever and nobody is told; fire, gas, CO and emergency are never muted."""


class MaintenanceIn(ScopeIn):
    """维保: lesser alerts are out of service; danger to life goes to the watcher and the desk first."""

    watcher: str | None = Field(default=None, max_length=200, description="A person who stands beside it.")


class HoursIn(Sent):
    start: str = Field(alias="from", examples=["08:00"])
    end: str = Field(alias="to", examples=["18:00"], description="Over midnight where it is not later.")


class PermitIn(ScopeIn):
    """动火 / 装修: the rooms, the days and hours, whom to call, and who watches."""

    work: Work
    days: list[Day] | None = Field(default=None, description="On which the hours begin; every day unless told.")
    hours: HoursIn | None = Field(default=None, description="Wall clock of the site; the whole day unless told.")
    contact: str | None = Field(default=None, max_length=200, description="A person who answers for the work.")
    watcher: str = Field(min_length=1, max_length=200, description="看火人: told first, at once.")


class TriedIn(Sent):
    device: str = Field(min_length=1, max_length=300)
    note: str | None = Field(default=None, max_length=500)


class ShelveIn(UntilIn):
    """暂缓 this one alert, for a shift (12 h) at most."""


class TriedOut(BaseModel):
    device: str
    at: Time
    by: str
    note: str


class HoldOut(BaseModel):
    """By whom, until when, why; and whether it holds now."""

    id: str
    kind: HoldKind
    state: Literal["planned", "on", "paused", "untried", "ended"] = Field(
        description="`paused`: outside its hours; `untried`: a permit that ended, with detectors that nobody tried yet."
    )
    by: str
    why: str
    made_at: Time
    since: Time = Field(serialization_alias="from")
    until: Time
    rules: list[str]
    devices: list[str]
    places: list[str]
    where: list[PlaceNames]
    days: list[str] | None
    hours: dict[str, str] | None
    alert: str | None
    work: Work | None
    contact: str | None
    watcher: str | None
    people: dict[str, str] = Field(description="Names of those in it, masked as you may see them.")
    ended_at: Time | None
    ended_by: str
    end_note: str
    untried: list[str]
    tried: list[TriedOut]
    revision: int


class FrequentOut(BaseModel):
    rule: str
    subject: str
    count: int
    share: float


class AlarmFiguresOut(BaseModel):
    """ISA-18.2 / EEMUA 191, of alarms that ask somebody to act."""

    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    hours: float
    operators: int
    count: int
    held: int = Field(description="Raised and, by a silence or another hold, not told; not counted above.")
    per_operator_hour: float
    per_operator_day: float
    most_in_ten_minutes: int
    share_of_busy_hours: float = Field(description="Hours with more than 30 alarms a position.")
    floods: int
    share_of_time_in_flood: float
    top: list[FrequentOut]
    share_of_top_ten: float
    chattering: list[FrequentOut] = Field(description="Raised three times within a minute; `count`: how often.")
    stale: int = Field(description="True for more than 24 h, at this moment.")
    standing: int
    priorities: dict[Severity, float]
    limits: dict[str, float]
