"""`paikou platform`: a test platform over MQTT and TCP, for all three editions."""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from pathlib import Path
from typing import Any

import click

from agent.errors import Lang
from agent.settings.dialect import named_edition
from agent.tools.platform.broker_address import BrokerAddress
from agent.tools.platform.bundles import Bundles
from agent.tools.platform.desk import Desk, Patience
from agent.tools.platform.gaps import gap_report
from agent.tools.platform.json_orders import WORD, is_json
from agent.tools.platform.misbehaviour import Misbehaviour
from agent.tools.platform.mqtt_intake import MqttIntake
from agent.tools.platform.options import options_of
from agent.tools.platform.orders import BadOrder, parse_line
from agent.tools.platform.places import Place
from agent.tools.platform.platform import Platform
from agent.tools.platform.running import FROM_INPUT, Intake, Session
from agent.tools.platform.show import JsonShow, TextShow
from agent.tools.platform.station_file import enrol, read_file, read_option, recall, remember
from agent.tools.platform.stations import Roster, Station
from agent.tools.platform.store import FrameStore
from agent.tools.platform.tcp_intake import CallingIntake, TcpIntake

_LOOPBACK = ("127.0.0.1", "localhost")


@click.command("platform")
@options_of
@click.pass_context
def platform_command(context: click.Context, /, **options: Any) -> None:
    """接收、严格核查、应答并保存 HJ 212 报文，下发命令 / a test platform that sends orders too.

    Takes frames over MQTT, or with --tcp or --call over TCP. Ends 0 when every order of --send and
    --order was completed, else 1; with --gaps alone 1 when something is missing.
    """
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    lang: Lang = options["lang"]
    options["orders"] += tuple(f"{WORD} {one}" for one in options["json_orders"])
    _check(options)
    platform = _platform(options)
    show = JsonShow() if options["as_json"] else TextShow(platform.ledger, lang)
    told = {name for name in ("url", "embedded", "tcp", "call") if _given(context, name)}
    if options["gaps"] and not told and not options["orders"]:
        if not options["store"].is_file():
            raise click.BadParameter(
                f"没有这个文件 / no file {options['store']}", param_hint="--store"
            )
        context.exit(0 if _report(options, show) else 1)
    session = _session(options, platform, show=show, told=told)
    asyncio.run(session.run())
    if options["gaps"]:
        _report(options, show)
    show.end(platform.ledger)
    context.exit(int(session.failed))


def _check(options: dict[str, Any]) -> None:
    """Refuse what can be seen to be wrong before anything begins."""
    for line in options["orders"]:
        if line != FROM_INPUT and not is_json(line):
            try:
                parse_line(line)
            except BadOrder as problem:
                raise click.BadParameter(str(problem), param_hint="--send") from None
    if options["gaps"] and not options["store"]:
        raise click.UsageError("--gaps 要有 --store / --gaps needs --store")


def _given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def _platform(options: dict[str, Any]) -> Platform:
    """Make the platform with its stations. Raises `PaikouError`."""
    edition: str = options["edition"]
    default = Station(edition=None if edition == "auto" else named_edition(edition))
    default.pw = options["pw"]
    roster = Roster(default)
    file: Path | None = options["file"]
    enrol(roster, read_file(file) if file else [])
    enrol(roster, [read_option(text) for text in options["named"]])
    if options["kept"]:
        recall(options["kept"], roster)
    path: Path | None = options["store"]
    return Platform(
        FrameStore(path) if path else None,
        roster,
        answers=options["answers"],
        mischief=Misbehaviour.parse(options["misbehave"]),
    )


def _session(
    options: dict[str, Any], platform: Platform, *, show: TextShow | JsonShow, told: set[str]
) -> Session:
    """Put desk, intakes and show together. Raises `PaikouError`."""
    platform.on_entry, platform.on_notice, platform.on_link = show.entry, show.notice, show.link
    kept: Path | None = options["kept"]
    desk = Desk(
        platform,
        Patience(
            answer_s=options["timeout"],
            resends=options["resends"],
            execution_s=options["execution_timeout"],
            station_s=options["wait"],
        ),
        initiative=options["by_itself"],
        on_order=show.order,
        on_end=show.exchange,
        on_change=lambda station: remember(kept, station) if kept else None,
    )
    intakes: list[Intake] = []
    address = _address(options)
    if told & {"url", "embedded"} or not told:
        intakes.append(_mqtt(options, platform, address))
    if options["tcp"]:
        place, tls = Place.parse(options["tcp"]), _server_tls(options)
        intakes.append(TcpIntake(platform, place, tls, on_call=show.call))
    if options["call"]:
        tls = ssl.create_default_context(cafile=options["ca"]) if options["ca"] else None
        intakes.append(CallingIntake(platform, Place.parse(options["call"]), tls, show.call))
    return Session(
        platform,
        desk,
        intakes,
        show,
        orders=options["orders"],
        stay=options["stay"],
        broker_port=address.port if options["embedded"] else 0,
    )


def _address(options: dict[str, Any]) -> BrokerAddress:
    secret: Path | None = options["password_file"]
    address = BrokerAddress.parse(
        options["url"],
        username=options["username"],
        password=secret.read_text(encoding="utf-8").strip() if secret else "",
        ca=str(options["ca"]) if options["ca"] else None,
    )
    if options["embedded"] and (address.host not in _LOOPBACK or address.secure):
        url = options["url"]
        raise click.UsageError(
            f"--broker 只在本机 / --broker starts one on mqtt://127.0.0.1 only, not on {url}"
        )
    return address


def _mqtt(options: dict[str, Any], platform: Platform, address: BrokerAddress) -> MqttIntake:
    orders: tuple[str, ...] = options["orders"]
    ordered = [
        line.split()[0]
        for line in orders
        if line != FROM_INPUT and line.strip() and not is_json(line)
    ]
    return MqttIntake(
        platform,
        address,
        options["prefix"],
        options["client_id"],
        options["share"],
        listens=_listens(platform, ordered) if options["share"] and orders else (),
        bundles=_bundles(options["evidence"], platform),
    )


def _bundles(folder: Path | None, platform: Platform) -> Bundles | None:
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return Bundles(folder, platform.key_of)


def _listens(platform: Platform, firsts: list[str]) -> tuple[str, ...]:
    """Give the stations whose every word a platform of a group must hear to send its orders."""
    named = [mn for mn in (*platform.roster.stations, *firsts) if len(mn) != len("9011")]
    if not named:
        raise click.UsageError(
            "--share 下发要写明站点 / --send with --share: name the stations (--station MN)"
        )
    return tuple(dict.fromkeys(named))


def _server_tls(options: dict[str, Any]) -> ssl.SSLContext | None:
    if not options["cert"]:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options["cert"], options["cert_key"])
    if options["ca"]:
        context.load_verify_locations(options["ca"])
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _report(options: dict[str, Any], show: TextShow | JsonShow) -> bool:
    """Report the gaps of the store; say whether there are none."""
    store = FrameStore(options["store"])
    report = list(gap_report(store.frames(), intervals_s=_intervals(options["intervals"])))
    show.gaps(report)
    return all(series.whole for series in report)


def _intervals(given: tuple[str, ...]) -> dict[str, int]:
    wanted = {}
    for text in given:
        cn, _, seconds = text.partition("=")
        if not (cn.isdigit() and seconds.isdigit() and int(seconds)):
            raise click.BadParameter(f"{text}：应为 / CN=SECONDS expected", param_hint="--interval")
        wanted[cn] = int(seconds)
    return wanted
