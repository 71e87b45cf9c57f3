"""A look at servers that messages go to: a connection and a handshake, and not a word more."""

import asyncio
from collections.abc import Iterable, Mapping

import httpx

from shouwang.channels.post import Forbidden, Judge, Poster
from shouwang.domain.notice import Failure
from shouwang.domain.pulse import Look

MOST_SERVERS = 8
"""Looked at in one turn; robots and webhooks of a site live at few."""


async def look_at(poster: Poster, servers: Mapping[str, Judge | None], *, seconds: float) -> Look | None:
    """Whether any of these addresses takes a connection; the ones that do not are named. None for no address."""
    wanted = list(servers.items())[:MOST_SERVERS]
    if not wanted:
        return None
    found = await asyncio.gather(*(_problem(poster, url, judge, seconds) for url, judge in wanted))
    problems = [problem for problem in found if problem]
    failure = Failure.UNREACHABLE if len(problems) == len(wanted) else None
    return Look(failure=failure, detail="; ".join(problems))


def servers_of(addresses: Iterable[tuple[str, Judge | None]]) -> dict[str, Judge | None]:
    """Addresses, one for each server; a server that anybody may only reach under a judge is looked at under it."""
    found: dict[str, Judge | None] = {}
    for text, judge in addresses:
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError):
            continue
        if url.scheme in ("http", "https") and url.host:
            server = f"{url.scheme}://{url.netloc.decode('ascii')}"
            found[server] = found.get(server) or judge
    return found


async def _problem(poster: Poster, server: str, judge: Judge | None, seconds: float) -> str:
    url = httpx.URL(server)
    try:
        await poster.reach(url, seconds=seconds, judge=judge)
    except TimeoutError:
        return f"{url.host}: no connection within {seconds:g} s"
    except Forbidden as error:
        return str(error)
    except (OSError, RuntimeError, ValueError) as error:
        return f"{url.host}: {type(error).__name__}"
    return ""
