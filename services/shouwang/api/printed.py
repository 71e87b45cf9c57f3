"""Forms to print (GB 25201): from the same records, so that nobody writes twice."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response

from shouwang.domain.access import Act, Principal
from shouwang.domain.alert import CLASS_ZH, AlertClass
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.moment import moment, parse_rfc3339, rfc3339
from shouwang.domain.patrol import PointState
from shouwang.domain.vocabulary import DAY, Instant

from .access import Caller, allow
from .doors import TheWindow, Window
from .names import Names
from .patrols import rounds_out
from .period import Since, cases_between, site_zone, span
from .questions import When
from .shifts import handovers

router = APIRouter(tags=["reports"])

_POINTS = {
    PointState.OK: "正常",
    PointState.PROBLEM: "发现问题",
    PointState.DUE: "待巡查",
    PointState.MISSED: "漏巡",
}

Form = Annotated[Literal["duty", "fire", "fault", "patrol"], Path(description="值班记录, 火警处置, 故障维修, 巡查")]


@router.get("/reports/print/{form}", response_class=Response)
def printed(window: TheWindow, caller: Caller, form: Form, since: Since = None, to: When = None) -> Response:
    """A form to print (GB 25201): from the same records, so that nobody writes twice."""
    allow(caller, Act.READ_NAMES)
    start, end = span(window, since, to, DAY)
    page = _printed(window, caller, form, start, end)
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _printed(window: Window, caller: Principal, form: str, start: Instant, end: Instant) -> str:
    community = window.directory.community()
    names, zone = Names(community, caller), site_zone(community)
    cases = [one for one in cases_between(window, caller, None, start, end) if not (one.drill or one.test)]

    def clock(at: Instant | None) -> str:
        return f"{moment(at).astimezone(zone):%m-%d %H:%M:%S}" if at is not None else ""

    def who(person: str | None) -> str:
        return names.person(person) if person else ""

    match form:
        case "fire":
            title = "火警处置记录"
            head = [
                "报警时间",
                "位置",
                "类别",
                "接警",
                "接警人",
                "核警",
                "到场",
                "到场人",
                "报119",
                "结果",
                "原因",
                "办结",
                "复核人",
            ]
            chosen = [one for one in cases if one.klass in (AlertClass.FIRE, AlertClass.GAS, AlertClass.CO)]
            rows = [
                [
                    clock(one.opened_at),
                    names.place(one.place).label,
                    CLASS_ZH[one.klass],
                    clock(one.acknowledged_at),
                    who(one.acknowledged_by),
                    clock(one.verified_at),
                    clock(one.on_scene_at),
                    who(one.on_scene_by),
                    clock(
                        next((call.at for call in (one.file.calls if one.file else []) if call.service == "119"), None)
                    ),
                    str(one.outcome or ""),
                    one.cause,
                    clock(one.resolved_at),
                    who(one.reviewed_by),
                ]
                for one in chosen
            ]
        case "fault":
            title = "建筑消防设施故障维修记录"
            head = ["发现时间", "位置", "设备", "现象", "接报人", "到场", "维修人", "结果", "原因", "恢复"]
            chosen = [one for one in cases if one.klass in (AlertClass.FAULT, AlertClass.SUPERVISORY)]
            rows = [
                [
                    clock(one.opened_at),
                    names.place(one.place).label,
                    "、".join(one.devices[:10]),
                    one.title.get("zh", ""),
                    who(one.acknowledged_by),
                    clock(one.on_scene_at),
                    who(one.on_scene_by),
                    str(one.outcome or ""),
                    one.cause,
                    clock(one.resolved_at or one.cleared_at),
                ]
                for one in chosen
            ]
        case "patrol":
            title = "防火巡查记录"
            head = ["巡查时段", "路线", "巡查点", "检查内容", "情况", "巡查时间", "巡查人", "说明", "处置"]
            looks = {point.tag: point.look for patrol in community.patrols.values() for point in patrol.points}
            rows = [
                [
                    f"{clock(parse_rfc3339(one.start))} — {clock(parse_rfc3339(one.end))}",
                    one.name,
                    each.name,
                    looks.get(each.tag, ""),
                    _POINTS[each.state],
                    clock(parse_rfc3339(each.at)) if each.at else "",
                    each.by or "",
                    each.note,
                    each.incident or "",
                ]
                for one in rounds_out(window, caller, start, end)
                for each in one.points
            ]
        case _:
            title = "消防控制室值班记录"
            head = ["时间", "事项", "位置", "经办", "结果"]
            rows = [
                [clock(one.opened_at), CLASS_ZH[one.klass], names.place(one.place).label, who(one.holder), _state(one)]
                for one in cases
            ]
            rows += [
                [one.at, "交接班", "", f"{who(one.by)} → {who(one.to)}", "已签收" if one.signed_at else "未签收"]
                for one in handovers(window, caller)
                if rfc3339(start) <= one.at < rfc3339(end)
            ]
    span = f"{clock(start)} — {clock(end)}"
    return _page(title, span, head, sorted(rows))


def _dialled(one: Incident) -> Instant | None:
    """When a person dialled 119."""
    return next((call.at for call in (one.file.calls if one.file else []) if call.service == "119"), None)


def _state(one: Incident) -> str:
    words = {IncidentState.RESOLVED: "已办结", IncidentState.CLOSED: "已归档"}
    return f"{words.get(one.state, '处置中')} {one.outcome or ''}".strip()


def _page(title: str, span: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = "".join(f"<th>{escape(one)}</th>" for one in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    style = (
        "body{font-family:sans-serif;margin:1cm}table{border-collapse:collapse;width:100%;font-size:10pt}"
        "th,td{border:1px solid #000;padding:4px;text-align:left}p{margin-top:1cm}@page{size:A4 landscape}"
    )
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head><body><h1>{title}</h1><div>{escape(span)}</div>"
        f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"
        "<p>值班人：____________　接班人：____________　日期：____________</p></body></html>"
    )
