"""``python -m faceup``."""

from faceup.commands import main

if __name__ == "__main__":
    main()
