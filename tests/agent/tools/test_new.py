import json
import re

import click
import pytest
from click.testing import CliRunner

from agent import gas
from agent.clock import Clock
from agent.compliance import standard_limits
from agent.plan import make_plan
from agent.settings import parse_site
from agent.settings.config import config_directory
from agent.tools.new import ask, fill, kinds, new, template
from agent.tools.simulate.courses import course
from agent.tools.simulate.stage import Play, set_stage
from agent.tools.values import values


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("PAIKOU_LANG", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str, text: str | None = None):
    return CliRunner().invoke(new, list(arguments), input=text)


def test_site_file_goes_to_standard_output_and_nothing_else_does():
    result = run("wastewater")
    assert result.exit_code == 0
    assert result.stdout == template("wastewater")
    assert result.stderr == ""


@pytest.mark.parametrize("kind", kinds())
def test_template_passes_check_with_warnings_only(kind):
    site, findings = parse_site(template(kind).encode())
    assert site.outlets
    assert {finding.kind for finding in findings} <= {"no_port", "default_pw"}


def test_wastewater_is_the_site_of_the_tour():
    site, _ = parse_site(template("wastewater").encode())
    assert [outlet.id for outlet in site.outlets] == ["DW001"]
    assert list(site.outlets[0].factors) == [
        "w00000",
        "w01001",
        "w01010",
        "w01018",
        "w21003",
        "w20120",
    ]
    assert [(bus.id, bus.kind) for bus in site.buses] == [("line1", "serial"), ("net1", "tcp")]
    assert site.bus("line1").port == "/tmp/paikou/line1"
    assert (site.bus("net1").host, site.bus("net1").port) == ("127.0.0.1", 1502)
    assert [device.id for device in site.devices_on("line1")] == ["cod", "nh3", "lead", "sampler"]
    [(destination, station)] = site.stations()
    assert destination.addresses == ("mqtt://127.0.0.1:1883",)
    assert (destination.edition, destination.real_time_s, destination.minutes) == (
        "hj212-2017",
        30,
        10,
    )
    assert station.pw == "default"
    assert re.fullmatch("[0-9A-F]{24}", station.mn)
    assert site.storage.directory is None


def test_every_key_of_a_template_has_a_chinese_comment():
    for kind in kinds():
        for line in template(kind).splitlines():
            if line and not line.startswith("#"):
                _, mark, comment = line.partition(" #")
                assert mark, line
                assert re.search(r"[\u4e00-\u9fff]|Modbus", comment), line


def test_every_limit_of_a_template_has_its_source():
    for kind in kinds():
        site, _ = parse_site(template(kind).encode())
        for source in site.sources():
            assert all(limit.source.startswith("GB ") for limit in source.rule.limits), source.code


def test_every_limit_of_a_template_is_one_of_its_standard():
    table = standard_limits()
    for kind in kinds():
        site, _ = parse_site(template(kind).encode())
        limits = [(source, limit) for source in site.sources() for limit in source.rule.limits]
        assert limits
        for source, limit in limits:
            standard = " ".join(limit.source.split()[:2])
            assert [
                bound
                for bound in table
                if bound.standard.startswith(standard)
                and bound.factor == source.code
                and (bound.low, bound.high) == (limit.low, limit.high)
            ], (kind, source.code, limit)


@pytest.mark.parametrize("kind", kinds())
def test_no_limit_of_a_template_differs_from_its_standard(kind: str, tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(template(kind), encoding="utf-8")
    site, _ = parse_site(template(kind).encode())
    for outlet in site.outlets:
        options = [str(path), "limits", "--outlet", outlet.id, "--json"]
        result = CliRunner().invoke(values, options)
        assert result.exit_code == 0, repr(result.exception)
        told = [json.loads(line) for line in result.stdout.splitlines()]
        assert {one["table"] for one in told} <= {"same"}


def test_thermal_power_site_measures_and_sends_what_the_trade_does():
    site, _ = parse_site(template("thermal-power").encode())
    [outlet] = site.outlets
    assert (outlet.id, outlet.medium, outlet.gas.reference_oxygen) == ("DA001", "gas", 6.0)
    [(destination, _)] = site.stations()
    assert destination.factors is not None
    assert set(destination.factors) == {
        *("a21026", "a21002", "a34013", "a21005", "a19001"),
        *("a01011", "a01012", "a01013", "a01014", "a00000"),
    }
    assert set(outlet.factors) - set(destination.factors) == {"a21004"}


def test_incineration_site_watches_its_furnace_and_the_simulator_keeps_it_hot():
    site, _ = parse_site(template("incineration").encode())
    [outlet] = site.outlets
    source = next(one for one in site.sources() if one.code == outlet.furnace.factor)
    stage = set_stage(site, Clock(), Play())
    played = stage.instruments[source.device.id].courses[source.point]
    assert outlet.furnace.least < played.low * 0.99
    assert played.high < source.rule.range[1]
    [(destination, _)] = site.stations()
    assert "a01901" in destination.factors


@pytest.mark.parametrize(
    ("kind", "reference"), [("thermal-power", 6.0), ("incineration", 11.0), ("cement", 10.0)]
)
def test_gas_site_polls_every_5_s_and_calculates_the_whole_chain(kind, reference):
    site, _ = parse_site(template(kind).encode())
    assert {device.period_s for device in site.devices} == {5.0}
    outlet = make_plan(site).outlets["DA001"]
    corrected = {code for code, one in outlet.factors.items() if one.corrected}
    assert corrected >= {"a34013", "a21026", "a21002", "a21005"}
    for code in corrected:
        assert outlet.factors[code].period.correction.reference == reference
    assert outlet.factors["a21002"].chain.steps == ("standard", "dry", "nox", "oxygen")
    assert outlet.factors["a00000"].chain.steps == ("field", "area", "standard", "dry")


@pytest.mark.parametrize("kind", kinds())
def test_instruments_of_a_template_can_be_played_within_its_limits(kind):
    """Without an order the simulator stays below the limits, after the agent's own chain too."""
    site, _ = parse_site(template(kind).encode())
    stage = set_stage(site, Clock(), Play())
    for source in site.sources():
        said = stage.instruments[source.device.id].said().numbers
        assert source.point in said
    if "DA001" not in [outlet.id for outlet in site.outlets]:
        return
    said = {}
    for instrument in stage.instruments.values():
        said |= {point: one.high for point, one in instrument.courses.items()}
    hot = gas.state_factor(gas_c=said["a01012"], pressure_pa=101_325 - 300)
    dry = gas.dry_share(said["a01014"] / 100)
    reference = site.outlets[0].gas.reference_oxygen
    zs = hot / dry * gas.oxygen_factor(said["a19001"], reference=reference, intake=21.0)
    for source in site.sources():
        value = said.get(source.point, 0.0)
        if source.code == "a21002":
            value = gas.nox_as_no2(value, said["a21004"])
        for limit in source.rule.limits:
            assert value * zs < limit.high, source.code


def test_point_of_a_chain_is_played_as_what_the_instrument_measures():
    site, _ = parse_site(template("thermal-power").encode())
    stage = set_stage(site, Clock(), Play(as_recorded=True))
    assert stage.instruments["cems"].courses["a21003"].scale == course("a21003", seed="").scale
    velocity = stage.instruments["duct"].courses["a01011"]
    assert (velocity.unit, velocity.level) == ("m/s", course("a01011", seed="").level)


def test_schema_line_names_a_file_that_is_there():
    first = template("wastewater").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={config_directory() / 'schema' / 'site.json'}"


def test_file_is_written_without_questions_where_nobody_can_answer(tmp_path):
    path = tmp_path / "site.yaml"
    result = run("wastewater", "--output", str(path))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert str(path) in result.stderr
    assert path.read_text(encoding="utf-8") == template("wastewater")


def test_file_that_is_there_stays_unless_forced(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text("mine\n", encoding="utf-8")
    result = run("wastewater", "--output", str(path))
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert path.read_text(encoding="utf-8") == "mine\n"
    assert run("wastewater", "--output", str(path), "--force").exit_code == 0
    assert path.read_text(encoding="utf-8") == template("wastewater")


def test_unknown_kind_is_named_with_what_there_is(monkeypatch):
    known = "cement, incineration, paper, plating, thermal-power, wastewater"
    result = run("quarry")
    assert result.exit_code == 2
    assert f"没有 quarry 的模板；可用：{known}" in result.stderr
    monkeypatch.setenv("PAIKOU_LANG", "en")
    assert f"no template for quarry; there is: {known}" in run("quarry").stderr


def test_no_kind_is_wrong_usage():
    assert run().exit_code == 2


def test_folder_that_is_not_there_is_an_error_without_a_traceback(tmp_path):
    result = run("wastewater", "--output", str(tmp_path / "none" / "site.yaml"))
    assert result.exit_code == 1
    assert "site.yaml" in result.stderr


@click.command()
def questions():
    click.echo(fill(template("wastewater"), ask("zh")), nl=False)


def test_answers_stand_in_the_file_whatever_they_hold():
    answers = ['某某: #1 "厂"', "911302006992296170002Q", "0123456789ABCDEF01234567"]
    text = "\n".join([*answers, "mqtts://broker.example:8883"]) + "\n"
    result = CliRunner().invoke(questions, input=text)
    assert result.exit_code == 0
    site, findings = parse_site(result.stdout.encode())
    assert (site.unit.name, site.unit.code) == (answers[0], answers[1])
    [(destination, station)] = site.stations()
    assert station.mn == answers[2]
    assert destination.addresses == ("mqtts://broker.example:8883",)
    assert {finding.kind for finding in findings} <= {"no_port", "default_pw"}


def test_wrong_answer_is_asked_again_and_enter_takes_the_default():
    result = CliRunner().invoke(questions, input="\n\nAB CD\n\nbroker\n\n")
    assert result.exit_code == 0
    assert result.stderr.count("格式不对") == 2
    assert result.stdout == template("wastewater")
