from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.tools.simulate.port_link import PortLink, PortTaken

PTY = "/dev/pts/0"


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "serial" / "by-path" / "line1"


@pytest.fixture
def link(port: Path) -> Iterator[PortLink]:
    made = PortLink(port)
    yield made
    made.remove()


def test_link_is_made_with_its_folder_and_taken_away_without_a_trace(
    link: PortLink, port: Path
) -> None:
    link.make(PTY)
    assert str(port.readlink()) == PTY
    link.remove()
    assert list(port.parent.iterdir()) == []


def test_link_of_a_killed_simulator_is_replaced_though_its_pty_number_is_in_use_again(
    link: PortLink, port: Path
) -> None:
    port.parent.mkdir(parents=True)
    port.symlink_to("/dev/null")
    port.with_name(".line1.simulated").write_text("/dev/null")
    link.make(PTY)
    assert str(port.readlink()) == PTY


def test_line_of_a_living_simulator_is_refused_and_stays(link: PortLink, port: Path) -> None:
    link.make(PTY)
    second = PortLink(port)
    with pytest.raises(PortTaken, match="another simulator plays this line"):
        second.make("/dev/pts/1")
    second.remove()
    assert str(port.readlink()) == PTY


def test_file_is_never_replaced(link: PortLink, port: Path) -> None:
    port.parent.mkdir(parents=True)
    port.write_text("mine")
    with pytest.raises(PortTaken, match="a file is there"):
        link.make(PTY)
    assert [path.read_text() for path in port.parent.iterdir()] == ["mine"]


def test_real_device_is_never_replaced() -> None:
    with pytest.raises(PortTaken, match="a real device is there"):
        PortLink(Path("/dev/null")).make(PTY)
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("target", ["/dev/null", "/nowhere/else", "/dev/pts/99999"])
def test_link_of_somebody_else_is_never_replaced(link: PortLink, port: Path, target: str) -> None:
    port.parent.mkdir(parents=True)
    port.symlink_to(target)
    with pytest.raises(PortTaken, match=f"a link to {target} is there"):
        link.make(PTY)
    assert str(port.readlink()) == target


def test_what_took_the_place_of_our_link_stays(link: PortLink, port: Path) -> None:
    link.make(PTY)
    port.unlink()
    port.symlink_to("/dev/pts/7")
    link.remove()
    assert str(port.readlink()) == "/dev/pts/7"


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PortTaken, match="cannot make a simulated port here"):
        PortLink(tmp_path / "file" / "line1").make(PTY)
