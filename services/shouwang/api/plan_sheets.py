"""Shapes of plans on the wire: pictures of places, and where devices stand on them."""

from typing import Annotated

from pydantic import BaseModel, Field

from shouwang.domain.place import PlaceKind
from shouwang.domain.vocabulary import Kind

from .schemas import PlaceNames, Sent, Time

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, examples=[0.42])]


class SpotIn(Sent):
    """Fractions of the picture: ``x`` from the left, ``y`` from the top."""

    x: Fraction
    y: Fraction


class SpotOut(BaseModel):
    device: str
    kind: Kind
    name: str
    place: str
    where: PlaceNames
    x: float
    y: float
    at: Time
    by: str


class PlanOut(BaseModel):
    """平面图 of a place. ``picture`` changes with its content."""

    place: str
    kind: PlaceKind
    where: PlaceNames
    picture: str
    type: str = Field(description="image/png, image/jpeg, image/webp or image/svg+xml.")
    width: int
    height: int
    size: int = Field(description="Bytes.")
    at: Time
    by: str
    placed: int = Field(description="Devices that have a spot on it.")


class PlanWithSpotsOut(PlanOut):
    """``unplaced``: devices registered within the place that have no spot yet."""

    spots: list[SpotOut]
    unplaced: int
    left_out: int = Field(0, description="After an upload: elements and attributes of a drawing that were not taken.")
