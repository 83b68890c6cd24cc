"""The command line: `farandole run | compile | schema | predict | lineage | runs | ui`.

A command imports what it needs when it runs, so that every command starts at once.
"""

__all__ = ["main"]


def main() -> None:
    """Run the program."""
    from farandole.cli.app import app

    app()
