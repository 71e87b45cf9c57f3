"""The shipped files and the site's own beside them: families, profiles, rules, policies, ready for use."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from shouwang.codecs.expression import expressions
from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.community import Community
from shouwang.domain.decode import Interpreter
from shouwang.domain.duty import SiteFacts
from shouwang.domain.errors import ConfigError
from shouwang.domain.escalation import Policy
from shouwang.domain.family import Family
from shouwang.domain.interpretation import FamilyState
from shouwang.domain.profile import Profile
from shouwang.domain.rule import Rule, RuleText
from shouwang.domain.rulebook import RuleBook
from shouwang.flows.world import World
from shouwang.mqtt.address import Tls
from shouwang.ports import Directory, Inbox
from shouwang.registry.policies import load_policies
from shouwang.registry.profiles import load_profiles
from shouwang.registry.rules import load_rules, read_rule_folders, read_rule_text
from shouwang.settings import Settings, shipped

log = logging.getLogger(__name__)


class Equipment:
    """Loaded at a process's start. Profiles follow their files (``put_on``), rules of the directory follow it; a change
    of rule files needs a restart."""

    def __init__(
        self,
        interpreter: Interpreter,
        profiles: Mapping[str, Profile],
        book: RuleBook,
        policies: Sequence[Policy],
        bases: Mapping[str, Sequence[str]] | None = None,
        rule_folders: Sequence[Path] = (),
    ) -> None:
        """``rule_folders``: where the book's rules were written, for whoever wants to read them."""
        self._bases = bases or {}
        self._rule_folders = rule_folders
        self._written: Mapping[str, str] | None = None
        self.interpreter = interpreter
        self.profiles = profiles
        self.book = book
        self.policies = policies
        self.codecs = JavaScriptCodecs({id: profile.codec for id, profile in profiles.items() if profile.codec})
        self._of_files = book.rules
        self._seen: tuple[str, Mapping[str, RuleText]] = SiteFacts().timezone, {}

    def put_on(self, families: Sequence[Family], profiles: Mapping[str, Profile]) -> JavaScriptCodecs:
        """Reads by these from now on; gives the codecs of before, which are to be closed once nobody runs them. Raises
        ProfileError and changes nothing where they cannot be compiled."""
        interpreter = Interpreter(families, profiles.values(), bases=self._bases, timezone=self.interpreter.timezone)
        before = self.codecs
        self.codecs = JavaScriptCodecs({id: profile.codec for id, profile in profiles.items() if profile.codec})
        self.interpreter, self.profiles = interpreter, profiles
        return before

    def family_state(self, inbox: Inbox) -> FamilyState:
        """What families announced before this process began."""
        return FamilyState({family: inbox.announced(family) for family in self.interpreter.families})

    def world(self, community: Community) -> World:
        """Device times without a zone are of the community's site from now on."""
        self.interpreter = self.interpreter.in_zone(community.site.timezone)
        return World(community, self.follow(community), self.policies, self.profiles)

    def world_at(self, community: Community) -> World:
        """The world of a community of the past, with the files and profiles of today."""
        rules = [*self._of_files, *self._kept_rules(community.rules.values())]
        book = RuleBook(rules, community.site.timezone, self.book.expressions, minds_consent=True)
        return World(community, book, self.policies, self.profiles)

    def follow(self, community: Community) -> RuleBook:
        """The rules of the files, and after them those that the site keeps in its directory; the same book while they
        stay the same. ``between`` and ``inactive`` look at the wall clock of the community's site."""
        wanted = community.site.timezone, community.rules
        if wanted != self._seen:
            rules = [*self._of_files, *self._kept_rules(community.rules.values())]
            self.book = RuleBook(rules, wanted[0], self.book.expressions, minds_consent=True)
            self._seen = wanted
        return self.book

    def examine(self, text: str, id: str = "") -> tuple[list[Rule], list[ConfigError]]:
        """The rules that a site writes for one id, and what is wrong with them."""
        return read_rule_text(text, id or "rule", self.book.expressions, id)

    def written(self, id: str) -> str | None:
        """What the rule files say of an id, comments and examples with it; None where nothing. Read when it is first
        asked for."""
        if self._written is None:
            self._written = {one.id: one.text for one in read_rule_folders(self._rule_folders)}
        return self._written.get(id)

    def _kept_rules(self, texts: Iterable[RuleText]) -> Iterator[Rule]:
        """They were in order when they were kept. One that a newer version reads otherwise stops no alarm."""
        for kept in texts:
            rules, problems = self.examine(kept.text, kept.id)
            for problem in problems:
                log.error("a rule of the directory: %s", problem)
            yield from rules


class CurrentWorld:
    """The world at the directory's present revision, made once for each."""

    def __init__(self, directory: Directory, equipment: Equipment) -> None:
        self._directory = directory
        self._equipment = equipment
        self._world: World | None = None

    def __call__(self) -> World:
        community = self._directory.community()
        if (
            self._world is None
            or self._world.community is not community
            or self._world.profiles is not self._equipment.profiles
        ):
            self._world = self._equipment.world(community)
        return self._world


def load_equipment(settings: Settings) -> Equipment:
    """Raises ConfigError naming file and line."""
    families, profiles = load_profiles(profile_folders(settings))
    bases = _bases(settings, {family.id for family in families})
    language = expressions()
    rule_folders = [shipped("alert_rules"), *_own(settings.rules_dir)]
    rules = load_rules(rule_folders, language)
    policies = load_policies(
        [*_own(settings.rules_dir and settings.rules_dir / "policies"), shipped("alert_rules") / "policies"]
    )
    return Equipment(
        Interpreter(families, profiles.values(), bases=bases),
        profiles,
        RuleBook(rules, expressions=language, minds_consent=True),
        policies,
        bases,
        rule_folders,
    )


def _bases(settings: Settings, families: Collection[str]) -> dict[str, list[str]]:
    bases = {"zigbee2mqtt": list(settings.zigbee2mqtt_bases)}
    for written in settings.family_bases:
        family, equals, base = written.partition("=")
        if not equals or not base.strip("/ ") or family not in families:
            raise ConfigError(
                f"family_bases: {written!r} is none; expected family=base topic, the family one of "
                + ", ".join(sorted(families))
            )
        bases.setdefault(family, []).append(base)
    return bases


def profile_folders(settings: Settings) -> list[Path]:
    """Where families and profiles are; of two with one id the later folder's counts."""
    return [shipped("device_profiles"), *_own(settings.profiles_dir)]


def tls_of(settings: Settings) -> Tls:
    """How ``mqtts`` brokers are trusted."""
    files = (settings.mqtt_ca, settings.mqtt_cert, settings.mqtt_key)
    ca, certificate, key = (str(file) if file else None for file in files)
    return Tls(ca_file=ca, certificate_file=certificate, key_file=key)


def _own(folder: Path | None) -> list[Path]:
    return [folder] if folder else []
