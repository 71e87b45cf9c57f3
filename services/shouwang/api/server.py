"""The window: one FastAPI application over plain doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware

from . import (
    accounts,
    alerts,
    audit,
    backtests,
    bearers,
    callbacks,
    capfeed,
    checklists,
    contacts,
    coverage,
    device_photos,
    devices,
    directory,
    drills,
    events,
    explaining,
    figures,
    fleet_health,
    handling,
    handovers,
    health,
    history,
    holds,
    in_force,
    incidents,
    installing,
    labels,
    onetap,
    own_shifts,
    patrols,
    plans,
    printed,
    problems,
    protection,
    push,
    reference,
    reports,
    responses,
    reveal,
    roster_grid,
    rostering,
    rule_editing,
    rulebook,
    session,
    shifts,
    signin,
    standing_in,
    strays,
    transfers,
    trying,
    zoning,
)
from .access import API, BODY_LIMIT, OPEN_PATHS, Gate
from .doors import Demo, Window
from .idempotency import Idempotency
from .manners import Manners
from .site import site_router
from .strictness import only_known


def build_app(window: Window, *, version: str = "0", body_limit: int = BODY_LIMIT) -> FastAPI:
    """The application. ``window.tail.wake`` may be called from any thread after a commit: live pictures then redraw at
    once instead of within a quarter of a second."""
    demo = window.demo
    open_paths = OPEN_PATHS | ({f"{API}/session/demo"} if demo else frozenset())
    app = FastAPI(
        title="Shouwang 守望",
        version=version,
        description="Smart-community safety monitoring. Sign in with `Authorization: Bearer TOKEN`.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        strict_content_type=False,  # every act needs a header that no other site's form can send
        redirect_slashes=False,
        lifespan=_lifespan,
        middleware=[
            Middleware(Manners),
            Middleware(
                Gate,
                find=window.tokens.find,
                find_session=window.users.find,
                now=window.clock.now,
                open_paths=open_paths,
                body_limit=body_limit,
            ),
            Middleware(Idempotency, replies=window.replies, now=window.clock.now),
        ],
    )
    app.state.window = window
    app.state.misses = signin.Misses()
    problems.install(app)
    problems.describe(app)
    app.include_router(_api(demo))
    app.include_router(health.router)
    app.include_router(onetap.router)
    app.include_router(rostering.feeds)
    app.include_router(capfeed.feeds)
    app.include_router(site_router(list(app.routes)))
    return app


def _api(demo: Demo | None) -> APIRouter:
    api = APIRouter(prefix=API, responses=problems.ANSWERS, dependencies=[Depends(only_known)])
    # History before devices: a device's id may hold slashes, and the longer path must win.
    for room in (
        session.router,
        signin.router,
        accounts.router,
        bearers.router,
        in_force.router,
        alerts.router,
        incidents.router,
        handling.router,
        checklists.router,
        reveal.router,
        holds.router,
        figures.router,
        history.router,
        audit.router,
        installing.router,
        fleet_health.router,
        labels.router,
        device_photos.router,
        devices.router,
        drills.router,
        contacts.router,
        roster_grid.router,
        rostering.router,
        standing_in.router,
        own_shifts.router,
        responses.router,
        shifts.router,
        handovers.router,
        patrols.router,
        printed.router,
        plans.router,
        zoning.router,
        directory.router,
        coverage.router,
        protection.router,
        push.router,
        strays.router,
        rulebook.router,
        trying.router,
        rule_editing.router,
        explaining.router,
        backtests.router,
        transfers.router,
        reports.router,
        events.router,
        callbacks.router,
        reference.router,
    ):
        api.include_router(room)
    if demo is not None:
        api.include_router(session.demo_router(demo))
    return api


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    window: Window = app.state.window
    reading = asyncio.create_task(window.tail.run(), name="journal tail")
    try:
        yield
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
