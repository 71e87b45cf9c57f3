"""MQTT 3.1.1 frames made once, so that a load costs its sender almost nothing (MQTT 3.1.1 sections 3.1, 3.3, 3.4)."""

from collections.abc import Sequence

ACK_SIZE = 4
"""Bytes of a PUBACK."""

_PUBLISH_QOS1 = 0x32


def connect(client_id: str) -> bytes:
    """CONNECT with a clean session and a keep-alive of 60 s."""
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name
    return b"\x10" + _length(len(body)) + body


def subscribe(topic_filter: str) -> bytes:
    """SUBSCRIBE at QoS 1 with packet id 1."""
    name = topic_filter.encode()
    body = b"\x00\x01" + len(name).to_bytes(2, "big") + name + b"\x01"
    return b"\x82" + _length(len(body)) + body


def publish(topic: str, payload: bytes, packet_id: int) -> bytes:
    """PUBLISH at QoS 1."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + packet_id.to_bytes(2, "big") + payload
    return bytes([_PUBLISH_QOS1]) + _length(len(body)) + body


def packet_ids(count: int) -> list[int]:
    """1 to 65,535, over and over."""
    return [1 + number % 65_535 for number in range(count)]


def acknowledgements(packets: Sequence[bytes]) -> bytes:
    """PUBACKs for the packet ids, given as their two bytes."""
    return b"".join([b"\x40\x02" + packet for packet in packets])


def complete_packets(data: bytes) -> tuple[list[bytes], int]:
    """Packet ids (two bytes each) of the complete QoS 1 PUBLISHes in ``data``, and how many bytes they took; other
    packets are passed over."""
    found: list[bytes] = []
    start, end = 0, len(data)
    while start + 2 <= end:
        size, at, shift = 0, start + 1, 0
        while at < end:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at += 1
            shift += 7
            if byte < 0x80:
                break
        else:
            break
        if at + size > end:
            break
        if data[start] & 0xF6 == _PUBLISH_QOS1:
            topic_end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            found.append(data[topic_end : topic_end + 2])
        start = at + size
    return found, start


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (0x80 if size else 0))
        if not size:
            return bytes(out)
