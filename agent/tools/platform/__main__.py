"""`python -m agent.tools.platform`: the command without the rest of the house."""

from __future__ import annotations

import sys

import click

from agent.errors import PaikouError
from agent.tools.platform.command import platform_command

if __name__ == "__main__":
    try:
        platform_command()
    except PaikouError as problem:
        click.echo(str(problem), err=True)
        sys.exit(problem.exit_code)
