"""Forms to print (GB 25201): from the same records, so that nobody writes twice."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Annotated, Literal, NamedTuple

import msgspec
from fastapi import APIRouter, Path, Query, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.alert import CLASS_ZH, AlertClass
from shouwang.domain.community import Community
from shouwang.domain.duty import DESK_POST, on_duty
from shouwang.domain.exercise import Exercise, ExerciseKind
from shouwang.domain.incident import Incident, IncidentState, Outcome
from shouwang.domain.moment import moment, parse_rfc3339
from shouwang.domain.patrol import PointState
from shouwang.domain.place import PlaceKind, ancestors, is_within
from shouwang.domain.vocabulary import DAY, Instant, PlaceId

from .access import Caller, allow
from .doors import TheWindow, Window
from .drills import exercises_between
from .forms import Form, Table, page_of
from .names import Names
from .patrols import rounds_out
from .period import Since, cases_between, site_zone, span
from .questions import When, subtrees
from .shifts import handovers

router = APIRouter(tags=["reports"])

_POINTS = {
    PointState.OK: "正常",
    PointState.PROBLEM: "发现问题",
    PointState.DUE: "待巡查",
    PointState.MISSED: "漏巡",
}
_OUTCOMES = {
    Outcome.REAL: "属实",
    Outcome.FALSE_ALARM: "误报",
    Outcome.DRILL: "演练",
    Outcome.TEST: "测试",
    Outcome.ACCIDENTAL: "误触",
    Outcome.DEVICE_FAULT: "设备故障",
}
_STATES = {IncidentState.RESOLVED: "已办结", IncidentState.CLOSED: "已归档"}

FormName = Annotated[Literal["duty", "fire", "fault", "patrol"], Path(description="值班记录, 火警处置, 故障维修, 巡查")]
Within = Annotated[str | None, Query(max_length=500, description="Of this place and what is below it.")]


class _Record(NamedTuple):
    """What a form is written from. ``caller``: confined to the place that was asked for."""

    window: Window
    caller: Principal
    community: Community
    names: Names
    zone: tzinfo
    start: Instant
    end: Instant
    cases: Sequence[Incident]

    def clock(self, at: Instant | None) -> str:
        return f"{moment(at).astimezone(self.zone):%m-%d %H:%M:%S}" if at is not None else ""

    def day(self, at: Instant) -> str:
        return f"{moment(at).astimezone(self.zone):%Y-%m-%d %H:%M}"

    def who(self, person: str | None) -> str:
        return self.names.person(person) if person else ""

    def where(self, place: str | None) -> str:
        return self.names.place(place).label if place else ""


@router.get("/reports/print/{form}", response_class=Response)
def printed(
    window: TheWindow, caller: Caller, form: FormName, since: Since = None, to: When = None, place: Within = None
) -> Response:
    """A form to print (GB 25201): from the same records, so that nobody writes twice. Of the last day unless told."""
    allow(caller, Act.READ_NAMES)
    start, end = span(window, since, to, DAY)
    record = _record(window, _confined(caller, place), start, end)
    page = page_of(_FORMS[form](record))
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _confined(caller: Principal, place: str | None) -> Principal:
    """The caller as one who sees this place alone. Raises Problem where they may not see it."""
    deepest = max(subtrees(caller, place), key=len, default=None)
    return msgspec.structs.replace(caller, place=deepest)


def _record(window: Window, caller: Principal, start: Instant, end: Instant) -> _Record:
    community = window.directory.community()
    cases = [one for one in cases_between(window, caller, None, start, end) if not (one.drill or one.test)]
    names, zone = Names(community, caller), site_zone(community)
    return _Record(window, caller, community, names, zone, start, end, cases[::-1])


def _fire(record: _Record) -> Form:
    head = [
        "报警时间",
        "位置",
        "类别",
        "接警",
        "接警人",
        "核警",
        "到场",
        "到场人",
        "拨打119",
        "处置结果",
        "原因",
        "办结",
        "复核人",
    ]
    rows = [
        [
            record.clock(one.opened_at),
            record.where(one.place),
            CLASS_ZH[one.klass],
            record.clock(one.acknowledged_at),
            record.who(one.acknowledged_by),
            record.clock(one.verified_at),
            record.clock(one.on_scene_at),
            record.who(one.on_scene_by),
            record.clock(_dialled(one)),
            _outcome(one),
            one.cause,
            record.clock(one.resolved_at),
            record.who(one.reviewed_by),
        ]
        for one in record.cases
        if one.klass in (AlertClass.FIRE, AlertClass.GAS, AlertClass.CO)
    ]
    return Form("火警处置记录", [Table("", head, rows)], ["处置人", "值班人", "消防安全管理人"], _facts(record))


def _fault(record: _Record) -> Form:
    head = ["发现时间", "位置", "设备", "现象", "接报人", "到场", "维修人", "维修结果", "原因", "恢复时间"]
    rows = [
        [
            record.clock(one.opened_at),
            record.where(one.place),
            "、".join(one.devices[:10]),
            one.title.get("zh", ""),
            record.who(one.acknowledged_by),
            record.clock(one.on_scene_at),
            record.who(one.on_scene_by),
            _outcome(one),
            one.cause,
            record.clock(one.resolved_at or one.cleared_at),
        ]
        for one in record.cases
        if one.klass in (AlertClass.FAULT, AlertClass.SUPERVISORY)
    ]
    signed = ["维修人", "值班人", "消防安全管理人"]
    return Form("建筑消防设施故障维修记录", [Table("", head, rows)], signed, _facts(record))


def _patrol(record: _Record) -> Form:
    head = ["巡查时段", "路线", "巡查点", "检查内容", "情况", "巡查时间", "巡查人", "说明", "处置"]
    looks = {point.tag: point.look for patrol in record.community.patrols.values() for point in patrol.points}
    rows = [
        [
            f"{record.clock(parse_rfc3339(one.start))} — {record.clock(parse_rfc3339(one.end))}",
            one.name,
            each.name,
            looks.get(each.tag, ""),
            _POINTS[each.state],
            record.clock(parse_rfc3339(each.at)) if each.at else "",
            each.by or "",
            each.note,
            each.incident or "",
        ]
        for one in rounds_out(record.window, record.caller, record.start, record.end)
        for each in one.points
    ]
    return Form("防火巡查记录", [Table("", head, rows)], ["巡查人", "值班人", "消防安全管理人"], _facts(record))


def _duty(record: _Record) -> Form:
    cases = [
        [
            record.clock(one.opened_at),
            CLASS_ZH[one.klass],
            record.where(one.place),
            record.who(one.holder or one.acknowledged_by),
            f"{_STATES.get(one.state, '处置中')} {_outcome(one)}".strip(),
            one.cause,
        ]
        for one in record.cases
    ]
    tables = [
        Table("交接班", ["时间", "交班人", "接班人", "位置", "声光测试", "交接事项", "接班签收"], _handed_over(record)),
        Table("查岗与演练", ["时间", "事项", "位置", "应答", "结果"], _exercises(record)),
        Table("报警、故障及处置", ["时间", "事项", "位置", "经办", "结果", "原因"], cases),
    ]
    facts = [*_facts(record), ("现值班人", "、".join(_at_the_desk(record)) or "（排班为空，请手填）")]
    return Form("消防控制室值班记录", tables, ["值班人", "接班人", "消防安全管理人"], facts)


def _handed_over(record: _Record) -> list[list[str]]:
    return [
        [
            record.clock(parse_rfc3339(one.at)),
            record.who(one.by),
            record.who(one.to),
            record.where(one.place),
            "正常" if one.sound_tested else "未测试",
            one.note,
            record.clock(parse_rfc3339(one.signed_at)) if one.signed_at else "未签收",
        ]
        for one in reversed(handovers(record.window, record.caller, record.start, record.end))
    ]


def _exercises(record: _Record) -> list[list[str]]:
    found = [
        one
        for kind in (ExerciseKind.DUTY_CHECK, ExerciseKind.DRILL)
        for one in exercises_between(record.window, record.caller, kind, record.start, record.end)
    ]
    return [
        [
            record.clock(one.begun_at),
            "查岗" if one.kind is ExerciseKind.DUTY_CHECK else "演练",
            record.where(one.place),
            record.clock(one.answered_at),
            _answered(one),
        ]
        for one in sorted(found, key=lambda one: one.begun_at)
    ]


def _answered(one: Exercise) -> str:
    if one.kind is ExerciseKind.DRILL:
        return "已结束" if one.ended_at is not None else "进行中"
    return "漏岗" if one.missed else "已应答" if one.answered_at is not None else "待应答"


def _at_the_desk(record: _Record) -> list[str]:
    """By the rosters of the control rooms within the place, at the end of the period."""
    found: dict[str, None] = {}
    for roster in record.community.rosters.values():
        zone = record.community.zones.get(roster.zone)
        inside = zone is None or any(is_within(at, record.caller.place or at) for at in zone.places)
        here = on_duty(record.community, roster, record.end)
        if roster.post == DESK_POST and inside and not isinstance(here, str):
            found.update(dict.fromkeys(here))
    return [record.who(one) for one in found]


def _facts(record: _Record) -> list[tuple[str, str]]:
    return [
        ("单位", "、".join(_compounds(record)) or "　　　　　　　　"),
        ("时段", f"{record.day(record.start)} — {record.day(record.end)}"),
        ("打印时间", record.day(record.window.clock.now())),
    ]


def _compounds(record: _Record) -> list[str]:
    """The compounds that the form is about: those within its place, or the one around it."""
    place, places = record.caller.place, record.community.places
    around = [PlaceId(at) for at in ancestors(place)] if place else []
    found = [
        one.id
        for one in places.values()
        if one.kind is PlaceKind.COMPOUND and (place is None or is_within(one.id, place) or one.id in around)
    ]
    return [record.where(one) for one in sorted(found)]


def _dialled(one: Incident) -> Instant | None:
    """When a person dialled 119."""
    return next((call.at for call in (one.file.calls if one.file else []) if call.service == "119"), None)


def _outcome(one: Incident) -> str:
    return _OUTCOMES[one.outcome] if one.outcome is not None else ""


_FORMS = {"duty": _duty, "fire": _fire, "fault": _fault, "patrol": _patrol}
