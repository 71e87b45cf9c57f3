"""InfluxQL that reads our schema, and what it answers as points. InfluxDB 1, 2 and 3 understand it alike.

Sources: InfluxQL reference (InfluxData), sections "Literals", "GROUP BY time intervals" (aligned to the epoch).
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from shouwang.domain.vocabulary import METRICS, DeviceId, Duration, Instant
from shouwang.ports import Point
from shouwang.timeseries.line_protocol import MEASUREMENT, tag, untag
from shouwang.timeseries.storable import EARLIEST, LATEST

Result: TypeAlias = Mapping[str, Any]
"""What a server's JSON says of one statement; nothing found has no ``series``."""

_FIELD = {"number": "value", "bool": "flag", "text": "text"}


def raw_query(device: DeviceId, metric: str | None, start: Instant, end: Instant, limit: int) -> str:
    """Points as they are, oldest first."""
    where = _where(device, metric, start, end)
    fields = '"value", "flag", "text", "late", "metric", "part"'
    return f'SELECT {fields} FROM "{MEASUREMENT}" WHERE {where} ORDER BY time LIMIT {limit}'


def interval_query(
    device: DeviceId, metric: str | None, start: Instant, end: Instant, every: Duration, limit: int
) -> str:
    """The aggregates of all fields by interval, metric and part."""
    numbers = 'count("value") AS numbers, min("value") AS low, max("value") AS high, mean("value") AS average'
    others = 'last("value") AS number, count("flag") AS flags, last("flag") AS flag, count("text") AS texts'
    where = _where(device, metric, start, end)
    return f'SELECT {numbers}, {others}, last("text") AS word FROM "{MEASUREMENT}" WHERE {where} {_by(every, limit)}'


def trues_query(device: DeviceId, metric: str | None, start: Instant, end: Instant, every: Duration, limit: int) -> str:
    """How many flags were true, by the same; booleans have no mean."""
    where = _where(device, metric, start, end)
    return f'SELECT count("flag") AS trues FROM "{MEASUREMENT}" WHERE {where} AND "flag" = true {_by(every, limit)}'


def raw_points(result: Result) -> list[Point]:
    """The result of ``raw_query``."""
    points = []
    for row in _rows(result):
        metric, at = untag(row["metric"]), row["time"]
        part = untag(row["part"]) if row["part"] else ""
        points.append(Point(at=at, metric=metric, part=part, value=_value(row, metric), late=bool(row["late"])))
    return sorted(points, key=lambda point: (point.at, point.metric, point.part))


def has_flags(result: Result) -> bool:
    """Whether ``interval_points`` needs the result of ``trues_query`` beside this of ``interval_query``."""
    return any(row["flags"] for row in _rows(result))


def interval_points(result: Result, trues: Result) -> list[Point]:
    """The results of ``interval_query`` and ``trues_query`` (empty where it was not asked)."""
    true = {(row["metric"], row["part"], row["time"]): row["trues"] for row in _rows(trues)}
    found = (_interval(row, true.get((row["metric"], row["part"], row["time"]), 0)) for row in _rows(result))
    return sorted((point for point in found if point), key=lambda point: (point.at, point.metric, point.part))


def literal(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def identifier(text: str) -> str:
    """A quoted identifier."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _where(device: DeviceId, metric: str | None, start: Instant, end: Instant) -> str:
    parts = [f'"device" = {literal(tag(device))}']
    if metric is not None:
        parts.append(f'"metric" = {literal(tag(metric))}')
    parts.append(f"time >= {max(start, EARLIEST)}u AND time < {min(end, LATEST + 1)}u")
    return " AND ".join(parts)


def _by(every: Duration, limit: int) -> str:
    return f'GROUP BY time({every}u), "metric", "part" fill(none) LIMIT {limit}'


def _rows(result: Result) -> Iterator[dict[str, Any]]:
    """Each row of a result, columns and tags by name."""
    for series in result.get("series", ()):
        for values in series["values"]:
            yield {**series.get("tags", {}), **dict(zip(series["columns"], values, strict=True))}


def _value(row: Mapping[str, Any], metric: str) -> bool | float | str | None:
    """The one field that is there. Where a metric changed its type at one instant, the server merged both: then the
    one that the vocabulary says."""
    present = [field for field in ("value", "flag", "text") if row[field] is not None]
    field = present[0] if len(present) == 1 else _FIELD[METRICS[metric].type] if metric in METRICS else present[-1]
    value = row[field]
    return float(value) if field == "value" else value


def _interval(row: Mapping[str, Any], trues: int) -> Point | None:
    """None where nothing is whole yet: a server computes each aggregate at a moment of its own, so while an interval's
    first reading is being written, one aggregate may know of it and the next not."""
    metric, part = untag(row["metric"]), untag(row["part"]) if row["part"] else ""
    at, numbers, flags, texts = row["time"], row["numbers"], row["flags"], row["texts"]
    spread = [row[name] for name in ("low", "high", "average", "number")]
    if numbers and None not in spread:
        low, high, mean, last = map(float, spread)
        return Point(at=at, metric=metric, part=part, count=numbers, min=low, max=high, mean=mean, last=last)
    if flags and row["flag"] is not None:
        share = min(trues, flags) / flags
        low, high = float(share == 1), float(share > 0)
        return Point(at=at, metric=metric, part=part, count=flags, min=low, max=high, mean=share, last=row["flag"])
    if texts and row["word"] is not None:
        return Point(at=at, metric=metric, part=part, count=texts, last=row["word"])
    return None
