"""What to do in a case, step by step, and what to say on the telephone: data by kind of case, filled with its facts.

The machine dials nobody: it holds the words ready for whoever does (GB 25201: place, what burns, size, who calls), and
keeps the time at which they did.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from shouwang.domain.alert import CLASS_ZH, AlertClass
from shouwang.domain.community import Community
from shouwang.domain.grouping import around_of
from shouwang.domain.incident import Incident
from shouwang.domain.message import CLASS_EN
from shouwang.domain.moment import moment
from shouwang.domain.place import PlaceKind
from shouwang.domain.shift import timezone
from shouwang.domain.vocabulary import Value

Words = dict[str, str]
"""By language."""


class Item(Value, frozen=True, kw_only=True):
    """A step. ``posts``: whose it is; empty is anybody's. ``service``: a person dials this number."""

    id: str
    text: Words
    posts: list[str] = msgspec.field(default_factory=list)
    service: str = ""


class Script(Value, frozen=True, kw_only=True):
    """Words to read out to a service; ``{address}``, ``{floor}``, ``{what}``, ``{people}``, ``{helped}``, ``{since}``
    and ``{caller}`` are filled."""

    service: str
    name: Words
    text: Words


class Checklist(Value, frozen=True, kw_only=True):
    """``never``: what nobody may do, said first. ``tasks``: the duty of each post in one line."""

    id: str
    title: Words
    classes: list[AlertClass] = msgspec.field(default_factory=list)
    never: list[Words] = msgspec.field(default_factory=list)
    items: list[Item] = msgspec.field(default_factory=list)
    scripts: list[Script] = msgspec.field(default_factory=list)
    tasks: dict[str, Words] = msgspec.field(default_factory=dict)


FACTS = ("address", "floor", "what", "people", "helped", "since", "caller")
_FIELD = re.compile(r"\{(\w+)\}")


def checklist_for(checklists: Sequence[Checklist], klass: AlertClass) -> Checklist | None:
    return next((one for one in checklists if klass in one.classes), None)


def never_of(checklists: Sequence[Checklist], incident: Incident) -> list[Words]:
    """What nobody may do in this case: by its list, then by what else was detected there. A fire with gas is a fire,
    and its doorbell still a spark."""
    others = (checklist_for(checklists, klass) for klass in incident.detectors)
    lists = [one for one in (checklist_of(checklists, incident), *others) if one is not None]
    found: list[Words] = []
    for one in lists:
        found += [words for words in one.never if words not in found]
    return found


def checklist_of(checklists: Sequence[Checklist], incident: Incident) -> Checklist | None:
    """That of what a person reported, where it has a list of its own, else that of the class."""
    topic = incident.file.topic if incident.file is not None else None
    own = next((one for one in checklists if one.id == topic), None)
    return own or checklist_for(checklists, incident.klass)


def script_problem(script: Script) -> str | None:
    """What is wrong with the text of a script: a field that is none."""
    unknown = sorted({name for text in script.text.values() for name in _FIELD.findall(text)} - set(FACTS))
    return f"{', '.join(unknown)}: no fact of a case; expected {', '.join(FACTS)}" if unknown else None


def filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with the facts that it names; one that is not known stands as a blank to ask for."""
    return _FIELD.sub(lambda found: facts.get(found[1]) or "____", text)


def facts_of(incident: Incident, community: Community, *, caller: str, language: str = "zh") -> Mapping[str, str]:
    """What scripts of this case are filled with. ``caller``: the name of who reads them out."""
    place = next(iter(incident.places), incident.place)
    floor = around_of(place, PlaceKind.FLOOR, community.places)
    known = community.places.get(floor) if floor else None
    household = community.households.get(place)
    local = moment(incident.opened_at).astimezone(timezone(community.site.timezone))
    words = CLASS_ZH if language == "zh" else CLASS_EN
    helped = [
        one for one in community.households.values() if one.helped and floor and one.place.startswith(f"{floor}/")
    ]
    return {
        "address": " ".join(community.place_names(place)),
        "floor": (known.name if known and known.name else floor.rpartition("/")[2]) if floor else "",
        "what": words[incident.klass],
        "people": str(household.residents) if household and household.residents is not None else "",
        "helped": str(len(helped)) if helped else ("无" if language == "zh" else "none known"),
        "since": f"{local:%H:%M}",
        "caller": caller,
    }
