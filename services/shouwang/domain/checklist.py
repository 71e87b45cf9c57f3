"""What to do in a case, step by step, and what to say on the telephone: data by kind of case, filled with its facts.

The machine dials nobody: it holds the words ready for whoever does (GB 25201: place, what burns, size, who calls), and
keeps the time at which they did.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from shouwang.domain.alert import CLASS_ZH, AlertClass
from shouwang.domain.community import Community
from shouwang.domain.grouping import around_of, kind_of
from shouwang.domain.headcount import Head, heads
from shouwang.domain.incident import Incident
from shouwang.domain.message import CLASS_EN
from shouwang.domain.moment import moment
from shouwang.domain.place import PlaceKind
from shouwang.domain.premises import gate_of, number_of_service
from shouwang.domain.shift import timezone
from shouwang.domain.vocabulary import PlaceId, Value

Words = dict[str, str]
"""By language."""


class Item(Value, frozen=True, kw_only=True):
    """A step, with facts as a script has them. ``posts``: whose it is; empty is anybody's. ``service``: whom a person
    rings."""

    id: str
    text: Words
    posts: list[str] = msgspec.field(default_factory=list)
    service: str = ""


class Script(Value, frozen=True, kw_only=True):
    """Words to read out to a service; ``{address}``, ``{floor}``, ``{what}``, ``{people}``, ``{helped}``, ``{since}``,
    ``{caller}``, ``{gate}`` (where help comes in) and ``{number}`` (on which the property is rung back) are filled."""

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


PROPERTY = "property"
"""物业: the service whose number is the one to be rung back on."""

FACTS = ("address", "floor", "what", "people", "helped", "since", "caller", "gate", "number")
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


def tasks_of(listed: Checklist | None, posts: Sequence[str], facts: Mapping[str, Mapping[str, str]]) -> list[Words]:
    """What whoever holds these posts does, in a few lines: the tasks of the posts, else their steps. ``facts``: by
    language."""
    if listed is None:
        return []
    tasks = [listed.tasks[post] for post in posts if post in listed.tasks]
    steps = [said(item.text, facts) for item in listed.items if set(item.posts).intersection(posts)]
    return tasks or steps


def said(words: Words, facts: Mapping[str, Mapping[str, str]]) -> Words:
    """Words with the facts of their language filled in; of a language without facts of its own, the Chinese ones."""
    return {language: filled(text, facts.get(language, facts["zh"])) for language, text in words.items()}


def text_problem(words: Words) -> str | None:
    """What is wrong with the words of a script or a step: a field that is none."""
    unknown = sorted({name for text in words.values() for name in _FIELD.findall(text)} - set(FACTS))
    return f"{', '.join(unknown)}: no fact of a case; expected {', '.join(FACTS)}" if unknown else None


def filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with the facts that it names; one that is not known stands as a blank to ask for."""
    return _FIELD.sub(lambda found: facts.get(found[1]) or "____", text)


def first_place(incident: Incident) -> PlaceId:
    """Where it began: help is called to there."""
    return next(iter(incident.places), incident.place)


def facts_of(incident: Incident, community: Community, *, caller: str, language: str = "zh") -> Mapping[str, str]:
    """What scripts of this case are filled with: every floor that burns, the people of all homes that were hit as far
    as they are known, and the homes on these floors and above that need help to leave. ``caller``: the name of who
    reads them out."""
    in_chinese = language == "zh"
    places = incident.places or [incident.place]
    local = moment(incident.opened_at).astimezone(timezone(community.site.timezone))
    words = CLASS_ZH if in_chinese else CLASS_EN
    floors = [around_of(place, PlaceKind.FLOOR, community.places) for place in places]
    gate = gate_of(community.site.gates, places[0])
    return {
        "address": " ".join(community.place_names(places[0])),
        "floor": ("、" if in_chinese else ", ").join(
            community.place_names(floor)[-1] for floor in dict.fromkeys(floors) if floor is not None
        ),
        "what": words[incident.klass],
        "people": _people(places, community, in_chinese=in_chinese),
        "helped": _helped(heads(incident, community), community, in_chinese=in_chinese),
        "since": f"{local:%H:%M}",
        "caller": caller,
        "gate": gate.name if gate else "小区大门" if in_chinese else "the gate of the compound",
        "number": number_of_service(community.site.numbers, PROPERTY, places[0]),
    }


def _people(places: Sequence[PlaceId], community: Community, *, in_chinese: bool) -> str:
    """How many live in the homes that were hit; a home of which nobody knows is said to be one, never counted as
    empty. Nothing where none is known."""
    homes = [place for place in places if kind_of(place, community.places) is PlaceKind.DWELLING]
    households = [community.households.get(home) for home in homes]
    known = [one.residents for one in households if one is not None and one.residents is not None]
    if not known:
        return ""
    if unknown := len(homes) - len(known):
        return (
            f"{sum(known)}（另有{unknown}户人数不详）"
            if in_chinese
            else f"{sum(known)}, and {unknown} more homes unknown"
        )
    return str(sum(known))


def _helped(counted: Sequence[Head], community: Community, *, in_chinese: bool) -> str:
    """How many homes need help to leave, and on which floors, as whoever comes must know it before anything else. What
    nobody has on record is said to be that, not to be nobody."""
    floors: dict[str, int] = {}
    for head in counted:
        if head.helped and head.is_inside:
            name = community.place_names(head.floor)[-1]
            floors[name] = floors.get(name, 0) + 1
    if not floors:
        return "无登记" if in_chinese else "none on record"
    where = ("、" if in_chinese else ", ").join(
        f"{name} {count}户" if in_chinese else f"{count} on {name}" for name, count in floors.items()
    )
    total = sum(floors.values())
    return f"{total}户（{where}）" if in_chinese else f"{total} ({where})"
