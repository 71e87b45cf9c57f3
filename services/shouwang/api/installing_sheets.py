"""Shapes of installers' acts on the wire."""

from typing import Annotated

from pydantic import BaseModel, Field

from shouwang.domain.commissioning import Level
from shouwang.domain.suggestion import Ground
from shouwang.domain.visit import VisitResult
from shouwang.domain.vocabulary import Kind, Life, Problem, Scalar

from .schemas import PlaceNames, Sent, Time, Words
from .sheets import DeviceOut, Name, Tags

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,119}$")]
Remark = Annotated[str, Field(max_length=2000)]


class ClaimIn(Sent):
    """Without ``profile`` the best suggestion; without ``id`` one is made from the address."""

    place: Name
    profile: Name | None = None
    id: Id | None = None
    name: str = Field(default="", max_length=200)
    tags: Tags = Field(default_factory=list)
    note: Remark = ""


class StartIn(Sent):
    anew: bool = Field(default=False, description="Count from now, although commissioning goes on.")


class SignIn(Sent):
    signed_by: str = Field(default="", max_length=120, description="Who answers for it, where not the caller.")
    note: Remark = ""


class TestIn(Sent):
    minutes: int = Field(ge=1, le=480)
    note: Remark = ""


class ReplaceIn(Sent):
    """Without ``profile`` that of the old device."""

    address: Name
    profile: Name | None = None
    id: Id | None = None
    reason: Remark = ""


class MoveIn(Sent):
    place: Name
    reason: Remark = ""


class ReasonIn(Sent):
    reason: Remark = ""


class VisitIn(Sent):
    place: Name
    result: VisitResult
    note: Remark = ""


class SuggestionOut(BaseModel):
    profile: str
    kind: Kind
    title: Words
    why: Ground
    reason: Words
    score: float


class RefusalOut(BaseModel):
    """Why its newest message could not be read."""

    reason: Problem
    detail: str


class StrayDeviceOut(BaseModel):
    """A device that was heard, or announced by its family, and that nobody registered. ``profile``, ``model`` and
    ``kind`` as its family announced it, or as its words were understood."""

    address: str
    family: str
    identity: str
    profile: str
    model: str
    kind: str
    first_at: Time
    last_at: Time
    topic: str
    payload: str | None = Field(description="Its newest message as text; null where it is none.")
    payload_base64: str
    refusal: RefusalOut | None
    suggestions: list[SuggestionOut] = Field(description="The best first.")


class SignalOut(BaseModel):
    level: Level
    words: Words
    linkquality: float | None
    rssi: float | None
    snr: float | None


class WaitOut(BaseModel):
    """How long it may take until the device speaks by itself; ``seconds`` null: for ever."""

    seconds: int | None
    words: Words


class ZoneRefOut(BaseModel):
    id: str
    name: str


class ToldStepOut(BaseModel):
    after: str
    unless: str | None
    when: str | None
    tell: list[str]
    people: list[str]
    gaps: list[str]


class WouldCallOut(BaseModel):
    """Whom the worst alarm of this device would call at this moment; a dry run. ``names``: of everybody in the steps,
    as the caller may read them."""

    rule: str | None = None
    title: Words = Field(default_factory=dict)
    policy: str | None = None
    steps: list[ToldStepOut] = Field(default_factory=list)
    names: dict[str, str] = Field(default_factory=dict)
    why_nobody: str = ""


class CommissioningOut(BaseModel):
    """``heard_after``: seconds from the beginning to the first message. ``alerts``: what it raised since, as tests."""

    device: str
    place: str
    where: PlaceNames
    life: Life
    started_at: Time | None
    started_by: str | None
    until: Time | None
    heard_at: Time | None
    heard_after: float | None
    pressed_at: Time | None
    pressed: dict[str, Scalar]
    test_press: Words
    expected_wait: WaitOut
    signal: SignalOut
    zone: ZoneRefOut | None
    would_call: WouldCallOut
    alerts: list[str]
    can_sign_off: bool
    missing: list[Words]


class ForcedOut(BaseModel):
    """``left_open``: alerts of the device that left, which only a person may end."""

    device: DeviceOut
    left_open: list[str]


class VisitOut(BaseModel):
    """``nobody_home``: how often, over all visits."""

    place: str
    where: PlaceNames
    at: Time
    result: VisitResult
    by: str
    note: str
    nobody_home: int
