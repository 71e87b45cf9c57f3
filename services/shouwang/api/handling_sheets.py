"""Shapes of what people add to a case, and of what a case tells those who handle it."""

from typing import Annotated, Self

from pydantic import AliasChoices, BaseModel, Field, model_validator

from shouwang.domain.alert import AlertClass
from shouwang.domain.casefile import Counting, EntryWay, Proof, Topic, Visit
from shouwang.domain.vocabulary import Severity

from .schemas import Done, PlaceNames, Sent, Time, Words

Ref = Annotated[str, Field(min_length=1, max_length=300)]
NoteText = Annotated[str | None, Field(max_length=2000)]


class Report(Sent):
    """人工报警: what a person saw or was told."""

    place: Ref
    klass: AlertClass = Field(alias="class")
    topic: Topic | None = Field(default=None, description="Of an emergency: 电梯困人. It gives title and checklist.")
    severity: Severity | None = None
    title: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2000)
    reported_by: str = Field(default="", max_length=200, description="Who said so, where it is not you.")


class ArriveIn(Done):
    """``{}`` is enough: then 未核实到场. ``reference``: the device or place of a tag, the device that was pressed, or
    the file of a photo."""

    proof: Proof | None = None
    reference: str = Field(default="", max_length=300)
    note: NoteText = None


class MergeIn(Sent):
    """``into``: the incident that stays."""

    into: Ref
    note: NoteText = None


class SplitIn(Sent):
    """``alerts``: those that become a case of their own."""

    alerts: Annotated[list[Ref], Field(min_length=1, max_length=500)]
    note: NoteText = None


class CheckIn(Done):
    item: Annotated[str, Field(min_length=1, max_length=60)]
    note: NoteText = None


class CallIn(Done):
    """A person has dialled: 119, 120, 110, gas-company …; or ``family:1``, the first contact of the home on the card,
    or with ``person`` somebody of the directory. ``note``: no name or phone, the journal keeps it for good."""

    service: Annotated[str, Field(min_length=2, max_length=40, examples=["119", "family:1", "person"])]
    person: Ref | None = None
    answered: bool | None = Field(default=None, description="接通 or 无人接听; null where nobody says.")
    note: NoteText = None


class EntryIn(Sent):
    """入户. ``witnesses``: two different people beside whoever opens: ids or names of the directory, whose post is then
    recorded, else who they are in words."""

    how: EntryWay
    place: Ref
    reason: Annotated[str, Field(min_length=2, max_length=500)]
    authorised_by: Ref
    witnesses: Annotated[list[Ref], Field(max_length=10)]
    note: NoteText = None


class CountIn(Done):
    place: Ref
    state: Counting
    people: int | None = Field(default=None, ge=0, le=200)
    note: NoteText = None


class FollowUpIn(Sent):
    """回访."""

    result: Visit
    note: NoteText = None


class EscalateIn(Sent):
    """``reason``, or ``note`` as of the other acts: why more people are needed. The next level reads it: no names or
    phones of residents."""

    reason: str = Field(default="", max_length=500, validation_alias=AliasChoices("reason", "note"))


class ItemOut(BaseModel):
    """A step of the checklist; ``service``: whom a person rings, ``number``: what to dial, empty where the site names
    none."""

    id: str
    text: Words
    posts: list[str]
    service: str
    number: str
    done_at: Time | None
    done_by: str | None


class ScriptOut(BaseModel):
    """What to read out; the machine dials nobody."""

    service: str
    number: str = Field(description="What to dial; empty where the site names none.")
    name: Words
    text: Words
    called_at: list[Time]


class GateOut(BaseModel):
    name: str
    note: str


class ListedOut(BaseModel):
    """A checklist. ``classes``: of which cases it is the list; one without any is asked for by its id."""

    id: str
    title: Words
    classes: list[AlertClass]


class ChecklistOut(BaseModel):
    id: str
    title: Words
    never: list[Words]
    items: list[ItemOut]
    scripts: list[ScriptOut]
    gate: GateOut | None = Field(description="Where help for this place comes in, where the site says so.")
    tasks: dict[str, Words]


class FamilyOut(BaseModel):
    name: str
    relation: str
    phone: str


class KeyOut(BaseModel):
    person: str | None
    name: str
    phone: str
    note: str


class HouseholdOut(BaseModel):
    """What whoever goes to a dwelling must know."""

    place: str
    where: PlaceNames
    residents: int | None
    needs: list[str]
    helped: bool
    contacts: list[FamilyOut]
    keys: list[KeyOut]
    gate: str
    note: str


class RevealIn(Sent):
    """Whom to see unmasked, or of which home the household: exactly one of the two. ``reason``: for whoever reviews the
    case; names and phones do not belong in it, the journal keeps it for good."""

    person: Ref | None = None
    place: Ref | None = None
    reason: str = Field(min_length=1, max_length=500, examples=["call the key holder"])

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.person is None) == (self.place is None):
            raise ValueError("expected exactly one of person and place: they are revealed one at a time")
        return self


class RevealedPersonOut(BaseModel):
    """``posts`` as of a person."""

    id: str
    name: str
    phone: str
    posts: list[str]


class RevealedOut(BaseModel):
    """What was asked for, unmasked; it is on record that you saw it. ``left``: how many more people and homes you may
    be shown for this case."""

    incident: str
    person: RevealedPersonOut | None = None
    household: HouseholdOut | None = None
    left: int


class HeadOut(BaseModel):
    """人员清点 of one dwelling; ``state`` null: nobody has said yet."""

    place: str
    where: PlaceNames
    residents: int | None
    helped: bool
    needs: list[str]
    state: Counting | None
    people: int | None
    at: Time | None
    by: str | None


class HeadcountOut(BaseModel):
    """Dwellings of the fire floor, then of those above, those who need help first."""

    floors: list[str]
    items: list[HeadOut]
    evacuated: int
    not_reached: int
    unknown: int
    needs_help: int


class CardOut(BaseModel):
    """What this caller must know of a case. ``level``: assigned (whoever was called or goes), desk, or summary, which
    has no resident's data."""

    level: str
    incident: str
    where: PlaceNames
    households: list[HouseholdOut]
    helped: list[HeadOut] = Field(description="需协助疏散人员 on the fire floor and above.")
    posts: list[str] = Field(description="Those that you hold here, by name, as a deputy or in a roster.")
    tasks: list[Words] = Field(description="Of these posts, in one line each.")
    never: list[Words]
    neighbours: int = Field(description="Dwellings on the floors concerned.")


class AttachmentOut(BaseModel):
    id: str
    name: str
    type: str
    size: int
    at: Time
    by: str
