"""What installers' visits to dwellings came to."""

from enum import StrEnum

from shouwang.domain.vocabulary import Instant, PlaceId, Value


class VisitResult(StrEnum):
    INSTALLED = "installed"
    REFUSED = "refused"
    NOBODY_HOME = "nobody_home"
    VACANT = "vacant"


class Visit(Value, frozen=True, kw_only=True):
    place: PlaceId
    at: Instant
    result: VisitResult
    actor: str
    note: str = ""
