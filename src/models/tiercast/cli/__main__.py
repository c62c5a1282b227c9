"""``python -m tiercast.cli`` is the command ``tiercast``."""

from tiercast.cli import main

if __name__ == "__main__":
    main()
