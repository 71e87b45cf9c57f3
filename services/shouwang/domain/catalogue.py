"""All profiles, compiled and found by id, by what a family calls the model, or by what a person wrote of it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from shouwang.domain.errors import ProfileError
from shouwang.domain.family import Family
from shouwang.domain.mapping import FieldMap, Made, spelled
from shouwang.domain.profile import Profile, Source
from shouwang.domain.vocabulary import Kind

KINDS: Sequence[tuple[str, Kind]] = (
    ("smoke", Kind.SMOKE),
    ("carbon_monoxide", Kind.CO),
    ("gas", Kind.GAS),
    ("heat_alarm", Kind.HEAT),
    ("fall", Kind.FALL),
    ("emergency", Kind.BUTTON),
    ("water_leak", Kind.LEAK),
    ("call_point", Kind.PANEL),
    ("contact", Kind.DOOR),
    ("occupancy", Kind.MOTION),
    ("valve_open", Kind.VALVE),
    ("co_ppm", Kind.CO),
    ("gas_concentration", Kind.GAS),
    ("gas_ppm", Kind.GAS),
    ("alarm", Kind.SIREN),
    ("temperature", Kind.CLIMATE),
    ("humidity", Kind.CLIMATE),
    ("energy", Kind.METER),
    ("water_volume", Kind.METER),
)
"""What measures a metric, the most telling first: a smoke alarm with a thermometer is a smoke alarm. ``action`` is not
among them: of a call button any press is a call for help, and nobody calls for help with an unknown light switch."""


SPOKEN: Mapping[Kind, str] = {
    Kind.SMOKE: "smoke detector smoke alarm fire 烟感 烟雾报警器 烟雾探测器 火灾",
    Kind.HEAT: "heat detector heat alarm 温感 感温探测器",
    Kind.GAS: "gas detector gas alarm natural gas 燃气报警器 可燃气体 天然气",
    Kind.CO: "co alarm carbon monoxide detector 一氧化碳报警器 煤气中毒",
    Kind.LEAK: "water leak flood detector 水浸 漏水 水淹",
    Kind.BUTTON: "sos button emergency call panic button pull cord pendant help "
    "紧急按钮 紧急呼叫 一键报警 一键呼叫 求助 呼救 拉绳 吊坠",
    Kind.FALL: "fall detector radar 跌倒 跌倒雷达",
    Kind.MOTION: "motion presence occupancy pir infrared radar 人体 红外 存在 雷达",
    Kind.DOOR: "door window contact sensor 门磁 门窗",
    Kind.CLIMATE: "temperature humidity thermometer 温湿度 温度计",
    Kind.SIREN: "siren sounder strobe 声光报警器 警号",
    Kind.PANEL: "panel call point keypad 主机 手报 键盘",
    Kind.GATEWAY: "gateway bridge receiver 网关",
    Kind.METER: "meter water meter electricity meter 水表 电表",
    Kind.VALVE: "valve shut-off 阀 机械手",
}
"""What installers call a device of a kind, whose box they do not have at hand."""

KNOWN_TEXTS = 4_096
"""Texts of which it is remembered what they mean; beyond it all are looked at anew."""


def guessed_kind(metrics: Collection[str]) -> Kind:
    """The kind of a device of which only the metrics are known."""
    return next((kind for metric, kind in KINDS if metric in metrics), Kind.OTHER)


OWN, CARRIED, CALLED = range(3)
"""How a profile has a name: it is the model's or its own, a family calls the model so, people do."""


class _Name(NamedTuple):
    words: str
    rank: int
    profile: str


class Understood:
    """A profile and how it reads messages of one family."""

    __slots__ = ("fields", "guesses", "id", "kind")

    def __init__(self, id: str, kind: Kind, fields: FieldMap, *, guesses: bool) -> None:
        self.id = id
        self.kind = kind
        self.fields = fields
        self.guesses = guesses
        """The kind is guessed from each message."""


class Catalogue:
    def __init__(self, families: Collection[Family], profiles: Mapping[str, Profile]) -> None:
        """Raises ProfileError naming the generic profile that a family misses, or that cannot be compiled; that each
        other one can be is a law of whoever loads profiles (registry/profile_laws.py)."""
        self._profiles = profiles
        self._generic = {family.id: family.generic for family in families}
        self._network = {family.id: family.network or family.id for family in families}
        self._spelled_freely = {family.generic for family in families if family.any_spelling}
        self._made: dict[bool, Made] = {True: {}, False: {}}
        self._maps: dict[tuple[str, str], FieldMap] = {}
        for generic in dict.fromkeys(self._generic.values()):
            self._map(generic, generic)
        self._models: dict[tuple[str, str], str] = {}
        self._hardware: dict[tuple[str, str], str] = {}
        for id, profile in profiles.items():
            for family_id, carried in profile.families.items():
                self._models.update({(family_id, model.casefold()): id for model in carried.models})
                self._hardware.update({(family_id, name.casefold()): id for name in carried.hardware})
        self._words = sorted(_words_of(profiles), key=lambda name: (-len(name.words), name.rank))
        self._ready: dict[tuple[str, str], Understood] = {}
        self._named: dict[tuple[str, str, bool], str | None] = {}

    def get(self, id: str) -> Profile | None:
        return self._profiles.get(id)

    def for_family(self, id: str, family: str) -> Understood:
        """The profile as it reads a message of a family. One that the family does not carry gives its id and kind,
        while the family's generic profile reads; one that is not there is the generic profile."""
        found = self._ready.get((id, family))
        if found is None:
            found = self._ready[(id, family)] = self._understood(id, family)
        return found

    def generic(self, family: str) -> Understood:
        return self.for_family(self._generic[family], family)

    def network(self, family: str) -> str:
        """The name by which profiles say that a family carries them."""
        return self._network.get(family, family)

    def carried_by(self, family: str) -> list[Profile]:
        """Profiles of models that speak by this family, without its generic one."""
        carriers = {family, self._network.get(family, family)}
        generic = self._generic.get(family)
        return [
            profile
            for profile in self._profiles.values()
            if profile.id != generic and not carriers.isdisjoint(profile.families)
        ]

    def carried(self, family: str, model: str, hardware: str = "") -> str | None:
        """The profile of a model as the family calls it, or else as its radio module does."""
        for carrier in (family, self._network[family]):
            found = self._models.get((carrier, model.casefold())) or self._hardware.get((carrier, hardware.casefold()))
            if found:
                return found
        return None

    def named(self, text: str, family: str = "", *, by_people: bool = True) -> str | None:
        """The profile that a person means by ``Heiman HS1SA``, ``heiman-hs1sa`` or ``SmokeSensor-EM``: the longest
        name of a model that stands in the text as a whole, of those that ``family`` carries where there are any. Of one
        name it is the profile of that very model before others that carry it, and names that people only call it by
        (``also_called``) count within the family alone, and not at all in what a device says of itself: a maker's name
        stands in the models of all its devices."""
        if text in self._profiles:
            return text
        key = (text, family, by_people)
        if key not in self._named:
            if len(self._named) >= KNOWN_TEXTS:
                self._named.clear()
            self._named[key] = self._mean(text, family, by_people=by_people)
        return self._named[key]

    def _mean(self, text: str, family: str, *, by_people: bool) -> str | None:
        wanted = f" {_plain(text)} "
        meant = [name for name in self._words if f" {name.words} " in wanted and (by_people or name.rank != CALLED)]
        carriers = {family, self._network.get(family, family)}
        mine = (name.profile for name in meant if not carriers.isdisjoint(self._profiles[name.profile].families))
        others = (name.profile for name in meant if name.rank != CALLED or not family)
        return next(mine, next(others, None))

    def _understood(self, id: str, family: str) -> Understood:
        generic = self._generic[family]
        profile = self._profiles.get(id)
        if profile is None:
            return self.generic(family)
        is_carried = family in profile.families or self._network[family] in profile.families
        reads = id if is_carried else generic
        return Understood(id, profile.kind, self._map(reads, generic), guesses=id == generic)

    def _map(self, id: str, generic: str) -> FieldMap:
        """Compiled when its first message comes: a site has a dozen models, of hundreds that are known."""
        found = self._maps.get((id, generic))
        if found is None:
            found = self._maps[(id, generic)] = self._compiled(self._profiles[id], generic)
        return found

    def _compiled(self, profile: Profile, generic: str) -> FieldMap:
        """The profile's own field map, completed by that of the generic one."""
        common, any_spelling = self._profiles[generic], generic in self._spelled_freely
        spelling = spelled if any_spelling else str
        used = {spelling(source.path.partition(".")[0]) for sources in profile.readings.values() for source in sources}
        used.update(map(spelling, profile.ignores))
        completed = dict(profile.readings)
        spare: dict[str, list[Source]] = {}
        for metric, sources in common.readings.items():
            rest = [source for source in sources if spelling(source.path) not in used]
            if rest:
                (spare if metric in profile.readings else completed)[metric] = rest
        try:
            return FieldMap(
                completed,
                spare=spare,
                own_names=profile.own_names,
                any_spelling=any_spelling,
                made=self._made[any_spelling],
            )
        except ProfileError as error:
            raise ProfileError(f"profile {profile.id}: {error}") from None


def is_called(id: str, profile: Profile, text: str) -> bool:
    """Whether each word of a text stands somewhere in the names of a profile: maker, model, titles, what its families
    and people call it, and devices of its kind. An empty text means all."""
    names = [id, profile.vendor, profile.model, *profile.title.values(), *profile.also_called]
    names += [name for one in profile.families.values() for name in (*one.models, *one.hardware)]
    names.append(SPOKEN.get(profile.kind, ""))
    within = " ".join(map(_plain, names))
    return all(word in within for word in _plain(text).split())


def _words_of(profiles: Mapping[str, Profile]) -> Iterator[_Name]:
    for id, profile in profiles.items():
        own = {profile.model, id}
        carried = {name for one in profile.families.values() for name in (*one.models, *one.hardware)}
        for names, rank in ((own, OWN), (carried - own, CARRIED), (set(profile.also_called), CALLED)):
            for name in names:
                parts = [part for part in name.split("/") if any(character.isdigit() for character in part)]
                for one in {
                    name,
                    *parts,
                }:  # HS3SA/HS1SA are two names; of Interlogix-Security/panic neither half is one
                    if len(_plain(one)) > 2:
                        yield _Name(_plain(one), rank, id)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
