"""The broker's packets and our arrivals: bytes and values only, no sockets."""

import struct
from collections.abc import Sequence

from shouwang.domain.vocabulary import Arrival, Instant

OWN_TOPICS = ("shouwang/v1/alerts/#", "shouwang/v1/incidents/#", "shouwang/v1/status")
"""What we publish ourselves and, being subscribed to ``#``, hear again."""

_OWN_TREES = tuple(topic.removesuffix("#") for topic in OWN_TOPICS if topic.endswith("#"))
_OWN_EXACT = frozenset(topic for topic in OWN_TOPICS if not topic.endswith("#"))
_OWN_ROOT = "shouwang/v1/"

_PUBLISH = 0x30
_PUBACK = 0x4002  # first byte and remaining length of a PUBACK without reason code


def is_own(topic: str) -> bool:
    """Whether the topic is one of those that only we publish."""
    return topic.startswith(_OWN_ROOT) and (topic.startswith(_OWN_TREES) or topic in _OWN_EXACT)


def topic_text(raw: bytes) -> str:
    """A topic as text. Bytes that are no UTF-8 (which MQTT forbids and not every broker refuses) become U+FFFD, so that
    the message ends in quarantine instead of breaking the connection at every redelivery."""
    return raw.decode("utf-8", "replace")


def topic_problem(topic: str) -> str | None:
    """Why nothing can be published to this topic (MQTT 5 section 4.7), or None."""
    if not topic:
        return "a topic is at least one character long"
    if "+" in topic or "#" in topic or "\0" in topic:
        return f"the topic {topic!r} contains one of + # NUL, which belong to filters; percent-encode them"
    try:
        size = len(topic.encode())
    except UnicodeEncodeError:
        return f"the topic {topic!r} contains half a surrogate pair, which is no text"
    return None if size <= 0xFFFF else f"the topic that begins with {topic[:40]!r} is longer than 65535 bytes"


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """The PUBACKs of these packets in this order, reason code Success (which both versions write the same way)."""
    words = [_PUBACK] * (2 * len(packet_ids))
    words[1::2] = packet_ids
    return struct.pack(f">{len(words)}H", *words)


def read_publishes(data: bytes, at: int, now: Instant, session: str, found: list[Arrival]) -> int:
    """Appends the arrivals of the MQTT 5 PUBLISHes that lie whole and in a row in ``data`` from ``at`` on; the position
    behind the last of them, where another packet begins, or one that is not all there yet.

    Written by hand because what stands in these packets comes from devices: the codec panics over text that is no UTF-8
    and this does not, and it costs 0.6 against 0.8 µs. Properties are skipped (MQTT 5 section 3.3). What comes together
    is received a microsecond apart, from ``now`` for the first in ``found`` on: two reports of one device are two
    instants. Raises ValueError for a packet whose parts do not fit into it, or of a QoS that we did not ask for.
    """
    size = len(data)
    try:
        while at + 1 < size and data[at] & 0xF0 == _PUBLISH:
            first, length, body = data[at], data[at + 1], at + 2
            if length >= 0x80:
                length, body = _variable(data, at + 1)
            stop = body + length
            if stop > size:
                break
            topic_at = body + 2
            topic_end = body = topic_at + (data[body] << 8 | data[body + 1])
            qos, packet_id = first >> 1 & 3, 0
            if qos:
                packet_id = data[body] << 8 | data[body + 1]
                body += 2
            properties, body = data[body], body + 1
            if properties >= 0x80:
                properties, body = _variable(data, body - 1)
            body += properties
            if body > stop or qos > 1:
                raise _misfit(data[at:stop])
            found.append(
                Arrival(
                    topic_text(data[topic_at:topic_end]),
                    data[body:stop],
                    now + len(found),
                    first & 0x01 == 0x01,
                    first & 0x08 == 0x08,
                    qos,
                    packet_id,
                    session,
                )
            )
            at = stop
    except IndexError:
        # Either the length itself is not all there yet, or the packet reaches behind its own end.
        if _whole(data, at):
            raise _misfit(data[at:]) from None
    return at


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer and the position behind it (MQTT 5 section 1.5.5). Raises IndexError, ValueError."""
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift == 28:
            raise ValueError("a length of more than four bytes")


def _whole(data: bytes, at: int) -> bool:
    try:
        length, body = _variable(data, at + 1)
    except IndexError:
        return False
    return body + length <= len(data)


def _misfit(frame: bytes) -> ValueError:
    return ValueError(f"a PUBLISH that cannot be read, it begins with {frame[:24].hex(' ')}")
