"""The harness's servers: each comes up, keeps or loses what it says, and ends alone."""

from pathlib import Path

import pytest
import sqlalchemy

from harness import servers

pytestmark = pytest.mark.servers


def test_mosquitto_comes_back_on_its_port_after_kill_and_stop(tmp_path: Path) -> None:
    with servers.mosquitto(tmp_path, extra_conf="max_packet_size 1048576") as broker:
        assert servers.mqtt_answers(broker.port)
        for end in (broker.kill, broker.stop):
            end()
            assert not servers.port_is_open(broker.port)
            broker.start()
            assert servers.mqtt_answers(broker.port)
    assert not servers.port_is_open(broker.port)


def test_postgres_gives_each_test_a_database_of_its_own(postgres_server: servers.Databases, postgres_url: str) -> None:
    with postgres_server.database() as other_url:
        for url in (postgres_url, other_url):
            engine = sqlalchemy.create_engine(url)
            with engine.begin() as connection:
                connection.execute(sqlalchemy.text("CREATE TABLE only_here (id int)"))
            engine.dispose()


def test_postgres_keeps_what_it_committed_when_killed(tmp_path: Path) -> None:
    with servers.postgres(tmp_path) as server, server.database() as url:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE kept AS SELECT 42 AS answer"))
        server.kill()
        server.start()
        with engine.begin() as connection:
            assert connection.execute(sqlalchemy.text("SELECT answer FROM kept")).scalar() == 42
    assert not server.directory.exists() or server.directory.is_relative_to(tmp_path)


def test_influxdb_keeps_its_points_when_killed(tmp_path: Path) -> None:
    import httpx

    with servers.influxdb1(tmp_path) as server, server.database() as url:
        name = url.rpartition("/")[2]
        write = f"http://127.0.0.1:{server.port}/write?db={name}"
        assert httpx.post(write, content="smoke value=1 1000000000").status_code == 204
        server.kill()
        server.start()
        assert (
            b'"1970-01-01T00:00:01Z",1]'
            in httpx.get(
                f"http://127.0.0.1:{server.port}/query", params={"db": name, "q": "SELECT value FROM smoke"}
            ).content
        )


def test_the_same_servers_come_in_containers_where_docker_answers(
    mosquitto_container_port: int, influxdb2_url: str
) -> None:
    assert servers.mqtt_answers(mosquitto_container_port)
    assert influxdb2_url.startswith("influxdb://")


def test_a_missing_server_is_skipped_in_check_and_fails_in_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("SHOUWANG_TEST_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make setup"):
        servers.unavailable("Mosquitto is not installed: run `make setup`")
    monkeypatch.setenv("SHOUWANG_TEST_SERVERS", "required")
    with pytest.raises(pytest.fail.Exception, match="make setup"):
        servers.unavailable("Mosquitto is not installed: run `make setup`")
