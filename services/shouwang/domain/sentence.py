"""What a rule found, in words with the actual values: 温度 58.4 °C 高于 57 °C 已 10 秒."""

from collections.abc import Iterable, Iterator, Mapping

from shouwang.domain.condition import AllOf, AnyOf, Node, Not, leaves, weigh
from shouwang.domain.expression import Expression
from shouwang.domain.home import Confirm, Inactive
from shouwang.domain.judging import IDLE, Condition, View, parts_of
from shouwang.domain.occurrence import Event
from shouwang.domain.outage import MassAbsent
from shouwang.domain.standing import Change, Memory
from shouwang.domain.states import Above, Below, Is, State
from shouwang.domain.timing import Absent, Between
from shouwang.domain.vocabulary import SECOND
from shouwang.domain.windows import Count, Rate
from shouwang.domain.wording import (
    LEVELS,
    Words,
    asked_words,
    duration_words,
    hours_words,
    joined,
    name_words,
    reading_words,
    value_words,
)


def sentence(root: Node, change: Change, memories: Mapping[str, Memory], view: View) -> dict[str, str]:
    """By language. Of a clearing: what was read, and that it is over."""
    if change is Change.CLEARED:
        zh, en = read_words(leaves(root), view)
        return {"zh": f"{zh}，已解除" if zh else "已解除", "en": f"{en}: ended" if en else "ended"}
    zh, en = _words(root, memories, view)
    return {"zh": zh, "en": en}


def read_words(conditions: Iterable[Condition], view: View) -> Words:
    """The newest readings that conditions look at; empty where nothing was read."""
    return joined(list(_read(conditions, view)), "，", ", ")


def _words(node: Node, memories: Mapping[str, Memory], view: View) -> Words:
    match node:
        case Condition():
            return _leaf_words(node, memories.get(node.key, IDLE), view)
        case Not():
            (zh, en), (read_zh, read_en) = asked_words(node.of), read_words(leaves(node.of), view)
            return (
                f"并非（{zh}）" + (f"，实测 {read_zh}" if read_zh else ""),
                f"not ({en})" + (f", but {read_en}" if read_en else ""),
            )
        case AllOf():
            return joined([_words(each, memories, view) for each in node.of], "，且", " and ")
        case AnyOf():
            true = [each for each in node.of if weigh(each, memories, view).truth is True]
            return joined([_words(each, memories, view) for each in true or node.of], "；", "; ")


def _leaf_words(leaf: Condition, memory: Memory, view: View) -> Words:
    """Of a condition that is true."""
    match leaf:
        case State():
            zh, en = _state_words(leaf, memory, view)
            if not leaf.lasting:
                return zh, en
            lasted = max(leaf.lasting, view.at - memory.met_at) if memory.met_at is not None else leaf.lasting
            chinese, english = duration_words(lasted - lasted % SECOND if lasted > SECOND else lasted)
            return f"{zh} 已 {chinese}", f"{en} for {english}"
        case Event():
            return joined([reading_words(one.metric, one.value) for one in leaf.evidence(memory, view)], "，", ", ")
        case Count():
            (zh, en), (span_zh, span_en) = reading_words(leaf.metric, leaf.value), duration_words(leaf.within)
            return f"{zh} {span_zh}内 {len(memory.window)} 次", f"{en}: {len(memory.window)} times within {span_en}"
        case Rate() if memory.samples:
            return _rate_words(leaf, memory, view)
        case Absent():
            silent = view.at - (view.heard_at if view.heard_at is not None else view.facts.registered_at)
            zh, en = duration_words(silent - silent % SECOND)
            return f"已 {zh}没有收到任何消息", f"nothing heard for {en}"
        case MassAbsent():
            zh, en = _counted_words(leaf, view)
            members = view.members or ()
            through = leaf.behind_all(leaf.tally(members, view.at, view.gaps), members)
            return (
                zh + (f"，都经网关 {through} 上报" if through else ""),
                en + (f", all last heard through {through}" if through else ""),
            )
        case Between():
            return hours_words(leaf.hours)
        case Inactive():
            zh, en = duration_words(leaf.longest)
            hours = hours_words(leaf.hours) if leaf.hours else None
            return (
                f"家中已 {zh}无活动" + (f"（{hours[0]}）" if hours else ""),
                f"no activity at home for {en}" + (f" ({hours[1]})" if hours else ""),
            )
        case Confirm():
            zh, en = name_words(leaf.metric)
            count, level = max(len(memory.rises), leaf.devices), LEVELS.get(leaf.level, leaf.level)
            return f"同一{level} {count} 个设备报：{zh}", f"{count} devices of one {leaf.level}: {en}"
        case Expression():
            zh, en = read_words([leaf], view)
            return f"条件成立：{leaf.source}（{zh}）", f"true: {leaf.source} ({en})"
    return asked_words(leaf)


def _state_words(leaf: State, memory: Memory, view: View) -> Words:
    """The value that decided: the worst of the parts for which the condition is true."""
    found = [one for one in leaf.evidence(memory, view) if leaf.reads(one.value) or memory.held.get(one.part)]
    match leaf:
        case Above() | Below():
            numbers = [one.value for one in found if not isinstance(one.value, str)]
            if not numbers:
                return asked_words(leaf)
            worst = (max if isinstance(leaf, Above) else min)(numbers)
            (zh, en), value = name_words(leaf.metric), value_words(leaf.metric, worst)
            limit = value_words(leaf.metric, leaf.value)
            held = not leaf.reads(worst)  # hysteresis: past its limit before, and not back yet
            if isinstance(leaf, Above):
                return (
                    f"{zh} {value[0]} {'尚未回落，曾高于' if held else '高于'} {limit[0]}",
                    f"{en} {value[1]} {'after having been above' if held else 'above'} {limit[1]}",
                )
            return (
                f"{zh} {value[0]} {'尚未回升，曾低于' if held else '低于'} {limit[0]}",
                f"{en} {value[1]} {'after having been below' if held else 'below'} {limit[1]}",
            )
        case Is():
            return reading_words(leaf.metric, leaf.value)
    return reading_words(leaf.metric, found[0].value) if found else name_words(leaf.metric)


def _rate_words(leaf: Rate, memory: Memory, view: View) -> Words:
    evidence = leaf.evidence(memory, view)
    name, span = name_words(leaf.metric), duration_words(leaf.within)
    start, end = value_words(leaf.metric, evidence[0].value), value_words(leaf.metric, evidence[-1].value)
    return (
        f"{name[0]} {span[0]}内由 {start[0]} 升至 {end[0]}",
        f"{name[1]} rose from {start[1]} to {end[1]} within {span[1]}",
    )


def _counted_words(leaf: MassAbsent, view: View) -> Words:
    tally, level = leaf.tally(view.members or (), view.at, view.gaps), LEVELS.get(leaf.level, leaf.level)
    lost, counted = len(tally.lost), len(tally.ends)
    return (
        f"同一{level} {counted} 个设备中有 {lost} 个失联或断电",
        f"{lost} of {counted} devices of one {leaf.level} are silent or without power",
    )


def _read(conditions: Iterable[Condition], view: View) -> Iterator[Words]:
    conditions = list(conditions)
    if view.members is not None:
        yield from (_counted_words(leaf, view) for leaf in conditions if isinstance(leaf, MassAbsent))
    for metric in dict.fromkeys(metric for leaf in conditions for metric in leaf.metrics):
        for part, newest in parts_of(metric, view.values):
            (zh, en), value = name_words(metric), value_words(metric, newest.value)
            yield f"{zh}{f' {part}' if part else ''} {value[0]}", f"{en}{f' {part}' if part else ''} {value[1]}"
