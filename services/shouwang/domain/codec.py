"""What a profile's codec is asked and what it answers (LoRa Alliance TS013 ``decodeUplink``). Running it is a port."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from shouwang.domain.vocabulary import Instant, Refusal, Value


class CodecCall(Value, frozen=True):
    """Bytes of one uplink, for the codec of a profile. Equal calls have equal answers."""

    profile: str
    data: bytes
    port: int
    """LoRaWAN FPort, 0 to 255."""
    received_at: Instant


class CodecAnswer(Value, frozen=True, kw_only=True):
    """``fields`` may be empty; ``problem`` says why nothing could be had (codec_error, codec_timeout)."""

    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    warnings: list[str] = msgspec.field(default_factory=list)
    problem: Refusal | None = None


Answers: TypeAlias = Mapping[CodecCall, CodecAnswer]
"""What ran before the reading: a reader that misses an answer says which call it wants (``Interpretation.pending``)."""
