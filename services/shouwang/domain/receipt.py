"""What comes back for a message: that it arrived, that it did not, or what its person pressed or wrote.

A receipt only moves a delivery forward, so that one that comes twice, late or out of order changes nothing. An answer
is the person's own act and goes the way of all acts.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from shouwang.domain.delivery import DETAIL_LIMIT, retry_at
from shouwang.domain.notice import (
    DELIVERY_MOVES,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Failure,
    move_delivery,
)
from shouwang.domain.vocabulary import Instant, Value


class Answer(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    DECLINE = "decline"
    EN_ROUTE = "en_route"
    ARRIVE = "arrive"


class Receipt(Value, frozen=True, kw_only=True):
    """``key``: of the delivery, where the gateway gave ours back; ``reference``: what it called the message;
    ``number``: of the telephone, as the gateway writes it. One of them finds the delivery. ``arrived``: delivered or
    seen; ``failure``: it did not arrive after all; ``answer``: what the person wants."""

    key: str = ""
    reference: str = ""
    number: str = ""
    arrived: DeliveryState | None = None
    failure: Failure | None = None
    answer: Answer | None = None
    detail: str = ""


def receive(delivery: Delivery, receipt: Receipt, now: Instant) -> Delivery | None:
    """The delivery as the receipt leaves it; None where that says nothing new."""
    if receipt.failure is not None:
        return _failed(delivery, receipt.failure, receipt.detail, now)
    if receipt.arrived is DeliveryState.DELIVERED and _can(delivery, DeliveryEvent.CONFIRM):
        state = move_delivery(delivery.state, DeliveryEvent.CONFIRM)
        return msgspec.structs.replace(delivery, state=state, delivered_at=now)
    if receipt.arrived is DeliveryState.SEEN and _can(delivery, DeliveryEvent.OPEN):
        state = move_delivery(delivery.state, DeliveryEvent.OPEN)
        return msgspec.structs.replace(delivery, state=state, seen_at=now)
    return None


def answer_in(text: str) -> Answer | None:
    """What a key pressed or a text written back means: 1 接单, 2 去不了, 3 出发, 4 到场, and words for them. None for
    anything else: nobody guesses."""
    said = re.sub(r"[\s。.!！,，#*]+", "", unicodedata.normalize("NFKC", text)).casefold()
    return _ANSWERS.get(said)


def is_emergency_service(number: str) -> bool:
    """110, 119, 120 …: a person calls them and speaks, never the machine."""
    return national(number) in _EMERGENCY_SERVICES


def same_number(one: str, other: str) -> bool:
    """The same telephone, written with or without country code, blanks and dashes."""
    a, b = national(one), national(other)
    return bool(a) and a == b


def national(number: str) -> str:
    """Digits as a gateway in China wants them: without +86 or 0086; those of other countries keep their code."""
    kept = re.sub(r"[^\d+]", "", number)
    digits = kept.lstrip("+")
    if kept.startswith(("+86", "0086")):
        return digits.removeprefix("00").removeprefix("86")
    if re.fullmatch(r"861[3-9]\d{9}", digits):
        return digits[2:]
    return digits


def international(number: str) -> str:
    """As E.164 wants it: ``+8613800000000``. A number without country code is of China, its trunk 0 left out."""
    kept = re.sub(r"[^\d+]", "", number)
    if kept.startswith(("+", "00")):
        return f"+{kept.lstrip('+').removeprefix('00')}"
    return f"+86{national(number).removeprefix('0')}" if kept else ""


_EMERGENCY_SERVICES = frozenset({"110", "119", "120", "122", "112", "12110", "12395", "911", "999"})


def _failed(delivery: Delivery, failure: Failure, detail: str, now: Instant) -> Delivery | None:
    is_final = failure in (Failure.REFUSED, Failure.AUTH)
    event = DeliveryEvent.REFUSE if is_final else DeliveryEvent.FAIL
    if delivery.state is not DeliveryState.SENT:
        return None
    return msgspec.structs.replace(
        delivery,
        state=move_delivery(delivery.state, event),
        due_at=retry_at(max(1, delivery.attempts), None, now),
        detail=(detail or f"reported {failure}")[:DETAIL_LIMIT],
        failure=failure,
    )


def _can(delivery: Delivery, event: DeliveryEvent) -> bool:
    return (delivery.state, event) in DELIVERY_MOVES


def _meaning(answer: Answer, words: Iterable[str]) -> dict[str, Answer]:
    return dict.fromkeys(words, answer)


_ANSWERS: dict[str, Answer] = {
    **_meaning(Answer.ACKNOWLEDGE, ("1", "1接单", "接单", "接警", "收到", "ok", "yes", "ack")),
    **_meaning(Answer.DECLINE, ("2", "2去不了", "去不了", "不能去", "拒单", "no", "decline")),
    **_meaning(Answer.EN_ROUTE, ("3", "3出发", "出发", "已出发", "出动", "在路上", "onmyway")),
    **_meaning(Answer.ARRIVE, ("4", "4到场", "到场", "已到场", "到了", "arrived")),
}
