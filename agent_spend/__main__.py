"""``agent-spend`` and ``python -m agent_spend``: reads ``.env`` before anything looks at a setting."""

import sys
from pathlib import Path

import click
from dotenv import load_dotenv

from agent_spend.errors import ConfigurationError


def main() -> None:
    """Run the command line; a setting that cannot even be imported with is one clear line too."""
    load_dotenv(Path.cwd() / ".env")
    try:
        from agent_spend.cli import main as commands
    except ConfigurationError as error:
        click.echo(f"agent-spend: {error}", err=True)
        sys.exit(2)
    commands()


if __name__ == "__main__":
    main()
