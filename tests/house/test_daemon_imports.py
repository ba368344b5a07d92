"""What the daemon loads, asked of a fresh interpreter.

import-linter reads our own code; this sees what the libraries do behind it, down to a module that
is only tried and would be taken where it is installed.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

DAEMON = "agent.cli, agent.tools.run, agent.app"
HEAVY = {"cv2", "numpy", "sqlite_utils"}
FOREIGN = {"amqtt", "hypothesis", "pytest", "modbus_tk", "minimalmodbus"}

WATCHER = """
import json, sys

tried = set()

class Watcher:
    @staticmethod
    def find_spec(name, path=None, target=None):
        tried.add(name)

sys.meta_path.insert(0, Watcher)
import {modules}
print(json.dumps([sorted(tried), sorted(sys.modules)]))
"""


def loaded_by(modules: str) -> tuple[set[str], set[str]]:
    """Import modules in a fresh interpreter; gives what was looked for and what was loaded."""
    ran = subprocess.run(
        [sys.executable, "-c", WATCHER.format(modules=modules)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    tried, loaded = json.loads(ran.stdout)
    return set(tried), set(loaded)


@pytest.fixture(scope="module")
def daemon() -> tuple[set[str], set[str]]:
    return loaded_by(DAEMON)


def roots(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_daemon_neither_loads_nor_looks_for_opencv_numpy_or_sqlite_utils(
    daemon: tuple[set[str], set[str]],
) -> None:
    tried, loaded = daemon
    assert "agent.app" in loaded
    assert roots(tried | loaded) & HEAVY == set()


def test_daemon_loads_no_tool_but_its_own_command(daemon: tuple[set[str], set[str]]) -> None:
    tools = {name for name in daemon[1] if name.startswith("agent.tools.")}
    assert tools == {"agent.tools.run"}


def test_daemon_loads_nothing_of_demo_and_tests(daemon: tuple[set[str], set[str]]) -> None:
    assert roots(daemon[1]) & FOREIGN == set()


def test_help_loads_no_command() -> None:
    _, loaded = loaded_by("agent.cli")
    assert not [name for name in loaded if name.startswith(("agent.tools", "pydantic"))]


def test_watcher_sees_what_the_migration_child_loads() -> None:
    tried, _ = loaded_by("agent.tools.migrate")
    assert "sqlite_utils" in roots(tried)
