"""What people do to a case beyond its clocks: by hand, merged and split, checklist, calls, headcount, entry, files."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.acts import Act as Doing
from shouwang.domain.acts import Attach, Check, Count, Dial, Enter, FollowUp
from shouwang.domain.casefile import Attachment, CaseFile, Counting
from shouwang.domain.checklist import Checklist, checklist_of, facts_of, first_place, never_of, said
from shouwang.domain.community import Community
from shouwang.domain.grouping import around_of
from shouwang.domain.headcount import Head, heads, level_of, sees_residents
from shouwang.domain.incident import Incident
from shouwang.domain.levels import posts_of
from shouwang.domain.place import PlaceKind, ancestors
from shouwang.domain.premises import gate_of, number_of_service
from shouwang.domain.vocabulary import PersonId, PlaceId

from .access import Caller, allow
from .doors import TheWindow, Window
from .etags import IfMatch
from .handling_sheets import (
    AttachmentOut,
    CallIn,
    CardOut,
    CheckIn,
    ChecklistOut,
    CountIn,
    EntryIn,
    FollowUpIn,
    GateOut,
    HeadcountOut,
    HeadOut,
    ItemOut,
    MergeIn,
    Report,
    ScriptOut,
    SplitIn,
)
from .households import household_out
from .incidents import IncidentRef, for_act, said_at, visible, whole
from .names import Names
from .problems import Code, Problem, invalid, not_found
from .questions import time
from .schemas import IncidentOut

router = APIRouter(prefix="/incidents", tags=["incidents"])

FileName = Annotated[str, Query(max_length=200, description="As people call it.")]


@router.post("", status_code=201)
def report(window: TheWindow, caller: Caller, body: Report, response: Response) -> IncidentOut:
    """人工报警: an incident without a device. What goes on there already is one case (200)."""
    place = PlaceId(body.place.strip("/"))
    allow(caller, Act.RESPOND, place)
    community = window.directory.community()
    if not any(around in community.places for around in ancestors(place)):
        raise invalid("body/place", f"{body.place!r} is no place of the directory, nor within one")
    incident, is_new = window.respond.report(
        body.klass,
        place,
        actor=caller.actor,
        policies=(*community.policies, *window.policies()),
        reported_by=body.reported_by,
        title=body.title,
        topic=body.topic,
        severity=body.severity,
        note=body.note,
    )
    if not is_new:
        response.status_code = 200
    return whole(window, caller, incident)


@router.post("/{incident_id}/merge")
def merge(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: MergeIn) -> IncidentOut:
    """合并: this case becomes part of another, which is answered. Whoever was told of this one hears of that one."""
    incident = for_act(window, caller, incident_id, None)
    into = for_act(window, caller, body.into, None)
    return whole(
        window, caller, window.respond.merge(incident.id, actor=caller.actor, into=into.id, note=body.note or "")
    )


@router.post("/{incident_id}/split", status_code=201)
def split(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: SplitIn) -> IncidentOut:
    """拆分: these alerts become a case of their own, which is answered, and of which people are told."""
    incident = for_act(window, caller, incident_id, None)
    parted = window.respond.split(incident.id, actor=caller.actor, alerts=body.alerts, note=body.note or "")
    return whole(window, caller, parted)


@router.post("/{incident_id}/checks")
def check(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, body: CheckIn, if_match: IfMatch = None
) -> IncidentOut:
    """An item of the checklist is done."""
    incident = for_act(window, caller, incident_id, if_match)
    lists = window.checklists()
    listed = checklist_of(lists, incident)
    known = [item.id for one in lists if one is listed or not one.classes for item in one.items]
    if body.item not in known:
        raise invalid("body/item", f"{body.item!r} is no item of this checklist; expected one of {', '.join(known)}")
    return _done(window, caller, incident, Check(item=body.item, note=body.note or "", said_at=said_at(body)))


@router.post("/{incident_id}/calls")
def dialled(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: CallIn) -> IncidentOut:
    """A person has called a service or somebody of the home, now. The machine calls nobody."""
    incident = for_act(window, caller, incident_id, None)
    if body.person is not None and body.person not in window.directory.community().people:
        raise invalid("body/person", f"{body.person!r} is no person of the directory")
    person = PersonId(body.person) if body.person is not None else None
    act = Dial(service=body.service, person=person, answered=body.answered, note=body.note or "", said_at=said_at(body))
    return _done(window, caller, incident, act)


@router.post("/{incident_id}/entries")
def enter(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: EntryIn) -> IncidentOut:
    """入户, by key or by force: reason, who authorised it, and two witnesses."""
    incident = for_act(window, caller, incident_id, None)
    act = Enter(
        how=body.how,
        place=PlaceId(body.place.strip("/")),
        reason=body.reason,
        authorised_by=body.authorised_by,
        witnesses=body.witnesses,
        note=body.note or "",
    )
    return _done(window, caller, incident, act)


@router.post("/{incident_id}/follow-up")
def follow_up(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: FollowUpIn) -> IncidentOut:
    """回访, mostly the next day."""
    incident = for_act(window, caller, incident_id, None)
    return _done(window, caller, incident, FollowUp(result=body.result, note=body.note or ""))


@router.get("/{incident_id}/headcount")
def headcount(window: TheWindow, caller: Caller, incident_id: IncidentRef) -> HeadcountOut:
    """人员清点: the dwellings of the fire floor and above, and what is known of each; needs only where the card says
    them too."""
    incident = visible(window, caller, incident_id)
    allow(caller, Act.RESPOND, incident.place)
    return _headcount(window, caller, incident)


@router.post("/{incident_id}/headcount")
def count(window: TheWindow, caller: Caller, incident_id: IncidentRef, body: CountIn) -> HeadcountOut:
    """已疏散, 未联系上 …: the newest word on a dwelling."""
    incident = for_act(window, caller, incident_id, None)
    place = PlaceId(body.place.strip("/"))
    if place not in window.directory.community().places:
        raise invalid("body/place", f"{body.place!r} is no place of the directory")
    act = Count(place=place, state=body.state, people=body.people, note=body.note or "", said_at=said_at(body))
    return _headcount(window, caller, window.respond.act(incident.id, act, actor=caller.actor))


@router.get("/{incident_id}/checklist")
def get_checklist(
    window: TheWindow, caller: Caller, incident_id: IncidentRef, id: Annotated[str | None, Query(max_length=60)] = None
) -> ChecklistOut:
    """What to do, and the words to read out, filled with the facts of the case. ``id``: another list (``lift``)."""
    incident = visible(window, caller, incident_id)
    allow(caller, Act.RESPOND, incident.place)
    lists = window.checklists()
    listed = next((one for one in lists if one.id == id), None) if id else checklist_of(lists, incident)
    if listed is None:
        raise not_found("checklist", id or incident.klass)
    return _checklist_out(listed, incident, window, caller)


@router.get("/{incident_id}/card")
def card(window: TheWindow, caller: Caller, incident_id: IncidentRef) -> CardOut:
    """What this caller must know: whoever goes gets room, keys and needs while the case is live; above, a summary. In a
    drill or test nobody learns who lives there."""
    incident = visible(window, caller, incident_id)
    community = window.directory.community()
    names = Names(community, caller)
    level = level_of(caller, incident, community, _told(window, incident))
    counted = heads(incident, community) if level != "summary" else []
    shown = sees_residents(level, incident)
    listed = checklist_of(window.checklists(), incident)
    posts = posts_of(caller.person, incident.place, community)
    tasks = [listed.tasks[post] for post in posts if post in listed.tasks] if listed else []
    return CardOut(
        level=level,
        incident=incident.id,
        where=names.place(incident.place) if level != "summary" else names.place(_building(incident, window)),
        households=[
            household_out(community, names, place)
            for place in incident.places
            if shown and place in community.households
        ],
        helped=[_head_out(one, names) for one in counted if one.helped and shown],
        posts=posts,
        tasks=tasks,
        never=never_of(window.checklists(), incident),
        neighbours=len(heads(incident, community)),
    )


@router.post("/{incident_id}/files", status_code=201)
async def attach(
    request: Request, window: TheWindow, caller: Caller, incident_id: IncidentRef, name: FileName = ""
) -> AttachmentOut:
    """A photo or PDF as the body, at most 8 MiB; its type is read from its content."""
    content: bytes = await request.body()
    return await run_sync(_attach, window, caller, incident_id, name, content)


@router.get("/{incident_id}/files/{file_id}")
def get_file(window: TheWindow, caller: Caller, incident_id: IncidentRef, file_id: str) -> Response:
    """The content, to save rather than to show: a file of somebody's never runs in this page."""
    incident = visible(window, caller, incident_id)
    allow(caller, Act.RESPOND, incident.place)
    known = next((one for one in (incident.file or CaseFile()).files if one.id == file_id), None)
    content = window.attachments.read(file_id) if known and window.attachments else None
    if known is None or content is None:
        raise not_found("file", file_id)
    suffix = known.type.rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{file_id[:12]}.{suffix}"'}
    return Response(content, media_type=known.type, headers=headers)


def _attach(window: Window, caller: Principal, incident_id: str, name: str, content: bytes) -> AttachmentOut:
    incident = for_act(window, caller, incident_id, None)
    store = window.attachments
    if store is None:
        raise Problem(Code.UNAVAILABLE, "this installation keeps no files")
    type = store.type_of(content)
    if not content or type is None:
        raise invalid("body", f"is none of {', '.join(store.types)}; the content says what it is, not its name")
    file = Attachment(
        id=store.keep(content),
        name=name or f"{type.partition('/')[2]}",
        type=type,
        size=len(content),
        at=window.clock.now(),
        by=caller.actor,
    )
    window.respond.act(incident.id, Attach(file=file), actor=caller.actor)
    return AttachmentOut(id=file.id, name=file.name, type=type, size=file.size, at=time(file.at) or "", by=file.by)


def _done(window: Window, caller: Principal, incident: Incident, act: Doing) -> IncidentOut:
    return whole(window, caller, window.respond.act(incident.id, act, actor=caller.actor))


def _told(window: Window, incident: Incident) -> set[PersonId]:
    return {one.person for one in window.board.deliveries_of([incident.id])[incident.id]}


def _building(incident: Incident, window: Window) -> PlaceId:
    places = window.directory.community().places
    return around_of(incident.place, PlaceKind.BUILDING, places) or incident.place


def _headcount(window: Window, caller: Principal, incident: Incident) -> HeadcountOut:
    community = window.directory.community()
    names = Names(community, caller)
    found = heads(incident, community)
    shown = sees_residents(level_of(caller, incident, community, _told(window, incident)), incident)
    states = [one.counted.state if one.counted else None for one in found]
    return HeadcountOut(
        floors=list(dict.fromkeys(one.floor for one in found)),
        items=[_head_out(one if shown else one.without_needs(), names) for one in found],
        evacuated=states.count(Counting.EVACUATED) + states.count(Counting.NOBODY_HOME),
        not_reached=states.count(Counting.NOT_REACHED),
        unknown=states.count(None),
        needs_help=len([one for one in found if one.helped and one.is_inside]),
    )


def _head_out(one: Head, names: Names) -> HeadOut:
    return HeadOut(
        place=one.place,
        where=names.place(one.place),
        residents=one.residents,
        helped=one.helped,
        needs=one.needs,
        state=one.counted.state if one.counted else None,
        people=one.counted.people if one.counted else None,
        at=time(one.counted.at) if one.counted else None,
        by=one.counted.by if one.counted else None,
    )


def _checklist_out(listed: Checklist, incident: Incident, window: Window, caller: Principal) -> ChecklistOut:
    community = window.directory.community()
    file = incident.file or CaseFile()
    done = {one.item: one for one in file.checks}
    called: dict[str, list[str]] = {}
    for call in file.calls:
        called.setdefault(call.service, []).append(time(call.at) or "")
    person = community.people.get(caller.person) if caller.person else None
    name = person.name if person else caller.name
    facts = {language: facts_of(incident, community, caller=name, language=language) for language in ("zh", "en")}
    gate = gate_of(community.site.gates, first_place(incident))
    return ChecklistOut(
        id=listed.id,
        title=listed.title,
        never=[*listed.never, *(one for one in never_of(window.checklists(), incident) if one not in listed.never)],
        items=[
            ItemOut(
                id=item.id,
                text=said(item.text, facts),
                posts=item.posts,
                service=item.service,
                number=_number(community, incident, item.service),
                done_at=time(done[item.id].at) if item.id in done else None,
                done_by=done[item.id].by if item.id in done else None,
            )
            for item in listed.items
        ],
        scripts=[
            ScriptOut(
                service=one.service,
                number=_number(community, incident, one.service),
                name=one.name,
                text=said(one.text, facts),
                called_at=called.get(one.service, []),
            )
            for one in listed.scripts
        ],
        gate=GateOut(name=gate.name, note=gate.note) if gate else None,
        tasks=listed.tasks,
    )


def _number(community: Community, incident: Incident, service: str) -> str:
    return number_of_service(community.site.numbers, service, first_place(incident)) if service else ""
