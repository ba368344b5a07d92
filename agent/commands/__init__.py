"""What platforms ask for and order: a handler a command, and the table of them."""

from agent.commands.table import TABLE

__all__ = ["TABLE"]
