"""What passes between the service and the worker that runs codecs: length-prefixed MessagePack over a socket."""

import socket
from enum import IntEnum

import msgspec

STRIKES = 3
"""A codec that had to be stopped so often in a row is not asked again within the frame."""


class Ask(msgspec.Struct, frozen=True, array_like=True):
    profile: str
    data: bytes
    port: int
    at: int
    """Milliseconds since 1970, as JavaScript counts."""


class Asked(msgspec.Struct, frozen=True, array_like=True):
    calls: list[Ask]
    sources: dict[str, str]
    """Of the profiles among the calls that this worker was not told before."""
    strikes: dict[str, int]
    """Profiles with other than ``STRIKES``: those that had to be stopped lately."""


class Ended(IntEnum):
    ANSWERED = 0
    """``text`` is the JSON of what it returned."""
    FAILED = 1
    """It threw, or it is no codec."""
    REFUSED = 2
    """It gave more than is read."""
    STOPPED = 3
    """Memory or stack ran out."""
    TIMED_OUT = 4
    NOT_RUN = 5
    """It had to be stopped too often before."""


STOPPED = frozenset({Ended.STOPPED, Ended.TIMED_OUT})


class Said(msgspec.Struct, frozen=True, array_like=True):
    ended: Ended
    text: str


_LENGTH = 4


def send(end: socket.socket, message: object) -> None:
    """Raises OSError (with TimeoutError) where the other end is gone or takes nothing."""
    content = msgspec.msgpack.encode(message)
    end.sendall(len(content).to_bytes(_LENGTH, "big") + content)


def receive(end: socket.socket) -> bytes | None:
    """The next message; None where the other end is gone. Raises OSError (with TimeoutError)."""
    head = _exactly(end, _LENGTH)
    return head and _exactly(end, int.from_bytes(head, "big"))


def _exactly(end: socket.socket, count: int) -> bytes | None:
    parts: list[bytes] = []
    while count:
        try:
            part = end.recv(min(count, 1 << 20))
        except ConnectionError:  # it was ended with words of ours unread
            return None
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
