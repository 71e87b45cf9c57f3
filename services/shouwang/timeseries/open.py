"""The reading store that a URL names."""

from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from shouwang.domain.errors import ConfigError
from shouwang.domain.vocabulary import DAY, Duration
from shouwang.ports import ReadingStore

FORMS = "sqlite:///FILE or influxdb://[USER:PASSWORD@ | TOKEN@]HOST:PORT/NAME[?org=…&tls=1&gzip=1]"


def open_readings(url: str, *, keep_raw: Duration = 90 * DAY) -> ReadingStore:
    """``sqlite:///FILE`` (``sqlite:////FILE`` from the root) keeps each reading for ``keep_raw``.

    Neither file nor server is touched before the first write or read: a service starts even if its history is broken.

    Raises ConfigError for a URL that names nothing; the message holds no password or token.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            return _sqlite(url, keep_raw)
        if parts.scheme == "influxdb":
            return _influxdb(parts)
    except ValueError:  # what it says may quote a part of a password
        raise ConfigError(
            "the reading store's URL cannot be read: its port is no number, or its password or token has signs that "
            f"must be percent-encoded; expected {FORMS}"
        ) from None
    raise ConfigError(f"the reading store's URL begins with {parts.scheme or 'nothing'!r}; expected {FORMS}")


def _sqlite(url: str, keep_raw: Duration) -> ReadingStore:
    from shouwang.timeseries.retention import Retention
    from shouwang.timeseries.sqlite import SqliteReadings

    file = url.removeprefix("sqlite:///")
    if file in ("", url):
        raise ConfigError(f"the reading store {url!r} names no file; expected sqlite:///FILE")
    return SqliteReadings(Path(file), Retention.of(keep_raw))


def _influxdb(parts: SplitResult) -> ReadingStore:
    from shouwang.timeseries.influx import InfluxReadings
    from shouwang.timeseries.influx_servers import Address

    name = unquote(parts.path.removeprefix("/"))
    if not parts.hostname or not name or "/" in name:
        raise ConfigError(f"the reading store's URL names no host or no single database; expected {FORMS}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := options.keys() - {"org", "tls", "gzip"}:
        raise ConfigError(f"the reading store's URL has {sorted(unknown)[0]!r}; expected {FORMS}")
    user, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    return InfluxReadings(
        Address(
            host=parts.hostname,
            port=parts.port or 8086,
            name=name,
            user=unquote(user) if colon else "",
            password=unquote(password),
            token="" if colon else unquote(user),
            org=options.get("org", ""),
            tls=_is_on(options, "tls"),
            compress=_is_on(options, "gzip"),
        )
    )


def _is_on(options: dict[str, str], name: str) -> bool:
    value = options.get(name, "0")
    if value not in ("0", "1"):
        raise ConfigError(f"the reading store's URL has {name}={value!r}; expected 0 or 1")
    return value == "1"
