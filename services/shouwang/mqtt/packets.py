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
    """A topic as text. Bytes that are no UTF-8 (which MQTT forbids, and some brokers let pass) become U+FFFD, so that
    the message ends in quarantine instead of breaking the connection at every redelivery."""
    return raw.decode("utf-8", "replace")


def topic_problem(topic: str) -> str | None:
    """Why nothing can be published to this topic (MQTT 5 section 4.7), or None."""
    if not topic:
        return "a topic is at least one character long"
    if "+" in topic or "#" in topic or "\0" in topic:
        return f"the topic {topic!r} contains one of + # NUL, which belong to filters; percent-encode them"
    if len(topic.encode("utf-8", "replace")) > 0xFFFF:
        return f"the topic that begins with {topic[:40]!r} is longer than 65535 bytes"
    return None


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """The PUBACKs of these packets in this order, reason code Success (which both versions write the same way)."""
    words = [_PUBACK] * (2 * len(packet_ids))
    words[1::2] = packet_ids
    return struct.pack(f">{len(words)}H", *words)


def frame_length(data: memoryview) -> int | None:
    """Length of the packet at the start of ``data`` with its header, or None while the header is incomplete.
    Raises ValueError where the length has more than four bytes (MQTT 5 section 1.5.5)."""
    length = 0
    for index in range(1, min(len(data), 5)):
        byte = data[index]
        length |= (byte & 0x7F) << (7 * (index - 1))
        if byte < 0x80:
            return length + index + 1
    if len(data) >= 5:
        raise ValueError("a packet whose length has more than four bytes")
    return None


def lenient_arrival(frame: bytes, received_at: Instant, session: str) -> Arrival | None:
    """The arrival in an MQTT 5 PUBLISH that a strict parser refuses, for instance for its topic's encoding or an
    unknown property; None where it is another packet or its parts do not fit into each other."""
    if frame[0] & 0xF0 != _PUBLISH:
        return None
    try:
        at = 1 + next(index for index, byte in enumerate(frame[1:5], 1) if byte < 0x80)
        size = int.from_bytes(frame[at : at + 2], "big")
        topic, at = frame[at + 2 : at + 2 + size], at + 2 + size
        qos = frame[0] >> 1 & 3
        packet_id = int.from_bytes(frame[at : at + 2], "big") if qos else 0
        at += 2 if qos else 0
        properties, shift = 0, 0
        while True:
            byte, at = frame[at], at + 1
            properties |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
    except (IndexError, StopIteration):
        return None
    if at + properties > len(frame) or qos > 1:
        return None
    return Arrival(
        topic=topic_text(topic),
        payload=frame[at + properties :],
        received_at=received_at,
        retained=bool(frame[0] & 0x01),
        duplicate=bool(frame[0] & 0x08),
        qos=qos,
        packet_id=packet_id,
        session=session,
    )
