"""What is said over one connection: the shape that both clients have, and the broker's refusals in plain words."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol

from shouwang.domain.vocabulary import Arrival, Instant, Value
from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.link import Link, LinkLost

UNLIMITED_WINDOW = 0xFFFF
"""Receive maximum where none is named (MQTT 5 section 3.2.2.3.3)."""


class Version(IntEnum):
    """The protocol level that a CONNECT names."""

    MQTT_5 = 5
    MQTT_3_1_1 = 4


class Hello(Value, frozen=True, kw_only=True):
    """How we present ourselves, the same at every connection."""

    client_id: str
    clean: bool = False
    """Ask the broker to forget what it knew of us."""
    session_expiry: int = 7 * 24 * 3600
    """Seconds for which the broker keeps our session while we are away; MQTT 3.1.1 has no such number."""
    receive_maximum: int = 1000
    """Unacknowledged messages that the broker may hand us: the only queue there is."""
    keepalive: int = 30
    """Seconds of silence after which either side asks whether the other still lives."""
    will_topic: str = ""
    will_payload: bytes = b""


class Welcome(Value, frozen=True, kw_only=True):
    """What the broker granted in its CONNACK."""

    session_present: bool
    receive_maximum: int = UNLIMITED_WINDOW
    """Unacknowledged messages of ours that it takes."""
    session_expiry: int | None = None
    """Seconds, where it grants another number than we asked for."""


class Refused(LinkLost):
    """The broker refused CONNECT, or ended the connection, with a reason that will not pass by itself."""


class WrongVersion(LinkLost):
    """The broker does not speak the protocol version that we tried: ``certain`` when it says so itself."""

    def __init__(self, message: str, *, certain: bool) -> None:
        super().__init__(message)
        self.certain = certain


class Listener(Protocol):
    """Hears what a dialogue reads, in order, on the session's thread."""

    def welcomed(self, welcome: Welcome) -> str:
        """CONNACK with success. Gives the text for ``Arrival.session``."""
        ...

    def granted(self, packet_id: int, codes: Sequence[int]) -> None:
        """SUBACK: a reason code for each filter, in the order of the SUBSCRIBE."""
        ...

    def settled(self, packet_id: int, code: int) -> None:
        """PUBACK of a message of ours, with its reason code."""
        ...


class Dialogue(Protocol):
    """MQTT over one connection, from CONNECT to its end. For one thread only; nothing of it blocks."""

    link: Link

    def read(self, now: Instant) -> list[Arrival]:
        """Deals with all that the link has unread; messages in order, the first received at ``now`` and each next one a
        microsecond later; the rest goes to the listener.
        Raises LinkLost, Refused or WrongVersion when the connection is over."""
        ...

    def write(self) -> None:
        """Puts into the link what waits to be written."""
        ...

    def acknowledge(self, packet_ids: Sequence[int]) -> None: ...

    def subscribe(self, filters: Sequence[str], qos: int) -> int:
        """Asks for these filters; its packet id."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool, qos: int = 1) -> int:
        """QoS 0 or 1; its packet id, which means nothing at QoS 0."""
        ...

    def tick(self, *, reading: bool) -> None:
        """Keeps the connection alive; to be called about once a second. Raises LinkLost when the broker is silent,
        which is judged only while we are ``reading``."""
        ...

    def leave(self) -> None:
        """DISCONNECT, so that the broker keeps our Will to itself."""
        ...


class Dialer(Protocol):
    """Opens dialogues; the one thing in which the two clients differ for the session."""

    versions: Sequence[Version]
    """Those it can speak, the best first."""

    def dial(self, address: Address, tls: Tls, hello: Hello, version: Version, listener: Listener) -> Dialogue:
        """Connects and says CONNECT. Blocks for at most twice the connect timeout. Raises LinkLost."""
        ...


def refusal(address: Address, code: int, words: str, version: Version) -> LinkLost:
    """Why CONNECT was refused (MQTT 5 section 3.2.2.2; codes of 3.1.1 are translated by the dialogues), as the error to
    raise: what was found, and what to do."""
    match code:
        case 0x84:
            return WrongVersion(f"broker {address} does not speak {_name(version)}", certain=True)
        case 0x86 | 0x87:
            who = f"user {address.user!r}" if address.user is not None else "a client without user name"
            return Refused(
                f"broker {address} refused the login of {who} ({words}): check user and password in the broker's "
                f"address, mqtt://USER:PASSWORD@HOST:PORT, and the account at the broker"
            )
        case 0x85:
            return Refused(f"broker {address} refused our client id ({words}): set another one")
        case 0x8A:
            return Refused(f"broker {address} has banned this client: ask whoever runs it")
        case 0x9C | 0x9D:
            return Refused(f"broker {address} sends us to another server ({words}): set that one as the broker")
        case _:
            return Refused(f"broker {address} refused the connection ({words}, code 0x{code:02x})")


def farewell(address: Address, client_id: str, code: int, words: str) -> LinkLost:
    """Why the broker ended a connection by DISCONNECT (MQTT 5 section 3.14.2.1)."""
    match code:
        case 0x8E:
            return Refused(
                f"broker {address} gave our session to another client with the id {client_id}: "
                f"only one may run; stop the other one or give it another client id"
            )
        case 0x87 | 0x98:
            return Refused(f"broker {address} put us out ({words}): ask whoever runs it")
        case _:
            return LinkLost(f"broker {address} ended the connection ({words})")


def closed_early(address: Address, version: Version) -> WrongVersion:
    """The connection ended before CONNACK: what brokers do that do not know the version, and what a broker does that is
    just going down."""
    return WrongVersion(
        f"broker {address} closed the connection instead of answering {_name(version)}: "
        f"it is going down, does not know that version, or refuses the login without saying so",
        certain=False,
    )


def _name(version: Version) -> str:
    return "MQTT 5" if version is Version.MQTT_5 else "MQTT 3.1.1"
