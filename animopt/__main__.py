"""`animopt` and `python -m animopt`: the command line, which a signal can end at any time."""

from animopt.system import heeding, leave


def main() -> None:
    """Run the command line, and end as it says, or by the signal that asked for it."""
    try:
        with heeding():
            from animopt.cli import main

            main()
    except SystemExit as left:
        if not isinstance(left.code, int):
            raise
        leave(left.code)


if __name__ == "__main__":
    main()
