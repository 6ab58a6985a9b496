"""`python -m animopt`, which is what `animopt` runs."""

import os
import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # Python would look for every library in the current folder first, which may hold any random.py.
        here = sys.path.pop(0)
        if here == os.path.dirname(os.path.dirname(__file__)):  # noqa: PTH120
            sys.path.append(here)

    from animopt.cli import main

    main()
