"""All rules of a site, ready to be asked: which are in a device's scope, and which of those a metric concerns."""

from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo

import msgspec

from shouwang.domain.condition import AllOf, AnyOf, Node, Not, leaves, numbered
from shouwang.domain.expression import Expressions
from shouwang.domain.judging import Condition
from shouwang.domain.outage import MassAbsent
from shouwang.domain.rule import CONSENT, Rule
from shouwang.domain.shift import timezone as time_zone
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.timing import Absent, Between
from shouwang.domain.vocabulary import Scalar


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with what judging asks of it again and again."""

    rule: Rule
    index: int
    """Its place in the book: transitions of one moment come in this order."""
    root: Node
    leaves: tuple[Condition, ...]
    metrics: tuple[str, ...]
    is_quiet: Callable[[Scalar], bool] | None
    """Of a rule with one condition and no standing: a reading of this value cannot raise it. None: always judge."""
    is_timed: bool
    """Time alone may change it, though it remembers nothing."""
    minds_silence: bool
    """Any message of the device may end it (a lone ``absent``)."""
    minds_all: bool
    """Any message of the device may change it (``absent`` among other conditions)."""


class InScope(msgspec.Struct, frozen=True):
    """The rules for devices of one sort."""

    rules: Mapping[str, Compiled]
    by_metric: Mapping[str, tuple[Compiled, ...]]
    timed: tuple[Compiled, ...]
    always: tuple[Compiled, ...]
    """Judged on every message of the device."""
    of_places: Mapping[str, tuple[Compiled, ...]]
    """Rules about places, by metric."""
    of_silence: tuple[Compiled, ...] = ()
    """Those of them that ask which devices of the place are heard."""


class RuleBook:
    """Built once from all rules. ``timezone`` is the wall clock of ``between`` and ``inactive``. Rules of one id: the
    nearest scope wins; of equally near ones the last, so that a site's files go after the shipped ones.
    ``minds_consent``: rules that watch people are in scope only where they agreed; recordings are of nobody."""

    def __init__(
        self,
        rules: Iterable[Rule],
        timezone: str = "Asia/Shanghai",
        expressions: Expressions | None = None,
        *,
        minds_consent: bool = False,
    ) -> None:
        self.zone: tzinfo = time_zone(timezone)
        self.expressions = expressions
        self.minds_consent = minds_consent
        self.rules = tuple(rules)
        self._compiled = tuple(compiled(rule, index) for index, rule in enumerate(self.rules))
        self._by_id = {one.rule.id: one for one in self._compiled}
        self._by_version = {(one.rule.id, one.rule.version): one for one in self._compiled}
        self._minds_place = any(rule.scope.places for rule in self.rules)
        self._minds_device = any(rule.scope.devices for rule in self.rules)
        self.minds_silence = any(isinstance(leaf, MassAbsent) for one in self._compiled for leaf in one.leaves)
        self._in_scope: dict[tuple[object, ...], InScope] = {}
        self._of_rules: dict[tuple[int, ...], InScope] = {}
        self._asked: tuple[DeviceFacts, InScope] | None = None

    def for_facts(self, facts: DeviceFacts) -> InScope:
        """The rules in scope of a device. Made once for devices that no rule tells apart."""
        asked = self._asked
        if asked is not None and asked[0] is facts:  # what hears a message asks several times
            return asked[1]
        key = (
            facts.kind,
            *facts.tags,
            facts.place if self._minds_place else "",
            facts.device if self._minds_device else "",
        )
        found = self._in_scope.get(key)
        if found is None:
            found = self._in_scope[key] = self._made(facts)
        self._asked = facts, found
        return found

    def rule(self, id: str, version: str = "") -> Rule | None:
        """A rule by id, and by version where several share the id."""
        found = self.compiled(id, version)
        return found.rule if found else None

    def named(self, id: str) -> list[Compiled]:
        """All documents of one id, in the order of the book."""
        return [one for one in self._compiled if one.rule.id == id]

    def compiled(self, id: str, version: str = "") -> Compiled | None:
        return self._by_version.get((id, version)) or self._by_id.get(id)

    def is_armed(self, rule: Rule, facts: DeviceFacts) -> bool:
        """Whether the consent that it asks for is there."""
        return not self.minds_consent or CONSENT in facts.tags or not rule.asks_consent

    def _made(self, facts: DeviceFacts) -> InScope:
        nearest: dict[str, Compiled] = {}
        for one in self._compiled:
            scope = one.rule.scope
            if not scope.holds(facts) or not self.is_armed(one.rule, facts):
                continue
            other = nearest.get(one.rule.id)
            if other is None or scope.nearness(facts) >= other.rule.scope.nearness(facts):
                nearest[one.rule.id] = one
        chosen = sorted(nearest.values(), key=lambda one: one.index)
        indexes = tuple(one.index for one in chosen)
        # Devices in different places mostly have the same rules; they share one value.
        if indexes not in self._of_rules:
            self._of_rules[indexes] = _in_scope(chosen)
        return self._of_rules[indexes]


def compiled(rule: Rule, index: int) -> Compiled:
    root = numbered(rule.when)
    found = tuple(leaves(root))
    has_absence = any(isinstance(leaf, Absent) for leaf in found)
    alone = isinstance(root, Condition)
    return Compiled(
        rule=rule,
        index=index,
        root=root,
        leaves=found,
        metrics=rule.metrics,
        is_quiet=found[0].is_quiet if alone else None,
        is_timed=any(isinstance(leaf, Absent | Between) for leaf in found) or _is_true_of_nothing(root),
        minds_silence=has_absence and alone,
        minds_all=has_absence and not alone,
    )


def _is_true_of_nothing(node: Node) -> bool:
    """``not count`` holds of a device that never read the metric: it must be judged at the first message."""
    match node:
        case Condition():
            return False
        case Not():
            return True
        case AllOf() | AnyOf():
            return any(_is_true_of_nothing(each) for each in node.of)


def _in_scope(chosen: list[Compiled]) -> InScope:
    by_metric: dict[str, list[Compiled]] = {}
    of_places: dict[str, list[Compiled]] = {}
    own = [one for one in chosen if not one.rule.is_about_places]
    for one in chosen:
        for metric in one.metrics:
            (of_places if one.rule.is_about_places else by_metric).setdefault(metric, []).append(one)
    return InScope(
        rules={one.rule.id: one for one in own},
        by_metric={metric: tuple(found) for metric, found in by_metric.items()},
        timed=tuple(one for one in own if one.is_timed),
        always=tuple(one for one in own if one.minds_all),
        of_places={metric: tuple(found) for metric, found in of_places.items()},
        of_silence=tuple(one for one in chosen if any(isinstance(leaf, MassAbsent) for leaf in one.leaves)),
    )
