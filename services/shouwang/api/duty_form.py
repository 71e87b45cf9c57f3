"""消防控制室值班记录 (GB 25201): who held the desk, hand-overs, exercises, cases, and what did not protect as usual."""

from shouwang.domain.alert import CLASS_ZH
from shouwang.domain.board import EntryQuery
from shouwang.domain.desk_watch import as_recorded, desk_watches
from shouwang.domain.incident import IncidentState
from shouwang.domain.journal import Entry
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.reveal import REVEALED
from shouwang.domain.suppression import Hold, HoldKind, Work
from shouwang.domain.vocabulary import DeviceId, Instant

from .form_record import Record, outcome
from .forms import Form, Table, several
from .handovers import handovers
from .impairments import OutOfService, community_at, faults_between, holds_between, out_between
from .period import entries_of
from .shifts import CheckLine, DrillLine, check_lines, drill_lines

_STATES = {IncidentState.RESOLVED: "已办结", IncidentState.CLOSED: "已归档"}
_KINDS = {
    HoldKind.SILENCE: "暂停通知",
    HoldKind.MAINTENANCE: "维保",
    HoldKind.PERMIT: "施工许可",
    HoldKind.SHELF: "暂缓",
}
_WORKS = {Work.HOT_WORK: "动火", Work.RENOVATION: "装修"}


def duty_form(record: Record) -> Form:
    tables = [
        Table("值班情况", ["班次", "控制室", "值班员", "签名"], _desk(record)),
        Table("交接班", ["时间", "交班人", "接班人", "位置", "声光测试", "交接事项", "接班签收"], _handed_over(record)),
        Table("查岗与演练", ["时间", "事项", "位置", "应答", "结果"], _exercises(record)),
        Table("停用、暂停通知、维保与施工许可", ["起", "止", "事项", "范围", "原因", "经办人", "结果"], _held(record)),
        Table("设备故障", ["发现时间", "设备", "位置", "现象", "确认人", "恢复时间"], _faults(record)),
        Table("报警、故障及处置", ["时间", "事项", "位置", "经办", "结果", "原因"], _cases(record)),
    ]
    if looks := _looks(record):
        tables.append(Table("查看个人信息", ["时间", "警情", "查看人", "查看谁", "事由"], looks))
    return Form("消防控制室值班记录", tables, ["值班人", "接班人", "消防安全管理人"], record.facts())


def _desk(record: Record) -> list[list[str]]:
    """By the rosters as they were at the end of the span; what has not been yet is no record."""
    until = min(record.end, record.window.clock.now())
    community = as_recorded(community_at(record.window, record.end - 1), record.community)
    rows = [
        [
            f"{record.minute(one.start)} — {record.minute(one.end)}",
            (community.zones[one.zone].name or one.zone) if one.zone in community.zones else "全站",
            "、".join(map(record.who, one.people)) or "无人值班",
            "",
        ]
        for one in desk_watches(community, record.caller.place, record.start, until)
    ]
    return rows or [["（没有消控室值班表，请手填）", "", "", ""]]


def _handed_over(record: Record) -> list[list[str]]:
    return [
        [
            record.clock(parse_rfc3339(one.at)),
            record.who(one.by),
            record.who(one.to),
            record.where(one.place) or "全站",
            "正常" if one.sound_tested else "未测试",
            one.note,
            record.clock(parse_rfc3339(one.signed_at)) if one.signed_at else "未签收",
        ]
        for one in reversed(handovers(*record.asked))
    ]


def _exercises(record: Record) -> list[list[str]]:
    checks = [(one.at, [*_begun(record, one, "查岗"), _checked(one)]) for one in check_lines(*record.asked)]
    drills = [(one.at, [*_begun(record, one, "演练"), _drilled(one)]) for one in drill_lines(*record.asked)]
    return [row for _, row in sorted([*checks, *drills], key=lambda one: parse_rfc3339(one[0]))]


def _begun(record: Record, one: CheckLine | DrillLine, what: str) -> list[str]:
    answered = record.clock(parse_rfc3339(one.answered_at)) if one.answered_at else ""
    return [record.clock(parse_rfc3339(one.at)), what, one.place, answered]


def _checked(one: CheckLine) -> str:
    return "漏岗" if one.missed else "已应答" if one.answered_at is not None else "待应答"


def _drilled(one: DrillLine) -> str:
    state = "已结束" if one.ended_at is not None else "进行中"
    return f"{state}；通知 {one.told} 人，应答 {one.acknowledged} 人，到场 {one.on_scene} 人"


def _held(record: Record) -> list[list[str]]:
    """Holds, and devices taken out of service, in one order of time; what was out before stands first."""
    holds = [(one.starts_at, _hold(record, one)) for one in holds_between(*record.asked)]
    out = [(one.since or 0, _out(record, one)) for one in out_between(*record.asked)]
    return [row for _, row in sorted([*holds, *out], key=lambda one: one[0])]


def _hold(record: Record, one: Hold) -> list[str]:
    places = [record.where(place) for place in one.places]
    scope = [several(places, "处"), several(one.devices, "台"), several(one.rules, "条规则")]
    over = min(one.ends_at, one.ended_at or one.ends_at)
    return [
        record.clock(one.starts_at),
        record.clock(one.ends_at),
        _WORKS[one.work] if one.work is not None else _KINDS[one.kind],
        "；".join(part for part in scope if part),
        one.why,
        record.who(one.by),
        f"{record.clock(over)} 结束" if over < record.end else "仍有效",
    ]


def _out(record: Record, one: OutOfService) -> list[str]:
    back = f"{record.clock(one.back_at)} 恢复" if one.back_at is not None else "已恢复"
    return [
        record.clock(one.since) or "时段之前",
        "",
        "停用",
        " ".join(part for part in (_place_of(record, one.device), one.device) if part),
        "",
        record.who(one.by),
        "仍停用" if one.is_out else back,
    ]


def _faults(record: Record) -> list[list[str]]:
    return [
        [
            record.clock(one.raised_at),
            one.device or "",
            record.where(one.place),
            one.title.get("zh", ""),
            record.who(one.acknowledged_by),
            _cleared(record, one.cleared_at),
        ]
        for one in faults_between(*record.asked)
    ]


def _cleared(record: Record, at: Instant | None) -> str:
    return record.clock(at) if at is not None and at < record.end else "未恢复"


def _cases(record: Record) -> list[list[str]]:
    return [
        [
            record.clock(one.opened_at),
            CLASS_ZH[one.klass],
            record.where(one.place),
            record.who(one.holder or one.acknowledged_by),
            f"{_STATES.get(one.state, '处置中')} {outcome(one)}".strip(),
            one.cause,
        ]
        for one in record.cases
    ]


def _looks(record: Record) -> list[list[str]]:
    """Who was shown what others see masked, for which case and why: for whoever reviews the shift."""
    query = EntryQuery(kind=REVEALED, place=record.caller.place, start=record.start, end=record.end)
    return [
        [
            record.clock(one.at),
            record.where(one.place),
            record.who(one.actor),
            record.who(_text(one, "person")) or f"{record.where(_text(one, 'place'))} 住户信息",
            _text(one, "reason"),
        ]
        for one in reversed(entries_of(record.window, query))
    ]


def _text(entry: Entry, key: str) -> str:
    found = entry.body.get(key)
    return found if isinstance(found, str) else ""


def _place_of(record: Record, device: DeviceId) -> str:
    known = record.community.devices.get(device)
    return record.where(known.place) if known is not None else ""
