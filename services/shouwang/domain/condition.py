"""What a rule asks: one condition, or several joined by ``all``, ``any``, ``not`` in three-valued logic.

and     true     false  unknown        or       true  false    unknown        not
true    true     false  unknown        true     true  true     true           false
false   false    false  false          false    true  false    unknown        true
unknown unknown  false  unknown        unknown  true  unknown  unknown        unknown
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias, TypeVar

import msgspec

from shouwang.domain.home import Confirm, Inactive
from shouwang.domain.judging import IDLE, Condition, Truth, View
from shouwang.domain.outage import MassAbsent
from shouwang.domain.standing import Memory
from shouwang.domain.vocabulary import Value


class AllOf(Value, frozen=True):
    """True where all are; false where one is."""

    of: "tuple[Node, ...]"


class AnyOf(Value, frozen=True):
    """True where one is; false where all are."""

    of: "tuple[Node, ...]"


class Not(Value, frozen=True):
    """True where the other is false."""

    of: "Node"


Node: TypeAlias = Condition | AllOf | AnyOf | Not

C = TypeVar("C", bound=Condition)


class Verdict(Value, frozen=True):
    """``by_event``: true because of an occurrence just read."""

    truth: Truth
    by_event: bool = False


_TRUE, _FALSE, _UNKNOWN = Verdict(True), Verdict(False), Verdict(None)
_OCCURS = Verdict(True, True)


def weigh(node: Node, memories: Mapping[str, Memory], view: View) -> Verdict:
    """The truth of a node at ``view.at``."""
    if isinstance(node, Condition):
        truth = node.truth(memories.get(node.key, IDLE), view)
        if truth is None:
            return _UNKNOWN
        if not truth:
            return _FALSE
        return _OCCURS if node.occurs(view) else _TRUE
    if isinstance(node, Not):
        said = weigh(node.of, memories, view).truth
        return _UNKNOWN if said is None else _FALSE if said else _TRUE
    verdicts = [weigh(each, memories, view) for each in node.of]
    decisive = isinstance(node, AnyOf)
    if not decisive and any(one.truth is False for one in verdicts):
        return _FALSE
    if decisive and any(one.truth for one in verdicts):
        return _OCCURS if any(one.truth and one.by_event for one in verdicts) else _TRUE
    if any(one.truth is None for one in verdicts):
        return _UNKNOWN
    if decisive:
        return _FALSE
    return _OCCURS if any(one.by_event for one in verdicts) else _TRUE


def numbered(node: Node, key: str = "") -> Node:
    """The same, each condition with its place in the whole as its key."""
    match node:
        case Condition():
            return msgspec.structs.replace(node, key=key)
        case Not():
            return Not(numbered(node.of, key))
        case AllOf():
            return AllOf(tuple(numbered(each, _below(key, index)) for index, each in enumerate(node.of)))
        case AnyOf():
            return AnyOf(tuple(numbered(each, _below(key, index)) for index, each in enumerate(node.of)))


def leaves(node: Node) -> Iterator[Condition]:
    """All conditions, in the order written."""
    match node:
        case Condition():
            yield node
        case Not():
            yield from leaves(node.of)
        case AllOf() | AnyOf():
            for each in node.of:
                yield from leaves(each)


def negated(node: Node, under_not: bool = False) -> Iterator[Condition]:
    """Conditions that stand anywhere under a ``not``."""
    match node:
        case Condition():
            if under_not:
                yield node
        case Not():
            yield from negated(node.of, True)
        case AllOf() | AnyOf():
            for each in node.of:
                yield from negated(each, under_not)


def is_about_places(node: Node) -> bool:
    """Its subject is a place, not a device."""
    return any(isinstance(leaf, Confirm | Inactive | MassAbsent) for leaf in leaves(node))


def _below(key: str, index: int) -> str:
    return f"{key}.{index}" if key else str(index)
