"""The ear over TLS against a real Mosquitto: trusted, distrusted, and told why."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.ears import station_on
from harness.mqtt_peers import Device, until
from harness.servers import Mosquitto, free_port, mosquitto
from shouwang.domain.errors import BrokerUnavailable
from shouwang.mqtt.address import Address, Tls
from shouwang.mqtt.ear import ClientName

pytestmark = [pytest.mark.servers, pytest.mark.parametrize("client", ["paho", "fast"])]


class Authority:
    """A certificate authority of one test run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate, self._key = folder / "ca.pem", folder / "ca.key"
        _openssl(
            "req", "-x509", *_NEW_KEY, "-subj", "/CN=test authority", "-keyout", self._key, "-out", self.certificate
        )

    def issue(self, name: str, extension: str = "") -> tuple[Path, Path]:
        """Certificate and key."""
        folder = self._folder
        certificate, key, request = folder / f"{name}.pem", folder / f"{name}.key", folder / f"{name}.csr"
        extensions = folder / f"{name}.ext"
        extensions.write_text(extension)
        _openssl("req", "-new", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        signed_by = ("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial")
        _openssl("x509", "-req", "-in", request, *signed_by, "-extfile", extensions, "-days", "2", "-out", certificate)
        return certificate, key


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class SecureBroker:
    def __init__(self, server: Mosquitto, port: int) -> None:
        self.server, self.port = server, port

    def start(self) -> None:
        self.server.start()

    def kill(self) -> None:
        self.server.kill()

    @property
    def address(self) -> Address:
        return Address(host="127.0.0.1", port=self.port, tls=True)


@pytest.fixture
def secure(authority: Authority, tmp_path: Path) -> Iterator[SecureBroker]:
    with _secure_broker(authority, tmp_path, "subjectAltName=IP:127.0.0.1") as broker:
        yield broker


@contextlib.contextmanager
def _secure_broker(authority: Authority, folder: Path, extension: str, *more: str) -> Iterator[SecureBroker]:
    certificate, key = authority.issue("broker", extension)
    port = free_port()
    lines = [
        f"listener {port} 127.0.0.1",
        f"cafile {authority.certificate}",
        f"certfile {certificate}",
        f"keyfile {key}",
        *more,
    ]
    with mosquitto(folder, extra_conf="\n".join(lines)) as server:
        assert until(lambda: server.answers())
        yield SecureBroker(server, port)


def test_a_trusted_broker_is_heard_also_in_large_pieces(
    client: ClientName, secure: SecureBroker, authority: Authority
) -> None:
    with station_on(secure, client) as station:
        listener = station.listens(address=secure.address, tls=Tls(ca_file=str(authority.certificate)))
        settled: list[int] = []
        with Device(secure.server.port) as device:
            device.publishes(f"{station.root}/a", *(bytes([number]) * 100_000 for number in range(40)))
            assert [one.payload[0] for one in listener.hears(40)] == list(range(40))
            listener.acknowledges()
            listener.ear.publish("shouwang/v1/alerts/a", b"x" * 2_000_000, retain=False, done=lambda: settled.append(1))
            assert until(lambda: settled == [1])
            device.publishes(f"{station.root}/a", b"small")
            listener.hears(1)


@pytest.mark.parametrize(
    ("tls", "complaint"),
    [
        (Tls(), "cannot trust .*name the authority that signed it"),
        (Tls(ca_file="/nowhere/ca.pem"), "a TLS file .* cannot be read"),
    ],
)
def test_a_broker_of_an_unknown_authority_is_not_spoken_to(
    client: ClientName, secure: SecureBroker, tls: Tls, complaint: str
) -> None:
    with station_on(secure, client) as station, pytest.raises(BrokerUnavailable, match=complaint):
        station.tries(address=secure.address, tls=tls).ear.wait_connected(1)


def test_a_certificate_of_another_host_is_not_trusted(client: ClientName, authority: Authority, tmp_path: Path) -> None:
    elsewhere = _secure_broker(authority, tmp_path, "subjectAltName=DNS:elsewhere")
    with elsewhere as secure, station_on(secure, client) as station:
        trusting = Tls(ca_file=str(authority.certificate))
        with pytest.raises(BrokerUnavailable, match="cannot trust"):
            station.tries(address=secure.address, tls=trusting).ear.wait_connected(1)
        station.listens(address=secure.address, tls=Tls(insecure=True), client_id="careless")


def test_a_broker_that_wants_our_certificate_gets_it(client: ClientName, authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue("ear")
    strict = _secure_broker(authority, tmp_path, "subjectAltName=IP:127.0.0.1", "require_certificate true")
    nameless = Tls(ca_file=str(authority.certificate))
    named = Tls(ca_file=str(authority.certificate), certificate_file=str(certificate), key_file=str(key))
    with strict as secure, station_on(secure, client) as station:
        station.listens(address=secure.address, tls=named)
        refused = station.tries(address=secure.address, tls=nameless, client_id="nobody").ear
        assert until(lambda: refused.problem != "" and not refused.connected)


def test_a_port_without_tls_is_named_as_such(client: ClientName, secure: SecureBroker) -> None:
    plain = Address(host="127.0.0.1", port=secure.server.port, tls=True)
    complaint = r"ended the TLS handshake|its TLS port"
    with station_on(secure, client) as station, pytest.raises(BrokerUnavailable, match=complaint):
        station.tries(address=plain).ear.wait_connected(1)
