"""Entry point of `animopt` and `python -m animopt`. A signal can end the process at any time."""

import sys

# Python searches the current folder first, and would import a random.py or a numpy.py there instead of its own. Modules
# of a scene are found through the folder of the scene file.
if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]

from animopt.core.processes import exit_process, handle_signals, replace_closed_streams


def main() -> None:
    """Run the command line, and end with its exit code or by the signal that interrupted it."""
    replace_closed_streams()
    try:
        with handle_signals():
            from animopt.cli.main import main

            main()
    except SystemExit as exit_request:
        if not isinstance(exit_request.code, int):
            raise
        exit_process(exit_request.code)


if __name__ == "__main__":
    main()
