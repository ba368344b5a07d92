"""`python -m agent.tools.simulate SITE`: the command without the rest of the house."""

from __future__ import annotations

import sys

import click

from agent.errors import PaikouError
from agent.tools.simulate.command import simulate_command

if __name__ == "__main__":
    try:
        simulate_command()
    except PaikouError as problem:
        click.echo(str(problem), err=True)
        sys.exit(problem.exit_code)
