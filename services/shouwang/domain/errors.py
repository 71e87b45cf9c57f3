"""What can go wrong, by who must act.

ShouwangError
├── ConfigError            the operator: a setting, a rule, a policy, a community file
│   └── ProfileError       the profile's author
├── DecodeFault            the device: a message that its profile cannot read (a value where expected: Refusal)
├── Unavailable            the world: something outside does not answer; try again
│   ├── BrokerUnavailable
│   ├── StoreUnavailable   a reading store or the state database
│   └── StaleEpoch         this intake lost its lease: stop, somebody else is the ear now
├── Rejected               a person's act that cannot be: not found, not allowed, already over
│   ├── NotFound
│   ├── Conflict
│   └── Exhausted
└── IllegalMove            us: a state machine was asked for a move that its table does not have
"""


class ShouwangError(Exception):
    """Every error of ours. The message names the thing, what was found, what was expected, what to do."""


class ConfigError(ShouwangError):
    """The operator must change a file or a setting. ``where`` is ``file:line`` when known."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class ProfileError(ConfigError):
    """The author of a device profile must change it."""


class DecodeFault(ShouwangError):
    """A codec or profile met a message that it cannot read."""


class Unavailable(ShouwangError):
    """Something outside does not answer; what waits for it waits, and is tried again."""


class BrokerUnavailable(Unavailable):
    """The MQTT broker does not answer or refuses us."""


class StoreUnavailable(Unavailable):
    """A store does not answer or refuses a write."""


class StaleEpoch(Unavailable):
    """Another intake holds the lease; this one must not commit any more."""


class Rejected(ShouwangError):
    """A person's act that cannot be done; the message is for that person."""


class NotFound(Rejected):
    """There is no such thing, or the asker may not know of it."""


class Conflict(Rejected):
    """The thing is in another state than the act needs."""


class Exhausted(Rejected):
    """This person has had as much of it as anybody gets; waiting gives no more."""


class IllegalMove(ShouwangError):
    """Our bug: a state machine has no such move. Nothing was changed."""
