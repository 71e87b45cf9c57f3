r"""Readings as InfluxDB line protocol, exact for every text that a device can be called.

One measurement, ``reading``; tags ``device``, ``metric`` and, where there is one, ``part``; one field by type, which is
``value`` (float), ``flag`` (boolean) or ``text`` (string), and ``late=true`` on what came late; time in microseconds.
Why so: docs/decisions/0008-influxdb-schema.md.

Line protocol has no way to write some tag values: a backslash before a comma, a space, an equals sign or the end is
eaten, and a newline ends the line (InfluxDB 1.x ``models.ParsePoints``; its documentation, "Line protocol reference").
So a backslash, a percent sign and everything that is not printable stand percent-encoded in tags (``%5C``), as in our
MQTT topics. Ids of letters, digits, Chinese and the usual signs look as they are.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from shouwang.domain.vocabulary import Instant, Reading
from shouwang.timeseries.storable import unicode

MEASUREMENT = "reading"

_EMPTY = "%"  # an empty tag value cannot be written; alone, this sign encodes nothing else
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # printable, but servers that validate tags refuse it


class Line(NamedTuple):
    """One line; sorting brings together those that a server refuses for one reason (field type, then time)."""

    field: str
    at: Instant
    text: str


def lines(readings: Iterable[tuple[Reading, bool | float | str]]) -> list[Line]:
    """One line for each (series, instant): of several, the last one's value, since servers differ in which they take.
    ``late`` stays once it was said, as it does on the server, which merges the fields of a point."""
    points: dict[tuple[str, Instant], tuple[str, str, bool]] = {}
    for reading, value in readings:
        key = series_key(reading.device, reading.metric, reading.part), reading.measured_at
        field, written = _field(value)
        late = reading.late or (key in points and points[key][2])
        points[key] = field, written, late
    return [
        Line(field, at, f"{series} {field}={written}{',late=true' if late else ''} {at}")
        for (series, at), (field, written, late) in points.items()
    ]


@lru_cache(maxsize=65_536)
def series_key(device: str, metric: str, part: str) -> str:
    """Measurement and tags, in the order in which servers sort them. 0.1 µs when remembered."""
    tags = f"{MEASUREMENT},device={_escaped(tag(device))},metric={_escaped(tag(metric))}"
    return f"{tags},part={_escaped(tag(part))}" if part else tags


def tag(text: str) -> str:
    """The value of a tag as it stands in the database, and so in queries."""
    if text == "":
        return _EMPTY
    return "".join(sign if _stands(sign) else quote(sign, safe="") for sign in unicode(text))


def untag(value: str) -> str:
    """The text of a tag's value: ``untag(tag(text)) == unicode(text)``."""
    return "" if value == _EMPTY else unquote(value)


def string_field(text: str) -> str:
    """A string field: quotes and backslashes escaped, newlines as they are."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _field(value: bool | float | str) -> tuple[str, str]:
    if isinstance(value, str):
        return "text", string_field(value)
    if isinstance(value, bool):
        return "flag", "true" if value else "false"
    return "value", repr(value)


def _stands(sign: str) -> bool:
    return sign.isprintable() and sign not in ("\\", "%", _REPLACEMENT)


def _escaped(value: str) -> str:
    return value.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")
