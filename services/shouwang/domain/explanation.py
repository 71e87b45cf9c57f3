"""Why a rule did or did not fire: what it asks, what was read, what it remembers, and when it looks again."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from shouwang.domain.alerting import Disposition, disposition
from shouwang.domain.condition import weigh
from shouwang.domain.gathering import of_rule, place_view, row_of, subject_for
from shouwang.domain.judgement import next_due
from shouwang.domain.judging import IDLE, Condition, Member, Truth, View
from shouwang.domain.moment import rfc3339
from shouwang.domain.outage import MassAbsent
from shouwang.domain.rulebook import Compiled, RuleBook
from shouwang.domain.sentence import read_words
from shouwang.domain.standing import DeviceFacts, DeviceState, Standing
from shouwang.domain.vocabulary import Evidence, Instant, Value
from shouwang.domain.wording import Words, asked_words, joined


class Why(StrEnum):
    """What decides that a rule is silent, or not."""

    RAISED = "raised"
    PENDING = "pending"
    """True, and not yet for long enough."""
    FALSE = "false"
    UNKNOWN = "unknown"
    """Something was never read, or cannot be known."""
    RESET = "reset"
    """A person reset it; the next true reading raises anew."""
    OUT_OF_SCOPE = "out_of_scope"
    NEARER = "nearer"
    """Another document of the same id is nearer to the device."""
    NO_CONSENT = "no_consent"
    NO_PLACE = "no_place"
    """It is about a place of a level at which the device stands in none."""


class Counted(Value, frozen=True, kw_only=True):
    """Of a rule about a share of a place's devices: how many count, how many are lost, and how many it takes."""

    devices: int
    lost: int
    needed: int


class Asked(Value, frozen=True, kw_only=True):
    """One condition: what is asked, what was read, whether it holds, since when a ``for`` runs and until when.
    ``evidence`` of lost devices names each as the part, with since when."""

    asked: dict[str, str]
    read: dict[str, str]
    truth: Truth
    evidence: list[Evidence]
    met_at: Instant | None = None
    due_at: Instant | None = None
    counted: Counted | None = None


class Explanation(Value, frozen=True, kw_only=True):
    """Of one document and one subject at one moment. ``because``: in words. ``disposition``: what becomes of an alert
    while the device stands where it does in its life (raise, divert, hold)."""

    rule: str
    version: str
    subject: str | None
    at: Instant
    why: Why
    because: dict[str, str]
    truth: Truth = None
    conditions: list[Asked] = msgspec.field(default_factory=list)
    raised_at: Instant | None = None
    next_due: Instant | None = None
    disposition: Disposition = Disposition.RAISE


def row_for(rule: Compiled, facts: DeviceFacts) -> str | None:
    """Whose state row holds what the rule remembers where this device is heard."""
    subject = subject_for(rule, facts)
    if subject is None or not rule.rule.is_about_places:
        return subject
    return row_of(subject)


def explain(
    book: RuleBook,
    rule: Compiled,
    facts: DeviceFacts,
    state: DeviceState,
    now: Instant,
    members: Sequence[Member] | None = None,
) -> Explanation:
    """``state``: the row that ``row_for`` names; ``members``: the devices of which a rule about a share of them may
    ask. Looks, and changes nothing."""
    subject = subject_for(rule, facts)
    said = Explanation(
        rule=rule.rule.id,
        version=rule.rule.version,
        subject=subject,
        at=now,
        why=Why.OUT_OF_SCOPE,
        because={},
        disposition=disposition(facts),
    )
    outside = _outside(book, rule, facts)
    if outside is not None:
        why, words = outside
        return msgspec.structs.replace(said, why=why, because=_both(words))
    if subject is None:
        words = (
            "设备的位置不完整，没有对应的位置层级",
            "the device stands in no place of the level that the rule is about",
        )
        return msgspec.structs.replace(said, why=Why.NO_PLACE, because=_both(words))
    standing = state.standings.get(rule.rule.id, Standing())
    view = _view(book, rule, facts, state, now, members)
    conditions = [_asked(leaf, standing, view) for leaf in rule.leaves]
    truth = weigh(rule.root, standing.memories, view).truth
    due = next_due(rule, standing.memories, view)
    why, words = _decided(rule, standing, view, truth, conditions)
    return msgspec.structs.replace(
        said,
        why=why,
        because=_both(words),
        truth=truth,
        conditions=conditions,
        raised_at=standing.raised_at,
        next_due=due,
    )


def _outside(book: RuleBook, rule: Compiled, facts: DeviceFacts) -> tuple[Why, Words] | None:
    scope = rule.rule.scope
    misfits = list(_misfits(rule, facts))
    if misfits:
        return Why.OUT_OF_SCOPE, joined(misfits, "；", "; ")
    if not book.is_armed(rule.rule, facts):
        return Why.NO_CONSENT, (
            "未登记同意（标签 care:consent），此规则不启用",
            "nobody agreed on record (tag care:consent), so it is not armed",
        )
    in_scope = book.for_facts(facts)
    chosen = in_scope.rules.get(rule.rule.id) or next(
        (one for found in in_scope.of_places.values() for one in found if one.rule.id == rule.rule.id), None
    )
    if chosen is not None and chosen.index != rule.index:
        return Why.NEARER, (
            f"同名规则 {chosen.rule.where} 的范围更近",
            f"{chosen.rule.where} has the same id and is nearer than {scope.nearness(facts)}",
        )
    return None


def _misfits(rule: Compiled, facts: DeviceFacts) -> Iterator[Words]:
    scope = rule.rule.scope
    if scope.kinds and facts.kind not in scope.kinds:
        wanted, kind = ", ".join(scope.kinds), facts.kind or "?"
        yield f"设备类型 {kind} 不在 {wanted} 之内", f"its kind is {kind}, not one of {wanted}"
    if scope.devices and facts.device not in scope.devices:
        yield "不是规则指定的设备", "it is not one of the devices named"
    if scope.tags and not any(tag in scope.tags for tag in facts.tags):
        wanted = ", ".join(scope.tags)
        yield f"没有标签 {wanted}", f"it has none of the tags {wanted}"
    if scope.places and not any(facts.place == place or facts.place.startswith(f"{place}/") for place in scope.places):
        wanted = ", ".join(scope.places)
        yield f"不在 {wanted} 之内", f"it is not within {wanted}"


def _view(
    book: RuleBook,
    rule: Compiled,
    facts: DeviceFacts,
    state: DeviceState,
    now: Instant,
    members: Sequence[Member] | None,
) -> View:
    row = row_for(rule, facts)
    if rule.rule.is_about_places and row is not None:
        return place_view(book, row, now, now, (), members=of_rule(book, rule, row, members))
    return View(
        at=now,
        measured_at=now,
        facts=facts,
        values=state.values,
        heard_at=state.heard_at,
        zone=book.zone,
        expressions=book.expressions,
    )


def _asked(leaf: Condition, standing: Standing, view: View) -> Asked:
    memory = standing.memories.get(leaf.key, IDLE)
    return Asked(
        asked=_both(asked_words(leaf)),
        read=_both(read_words([leaf], view)),
        truth=leaf.truth(memory, view),
        evidence=leaf.evidence(memory, view),
        met_at=memory.met_at,
        due_at=leaf.due(memory, view),
        counted=_counted(leaf, view),
    )


def _counted(leaf: Condition, view: View) -> Counted | None:
    if not isinstance(leaf, MassAbsent) or view.members is None:
        return None
    tally = leaf.tally(view.members, view.at, view.gaps)
    return Counted(devices=len(tally.ends), lost=len(tally.lost), needed=leaf.needed(len(tally.ends)))


def _decided(
    rule: Compiled, standing: Standing, view: View, truth: Truth, conditions: list[Asked]
) -> tuple[Why, Words]:
    asked = asked_words(rule.root)
    if standing.raised_at is not None:
        at = rfc3339(standing.raised_at)
        return Why.RAISED, (f"自 {at} 起已触发：{asked[0]}", f"raised since {at}: {asked[1]}")
    if standing.was_reset:
        return Why.RESET, (
            "已人工复位，下一次满足条件的读数将重新触发",
            "a person reset it; the next true reading raises anew",
        )
    waiting = [one for one in conditions if one.met_at is not None and one.due_at is not None]
    if waiting and truth is not True:
        at = rfc3339(max(one.due_at or 0 for one in waiting))
        return Why.PENDING, (f"条件已成立，若持续到 {at} 将触发", f"it holds, and raises if it lasts until {at}")
    if truth is None:
        unread = [one for one in conditions if one.truth is None]
        return Why.UNKNOWN, (
            "尚不能判断：" + "；".join(one.asked["zh"] for one in unread),
            "cannot be told: " + "; ".join(one.asked["en"] for one in unread),
        )
    if truth:
        return Why.PENDING, ("条件成立，下一次判定时触发", "it holds, and raises when it is judged next")
    untrue = [one for one in conditions if one.truth is False]
    return Why.FALSE, (
        "不成立：" + "；".join(_with(one, "zh", "，实测 ") for one in untrue or conditions),
        "not so: " + "; ".join(_with(one, "en", ", read ") for one in untrue or conditions),
    )


def _with(one: Asked, language: str, between: str) -> str:
    return one.asked[language] + (between + one.read[language] if one.read[language] else "")


def _both(words: Words) -> dict[str, str]:
    return {"zh": words[0], "en": words[1]}
