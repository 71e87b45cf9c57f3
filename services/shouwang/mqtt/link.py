"""One TCP or TLS connection to the broker: never blocks, reads and writes in large pieces.

Why a buffer of our own: paho-mqtt asks the socket for 1, 1, 1 and then n bytes of every packet and sends every PUBACK
by itself. With the buffer in between, a turn of the session's loop costs one ``recv`` and one ``send``, however many
packets they hold (measured: 93 µs a message become 35).
"""

import contextlib
import socket
import ssl

from shouwang.domain.errors import BrokerUnavailable
from shouwang.mqtt.address import Address, Tls

CONNECT_TIMEOUT = 5.0
"""Seconds for TCP connection and TLS handshake, each."""

_PIECE = 64 * 1024  # bytes a recv; a larger one makes malloc map and unmap pages for each


class LinkLost(BrokerUnavailable):
    """There is no connection, or no more; the message says why."""


class LinkClosed(LinkLost):
    """The connection stood, and the other side or the network ended it."""


class Link:
    """A connected socket with a buffer on either side, and its ``peer`` by name. For one thread only."""

    def __init__(self, sock: socket.socket, peer: str) -> None:
        sock.setblocking(False)
        # Without it a PUBACK followed by an alert waits for the peer's delayed TCP acknowledgement: 40 ms (measured).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock, self._peer = sock, peer
        self._incoming = b""
        self._start = 0
        self._outgoing = bytearray()

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        """Sends what is left, as far as the socket takes it at once, and closes."""
        with contextlib.suppress(LinkLost):
            self.flush()
        self._sock.close()

    # What came --------------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Takes what the socket has, at most a piece (with TLS: at least all that is decrypted already, since the
        socket would not report it as readable again). Raises LinkLost at its end."""
        pieces = [self.unread()]
        try:
            while piece := self._sock.recv(_PIECE):
                pieces.append(piece)
                if not isinstance(self._sock, ssl.SSLSocket) or not self._sock.pending():
                    break
            else:
                raise LinkClosed(f"{self._peer} closed the connection")
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            raise LinkClosed(f"the connection to {self._peer} broke ({reason(error)})") from error
        self._incoming, self._start = b"".join(pieces), 0

    def unread(self) -> bytes:
        """All that came and was not consumed."""
        return self._incoming[self._start :] if self._start else self._incoming

    def consume(self, size: int) -> None:
        """The first ``size`` unread bytes are dealt with."""
        self._start += size

    @property
    def has_unread(self) -> bool:
        return self._start < len(self._incoming)

    def recv(self, size: int) -> bytes:
        """At most ``size`` unread bytes. As of a socket, for paho: raises BlockingIOError when there are none, and
        never reads from the network itself."""
        start = self._start
        data = self._incoming[start : start + size]
        if not data:
            raise BlockingIOError
        self._start = start + len(data)
        return data

    # What goes --------------------------------------------------------------------------------------------------------

    def send(self, data: bytes | bytearray) -> int:
        """Puts all of it in line for the next ``flush``; its length, as of a socket."""
        self._outgoing += data
        return len(data)

    def flush(self) -> None:
        """Writes what waits, as much as the socket takes. Raises LinkLost."""
        while self._outgoing:
            try:
                del self._outgoing[: self._sock.send(self._outgoing)]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                raise LinkClosed(f"the connection to {self._peer} broke ({reason(error)})") from error

    @property
    def wants_write(self) -> bool:
        return bool(self._outgoing)

    def hung_up(self) -> LinkClosed:
        """What to raise when the socket reports its end without being read."""
        return LinkClosed(f"{self._peer} closed the connection")

    # The rest of a socket's face that paho looks at; the handshake is over by then ----------------------------------

    def setblocking(self, flag: bool) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        pass

    def do_handshake(self) -> None:
        pass


def open_link(address: Address, tls: Tls) -> Link:
    """Connects. Raises LinkLost with a text for the operator."""
    try:
        sock = socket.create_connection((address.host, address.port), timeout=CONNECT_TIMEOUT)
    except OSError as error:
        raise LinkLost(
            f"broker {address} does not answer ({reason(error)}): is it running, is the address right?"
        ) from error
    return secure(sock, address, tls)


def secure(sock: socket.socket, address: Address, tls: Tls) -> Link:
    """The link over a connected socket, after the TLS handshake where the address wants one. Raises LinkLost."""
    if not address.tls:
        return Link(sock, f"broker {address}")
    try:
        sock.settimeout(CONNECT_TIMEOUT)
        return Link(_context(tls).wrap_socket(sock, server_hostname=address.host), f"broker {address}")
    except (OSError, ValueError) as error:  # ValueError: a host name that no certificate can name
        sock.close()
        raise LinkLost(_tls_problem(address, tls, error)) from error


def reason(error: OSError) -> str:
    """What an operating-system error says, in its own words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or str(error) or type(error).__name__


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file)
    if tls.certificate_file:
        context.load_cert_chain(tls.certificate_file, tls.key_file)
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls_problem(address: Address, tls: Tls, error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"broker {address} shows a certificate that we cannot trust ({error.verify_message}): "
            f"name the authority that signed it (now: {tls.ca_file or 'those of this machine'})"
        )
    if isinstance(error, FileNotFoundError | PermissionError):
        return f"a TLS file for broker {address} cannot be read: {error.filename or tls}: {error.strerror}"
    if isinstance(error, ssl.SSLError):
        return f"broker {address} and we found no common TLS ({error.reason or error}): is {address.port} its TLS port?"
    return f"broker {address} ended the TLS handshake ({reason(error) if isinstance(error, OSError) else error})"
