"""Every setting: name, type, unit, default, and why it is so.

From the command line, the environment (``SHOUWANG_NAME``) and ``shouwang.toml`` in the data directory, in this order.
No room imports this module: ``app.py`` hands each of them plain arguments.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from shouwang.domain.errors import ConfigError

TOML_NAME = "shouwang.toml"

SECRET = ("gateway_values", "mail_server", "broker", "state", "readings")
"""Settings that may hold passwords: no message repeats them."""


class Role(StrEnum):
    """Which part of the service a process is. Without a role the process supervises one of each."""

    INTAKE = "intake"
    SERVER = "server"


class MqttClient(StrEnum):
    """``auto``: fast where the broker speaks MQTT 5, else paho; ``paho``; ``fast``: an own session over a packet codec,
    MQTT 5 only."""

    AUTO = "auto"
    PAHO = "paho"
    FAST = "fast"


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(env_prefix="SHOUWANG_", extra="forbid")

    data_dir: Path = Field(Path("var"), description="Where the embedded databases, the broker's files and locks live.")
    http: str = Field("127.0.0.1:8000", description="HOST:PORT of the API and the console.")
    mqtt_listen: str = Field("127.0.0.1:1883", description="HOST:PORT of the embedded broker; unused with `broker`.")
    broker: str | None = Field(None, description="mqtt[s]://[user:password@]HOST:PORT of a broker of yours.")
    state: str | None = Field(
        None, description="State database URL: sqlite:///FILE or postgresql://… Default in data_dir."
    )
    readings: str | None = Field(
        None, description="Reading store URL: sqlite:///FILE or influxdb://…/NAME. Default in data_dir."
    )
    role: Role | None = Field(None, description="intake or server; empty supervises one of each.")
    demo: bool = Field(False, description="A demo compound with simulated devices, marked as demo everywhere.")
    log_level: str = Field("info", description="debug, info, warning or error.")

    mqtt_client: MqttClient = Field(
        MqttClient.AUTO, description="auto (fast where the broker speaks MQTT 5, else paho), paho or fast."
    )
    mqtt_client_id: str = Field(
        "shouwang", description="Fixed client id of intake: the broker keeps its session by it."
    )
    topics: Annotated[list[str], NoDecode] = Field(
        ["#"], description="Topic filters that intake subscribes to, comma-separated; `$` topics must be named."
    )
    receive_maximum: int = Field(
        10_000,
        ge=1,
        le=65535,
        description="Unacknowledged messages at a time (MQTT 5 receive maximum): among so many, compounds take turns.",
    )
    session_expiry: int = Field(
        7 * 86400, ge=60, description="Seconds that the broker keeps intake's session while it is away."
    )
    mqtt_ca: Path | None = Field(None, description="CA file for mqtts; default: the system's.")
    mqtt_cert: Path | None = Field(None, description="Client certificate for mqtts.")
    mqtt_key: Path | None = Field(None, description="Key of the client certificate.")
    zigbee2mqtt_bases: Annotated[list[str], NoDecode] = Field(
        ["zigbee2mqtt"], description="Base topics of Zigbee2MQTT installations, comma-separated."
    )
    family_bases: Annotated[list[str], NoDecode] = Field(
        [],
        description="Base topics of other families instead of their usual ones, comma-separated: "
        "`rtl_433=sensors/attic,mysensors=home/nodes-out`.",
    )

    ask_devices: bool = Field(
        True,
        description="Ask over the broker for what is missing: Sparkplug rebirths, and after a gap the alarms of Zigbee "
        "detectors with mains power. Off where the account at the broker may only read.",
    )

    raw_days: int = Field(90, ge=1, description="Days that single readings are kept in the embedded store.")
    quarantine_days: int = Field(30, ge=1, description="Days that unreadable messages are kept.")
    files_days: int = Field(
        1827,
        ge=365,
        description="Days that photos and files of a case are kept after it ended: five years, as GB 25201 section 10 "
        "wants for records of faults and repairs (one for those of duty and patrols).",
    )
    canary_seconds: float = Field(10, gt=0, description="Seconds between two probes of the whole chain.")
    channel_probe_seconds: float = Field(
        120,
        ge=1,
        le=300,
        description="Seconds between two harmless looks at each way to people: connections, greetings.",
    )
    heartbeat_url: str | None = Field(
        None, description="URL that is asked (GET) after each good probe: an outside dead-man's switch."
    )
    webhook_seconds: float = Field(10, gt=0, le=30, description="Time limit of one webhook attempt.")
    webhook_allow: Annotated[list[str], NoDecode] = Field(
        [], description="Networks (CIDR) that webhook addresses set over HTTP may point into, comma-separated."
    )
    gateways: Annotated[list[str], NoDecode] = Field(
        [], description="Telephone and message gateways in use, comma-separated, in the order in which they are asked."
    )
    gateway_values: dict[str, str] = Field(
        {}, description="What gateways need, by name, secrets among them: a table, or JSON in the environment."
    )
    gateways_dir: Path | None = Field(None, description="A folder of gateway templates beside the shipped ones.")
    modem: str = Field(
        "",
        description="Serial line of a local 4G modem that carries sms, for example /dev/serial/by-id/…; empty: none.",
    )
    mail_server: str = Field("", description="smtp[s]://[user:password@]HOST:PORT for contacts of kind email.")
    mail_sender: str = Field("shouwang@localhost", description="Address that mail comes from.")
    person_hourly: int = Field(
        60,
        ge=1,
        description="Messages to one person in an hour on a paid channel; the first of an incident is never held back.",
    )
    duty_checks_a_day: float = Field(
        0, ge=0, le=48, description="Duty checks of each desk in a day, at random times; 0 for those that people begin."
    )
    duty_check_minutes: int = Field(5, ge=1, le=60, description="Minutes until a duty check counts as missed.")
    dispatch_concurrency: int = Field(
        256,
        ge=8,
        description="Deliveries under way at a time, over all people; one contact that hangs holds at most 8 of them.",
    )
    public_url: str = Field("", description="Address of this service as people's phones reach it; empty: no link.")
    site_fallback: str | None = Field(
        None, description="Person id told where nobody else answers; a community file's site.fallback goes before."
    )
    profiles_dir: Path | None = Field(None, description="A folder of device profiles beside the shipped ones.")
    rules_dir: Path | None = Field(None, description="A folder of alert rules and policies beside the shipped ones.")

    @field_validator("gateways", "topics", "zigbee2mqtt_bases", "family_bases", "webhook_allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        given: dict[str, object] = {**env_settings(), **init_settings()}
        folder = Path(str(given.get("data_dir", settings_cls.model_fields["data_dir"].default)))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, folder / TOML_NAME)

    @property
    def state_url(self) -> str:
        return self.state or f"sqlite:///{(self.data_dir / 'state.sqlite').resolve()}"

    @property
    def readings_url(self) -> str:
        return self.readings or f"sqlite:///{(self.data_dir / 'readings.sqlite').resolve()}"

    @property
    def broker_url(self) -> str:
        """The broker to speak to: yours, or the embedded one."""
        return self.broker or f"mqtt://{self.mqtt_listen}"


def read_settings(**given: object) -> Settings:
    """The settings of this process. Raises ConfigError naming the setting, what was found and what was expected."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except SettingsError as error:
        # The error of pydantic repeats the value, which may hold secrets.
        field = re.search(r'field "(\w+)"', str(error))
        raise ConfigError(f"setting {field[1] if field else ''}: is not what it should be; expected JSON") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or "settings"
        found = "a value that is not shown" if name.startswith(SECRET) else repr(first.get("input"))
        raise ConfigError(f"setting {name}: {first['msg']}, found {found}") from None


def shipped(folder: str) -> Path:
    """Where a shipped folder is: inside the installed package, else in the checkout beside ``services``."""
    package = Path(__file__).parent
    inside = package / folder
    return inside if inside.is_dir() else package.parent.parent / folder


def host_port(text: str, default_port: int) -> tuple[str, int]:
    """``HOST:PORT`` or ``[V6]:PORT``. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(default_port)
    if not port.isdigit() or int(port) > 65535 or not host:
        raise ConfigError(f"address {text!r} is not HOST:PORT; expected for example 127.0.0.1:{default_port}")
    return host.strip("[]"), int(port)
