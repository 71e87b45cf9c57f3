"""Where a webhook may point: addresses set over HTTP must not reach into our own network.

A person with an API token could otherwise make this service call a router's page or a cloud's metadata address (server
side request forgery). A name is resolved once, every address it has is judged, and the request goes to the very address
that was judged: a name that answers differently a moment later (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from shouwang.domain.errors import ConfigError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address that the network's translator calls."""


class Fence:
    """Which addresses may be called: public ones, and those within the networks that the operator allows."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        """``allow``: CIDR networks (``10.0.0.0/8``, ``127.0.0.1``). Raises ConfigError for anything else."""
        self._allow = [_network(text) for text in allow]

    def refusal(self, url: str) -> str | None:
        """Why the address may not be set, None when it may. Resolves the name (blocks: call it in a thread); a name
        that does not resolve now is taken, because it is judged again before every call."""
        host, port, problem = split(url)
        if problem:
            return problem
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return None
        return self.judge(host, [str(entry[4][0]) for entry in found])

    def judge(self, host: str, addresses: Sequence[str]) -> str | None:
        """Why a host that has these addresses must not be called; None where all of them may be."""
        for text in addresses:
            address = _plain(ipaddress.ip_address(text.partition("%")[0]))
            if _is_public(address) or any(address in network for network in self._allow):
                continue
            return (
                f"{host} is {address}, which is not a public address; "
                f"name its network in the setting webhook_allow to permit it"
            )
        return None


def split(url: str) -> tuple[str, int, str | None]:
    """(host, port, what is wrong with it or None). Never shows more of the address than its host: the rest may hold a
    secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", 0, "the address is not a URL; expected for example https://example.org/hook"
    if parts.scheme not in ("http", "https"):
        return host, 0, f"the address begins with {parts.scheme!r}; expected http:// or https://"
    if not host or not host.isprintable() or " " in host:
        return "", 0, "the address names no host; expected for example https://example.org/hook"
    return host, port or (443 if parts.scheme == "https" else 80), None


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ConfigError(f"webhook_allow: {text!r} is not a network; expected for example 10.0.0.0/8") from None


def _plain(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one stands for, else itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: _Address) -> bool:
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or site_local)
