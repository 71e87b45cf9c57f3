"""Whether the service lives, whether its whole chain works, and its figures. For machines; needs no token."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from shouwang.domain.notice import Failure
from shouwang.domain.pulse import ChannelState
from shouwang.domain.vocabulary import SECOND
from shouwang.metrics import CONTENT_TYPE

from .doors import TheWindow
from .questions import time
from .schemas import Time

router = APIRouter(tags=["health"])


class LiveOut(BaseModel):
    status: str


class ChannelOut(BaseModel):
    """How a way to people stands. ``alive``: something went through in the last 24 hours, or a look at it lately
    succeeded; ``unproven``: nothing went through since the start; ``failing``: for ``reason``, ``since``; ``off``: not
    set up. ``used``: somebody is to be told by it."""

    state: ChannelState
    reason: Failure | None
    since: Time | None
    proven_at: Time | None
    used: bool


class ReadyOut(BaseModel):
    """``proven_at``: when the canary last came back through the broker; ``took``: its seconds."""

    status: str
    reasons: list[str]
    proven_at: Time | None
    took: float | None
    channels: dict[str, ChannelOut]
    now: Time


@router.get("/health/live")
async def live() -> LiveOut:
    """This process answers."""
    return LiveOut(status="ok")


@router.get("/health/ready", responses={503: {"model": ReadyOut}})
def ready(window: TheWindow, response: Response) -> ReadyOut:
    """The API is up, the state database open, and a probe came back through the broker. Else 503, with reasons."""
    found = window.readiness()
    response.status_code = 200 if found.ok else 503
    response.headers["Cache-Control"] = "no-store"
    return ReadyOut(
        status="ready" if found.ok else "not_ready",
        reasons=list(found.reasons),
        proven_at=time(found.proven_at),
        took=found.took / SECOND if found.took is not None else None,
        channels={
            name: ChannelOut(
                state=fare.state,
                reason=fare.reason,
                since=time(fare.since),
                proven_at=time(fare.proven_at),
                used=fare.used,
            )
            for name, fare in found.channels.items()
        },
        now=time(window.clock.now()) or "",
    )


@router.get("/metrics", response_class=Response)
def metrics(window: TheWindow) -> Response:
    """Prometheus exposition text."""
    return Response(window.metrics_text(), media_type=CONTENT_TYPE)
