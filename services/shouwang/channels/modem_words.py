"""What a modem's answers mean: its health, why it did not take a message, what became of one that it took.

Codes are those of 3GPP TS 27.005 section 3.2.5 (``+CMS ERROR``), TS 27.007 section 9.2 (``+CME ERROR``) and TS 23.040
section 9.2.3.15 (TP-Status).
"""

from shouwang.channels.at_dialogue import Declined, Dialogue, value_of
from shouwang.channels.pdu import Report
from shouwang.domain.notice import DeliveryState, Failure
from shouwang.domain.receipt import Receipt
from shouwang.domain.vocabulary import Value

REGISTERED = frozenset({"1", "5", "6", "7", "9", "10"})
"""At home or roaming, for messages alone too (TS 27.007 section 7.2)."""

_AUTH = frozenset({8, 10, 29, 50, 69, 193, 310, 311, 312, 313, 315, 316, 317, 318, 330})
"""Barred, not subscribed, no SIM, a PIN, no message centre: ours to mend."""

_RATE = frozenset({42, 47, 192, 314, 322})
_REFUSED = frozenset({1, 21, 28, 30, 195, 196, 304, 305})
"""The number itself, or this message to it."""

_AUTH_OF_EQUIPMENT = frozenset({10, 11, 12, 13, 15, 16, 17, 18})

_REFUSED_STATUS = frozenset({0x41, 0x42, 0x44, 0x45})
"""Incompatible destination, rejected by the telephone, no quality of service, no interworking."""


class Health(Value, frozen=True, kw_only=True):
    """``problem``: why no message can leave now, empty where one can. ``signal`` in dBm."""

    sim: str = ""
    registered: bool = False
    signal: int | None = None
    problem: str = ""
    failure: Failure = Failure.UNREACHABLE


async def health_in(talk: Dialogue) -> Health:
    """Asks for SIM, network and signal. Raises Silent and OSError."""
    try:
        found = value_of(await talk.ask("AT+CPIN?"), "+CPIN")
    except Declined as error:
        return Health(problem=f"the SIM is not ready: {error}", failure=_of_equipment(error.code))
    sim = found[0] if found else ""
    if sim != "READY":
        return Health(sim=sim, problem=f"the SIM wants {sim or 'something unknown'}", failure=Failure.AUTH)
    is_registered = [await _registered(talk, command) for command in ("CEREG", "CREG")]
    signal = await _signal(talk)
    if True not in is_registered:
        return Health(sim=sim, signal=signal, problem="not registered in a network")
    return Health(sim=sim, registered=True, signal=signal)


def failure_of(family: str, code: int | None) -> Failure:
    """What an error after a message means; unreachable where nobody can know: that is tried again."""
    if family == "CME":
        return _of_equipment(code)
    if code in _AUTH:
        return Failure.AUTH
    if code in _RATE:
        return Failure.RATE
    return Failure.REFUSED if code in _REFUSED else Failure.UNREACHABLE


def receipt_of_report(report: Report) -> Receipt | None:
    """None while the centre still tries, and where it only passed the message on."""
    reference, number, status = str(report.reference), report.number, report.status
    if status == 0:
        return Receipt(reference=reference, number=number, arrived=DeliveryState.DELIVERED)
    if status < 0x40:
        return None
    failure = Failure.REFUSED if status in _REFUSED_STATUS else Failure.UNREACHABLE
    return Receipt(reference=reference, number=number, failure=failure, detail=f"modem: reported status {status:#04x}")


def octets_in(head: str) -> int | None:
    """The length at the end of ``+CMT: ,24``."""
    last = head.rpartition(",")[2].rpartition(":")[2].strip()
    return int(last) if last.isdecimal() else None


async def _registered(talk: Dialogue, name: str) -> bool:
    try:
        found = value_of(await talk.ask(f"AT+{name}?"), f"+{name}")
    except Declined:
        return False
    return len(found) > 1 and found[1] in REGISTERED


async def _signal(talk: Dialogue) -> int | None:
    """TS 27.007 section 8.5: 0 to 31 in steps of 2 dBm from -113."""
    try:
        found = value_of(await talk.ask("AT+CSQ"), "+CSQ")
    except Declined:
        return None
    return -113 + 2 * int(found[0]) if found and found[0].isdecimal() and int(found[0]) <= 31 else None


def _of_equipment(code: int | None) -> Failure:
    return Failure.AUTH if code in _AUTH_OF_EQUIPMENT else Failure.UNREACHABLE
