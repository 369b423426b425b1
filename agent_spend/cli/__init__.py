"""The command line, one module a group of commands; ``main.py`` puts them together."""

from agent_spend.cli.main import main

__all__ = ["main"]
