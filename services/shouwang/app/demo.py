"""The demonstration: a compound that is marked as demo everywhere, a sign-in without asking, scenes to press."""

import logging
from collections.abc import Sequence

from shouwang.api.doors import Scene
from shouwang.app.equipment import Equipment
from shouwang.domain.access import Role
from shouwang.domain.errors import NotFound, Unavailable
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import DAY
from shouwang.flows.rehearse import scenes
from shouwang.ports import Clock, Publisher
from shouwang.registry.demo import demo_compound
from shouwang.registry.demo_plans import demo_plans
from shouwang.store.database import Database
from shouwang.store.directory import SqlDirectory
from shouwang.store.plans import SqlPlans
from shouwang.store.tokens import SqlTokens

log = logging.getLogger(__name__)

SIGN_IN_FOR = 7 * DAY


def lay_out_demo(database: Database, clock: Clock) -> None:
    """Puts the demo compound into an empty directory; one that holds anything is left alone."""
    directory = SqlDirectory(database, clock.now)
    if directory.revision() == 0:
        directory.change(demo_compound())
        plans, now = SqlPlans(database), clock.now()
        for plan, picture, spots in demo_plans(directory.community(), now):
            plans.draw(plan, picture, Entry(at=now, kind="plan.drawn", place=plan.place, body={"size": plan.size}))
            plans.put(spots, [])


class Demonstration:
    """``api.doors.Demo``."""

    def __init__(
        self, database: Database, directory: SqlDirectory, equipment: Equipment, publisher: Publisher, clock: Clock
    ) -> None:
        self._publisher = publisher
        self.token = SqlTokens(database).create(
            role=Role.OPERATOR, name="demo", now=clock.now(), expires_at=clock.now() + SIGN_IN_FOR
        )
        log.warning("demo sign-in (this run only): %s", self.token)
        kinds = {id: profile.kind for id, profile in equipment.profiles.items()}
        self._scenes = {scene.id: scene for scene in scenes(directory.community(), kinds)}
        self.scenes: Sequence[Scene] = [Scene(id=scene.id, title=scene.title) for scene in self._scenes.values()]

    def press(self, scene: str) -> None:
        """Publishes the scene's messages. Raises NotFound, and Unavailable while the broker is away."""
        found = self._scenes.get(scene)
        if found is None:
            raise NotFound(f"there is no scene {scene!r}; there are {', '.join(self._scenes)}")
        if not self._publisher.connected:
            raise Unavailable("the broker is away; the scene was not played, try again")
        for message in found.messages:
            self._publisher.publish(message.topic, message.payload, retain=message.retain, done=_nothing)


def _nothing() -> None:
    pass
