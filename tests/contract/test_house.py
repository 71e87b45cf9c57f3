"""The house is in order: deployment files, lock files and documents agree with each other and with the code."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from harness import servers
from shouwang.metrics import MEANINGS
from shouwang.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())

DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}
STRINGS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
SERVICE = {
    "type": "object",
    "required": ["image", "restart", "healthcheck"],
    "additionalProperties": False,
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z0-9./-]+:[a-z0-9][\w.-]*$"},  # a tag always, never a moving one
        "build": {"const": "."},
        "profiles": STRINGS,
        "restart": {"const": "unless-stopped"},
        "init": {"type": "boolean"},
        "read_only": {"type": "boolean"},
        "tmpfs": STRINGS,
        "cap_drop": STRINGS,
        "security_opt": STRINGS,
        "stop_grace_period": DURATION,
        "command": STRINGS,
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^(127\.0\.0\.1|\$\{\w+:-127\.0\.0\.1\}):"}},
        "volumes": STRINGS,
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["condition"],
                "properties": {"condition": {"const": "service_healthy"}, "required": {"type": "boolean"}},
                "additionalProperties": False,
            },
        },
        "healthcheck": {
            "type": "object",
            "required": ["test", "interval", "timeout", "start_period", "retries"],
            "additionalProperties": False,
            "properties": {
                "test": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "retries": {"type": "integer"},
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "required": ["name", "services", "volumes"],
    "additionalProperties": False,
    "properties": {
        "name": {"const": "shouwang"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
}


def ours(*suffixes: str) -> list[Path]:
    """Files of the repository as a commit would have them, by ending; all without one."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


# Deployment -----------------------------------------------------------------------------------------------------------


def test_compose_has_the_shape_that_compose_reads() -> None:
    jsonschema.validate(COMPOSE, SCHEMA)


def test_compose_refers_only_to_what_it_declares() -> None:
    services, volumes = COMPOSE["services"], COMPOSE["volumes"]
    used = set()
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        for needed, how in service.get("depends_on", {}).items():
            optional = set(services[needed].get("profiles", [])) - set(service.get("profiles", []))
            assert not optional or how.get("required") is False, f"{name} cannot start without the profile of {needed}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), f"{name} mounts {source}, which is not there"
            else:
                used.add(source)
    assert used == set(volumes)


def test_each_folder_in_services_is_a_service() -> None:
    folders = {path.name for path in (ROOT / "services").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert {folder for folder in folders if not folder.endswith(".egg-info")} <= set(COMPOSE["services"])


def test_no_password_has_a_default() -> None:
    for name, service in COMPOSE["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|KEY", variable):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {variable} is not a required variable"


def test_the_secrets_script_answers_all_that_compose_demands() -> None:
    printed = subprocess.run([ROOT / "scripts" / "secrets"], capture_output=True, text=True, check=True).stdout
    values = dict(line.split("=") for line in printed.splitlines())
    assert set(values) == set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert all(re.fullmatch("[0-9a-f]{48}", value) for value in values.values())
    assert len(set(values.values())) == len(values)


def test_the_image_runs_as_nobody_in_particular_and_copies_what_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER shouwang"]
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert source in sent, f"{source} is copied but .dockerignore keeps it out"


def test_the_version_is_said_once_and_repeated_rightly() -> None:
    assert COMPOSE["services"]["shouwang"]["image"] == f"shouwang:{PROJECT['project']['version']}"


def test_the_broker_that_tests_use_is_the_broker_that_we_ship() -> None:
    shipped = (ROOT / "services/mosquitto/mosquitto.conf").read_text()
    tested = (ROOT / "tests/harness/servers.py").read_text()
    for name in (
        "autosave_interval",
        "queue_qos0_messages",
        "max_queued_messages",
        "max_inflight_messages",
        "set_tcp_nodelay",
    ):
        line = re.search(rf"^{name} .*$", shipped, re.MULTILINE)
        assert line is not None, name
        assert f'"{line[0]}"' in tested


ACCEPTED = {"Success", "No matching subscribers"}


@pytest.mark.servers
def test_the_shipped_broker_lets_nobody_else_raise_an_alarm(tmp_path: Path) -> None:
    """The shipped start script, configuration and ACL on a real Mosquitto, with paths of this test."""
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        servers.unavailable("Mosquitto is not installed (no `mosquitto` command): run `make setup`")
    port = servers.free_port()
    folder = ROOT / "services/mosquitto"
    moved = {
        "/tmp/passwords": f"{tmp_path}/passwords",
        "/mosquitto/data": f"{tmp_path}",
        "/mosquitto/config/acl": f"{folder}/acl",
        "/mosquitto/config": f"{tmp_path}",
        "listener 1883": f"listener {port} 127.0.0.1" + ("\nuser root" if os.geteuid() == 0 else ""),
        "chown mosquitto": "chown root",
    }
    for name in ("mosquitto.conf", "start.sh"):
        text = (folder / name).read_text()
        for shipped, here in moved.items():
            text = text.replace(shipped, here)
        (tmp_path / name).write_text(text)
    secrets = {"MQTT_PASSWORD": "for-shouwang", "MQTT_GATEWAY_PASSWORD": "for-gateways"}
    path = f"{os.environ['PATH']}:/usr/sbin"
    broker = subprocess.Popen(
        ["sh", str(tmp_path / "start.sh")], env={"PATH": path, **secrets}, stderr=subprocess.DEVNULL
    )
    try:
        servers.wait_until(lambda: servers.port_is_open(port), "the shipped broker")
        assert _publishes(port, "gateways", "for-gateways", "zigbee2mqtt/kitchen") in ACCEPTED
        assert _publishes(port, "gateways", "for-gateways", "shouwang/v1/devices/x/readings") in ACCEPTED
        assert _publishes(port, "gateways", "for-gateways", "shouwang/v1/alerts/a/b/c") == "Not authorized"
        assert _publishes(port, "shouwang", "for-shouwang", "shouwang/v1/alerts/a/b/c") in ACCEPTED
        assert _publishes(port, "shouwang", "for-gateways", "zigbee2mqtt/kitchen") == "refused"
        assert _publishes(port, "", "", "zigbee2mqtt/kitchen") == "refused"
    finally:
        broker.terminate()
        broker.wait(10)


def _publishes(port: int, user: str, password: str, topic: str) -> str:
    import paho.mqtt.client as mqtt

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    if user:
        client.username_pw_set(user, password)
    said: list[str] = []
    client.on_connect = lambda _client, _data, _flags, code, _properties: (
        said.append("refused") if code.is_failure else client.publish(topic, b"1", qos=1)
    )
    client.on_publish = lambda _client, _data, _id, code, _properties: said.append(str(code))
    client.connect("127.0.0.1", port)
    for _ in range(100):
        if said:
            break
        client.loop(0.05)
    client.disconnect()
    return said[0] if said else "no answer"


def test_what_grafana_and_prometheus_are_given_is_readable() -> None:
    for path in ours(".yaml", ".yml"):
        if path.is_relative_to(ROOT / "services") and "shouwang" not in path.relative_to(ROOT).parts[1]:
            assert yaml.safe_load(path.read_text()), path


def test_dashboards_and_alerts_ask_for_figures_that_exist() -> None:
    known = set(MEANINGS)
    known |= {f"{name}_bucket" for name, meaning in MEANINGS.items() if meaning.type == "histogram"}
    boards = [json.loads(path.read_text()) for path in sorted((ROOT / "dashboards/grafana").glob("*.json"))]
    assert len({board["uid"] for board in boards}) == len(boards) >= 4
    panels = [panel for board in boards for panel in board["panels"]]
    rules = yaml.safe_load((ROOT / "services/prometheus/alerts.yml").read_text())["groups"][0]["rules"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]
    for question in asked:
        named = set(re.findall(r"shouwang_\w+", question))
        assert named <= known, question
        labels = {"le"} | {label for name in named for label in MEANINGS[name.removesuffix("_bucket")].labels}
        grouped = {label for group in re.findall(r"by \(([^)]*)\)", question) for label in group.split(", ")}
        matched = set(re.findall(r"[{,](\w+)=~?\"", question)) - {"job"}
        assert grouped | matched <= labels, question


# Packaging ------------------------------------------------------------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """Requirement and version by package, from a lock file, after a look at each line."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    pins = {}
    for line in text.splitlines():
        assert "://" not in line, f"{name}: an address in {line[:60]}"
        assert not line.lstrip().startswith(("-", "#")), f"{name}: an option or a comment in {line[:60]}"
        pin = re.match(r"([a-z0-9-]+)==([^\s;]+)", line)
        assert pin, f"{name}: no exact version in {line[:60]}"
        assert "--hash=sha256:" in line, f"{name}: {pin[1]} has no hash"
        pins[pin[1]] = pin[2]
    return pins


def test_the_lock_files_pin_all_with_hashes_and_without_addresses() -> None:
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert runtime.items() <= development.items(), "the two lock files disagree: run scripts/lock"


def test_every_dependency_is_locked_and_the_build_needs_no_other() -> None:
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    runtime = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    runtime += PROJECT["build-system"]["requires"]
    development = [name for name in groups["dev"] if isinstance(name, str)]
    for lock, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", development)):
        names = {re.split(r"[\[<>=~!; ]", entry)[0].lower() for entry in wanted}
        assert names <= set(locked(lock)), f"{lock} is behind pyproject.toml: run scripts/lock"


def test_what_is_shipped_may_be_shipped_under_our_licence() -> None:
    """Permissive licences, MPL per file, and psycopg's LGPL, which is an extra that anybody can replace."""
    command = [Path(sys.executable).with_name("pip-licenses"), "--from=mixed", "--format=json", "--packages"]
    listed = subprocess.run([*command, *locked("requirements.lock")], capture_output=True, text=True, check=True)
    for package in json.loads(listed.stdout):
        name, licence = package["Name"], package["License"]
        if licence == "UNKNOWN":  # some say it only in the text that lies beside
            text = metadata.distribution(name).read_text("licenses/LICENSE") or ""
            licence = "MIT" if "Permission is hereby granted, free of charge" in text else licence
        permissive = re.search(r"MIT|BSD|Apache|PSF|ISC|Mozilla|MPL", licence) and "GPL" not in licence
        assert permissive or name.startswith("psycopg"), f"{name}: {licence}"


def test_no_file_names_a_package_registry() -> None:
    hosts = [".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))]
    hosts += [".".join(host) for host in (("deb", "debian", "org"), ("proxy", "golang", "org"), ("crates", "io"))]
    for path in ours():
        text = path.read_bytes()
        for host in hosts:
            assert host.encode() not in text, f"{path.relative_to(ROOT)} names {host}"


def test_scripts_can_be_run() -> None:
    for script in (ROOT / ".ci/run", *(ROOT / "scripts").iterdir()):
        assert os.access(script, os.X_OK), script
        if script.read_text().startswith("#!/usr/bin/env bash"):
            subprocess.run(["bash", "-n", script], check=True)


# Documents ------------------------------------------------------------------------------------------------------------


def test_links_between_documents_lead_somewhere() -> None:
    for path in ours(".md"):
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target} is not there"


def test_decision_records_are_numbered_complete_and_short() -> None:
    records = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text()
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        wanted = ["Context", "Choice", "Rejected", "Consequences", "What would change our mind"]
        assert headings == wanted, f"{record.name}: {headings}"
        assert len(text.splitlines()) <= 60, f"{record.name} is longer than a page"


def test_what_documents_repeat_from_the_code_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nrun .venv/bin/python scripts/docs.py"


def test_every_variable_of_the_deployment_is_a_setting() -> None:
    known = {f"SHOUWANG_{name.upper()}" for name in Settings.model_fields}
    given = set(COMPOSE["services"]["shouwang"]["environment"])
    given |= set(re.findall(r"SHOUWANG_[A-Z_]+", (ROOT / "Dockerfile").read_text()))
    assert given <= known


def test_readme_names_every_verb_of_make() -> None:
    readme = (ROOT / "README.md").read_text()
    for verb in re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE):
        assert verb == "help" or f"make {verb}" in readme, verb


def test_the_changelog_has_the_shape_of_keep_a_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.*)$", changelog, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    kinds = set(re.findall(r"^### (.*)$", changelog, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
