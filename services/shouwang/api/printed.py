"""Forms to print (GB 25201): from the same records, so that nobody writes twice."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from shouwang.domain.access import Act
from shouwang.domain.alert import CLASS_ZH, AlertClass
from shouwang.domain.incident import Incident
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.patrol import PointState
from shouwang.domain.vocabulary import DAY, Instant

from .access import Caller, allow
from .doors import TheWindow
from .duty_form import duty_form
from .form_record import Record, outcome, record_of
from .forms import Form, Table, page_of, several
from .patrols import rounds_out
from .period import Since, span
from .questions import When

router = APIRouter(tags=["reports"])

_POINTS = {
    PointState.OK: "正常",
    PointState.PROBLEM: "发现问题",
    PointState.DUE: "待巡查",
    PointState.MISSED: "漏巡",
}

FormName = Annotated[Literal["duty", "fire", "fault", "patrol"], Path(description="值班记录, 火警处置, 故障维修, 巡查")]
Within = Annotated[str | None, Query(max_length=500, description="Of this place and what is below it.")]


@router.get("/reports/print/{form}", response_class=Response)
def printed(
    window: TheWindow, caller: Caller, form: FormName, since: Since = None, to: When = None, place: Within = None
) -> Response:
    """A form to print (GB 25201): from the same records, so that nobody writes twice. Of the last day unless told."""
    allow(caller, Act.READ_NAMES)
    start, end = span(window, since, to, DAY)
    page = page_of(_FORMS[form](record_of(window, caller, place, start, end)))
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _fire(record: Record) -> Form:
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
            outcome(one),
            one.cause,
            record.clock(one.resolved_at),
            record.who(one.reviewed_by),
        ]
        for one in record.cases
        if one.klass in (AlertClass.FIRE, AlertClass.GAS, AlertClass.CO)
    ]
    return Form("火警处置记录", [Table("", head, rows)], ["处置人", "值班人", "消防安全管理人"], record.facts())


def _fault(record: Record) -> Form:
    head = ["发现时间", "位置", "设备", "现象", "接报人", "到场", "维修人", "维修结果", "原因", "恢复时间"]
    rows = [
        [
            record.clock(one.opened_at),
            record.where(one.place),
            several(one.devices, "台"),
            one.title.get("zh", ""),
            record.who(one.acknowledged_by),
            record.clock(one.on_scene_at),
            record.who(one.on_scene_by),
            outcome(one),
            one.cause,
            record.clock(one.resolved_at or one.cleared_at),
        ]
        for one in record.cases
        if one.klass in (AlertClass.FAULT, AlertClass.SUPERVISORY)
    ]
    signed = ["维修人", "值班人", "消防安全管理人"]
    return Form("建筑消防设施故障维修记录", [Table("", head, rows)], signed, record.facts())


def _patrol(record: Record) -> Form:
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
    return Form("防火巡查记录", [Table("", head, rows)], ["巡查人", "值班人", "消防安全管理人"], record.facts())


def _dialled(one: Incident) -> Instant | None:
    """When a person dialled 119."""
    return next((call.at for call in (one.file.calls if one.file else []) if call.service == "119"), None)


_FORMS = {"duty": duty_form, "fire": _fire, "fault": _fault, "patrol": _patrol}
