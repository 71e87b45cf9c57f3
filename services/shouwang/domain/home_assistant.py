"""Reads devices that announce themselves by Home Assistant's MQTT discovery, on whatever topics they then report.

Source: Home Assistant's documentation of MQTT discovery, availability and processing of incoming MQTT data.
"""

from collections.abc import Iterator, Mapping, Sequence

from shouwang.domain.announced_entities import Announcement, Entity, Presence, announcement
from shouwang.domain.catalogue import guessed_kind
from shouwang.domain.codec import Answers
from shouwang.domain.envelope import EnvelopeReader
from shouwang.domain.family import Holds, Route
from shouwang.domain.interpretation import Found, Interpretation, Introduced, Memory, Registered
from shouwang.domain.mapping import raw_text
from shouwang.domain.naming import Say, flag_of, meaning, measured, words
from shouwang.domain.payload import UNREADABLE, read_json, shown
from shouwang.domain.report import Report, text_of, with_parts
from shouwang.domain.template_functions import TemplateError
from shouwang.domain.value_template import Template
from shouwang.domain.vocabulary import METRICS, Arrival, Problem, Refusal

MAX_ANNOUNCEMENTS = 20_000
"""Discovery messages of one broker; beyond it no new one is taken, those that are known stay."""
LONGEST_ANNOUNCEMENT = 64 << 10
"""Bytes of one that are kept. A device with a hundred entities has some 30 KB."""

_FOLLOWED = Route(topic="#")


class Announced:
    """All that was announced, by the topic of its config; and who reports on a topic."""

    def __init__(self, kept: Mapping[str, bytes]) -> None:
        self._all: dict[str, Announcement] = {}
        self._reporting: dict[str, dict[str, None]] = {}
        """By topic, the configs that name it."""
        self._present: dict[tuple[str, str], bool] = {}
        """By device and topic, what was last said of its presence."""
        for topic, payload in kept.items():
            content, _ = read_json(payload)
            if isinstance(content, dict):
                self.learn(topic, parsed(topic, content))

    def learn(self, topic: str, said: Announcement | None) -> None:
        before = self._all.pop(topic, None)
        for one in _topics(before):
            self._reporting.get(one, {}).pop(topic, None)
            if not self._reporting.get(one):
                self._reporting.pop(one, None)
        if said is not None and len(self._all) < MAX_ANNOUNCEMENTS:
            self._all[topic] = said
            for one in _topics(said):
                self._reporting.setdefault(one, {})[topic] = None

    def reports_on(self, topic: str) -> bool:
        return topic in self._reporting

    def of_topic(self, topic: str) -> list[Announcement]:
        return [self._all[config] for config in self._reporting.get(topic, ())]

    def of_device(self, device: str) -> list[Announcement]:
        return [one for one in self._all.values() if one.device == device]

    def present(self, said: Announcement, topic: str, online: bool) -> bool:
        """Whether a device is there, now that one of its topics says something."""
        self._present[(said.device, topic)] = online
        if len(self._present) > MAX_ANNOUNCEMENTS:
            self._present = {(said.device, topic): online}
        known = [found for one in said.presences if (found := self._present.get((said.device, one.topic))) is not None]
        match said.mode:
            case "all":
                return all(known)
            case "any":
                return any(known)
            case _:
                return online


class HomeAssistantReader(EnvelopeReader):
    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        return Announced(kept)

    def follows(self, topic: str, memory: Memory) -> Found | None:
        known: Announced = memory
        return Found(self.family.id, _FOLLOWED, "", "", {}) if known.reports_on(topic) else None

    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        if found.holds is Holds.DEVICES:
            return self._announcement(found, arrival, memory, registered)
        if found.route is not _FOLLOWED or not arrival.payload:
            return Interpretation(family=found.family, ignored=True)
        reports = _reports(arrival, memory)
        if not reports:
            return Interpretation(family=found.family, ignored=True)
        return self.reading.interpret(found, arrival, reports, registered, answers)

    def _announcement(self, found: Found, arrival: Arrival, known: Announced, registered: Registered) -> Interpretation:
        topic = arrival.topic
        if not arrival.payload:
            known.learn(topic, None)
            return Interpretation(family=found.family, ignored=True, announced={topic: b""})
        content, flaw = read_json(arrival.payload, LONGEST_ANNOUNCEMENT)
        if not isinstance(content, dict):
            flaw = flaw or Refusal(Problem.WRONG_TYPE, f"the announcement is {shown(content)}; expected an object")
            return Interpretation(family=found.family, device=found.names.get("object") or "", refusal=flaw)
        if content.get("migrate_discovery") is True:
            return Interpretation(family=found.family, ignored=True)
        said = parsed(topic, content)
        known.learn(topic, said)
        return Interpretation(
            family=found.family,
            device=said.device if said else "",
            ignored=True,
            announced={topic: arrival.payload if said else b""},
            introduced=self._introduced(said, known, registered) if said else [],
        )

    def _introduced(self, said: Announcement, known: Announced, registered: Registered) -> list[Introduced]:
        addresses = [f"{self.family.id}:{name}" for name in (said.device, *said.aliases)]
        if any(registered(address) for address in addresses):
            return []
        every = known.of_device(said.device)
        metrics = {one.meaning.metric for other in every for one in other.entities if one.meaning}
        if any(one.is_call for other in every for one in other.entities):
            metrics.add("emergency")
        id = self.catalogue.named(said.model, self.family.id, by_people=False) if said.model else None
        understood = self.catalogue.for_family(id, self.family.id) if id else self.catalogue.generic(self.family.id)
        kind = guessed_kind(metrics) if understood.guesses else understood.kind
        topics = sorted({one.topic for other in every for one in other.entities})
        return [Introduced(address=addresses[0], profile=understood.id, model=said.model, kind=kind, topics=topics)]


def parsed(topic: str, content: Mapping[str, object]) -> Announcement | None:
    """The announcement at ``<prefix>/<component>/[<node>/]<object>/config``."""
    levels = topic.split("/")
    component, node = levels[1] if len(levels) > 2 else "", levels[2] if len(levels) > 4 else ""
    return announcement(component, node, levels[-2] if len(levels) > 1 else "", content)


def _topics(said: Announcement | None) -> Iterator[str]:
    if said is not None:
        yield from (one.topic for one in said.entities)
        yield from (one.topic for one in said.presences)


def _reports(arrival: Arrival, known: Announced) -> Sequence[Report]:
    """What each announced device says by this message: a topic may be of several, a gateway's presence of all."""
    content, _ = read_json(arrival.payload)
    text = arrival.payload.decode("utf-8", "replace").strip()
    names = {"value": text} if content is UNREADABLE else {"value": text, "value_json": content}
    devices: dict[str, Announcement] = {}
    found: dict[str, list[tuple[str, str, object]]] = {}
    beside: dict[str, list[tuple[str, str, object]]] = {}
    online: dict[str, bool] = {}
    flaws: dict[str, Refusal] = {}
    for said in known.of_topic(arrival.topic):
        devices.setdefault(said.device, said)
        for presence in said.presences:
            if presence.topic == arrival.topic and (there := _is_there(presence, names)) is not None:
                online[said.device] = known.present(said, presence.topic, there)
        for entity in said.entities:
            if entity.topic != arrival.topic:
                continue
            try:
                into = beside if entity.meaning is None else found
                into.setdefault(said.device, []).extend(_values(entity, names))
            except TemplateError as error:
                if entity.flaw:
                    flaws.setdefault(said.device, Refusal(Problem.WRONG_TYPE, f"{entity.name}: {error}"))
    return [
        Report(
            identity=device,
            aliases=said.aliases,
            model=said.model,
            fields=with_parts(_together(found.get(device, []), beside.get(device, []))),
            says={"online": online[device]} if device in online else {},
            flaw=flaws.get(device),
        )
        for device, said in devices.items()
    ]


def _is_there(presence: Presence, names: Mapping[str, object]) -> bool | None:
    try:
        word = _rendered(presence.template, names)
    except TemplateError:
        return None
    return True if word == presence.available else False if word == presence.absent else None


def _rendered(template: Template | None, names: Mapping[str, object]) -> str:
    """In small letters, as declared payloads are."""
    return raw_text(template.render(names) if template else str(names["value"])[:1024])


def _values(entity: Entity, names: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """(metric, part, value) of one entity. Raises TemplateError."""
    if entity.meaning is None:
        yield from _attributes(names.get("value_json"))
        return
    if entity.flaw:
        raise TemplateError(entity.flaw)
    metric = entity.meaning.metric
    part = _part(entity, metric)
    if entity.component in {"event", "device_automation"}:
        action = _pressed(entity, names)
        if action:
            yield "action", part, action
            if entity.is_call:
                yield "emergency", part, True
        return
    text = entity.template.render(names) if entity.template else str(names["value"])[:1024]
    if METRICS[metric].type != "bool":
        value = measured(entity.meaning, text, entity.unit)
        if value is not None:
            yield metric, part, value
            if entity.is_call:
                yield "emergency", part, True
        return
    flag = _flag(entity, raw_text(text))
    if flag is not None:
        yield metric, part, flag is not entity.meaning.inverted


def _flag(entity: Entity, word: str) -> bool | None:
    """By the payloads that the entity declared; by the usual words where it declared none."""
    if entity.on is not None and word == entity.on:
        return True
    if entity.off is not None and word == entity.off:
        return False
    if entity.component == "alarm_control_panel":
        return False if word.startswith(("armed", "disarmed", "arming", "pending")) else None
    if entity.on is not None or entity.off is not None:
        return {"on": True, "off": False}.get(word) if entity.on is None or entity.off is None else None
    return flag_of(word)


def _pressed(entity: Entity, names: Mapping[str, object]) -> str:
    if entity.component == "device_automation":
        word = _rendered(entity.template, names)
        if entity.payload and word != entity.payload:
            return ""
        return entity.action or word
    said: object = names.get("value_json")
    if entity.template:
        said, _ = read_json(entity.template.render(names).replace("'", '"').encode())
    return text_of(said.get("event_type")) if isinstance(said, dict) else ""


def _attributes(said: object) -> Iterator[tuple[str, str, object]]:
    """What the attributes say by their own names. A contact is passed over: nobody knows which way they say it."""
    for key, raw in said.items() if isinstance(said, dict) else ():
        if isinstance(raw, (dict, list)) or raw is None:
            continue
        meant = meaning(key, Say.FLAG if isinstance(raw, bool) else Say.NUMBER)
        if meant is not None and meant.metric != "contact" and words(key).replace(" ", "_") in _PLAIN:
            value = measured(meant, raw)
            if value is not None:
                yield meant.metric, "", value


_PLAIN = frozenset(METRICS) | {"battery_percentage", "signal", "wifi_signal", "water_leak", "co", "mute", "lqi"}
"""Attributes whose whole name is the measure: others are settings, counters and texts."""


def _part(entity: Entity, metric: str) -> str:
    """A device's entities are parts of it, unless the entity is named after what it measures, or is the device."""
    return (
        "" if entity.name in {metric, entity.device} or words(entity.name).replace(" ", "_") == metric else entity.name
    )


def _together(
    found: Sequence[tuple[str, str, object]], beside: Sequence[tuple[str, str, object]]
) -> Iterator[tuple[str, str, object]]:
    """Attributes only say what no entity did; the attributes of several entities are the same object."""
    yield from found
    told = {metric for metric, _, _ in found}
    for metric, part, value in beside:
        if metric not in told:
            told.add(metric)
            yield metric, part, value
