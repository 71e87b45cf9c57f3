"""Metrics, values, lengths of time and conditions in words, Chinese and English."""

from shouwang.domain.condition import AllOf, AnyOf, Node, Not
from shouwang.domain.expression import Expression
from shouwang.domain.home import Confirm, Inactive
from shouwang.domain.judging import Condition
from shouwang.domain.occurrence import Event
from shouwang.domain.outage import MassAbsent
from shouwang.domain.states import Above, Below, Is, State
from shouwang.domain.timing import Absent, Between
from shouwang.domain.vocabulary import DAY, HOUR, METRICS, MINUTE, SECOND, Duration, Scalar
from shouwang.domain.wallclock import Hours
from shouwang.domain.windows import Count, Rate

Words = tuple[str, str]
"""Chinese and English."""

LEVELS = {"floor": "楼层", "unit": "单元", "building": "楼栋", "zone": "责任区"}

_UNITS = {"Cel": "°C", "[ppm]": "ppm", "m3": "m³", "kW.h": "kWh"}
_DURATIONS = ((DAY, "天", "d"), (HOUR, "小时", "h"), (MINUTE, "分钟", "min"), (SECOND, "秒", "s"))
_DAYS = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)


def asked_words(node: Node) -> Words:
    """What is asked, whatever was read: (温度 高于 57 °C 持续 10 秒, temperature above 57 °C for 10 s)."""
    match node:
        case Condition():
            return _leaf_words(node)
        case Not():
            zh, en = asked_words(node.of)
            return f"并非（{zh}）", f"not ({en})"
        case AllOf():
            return joined([asked_words(each) for each in node.of], "，且", " and ")
        case AnyOf():
            return joined([asked_words(each) for each in node.of], "，或", " or ")


def joined(words: list[Words], zh: str, en: str) -> Words:
    return zh.join(word[0] for word in words), en.join(word[1] for word in words)


def value_words(metric: str, value: Scalar) -> Words:
    """A value with its unit: (58.4 °C, 58.4 °C), (是, yes)."""
    if isinstance(value, bool):
        return ("是", "yes") if value else ("否", "no")
    if isinstance(value, str):
        return value, value
    known = METRICS.get(metric)
    unit = _UNITS.get(known.unit, known.unit) if known else ""
    text = f"{value:.0f}" if value == int(value) else f"{round(value, 3):g}" if abs(value) < 1e5 else f"{value:.1f}"
    return (f"{text} {unit}".strip(),) * 2


def reading_words(metric: str, value: Scalar) -> Words:
    """(烟雾：是, smoke is detected)."""
    name, words = name_words(metric), value_words(metric, value)
    known = METRICS.get(metric)
    english = known.en if known and value is True else f"{name[1]}: {words[1]}"
    return f"{name[0]}：{words[0]}", english


def duration_words(value: Duration) -> Words:
    """(1 小时 30 分钟, 1 h 30 min)."""
    if value % SECOND:
        return f"{value / SECOND:g} 秒", f"{value / SECOND:g} s"
    zh, en = [], []
    for unit, chinese, english in _DURATIONS:
        count, value = divmod(value, unit)
        if count:
            zh.append(f"{count} {chinese}")
            en.append(f"{count} {english}")
    return " ".join(zh) or "0 秒", " ".join(en) or "0 s"


def hours_words(hours: Hours) -> Words:
    """(当地时间 22:00–06:00, local time 22:00–06:00), with the days on which they begin."""
    start, end = (f"{at // HOUR:02d}:{at % HOUR // MINUTE:02d}" for at in (hours.start, hours.end))
    days = [_DAYS[day] for day in hours.days or ()]
    zh, en = ("、".join(day[0] for day in days) + " ", " " + ", ".join(day[1] for day in days)) if days else ("", "")
    return f"当地时间 {zh}{start}–{end}", f"local time {start}–{end}{en}"


def name_words(metric: str) -> Words:
    """(温度, temperature)."""
    known = METRICS.get(metric)
    return (known.zh if known else metric), metric.replace("_", " ")


def _leaf_words(leaf: Condition) -> Words:
    match leaf:
        case State():
            zh, en = _state_words(leaf)
            if not leaf.lasting:
                return zh, en
            chinese, english = duration_words(leaf.lasting)
            return f"{zh} 持续 {chinese}", f"{en} for {english}"
        case Event():
            zh, en = name_words(leaf.metric)
            some = [value_words(leaf.metric, value) for value in leaf.values or ()]
            values = joined(some, "、", ", ") if some else ("任何", "any")
            return f"发生{zh}（{values[0]}）", f"{en} happens ({values[1]})"
        case Count():
            (zh, en), (span_zh, span_en) = reading_words(leaf.metric, leaf.value), duration_words(leaf.within)
            return f"{span_zh}内 {zh} 至少 {leaf.times} 次", f"{en}: at least {leaf.times} times within {span_en}"
        case Rate():
            name, rise, span = name_words(leaf.metric), value_words(leaf.metric, leaf.rise), duration_words(leaf.within)
            return f"{name[0]} {span[0]}内上升至少 {rise[0]}", f"{name[1]} rises by at least {rise[1]} within {span[1]}"
        case Absent():
            zh, en = ("设备型号规定的时间", "longer than the profile allows")
            if leaf.longest is not None:
                zh, en = duration_words(leaf.longest)
                en = f"for {en}"
            return f"{zh}没有收到任何消息", f"nothing heard {en}"
        case MassAbsent():
            share, level = f"{leaf.share:.0%}", LEVELS.get(leaf.level, leaf.level)
            return (
                f"同一{level}至少 {share}（且至少 {leaf.devices} 个）设备失联或断电",
                f"at least {share} of the devices of one {leaf.level}, and {leaf.devices}, are silent or without power",
            )
        case Between():
            return hours_words(leaf.hours)
        case Inactive():
            zh, en = duration_words(leaf.longest)
            hours = hours_words(leaf.hours) if leaf.hours else None
            return (
                f"家中 {zh}无活动" + (f"（{hours[0]}）" if hours else ""),
                f"no activity at home for {en}" + (f" ({hours[1]})" if hours else ""),
            )
        case Confirm():
            zh, en = name_words(leaf.metric)
            span = duration_words(leaf.within)
            return (
                f"同一{LEVELS.get(leaf.level, leaf.level)} {leaf.devices} 个设备在 {span[0]}内报：{zh}",
                f"{leaf.devices} devices of one {leaf.level} within {span[1]}: {en}",
            )
        case Expression():
            return leaf.source, leaf.source
    return "", ""


def _state_words(leaf: State) -> Words:
    name = name_words(leaf.metric)
    match leaf:
        case Above():
            limit = value_words(leaf.metric, leaf.value)
            return f"{name[0]} 高于 {limit[0]}", f"{name[1]} above {limit[1]}"
        case Below():
            limit = value_words(leaf.metric, leaf.value)
            return f"{name[0]} 低于 {limit[0]}", f"{name[1]} below {limit[1]}"
        case Is():
            return reading_words(leaf.metric, leaf.value)
    return name
