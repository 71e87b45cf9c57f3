"""The shipped files and the site's own beside them: families, profiles, rules, policies, ready for use."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from shouwang.codecs.expression import expressions
from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.community import Community
from shouwang.domain.decode import Interpreter
from shouwang.domain.duty import SiteFacts
from shouwang.domain.escalation import Policy
from shouwang.domain.interpretation import FamilyState
from shouwang.domain.profile import Profile
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.flows.world import World
from shouwang.mqtt.address import Tls
from shouwang.ports import Inbox
from shouwang.registry.policies import load_policies
from shouwang.registry.profiles import load_profiles
from shouwang.registry.rules import load_rules
from shouwang.settings import Settings, shipped


class Equipment:
    """Loaded once a process; a change of files needs a restart, a change of the directory does not."""

    def __init__(
        self,
        interpreter: Interpreter,
        profiles: Mapping[str, Profile],
        book: RuleBook,
        policies: Sequence[Policy],
    ) -> None:
        self.interpreter = interpreter
        self.profiles = profiles
        self.book = book
        self.policies = policies
        self.codecs = JavaScriptCodecs({id: profile.codec for id, profile in profiles.items() if profile.codec})
        self._timezone = SiteFacts().timezone

    @property
    def rules(self) -> Sequence[Rule]:
        return self.book.rules

    def family_state(self, inbox: Inbox) -> FamilyState:
        """What families announced before this process began."""
        return FamilyState({family: inbox.announced(family) for family in self.interpreter.families})

    def world(self, community: Community) -> World:
        """``between`` and ``inactive`` look at the wall clock of the community's site."""
        if (timezone := community.site.timezone) != self._timezone:
            self.book, self._timezone = (
                RuleBook(self.book.rules, timezone, self.book.expressions, minds_consent=True),
                timezone,
            )
        return World(community, self.book, self.policies, self.profiles)


def load_equipment(settings: Settings) -> Equipment:
    """Raises ConfigError naming file and line."""
    families, profiles = load_profiles([shipped("device_profiles"), *_own(settings.profiles_dir)])
    language = expressions()
    rules = load_rules([shipped("alert_rules"), *_own(settings.rules_dir)], language)
    policies = load_policies(
        [*_own(settings.rules_dir and settings.rules_dir / "policies"), shipped("alert_rules") / "policies"]
    )
    return Equipment(
        Interpreter(families, profiles.values(), bases={"zigbee2mqtt": settings.zigbee2mqtt_bases}),
        profiles,
        RuleBook(rules, expressions=language, minds_consent=True),
        policies,
    )


def tls_of(settings: Settings) -> Tls:
    """How ``mqtts`` brokers are trusted."""
    files = (settings.mqtt_ca, settings.mqtt_cert, settings.mqtt_key)
    ca, certificate, key = (str(file) if file else None for file in files)
    return Tls(ca_file=ca, certificate_file=certificate, key_file=key)


def _own(folder: Path | None) -> list[Path]:
    return [folder] if folder else []
