"""Where help comes in and whom to ring: the gates of a compound, the numbers of services, as a site knows them."""

from collections.abc import Iterable

import msgspec

from shouwang.domain.place import ancestors, compound_of
from shouwang.domain.vocabulary import PlaceId, Value

FIXED = ("119", "120", "110")
"""火警, 急救, 报警: the same everywhere, so no site may give them another number."""


class ServiceNumber(Value, frozen=True, kw_only=True):
    """服务电话. ``service``: as checklists name it: gas-company, lift-firm, maintenance-firm, water-company,
    power-company, property … ``place``: where it holds, with all below; None for the whole site."""

    service: str
    number: str
    name: str = ""
    place: PlaceId | None = None


class Gate(Value, frozen=True, kw_only=True):
    """大门, as people call it. ``place``: the compound or area that it leads into. ``serves``: buildings that are
    reached through it; empty: all of its compound. ``note``: where it is, which vehicles pass."""

    name: str
    place: PlaceId
    serves: list[PlaceId] = msgspec.field(default_factory=list)
    note: str = ""


def number_of_service(numbers: Iterable[ServiceNumber], service: str, place: str) -> str:
    """What to dial: the number of the nearest place around, then the site's, then a service that is its own number.
    Empty where nobody wrote it down."""
    if service in FIXED:
        return service
    known = {one.place: one.number for one in reversed(list(numbers)) if one.service == service}
    around = next((known[at] for at in ancestors(place) if at in known), known.get(None, ""))
    return around or (service if service.isdigit() else "")


def gate_of(gates: Iterable[Gate], place: str) -> Gate | None:
    """Where help for a place comes in: the gate that serves its nearest ancestor, else one for all of its compound."""
    known = list(gates)
    named = [gate for at in ancestors(place) for gate in known if at in gate.serves]
    whole = [gate for gate in known if not gate.serves and compound_of(gate.place) == compound_of(place)]
    return next(iter([*named, *whole]), None)
