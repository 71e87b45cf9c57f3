"""The community file: a whole compound as one YAML document, read row by row and judged as a whole."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from shouwang.domain.alert import AlertClass
from shouwang.domain.community import Community
from shouwang.domain.duty import Absence, Certificate, Contact, Group, Person, PostHolder, SiteFacts, Zone
from shouwang.domain.escalation import Match, Milestone, Policy, Step
from shouwang.domain.household import FamilyContact, Household, KeyHolder
from shouwang.domain.patrol import Patrol, Point
from shouwang.domain.place import Device, Place, PlaceKind
from shouwang.domain.roster import Override, Roster, Rotation, Shift
from shouwang.domain.vocabulary import Life, Severity, Value
from shouwang.registry.consistency import findings
from shouwang.registry.documents import Document, parse_documents, read_documents
from shouwang.registry.findings import Around, Row, Rows, closest
from shouwang.registry.policies import with_match_lists

T = TypeVar("T")

SECTIONS: Mapping[str, type[Value]] = {
    "places": Place,
    "people": Person,
    "posts": PostHolder,
    "zones": Zone,
    "rosters": Roster,
    "groups": Group,
    "policies": Policy,
    "devices": Device,
    "households": Household,
    "patrols": Patrol,
}
"""Beside ``site``, in the order of the file."""


class Remark(Value, frozen=True):
    """A problem or a note, with ``file:line``."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class Reading(Value, frozen=True, kw_only=True):
    """What a file says. With problems nothing of it may be applied; ``community`` then holds what could be read."""

    community: Community
    has_site: bool
    problems: list[Remark]
    notes: list[Remark]


def read_community(file: Path, around: Around | None = None, *, name: str | None = None) -> Reading:
    """A community file. Raises ConfigError with ``file:line`` where it cannot be read or is not YAML; everything else
    that is wrong is a problem of the reading, all of them at once."""
    return _read(read_documents(file, name), name or str(file), around or Around())


def parse_community(text: str, name: str, around: Around | None = None) -> Reading:
    """As ``read_community``, from text."""
    return _read(list(parse_documents(text, name)), name, around or Around())


def read_document(document: Document, name: str, around: Around) -> Reading:
    """As ``read_community``, from a document that was read already."""
    return _read([document], name, around)


def _read(documents: list[Document], name: str, around: Around) -> Reading:
    content = documents[0].content if len(documents) == 1 else None
    if not isinstance(content, dict):
        found = (
            "is empty" if not documents else "is not one mapping" if len(documents) == 1 else "holds several documents"
        )
        problem = Remark(f"{name}:1", f"{found}; expected one document with {', '.join(('site', *SECTIONS))}")
        return Reading(community=Community(), has_site=False, problems=[problem], notes=[])
    document = documents[0]
    problems: list[Remark] = []
    rows = _rows(document, content, problems)
    notes: list[Remark] = []
    for finding in findings(rows, around):
        message = f"{finding.path.removeprefix('$.')}: {finding.message}" if finding.path != "$" else finding.message
        (notes if finding.note else problems).append(Remark(document.where(finding.path), message))
    return Reading(
        community=_community(rows),
        has_site=rows.site is not None,
        problems=sorted(problems, key=_line),
        notes=notes,
    )


def _rows(document: Document, content: Mapping[str, Any], problems: list[Remark]) -> Rows:
    for key in content:
        if key != "site" and key not in SECTIONS:
            near = closest(str(key), ("site", *SECTIONS))
            problems.append(Remark(document.where(f"$.{key}"), f"{key} is not a section of a community file{near}"))
    site = content.get("site")
    read_site = None if site is None else _row(document, "$.site", site, SiteFacts, problems)
    sections = {section: list(_section(document, section, content, problems)) for section in SECTIONS}
    return Rows(site=read_site, **sections)


def _section(
    document: Document, section: str, content: Mapping[str, Any], problems: list[Remark]
) -> Iterator[Row[Any]]:
    found = content.get(section)
    if found is None:
        return
    if not isinstance(found, list):
        problems.append(
            Remark(document.where(f"$.{section}"), f"{section} is not a list; expected rows that begin with -")
        )
        return
    for index, raw in enumerate(found):
        row = _row(document, f"$.{section}[{index}]", raw, SECTIONS[section], problems)
        if row is not None:
            yield row


def _row(document: Document, path: str, raw: object, shape: type[T], problems: list[Remark]) -> Row[T] | None:
    try:
        return Row(path, msgspec.convert(_as_written(raw, shape), shape))
    except msgspec.ValidationError as error:
        reason, _, below = str(error).partition(" - at `$")
        at = path + below.rstrip("`")
        problems.append(Remark(document.where(at), f"{at.removeprefix('$.')}: {reason}{_advice(reason, at)}"))
        return None


def _as_written(raw: object, shape: type[Any]) -> object:
    if shape in (Roster, Person, SiteFacts, Patrol):
        return _as_text(raw)
    return with_match_lists(raw) if shape is Policy else raw


def _as_text(raw: object) -> object:
    """Times that YAML turned into dates, as the text they were: people rarely quote them."""
    match raw:
        case dict():
            return {_as_text(key): _as_text(value) for key, value in raw.items()}
        case list():
            return [_as_text(value) for value in raw]
        case datetime() | date():
            return raw.isoformat()
        case _:
            return raw


def _advice(reason: str, path: str) -> str:
    """What to do about a refusal of msgspec, where that can be known."""
    last = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", reason):
        keys = _SHAPES[last].__struct_encode_fields__ if last in _SHAPES else ()
        return closest(unknown[1], keys) or "; remove it"
    if wrong := re.fullmatch(r"Invalid enum value '(.*)'", reason):
        words = _WORDS.get(last, ())
        return closest(wrong[1], words) or (f"; expected one of {', '.join(words)}" if words else "")
    if re.fullmatch(r"Expected `str(?: \| null)?`, got `(?:int|float|bool)`", reason):
        return '; put it in quotes, for example "20:00", "501", "+86…"'
    return ""


def _community(rows: Rows) -> Community:
    return Community(
        site=rows.site.value if rows.site else SiteFacts(),
        places={row.value.id: row.value for row in rows.places},
        people={row.value.id: row.value for row in rows.people},
        posts=tuple(row.value for row in rows.posts),
        zones={row.value.id: row.value for row in rows.zones},
        rosters={row.value.id: row.value for row in rows.rosters},
        groups={row.value.id: row.value for row in rows.groups},
        policies=tuple(row.value for row in rows.policies),
        devices={row.value.id: row.value for row in rows.devices},
        households={row.value.place: row.value for row in rows.households},
        patrols={row.value.id: row.value for row in rows.patrols},
    )


def _line(remark: Remark) -> int:
    return int(remark.where.rpartition(":")[2])


_WORDS: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(PlaceKind),
    "life": tuple(Life),
    "severity": tuple(Severity),
    "classes": tuple(AlertClass),
    "unless": tuple(Milestone),
    "when": tuple(Milestone),
}
_SHAPES: Mapping[str, type[Value]] = {
    **SECTIONS,
    "site": SiteFacts,
    "channels": Contact,
    "shifts": Shift,
    "overrides": Override,
    "rotation": Rotation,
    "absences": Absence,
    "certificates": Certificate,
    "contacts": FamilyContact,
    "keys": KeyHolder,
    "points": Point,
    "rounds": Shift,
    "steps": Step,
    "match": Match,
}
"""What stands at a path, by its last word."""
