"""Instants and durations as people write them."""

import re
from datetime import UTC, datetime

from shouwang.domain.errors import ConfigError
from shouwang.domain.vocabulary import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant

_UNITS = {"ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def duration(text: str) -> Duration:
    """``10s``, ``5m``, ``26h``, ``1m30s``. Raises ConfigError for anything else."""
    total, end = 0.0, 0
    for match in _DURATION.finditer(text):
        if match.start() != end:
            break
        total += float(match[1]) * _UNITS[match[2]]
        end = match.end()
    if not text or end != len(text):
        raise ConfigError(f"{text!r} is not a duration; expected for example 10s, 5m, 26h")
    return round(total)


def duration_text(value: Duration) -> str:
    """The shortest form that ``duration`` reads back."""
    for name, unit in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", MILLISECOND)):
        if value >= unit and value % unit == 0:
            return f"{value // unit}{name}"
    return "0s" if value == 0 else f"{value / SECOND:g}s"


def instant(moment: datetime) -> Instant:
    """From an aware datetime; exact to the microsecond."""
    delta = moment - _EPOCH
    return delta.days * DAY + delta.seconds * SECOND + delta.microseconds


def moment(at: Instant) -> datetime:
    """The aware UTC datetime of an instant."""
    return datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND)


def rfc3339(at: Instant) -> str:
    """RFC 3339 in UTC, to the millisecond where there is a fraction: ``2026-11-24T02:14:00Z``."""
    text = moment(at).isoformat(timespec="milliseconds" if at % SECOND else "seconds")
    return text.replace("+00:00", "Z")


def parse_rfc3339(text: str) -> Instant:
    """An RFC 3339 text with an offset. Raises ConfigError without one: a time without zone names no instant."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is not a time; expected for example 2026-11-24T02:14:00+08:00") from None
    if parsed.tzinfo is None:
        raise ConfigError(f"{text!r} has no UTC offset; expected for example {text}+08:00")
    return instant(parsed)
