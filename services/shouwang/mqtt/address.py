"""Where the broker is, and how to be let in: ``mqtt[s]://[user:password@]HOST[:PORT]``."""

from urllib.parse import quote, unquote, urlsplit

from shouwang.domain.errors import ConfigError
from shouwang.domain.vocabulary import Value

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "expected mqtt://HOST:PORT, mqtts://HOST:PORT or mqtt://USER:PASSWORD@HOST:PORT"


class Address(Value, frozen=True, kw_only=True):
    """A broker's address with its login. Its text and its repr never show the password."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None

    def __str__(self) -> str:
        scheme = "mqtts" if self.tls else "mqtt"
        login = "" if self.user is None else f"{quote(self.user, safe='')}{':***' if self.password else ''}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{login}{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"


class Tls(Value, frozen=True, kw_only=True):
    """How a ``mqtts`` broker is trusted and what we show it. Files are PEM.

    ``ca_file`` None: the machine's own authorities. ``insecure``: any certificate will do, so anybody in between can
    read and forge alarms; for try-outs only.
    """

    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    insecure: bool = False


def parse_address(url: str) -> Address:
    """Reads the address of a broker. Raises ConfigError, without the password in it."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:  # a port that is no number, a bracket that does not close
        # Its text may quote what stands before the port, hence none of it.
        raise ConfigError(f"the broker's address cannot be read ({_kind(error)}); {_FORM}") from None
    if parts.scheme not in _PORTS:
        found = parts.scheme if "://" in url else "none"
        raise ConfigError(f"the broker's address has the scheme {found}; {_FORM}")
    if not host or parts.path.strip("/") or parts.query or parts.fragment or port == 0:
        raise ConfigError(f"the broker's address names no host, or more than a host and a port; {_FORM}")
    return Address(
        host=host,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


def _kind(error: ValueError) -> str:
    return "the port is not a number up to 65535" if "ort" in str(error) else "its host is not well-formed"
