"""`animopt` and `python -m animopt`: the command line, which a signal can end at any time."""

import sys

# Python looks for modules first where it was started, and would take a random.py or a numpy.py that lies there for its
# own; a scene's modules are found from where the scene lies.
if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]

from animopt.core.signals import exit_process, handle_signals


def main() -> None:
    """Run the command line, and end as it says, or by the signal that asked for it."""
    try:
        with handle_signals():
            from animopt.cli.main import main

            main()
    except SystemExit as left:
        if not isinstance(left.code, int):
            raise
        exit_process(left.code)


if __name__ == "__main__":
    main()
