"""What a rule found, in words with the actual values: 温度 58.4 °C 高于 57 °C 已 10 秒."""

from collections.abc import Iterator, Mapping

from shouwang.domain.condition import AllOf, AnyOf, Node, Not, leaves, weigh
from shouwang.domain.expression import Expression
from shouwang.domain.home import Confirm, Inactive
from shouwang.domain.judging import IDLE, Condition, View, key_of
from shouwang.domain.occurrence import Event
from shouwang.domain.standing import Change, Memory
from shouwang.domain.states import Above, Below, Is, State
from shouwang.domain.timing import Absent, Between
from shouwang.domain.vocabulary import DAY, HOUR, METRICS, MINUTE, SECOND, Duration, Scalar
from shouwang.domain.wallclock import Hours
from shouwang.domain.windows import Count, Rate

Words = tuple[str, str]
"""Chinese and English."""

_UNITS = {"Cel": "°C", "[ppm]": "ppm", "m3": "m³", "kW.h": "kWh"}
_LEVELS = {"floor": "楼层", "unit": "单元", "building": "楼栋", "zone": "责任区"}
_DURATIONS = ((DAY, "天", "d"), (HOUR, "小时", "h"), (MINUTE, "分钟", "min"), (SECOND, "秒", "s"))


def sentence(root: Node, change: Change, memories: Mapping[str, Memory], view: View) -> dict[str, str]:
    """By language. Of a clearing: what was read, and that it is over."""
    if change is Change.CLEARED:
        read = list(_read(root, view))
        zh, en = "，".join(zh for zh, _ in read), ", ".join(en for _, en in read)
        return {"zh": f"{zh}，已解除" if zh else "已解除", "en": f"{en}: ended" if en else "ended"}
    zh, en = _words(root, memories, view)
    return {"zh": zh, "en": en}


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


def _words(node: Node, memories: Mapping[str, Memory], view: View) -> Words:
    match node:
        case Condition():
            return _leaf_words(node, memories.get(node.key, IDLE), view)
        case Not():
            zh, en = _words(node.of, memories, view)
            return f"并非（{zh}）", f"not ({en})"
        case AllOf():
            return _joined([_words(each, memories, view) for each in node.of], "，且", " and ")
        case AnyOf():
            true = [each for each in node.of if _holds(each, memories, view)]
            return _joined([_words(each, memories, view) for each in true or node.of], "；", "; ")


def _joined(words: list[Words], zh: str, en: str) -> Words:
    return zh.join(word[0] for word in words), en.join(word[1] for word in words)


def _holds(node: Node, memories: Mapping[str, Memory], view: View) -> bool:
    return weigh(node, memories, view).truth is True


def _leaf_words(leaf: Condition, memory: Memory, view: View) -> Words:
    match leaf:
        case State():
            zh, en = _state_words(leaf, memory, view)
            if not leaf.lasting:
                return zh, en
            lasted = max(leaf.lasting, view.at - memory.met_at) if memory.met_at is not None else leaf.lasting
            chinese, english = duration_words(lasted - lasted % SECOND if lasted > SECOND else lasted)
            return f"{zh} 已 {chinese}", f"{en} for {english}"
        case Event():
            return _joined([_reading_words(one.metric, one.value) for one in leaf.evidence(memory, view)], "，", ", ")
        case Count():
            (zh, en), (span_zh, span_en) = _reading_words(leaf.metric, leaf.value), duration_words(leaf.within)
            return f"{zh} {span_zh}内 {len(memory.window)} 次", f"{en}: {len(memory.window)} times within {span_en}"
        case Rate():
            return _rate_words(leaf, memory, view)
        case Absent():
            silent = view.at - (view.heard_at if view.heard_at is not None else view.facts.registered_at)
            zh, en = duration_words(silent - silent % SECOND)
            return f"已 {zh}没有收到任何消息", f"nothing heard for {en}"
        case Between():
            return _hours_words(leaf.hours)
        case Inactive():
            zh, en = duration_words(leaf.longest)
            hours = f"（{_hours_words(leaf.hours)[0]}）" if leaf.hours else ""
            within = f" ({_hours_words(leaf.hours)[1]})" if leaf.hours else ""
            return f"家中已 {zh}无活动{hours}", f"no activity at home for {en}{within}"
        case Confirm():
            zh, en = _name(leaf.metric)
            count, level = len(memory.rises), _LEVELS.get(leaf.level, leaf.level)
            return f"同一{level} {count} 个设备报：{zh}", f"{count} devices of one {leaf.level}: {en}"
        case Expression():
            return f"条件成立：{leaf.source}", f"true: {leaf.source}"
    return "", ""


def _state_words(leaf: State, memory: Memory, view: View) -> Words:
    """The value that decided: the worst of the parts for which the condition is true."""
    found = [one for one in leaf.evidence(memory, view) if leaf.reads(one.value) or memory.held.get(one.part)]
    match leaf:
        case Above() | Below():
            numbers = [one.value for one in found if not isinstance(one.value, str)]
            worst = (max if isinstance(leaf, Above) else min)(numbers, default=leaf.value)
            name, value, limit = (
                _name(leaf.metric),
                value_words(leaf.metric, worst),
                value_words(leaf.metric, leaf.value),
            )
            if isinstance(leaf, Above):
                return f"{name[0]} {value[0]} 高于 {limit[0]}", f"{name[1]} {value[1]} above {limit[1]}"
            return f"{name[0]} {value[0]} 低于 {limit[0]}", f"{name[1]} {value[1]} below {limit[1]}"
        case Is():
            return _reading_words(leaf.metric, leaf.value)
    return _reading_words(leaf.metric, found[0].value) if found else _name(leaf.metric)


def _rate_words(leaf: Rate, memory: Memory, view: View) -> Words:
    evidence = leaf.evidence(memory, view)
    name, span = _name(leaf.metric), duration_words(leaf.within)
    start, end = value_words(leaf.metric, evidence[0].value), value_words(leaf.metric, evidence[-1].value)
    return (
        f"{name[0]} {span[0]}内由 {start[0]} 升至 {end[0]}",
        f"{name[1]} rose from {start[1]} to {end[1]} within {span[1]}",
    )


def _reading_words(metric: str, value: Scalar) -> Words:
    name, words = _name(metric), value_words(metric, value)
    known = METRICS.get(metric)
    english = known.en if known and value is True else f"{metric.replace('_', ' ')}: {words[1]}"
    return f"{name[0]}：{words[0]}", english


def _hours_words(hours: Hours) -> Words:
    start, end = (f"{at // HOUR:02d}:{at % HOUR // MINUTE:02d}" for at in (hours.start, hours.end))
    return f"当地时间 {start}–{end}", f"local time {start}–{end}"


def _name(metric: str) -> Words:
    known = METRICS.get(metric)
    return (known.zh if known else metric), metric.replace("_", " ")


def _read(root: Node, view: View) -> Iterator[Words]:
    """The newest readings that the rule looks at."""
    for metric in dict.fromkeys(metric for leaf in leaves(root) for metric in leaf.metrics):
        newest = view.values.get(key_of(metric, ""))
        if newest is not None:
            zh, en = value_words(metric, newest.value)
            yield f"{_name(metric)[0]} {zh}", f"{_name(metric)[1]} {en}"
