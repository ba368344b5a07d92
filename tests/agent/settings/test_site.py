from pathlib import Path

import pytest
from site_texts import GOOD, NOT_YET, look, look_at_all, with_lines

from agent.settings import (
    CredentialSecret,
    FileSecret,
    SecretError,
    read_secret,
    socket_paths,
    st_of,
    state_directory,
)
from agent.settings.wire import CONTROL_COMMANDS, PARAMETER_COMMANDS


@pytest.fixture
def site():
    found, findings = look(GOOD)
    assert found is not None, findings
    return found


def test_things_are_found_by_id(site):
    assert site.outlet("DA001").medium == "gas"
    assert site.bus("net1").kind == "tcp"
    assert site.device("ph").address == 2
    assert site.device("keeper").profile == "sampler/keeper"
    assert site.sampler_of("DW001").id == "keeper"
    assert site.sampler_of("DA001") is None
    assert [device.id for device in site.devices_on("line1")] == ["cod", "ph"]
    assert [device.id for device in site.devices_on("line2")] == ["keeper"]
    with pytest.raises(KeyError):
        site.device("nobody")


def test_factors_come_with_their_device_and_point(site):
    sources = {source.code: source for source in site.sources("DW001")}
    assert list(sources) == ["w00000", "w01001", "w01018"]
    assert sources["w01018"].device.id == "cod"
    assert sources["w01018"].point == "w01018"
    assert [source.code for source in site.sources_of("cems")] == ["a21026", "a21003", "a21002"]
    assert len(list(site.sources())) == 6


def test_stations_come_with_their_destination_and_a_name(site):
    pairs = [(destination.id, station.id) for destination, station in site.stations()]
    assert pairs == [("province", "water"), ("province", "gas"), ("city", "city-dw001")]


@pytest.mark.parametrize(
    ("medium", "st"),
    [("water", 32), ("gas", 31), ("noise", 36), ("electricity", 44), ("process", 45)],
)
def test_system_code_follows_from_the_medium(medium, st):
    assert st_of(medium) == st


def test_control_is_refused_by_default_and_parameters_are_not(site):
    policy = site.platforms()[0].commands
    assert policy.refused() == CONTROL_COMMANDS
    closed = policy.model_copy(update={"parameters": "refuse"})
    assert closed.refused() == PARAMETER_COMMANDS + CONTROL_COMMANDS
    assert policy.model_copy(update={"control": "allow"}).refused() == ()


def test_contractors_server_takes_no_data():
    text = GOOD.replace(
        "storage:", "  - {id: ops, type: ops, addresses: ['mqtts://ops.example']}\nstorage:"
    )
    site, findings = look(text)
    assert site is not None
    assert [server.id for server in site.ops_servers()] == ["ops"]
    assert "ops" not in {destination.id for destination, _ in site.stations()}
    assert site.ops_servers()[0].mqtt.prefix == "ops", "its topics are its own"
    assert findings == []


def test_digits_are_text_where_a_text_is_wanted():
    site, findings = look(
        with_lines(
            {
                3: "  name: 2026",
                60: "    serial: 0012",
                68: "    address: 1\n    serial: 1.50",
                83: "      version: 5",
                87: "        mn: 010000000016000169000001",
            }
        )
    )
    assert site is not None, findings
    assert site.unit.name == "2026"
    assert site.device("cod").serial == "0012"
    assert site.device("cems").serial == "1.50"
    assert site.platforms()[0].mqtt.version == "5"
    assert site.platforms()[0].stations[0].mn == "010000000016000169000001"


@pytest.mark.parametrize("word", ["yes", "on", "true", "True"])
def test_switches_may_be_said_in_the_usual_words(word):
    site, _ = look(with_lines({96: f"    revisions: {word}"}))
    assert site is not None
    assert site.platforms()[1].revisions is True


@pytest.mark.parametrize("key", ["in_flight", "address"])
def test_a_switch_is_no_number(key):
    number = {"in_flight": 96, "address": 59}[key]
    indent = "    "
    site, findings = look(with_lines({number: f"{indent}{key}: true"}))
    assert site is None
    assert [(finding.kind, finding.line) for finding in findings] == [("type", number)]


def test_models_of_later_parts_are_read_and_named_as_not_in_use_yet():
    text = GOOD + (
        "cameras:\n"
        "  - {id: cam1, url: 'rtsp://127.0.0.1/1', outlet: DW001}\n"
        "inputs: [{id: di1, device: ph, point: w01001, means: door}]\n"
        "rounds: [{id: daily, name: 自行检查, outlets: [DW001], at: 12:30}]\n"
        "people: [{id: zhang, name: 张三, role: operator}]\n"
        "page: {port: 8080}\n"
    )
    site, findings = look(text)
    assert site is not None
    assert site.rounds[0].at == "12:30"
    assert [(finding.kind, finding.key) for finding in findings] == [
        ("later", "rounds"),
        ("later", "page"),
    ]


def test_plate_of_an_outlet_is_named_as_not_in_use_yet():
    _, findings = look(
        GOOD.replace("    medium: water", "    plate: {code: PW-1}\n    medium: water", 1)
    )
    assert [(one.kind, one.key) for one in findings] == [("later", "outlets[0].plate")]


def test_models_do_not_change_after_reading(site):
    with pytest.raises(ValueError, match="frozen"):
        site.unit.name = "x"


def test_state_directory_is_the_files_own_then_systemds_then_below_home(site):
    assert state_directory(site, {"STATE_DIRECTORY": "/x"}) == Path("/var/lib/paikou")
    free = site.model_copy(update={"storage": site.storage.model_copy(update={"directory": None})})
    assert state_directory(free, {"STATE_DIRECTORY": "/a:/b", "HOME": "/h"}) == Path("/a")
    below_home = Path("/h/.local/state/paikou/91000000000000000X001P")
    assert state_directory(free, {"HOME": "/h"}) == below_home


def test_socket_is_looked_for_where_systemd_put_it_first(site):
    assert socket_paths(site, {"RUNTIME_DIRECTORY": "/run/other"}) == (
        Path("/run/other/agent.sock"),
        Path("/var/lib/paikou/agent.sock"),
        Path("/run/paikou/agent.sock"),
    )
    assert socket_paths(site, {"RUNTIME_DIRECTORY": "/run/paikou"})[1:] == (
        Path("/var/lib/paikou/agent.sock"),
    )
    assert len(socket_paths(site, {})) == 2


def test_secret_is_the_text_of_its_file_without_the_line_end(tmp_path):
    (tmp_path / "pw").write_text("geheim \n", encoding="utf-8")
    assert read_secret(FileSecret(file=str(tmp_path / "pw"))) == "geheim "
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read_secret(CredentialSecret(credential="pw"), environ) == "geheim "


def test_word_default_is_the_printed_example_password():
    assert read_secret("default") == "123456"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff"])
def test_secret_that_is_not_there_is_an_error_without_the_secret(tmp_path, content):
    path = tmp_path / "pw"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SecretError, match=str(path)):
        read_secret(FileSecret(file=str(path)))


def test_credential_without_systemd_is_an_error():
    with pytest.raises(SecretError, match="CREDENTIALS_DIRECTORY"):
        read_secret(CredentialSecret(credential="pw"), {})


def test_what_this_version_does_not_use_yet_is_told():
    _, findings = look_at_all(GOOD)
    assert [(one.kind, one.key) for one in findings] == [("later", key) for key in NOT_YET]
