"""Who am I, and, where this is a demonstration, signing in without a token and pressing a simulated button."""

from fastapi import APIRouter
from pydantic import BaseModel

from shouwang.domain.access import ROLE_ACTS, Act, Role
from shouwang.domain.errors import NotFound
from shouwang.domain.moment import rfc3339

from .access import Caller, allow
from .doors import Demo, TheWindow
from .names import Names
from .problems import not_found
from .schemas import Sent, Time, Words

router = APIRouter(tags=["session"])


class SceneOut(BaseModel):
    id: str
    title: Words


class SessionOut(BaseModel):
    """``acts``: what this token may ask for; ``scenes``: of a demonstration only."""

    name: str
    role: Role
    place: str | None
    person: str | None
    person_name: str | None
    acts: list[Act]
    site: str
    timezone: str
    demo: bool
    scenes: list[SceneOut]
    now: Time


class DemoSignIn(BaseModel):
    token: str


class Press(Sent):
    scene: str


@router.get("/session")
def get_session(window: TheWindow, caller: Caller) -> SessionOut:
    """Who bears this token, and what it may do."""
    community = window.directory.community()
    names = Names(community, caller)
    compounds = [place.name for place in community.places.values() if place.kind == "compound" and place.name]
    scenes = window.demo.scenes if window.demo else ()
    return SessionOut(
        name=caller.name,
        role=caller.role,
        place=caller.place,
        person=caller.person,
        person_name=names.person(caller.person) if caller.person else None,
        acts=[act for act in Act if act in ROLE_ACTS[caller.role]],
        site="、".join(sorted(compounds)),
        timezone=community.site.timezone,
        demo=window.demo is not None,
        scenes=[SceneOut(id=one.id, title=one.title) for one in scenes],
        now=rfc3339(window.clock.now()),
    )


def demo_router(demo: Demo) -> APIRouter:
    """Paths that exist only in a demonstration."""
    paths = APIRouter(tags=["demo"])

    @paths.get("/session/demo")
    def sign_in() -> DemoSignIn:
        """A visitor's token; needs none itself."""
        return DemoSignIn(token=demo.token)

    @paths.post("/demo/press", status_code=202)
    def press(caller: Caller, body: Press) -> SceneOut:
        """Publishes the simulated messages of a scene, as a device would."""
        allow(caller, Act.RESPOND)
        try:
            demo.press(body.scene)
        except NotFound:
            raise not_found("scene", body.scene) from None
        scene = next(one for one in demo.scenes if one.id == body.scene)
        return SceneOut(id=scene.id, title=scene.title)

    return paths
