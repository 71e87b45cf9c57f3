"""Whether an address can be listened on, and who holds it where not."""

import contextlib
import errno
import ipaddress
import socket
import time
from pathlib import Path

from shouwang.domain.errors import ConfigError

_LISTEN = "0A"  # state of a listening socket in /proc/net/tcp (proc(5))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_free(host: str, port: int, option: str = "--mqtt-listen", *, patience: float = 2.0) -> None:
    """Returns when the address that ``option`` names can be listened on. Waits ``patience`` seconds for a holder that
    is just ending (ours of a moment ago, after a kill). Raises ConfigError naming the holder and what to do."""
    deadline = time.monotonic() + patience
    while (problem := _bind_problem(host, port)) is not None:
        if problem.errno != errno.EADDRINUSE:
            raise ConfigError(
                f"{host}:{port} cannot be listened on ({problem.strerror}): "
                f"choose another address with {option} HOST:PORT"
            )
        if time.monotonic() >= deadline:
            what_else = f", or use it as the broker with --broker mqtt://{host}:{port}" if "mqtt" in option else ""
            raise ConfigError(
                f"{host}:{port} is in use by {port_owner(port) or 'another process'}: stop it, or choose another "
                f"address with {option} HOST:PORT{what_else}"
            )
        time.sleep(0.05)


def port_owner(port: int) -> str | None:
    """``process 123 (mosquitto -c …)`` for who listens on this TCP port, as far as /proc shows it to us."""
    for inode in _listening_inodes(port):
        for process in Path("/proc").glob("[0-9]*"):
            if _holds(process, inode):
                return f"process {process.name} ({_command(process)})"
    return None


def _bind_problem(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as problem:
        return problem
    return None


def _listening_inodes(port: int) -> list[str]:
    found = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    found.append(fields[9])
    return found


def _holds(process: Path, inode: str) -> bool:
    with contextlib.suppress(OSError):  # it ended, or it is somebody else's
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if str(descriptor.readlink()) == f"socket:[{inode}]":
                    return True
    return False


def _command(process: Path) -> str:
    with contextlib.suppress(OSError):
        words = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        text = b" ".join(words).decode("utf-8", "replace")
        return text if len(text) <= 80 else f"{text[:79]}…"
    return "unknown command"
