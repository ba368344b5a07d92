"""The broker of the demo and of tests: mosquitto where it is installed, else amqtt (extra `demo`).

It listens on the loopback interface only, keeps nothing across a stop, and is one child process
that dies with us. mosquitto speaks MQTT 5 and 3.1.1, amqtt 0.12.1 only 3.1.1.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import getpass
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from agent.errors import PaikouError

HOST = "127.0.0.1"
START_S = 15.0
STOP_S = 5.0
_SBIN = "/usr/local/sbin:/usr/sbin"

Program = Literal["mosquitto", "amqtt"]


class BrokerError(PaikouError):
    """The broker could not be started; the text says why and where its log is."""


@dataclass(frozen=True, slots=True)
class Login:
    """The one user who may connect."""

    username: str
    password: str


def free_port() -> int:
    """Give a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def choose_program() -> Program:
    """Take mosquitto when it is installed, else amqtt. Raises `BrokerError` when neither is."""
    if _mosquitto() is not None:
        return "mosquitto"
    if importlib.util.find_spec("amqtt") is not None:
        return "amqtt"
    raise BrokerError(
        "no MQTT broker here: install mosquitto, or the extra: pip install 'paikou[demo]'"
    )


class Broker:
    """An MQTT broker on one loopback port that can be cut off and started again."""

    def __init__(
        self,
        port: int,
        work_dir: Path,
        *,
        program: Program | None = None,
        login: Login | None = None,
    ) -> None:
        self.port = port or free_port()
        self.work_dir = work_dir
        self.program: Program = program or choose_program()
        self.login = login
        self.log = work_dir / "broker.log"
        self._child: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where clients connect, as `mqtt://host:port`."""
        return f"mqtt://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether our child process lives."""
        return self._child is not None and self._child.returncode is None

    @property
    def pid(self) -> int | None:
        """The process id of the broker while it runs."""
        return self._child.pid if self._child is not None and self.running else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start on the port and wait until it accepts; nothing happens when it runs already.

        Raises `BrokerError` when the port is taken or nothing accepts within 15 s.
        """
        if self.running:
            return
        _require_free(self.port)
        self.work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = self._command()
        with self.log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for us; the broker goes last
            )
        self._tell(self._child)
        try:
            await asyncio.wait_for(self._accepting(self._child), START_S)
        except TimeoutError:
            await self.stop()
            raise BrokerError(f"{self.program}: {self.url} not there after {START_S:.0f} s"
                              f"; log {self.log}") from None  # fmt: skip

    async def stop(self) -> None:
        """End our own child: politely, and after 5 s by force."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            try:
                await asyncio.wait_for(child.wait(), STOP_S)
            except TimeoutError:
                child.kill()
                await asyncio.wait_for(child.wait(), STOP_S)

    async def _accepting(self, child: asyncio.subprocess.Process) -> None:
        while True:
            if child.returncode is not None:
                self._child = None
                raise BrokerError(f"{self.program} ended with {child.returncode}: {self._said()}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, self.port)
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                return
            await asyncio.sleep(0.02)

    def _tell(self, child: asyncio.subprocess.Process) -> None:
        """Hand the amqtt child its settings where `ps` does not show them; mosquitto has a file."""
        if self.program != "amqtt" or child.stdin is None:
            return
        login = self.login or Login("", "")
        wanted = {"host": HOST, "port": self.port}
        wanted |= {"username": login.username, "password": login.password}
        child.stdin.write(json.dumps(wanted).encode() + b"\n")

    def _command(self) -> list[str]:
        if self.program == "amqtt":
            return [sys.executable, "-m", "agent.tools.broker_child"]
        program = _mosquitto()
        if program is None:
            raise BrokerError("mosquitto is not installed")
        setpriv = shutil.which("setpriv")
        dies_with_us = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
        return [*dies_with_us, program, "-c", str(self._mosquitto_settings())]

    def _mosquitto_settings(self) -> Path:
        lines = [
            f"listener {self.port} {HOST}",
            f"user {getpass.getuser()}",  # no change of user: the password file stays readable
            f"allow_anonymous {'false' if self.login else 'true'}",
            "persistence false",
            "max_queued_messages 100000",
            "log_dest stderr",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
        ]
        if self.login is not None:
            passwords = self.work_dir / "passwords"
            _write_private(passwords, _password_line(self.login) + "\n")
            lines.append(f"password_file {passwords.resolve()}")
        settings = self.work_dir / "mosquitto.conf"
        _write_private(settings, "\n".join(lines) + "\n")
        return settings.resolve()

    def _said(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(lines[-3:]) or f"it said nothing; log {self.log}"


def _mosquitto() -> str | None:
    """Find it also for a user whose PATH leaves the sbin folders out, as Debian's does."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}")


def _require_free(port: int) -> None:
    """Refuse a port that somebody serves: we would take his broker for ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as problem:
            raise BrokerError(f"port {port} of {HOST} is not free: {problem.strerror}") from None


def _password_line(login: Login, iterations: int = 101) -> str:
    """Print a line of mosquitto's password file, its PBKDF2-SHA512 form `$7$`."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", login.password.encode(), salt, iterations, 64)
    parts = (base64.b64encode(part).decode() for part in (salt, key))
    return f"{login.username}:$7${iterations}${'$'.join(parts)}"


def _environment() -> dict[str, str]:
    """Let the child import this very package, whether it is installed or run from its sources."""
    ours = str(Path(__file__).resolve().parents[2])
    theirs = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{ours}{os.pathsep}{theirs}" if theirs else ours}


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
