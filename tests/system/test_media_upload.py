"""Films and pictures of a bundle over HTTPS, against a server of the standard library."""

from __future__ import annotations

import http.server
import ssl
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from platform_bench import Require
from uplink_bench import make_certificates

from agent.settings.evidence import Multimedia
from agent.tools.evidence.media import send_all
from protocols.hj212.seal import parse_authorization, parse_key

pytestmark = pytest.mark.system

KEY, USER, PASSWORD = "msbE74gsiSHSEh5e", "testuser", "AezF0nZRs4kypuGO"


@dataclass(slots=True)
class Server:
    """What came, and what is answered."""

    port: int = 0
    status: int = 200
    came: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def folder(require: Require, tmp_path: Path) -> Path:
    folder = tmp_path / "tls"
    make_certificates(Path(str(require("openssl"))), folder)
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    found = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.came.append((self.path, self.headers["Authorization"], body))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    made = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "broker.pem", folder / "broker.key")
    made.socket = context.wrap_socket(made.socket, server_side=True)
    found.port = made.server_address[1]
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield found
    made.shutdown()
    thread.join()
    made.server_close()


def settings(folder: Path, port: int, **keys: Any) -> Multimedia:
    for name, text in (("password", PASSWORD), ("sm4", KEY)):
        (folder / name).write_text(text)
    return Multimedia.model_validate(
        {
            "url": f"https://127.0.0.1:{port}/media?kind=clip",
            "username": USER,
            "password": {"file": str(folder / "password")},
            "key": {"file": str(folder / "sm4")},
            "ca": str(folder / "ca.pem"),
            "timeout_s": 10,
            **keys,
        }
    )


@pytest.fixture
def bundle(folder: Path) -> Path:
    path = folder / "e.bundle"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("report.html", "…")
        packed.writestr("clips/yard.1.1.mp4", b"film")
        packed.writestr("clips/yard.1.1.jpg", b"still")
        packed.writestr("clips/yard.1.1.json", "{}")
    return path


def test_films_and_pictures_go_one_by_one_with_the_appendixs_authorization(
    server: Server, folder: Path, bundle: Path
) -> None:
    told = send_all(settings(folder, server.port), bundle)
    assert (told["failed"], told["bytes"]) == ("", 9)
    assert [name for name, _ in told["sent"]] == ["clips/yard.1.1.mp4", "clips/yard.1.1.jpg"]  # type: ignore[attr-defined]
    (path, login, film), (_, _, still) = server.came
    assert path == "/media?kind=clip"
    assert login == "LG/m7lsFU/taig+vbQsDJXy4NGAaE2j2lplPwhZM7iM="
    assert parse_authorization(login, parse_key(KEY)) == (USER, PASSWORD)
    assert b'name="mediaType"\r\n\r\n3\r\n' in film
    assert b'name="mediaFormat"\r\n\r\n5\r\n' in film
    assert b'filename="yard.1.1.mp4"' in film
    assert b"\r\n\r\nfilm\r\n--" in film
    assert b'name="mediaType"\r\n\r\n1\r\n' in still


def test_platform_that_refuses_is_told_by_its_status(
    server: Server, folder: Path, bundle: Path
) -> None:
    server.status = 401
    told = send_all(settings(folder, server.port), bundle)
    assert (told["sent"], told["failed"]) == ([], "clips/yard.1.1.mp4: HTTP 401")


def test_server_without_a_known_ca_gets_neither_film_nor_password(
    server: Server, folder: Path, bundle: Path
) -> None:
    told = send_all(settings(folder, server.port, ca=None), bundle)
    assert "CERTIFICATE_VERIFY_FAILED" in str(told["failed"])
    assert server.came == []
