"""`paikou check`: everything that can be found wrong without touching an instrument."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from agent.errors import ConfigError, Finding, Lang
from agent.settings import Site, load_site, state_directory
from agent.settings.budget import BusLoad, bus_load
from agent.settings.disk import DiskSize, expected_size
from agent.settings.messages import language
from drivers.profile import Profile, load_profile

_MB = 1_000_000
_GOOD: dict[Lang, str] = {
    "zh": "可用：{file}（提醒 {count} 条）",
    "en": "fine: {file} ({count} warnings)",
}
_BAD: dict[Lang, str] = {
    "zh": "不可用：{file}（错误 {errors} 条，提醒 {count} 条）",
    "en": "wrong: {file} ({errors} errors, {count} warnings)",
}
_LINES: dict[Lang, dict[str, str]] = {
    "zh": {
        "outlet": "排放口 {id} {name}：ST={st}，因子 {factors}",
        "bus": "总线 {id}：仪器 {devices}；每轮 {requests} 次询问，占用 {busy}",
        "station": "站点 {id} → {destination}（{edition}）：MN {mn}，排放口 {outlets}",
        "refused": "  拒绝的命令：{refused}",
        "disk": "磁盘：第一年约 {first} MB（原始 {samples}，分钟 {minutes}，报文日志 {frames}，"
        "小时和日 {yearly}），满 {years} 年约 {full} MB；目录 {directory}",
        "none": "无",
    },
    "en": {
        "outlet": "outlet {id} {name}: ST={st}, factors {factors}",
        "bus": "bus {id}: devices {devices}; {requests} requests a round, busy {busy}",
        "station": "station {id} -> {destination} ({edition}): MN {mn}, outlets {outlets}",
        "refused": "  refused commands: {refused}",
        "disk": "disk: about {first} MB after a year (raw {samples}, minutes {minutes}, message "
        "log {frames}, hours and days {yearly}), {full} MB after {years} years; directory "
        "{directory}",
        "none": "none",
    },
}


@click.command("check")
@click.argument("site", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / as JSON.")
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    help="语言；默认按 $PAIKOU_LANG，否则中文 / language.",
)
@click.pass_context
def check(ctx: click.Context, site: Path, as_json: bool, lang: Lang | None) -> None:
    """检查配置文件；有错则退出码 78 / check a site file; exit 78 when it is wrong."""
    lang = lang or language()
    try:
        settings, findings = load_site(site, lang=lang)
    except ConfigError as error:
        _show(site, None, error.findings, as_json=as_json, lang=lang)
        ctx.exit(ConfigError.exit_code)
    _show(site, settings, findings, as_json=as_json, lang=lang)


def summary(site: Site) -> dict[str, Any]:
    """Say what a good site file comes to: outlets, buses, stations, disk."""
    profiles = {
        device.profile: load_profile(device.profile, site.profile_directories)
        for device in (*site.devices, *site.samplers)
    }
    return {
        "outlets": [
            {"id": each.id, "name": each.name, "st": each.st, "factors": list(each.factors)}
            for each in site.outlets
        ],
        "buses": [_bus(site, bus_load(site, bus, profiles)) for bus in site.buses],
        "stations": [
            {
                "id": station.id,
                "destination": destination.id,
                "edition": destination.speaks,
                "mn": station.mn,
                "outlets": list(station.outlets),
                "refused": list(destination.commands.refused()),
            }
            for destination, station in site.stations()
        ],
        "disk": _disk(site, profiles),
    }


def _bus(site: Site, load: BusLoad) -> dict[str, Any]:
    devices = [device.id for device in site.devices_on(load.bus)]
    return {
        "id": load.bus,
        "devices": devices,
        "requests": load.requests,
        "busy": round(load.share, 4),
    }


def _disk(site: Site, profiles: Mapping[str, Profile]) -> dict[str, Any]:
    size: DiskSize = expected_size(site, profiles)
    return {
        "first_year_bytes": size.first_year,
        "full_bytes": size.full,
        **{f"{field.name}_bytes": getattr(size, field.name) for field in _sizes()},
        "years": size.years,
        "directory": str(state_directory(site)),
    }


def _sizes() -> Iterator[dataclasses.Field[Any]]:
    return (field for field in dataclasses.fields(DiskSize) if field.name != "years")


def _show(
    file: Path, site: Site | None, findings: Sequence[Finding], *, as_json: bool, lang: Lang
) -> None:
    if as_json:
        said = [dataclasses.asdict(finding) for finding in findings]
        answer = {"file": str(file), "fine": site is not None, "findings": said}
        if site is not None:
            answer["summary"] = summary(site)
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    for finding in findings:
        click.echo(str(finding))
    errors = sum(finding.level == "error" for finding in findings)
    form = _BAD if site is None else _GOOD
    click.echo(form[lang].format(file=file, errors=errors, count=len(findings) - errors))
    if site is not None:
        for line in _lines(summary(site), lang):
            click.echo(line)


def _lines(said: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    words = _LINES[lang]
    none = words["none"]
    for outlet in said["outlets"]:
        listed = ", ".join(outlet["factors"]) or none
        yield words["outlet"].format(**{**outlet, "factors": listed})
    for bus in said["buses"]:
        listed = ", ".join(bus["devices"]) or none
        yield words["bus"].format(**{**bus, "devices": listed, "busy": f"{bus['busy']:.1%}"})
    for station in said["stations"]:
        yield words["station"].format(**{**station, "outlets": ", ".join(station["outlets"])})
        yield words["refused"].format(refused=" ".join(station["refused"]) or none)
    disk = said["disk"]
    sizes = {
        name: round(disk[f"{key}_bytes"] / _MB)
        for name, key in (
            ("first", "first_year"),
            ("samples", "samples"),
            ("minutes", "minutes"),
            ("frames", "frames"),
            ("yearly", "yearly"),
            ("full", "full"),
        )
    }
    yield words["disk"].format(**sizes, years=disk["years"], directory=disk["directory"])
