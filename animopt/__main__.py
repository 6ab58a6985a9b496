"""`python -m animopt`, which is what `animopt` runs."""

from animopt.cli import main

if __name__ == "__main__":
    main()
