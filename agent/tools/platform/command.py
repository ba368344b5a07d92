"""`paikou platform`: a test platform that takes frames over MQTT until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from agent.tools.broker import Broker
from agent.tools.platform.checker import EDITIONS, Rules
from agent.tools.platform.mqtt_link import BrokerAddress
from agent.tools.platform.platform import Platform
from agent.tools.platform.show import JsonShow, TextShow
from agent.tools.platform.store import FrameStore

_LOOPBACK = ("127.0.0.1", "localhost")


@click.command("platform")
@click.option("--mqtt", "url", default="mqtt://127.0.0.1:1883", help="mqtt://HOST:PORT, mqtts://…")
@click.option("--broker", "embedded", is_flag=True, help="start a broker there (loopback only)")
@click.option("--prefix", default="hj212", help="first level of every topic")
@click.option(
    "--store", type=click.Path(path_type=Path, dir_okay=False), help="JSON lines of frames"
)
@click.option("--edition", type=click.Choice(["auto", *EDITIONS]), default="auto")
@click.option("--pw", help="the password every frame must carry; default: any")
@click.option("--ack/--no-ack", "answers", default=True, help="answer frames that ask for it")
@click.option("--client-id", default="paikou-platform", help="names the session at the broker")
@click.option("--username", default="", help="login at the broker")
@click.option("--password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="CA of an mqtts broker")
@click.option("--json", "as_json", is_flag=True, help="everything as JSON lines, the sum last")
def platform_command(url: str, **options: Any) -> None:
    """Take HJ 212 frames over MQTT, check every one strictly, answer, store and count."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    secret: Path | None = options["password_file"]
    address = BrokerAddress.parse(
        url,
        username=options["username"],
        password=secret.read_text(encoding="utf-8").strip() if secret else "",
        ca=options["ca"],
    )
    if options["embedded"] and (address.host not in _LOOPBACK or address.secure):
        raise click.UsageError(f"--broker starts one on mqtt://127.0.0.1 only, not on {url}")
    path: Path | None = options["store"]
    edition: str = options["edition"]
    platform = Platform(
        address,
        store=FrameStore(path) if path else None,
        prefix=options["prefix"],
        rules=Rules(None if edition == "auto" else edition, options["pw"]),
        answers=options["answers"],
        client_id=options["client_id"],
    )
    show = JsonShow() if options["as_json"] else TextShow(platform.ledger)
    platform.on_entry, platform.on_notice, platform.on_link = show.entry, show.notice, show.link
    asyncio.run(_run(platform, show, embedded=options["embedded"]))
    show.end(platform.ledger)


async def _run(platform: Platform, show: TextShow | JsonShow, *, embedded: bool) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        if platform.store is not None:
            stack.enter_context(platform.store)
            platform.recall()
        if embedded:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paikou-broker-"))
            await stack.enter_async_context(Broker(platform.address.port, Path(folder)))
        show.tick()
        running = asyncio.ensure_future(platform.run())
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
