"""The client that fits the broker: the fast one where it speaks MQTT 5, paho where it speaks only MQTT 3.1.1."""

from collections.abc import Sequence

from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.classic import PahoDialer
from shouwang.mqtt.dialogue import Dialogue, Hello, Listener, Version
from shouwang.mqtt.fast import FastDialer


class EitherDialer:
    """See ``Dialer``. The session tries the versions in this order, and stays with the one that was answered."""

    versions: Sequence[Version] = (Version.MQTT_5, Version.MQTT_3_1_1)

    def __init__(self) -> None:
        self._fast = FastDialer()
        self._paho = PahoDialer()

    def dial(self, address: Address, tls: Tls, hello: Hello, version: Version, listener: Listener) -> Dialogue:
        dialer = self._fast if version is Version.MQTT_5 else self._paho
        return dialer.dial(address, tls, hello, version, listener)
