"""`python -m farandole.cli` is `farandole`."""

from farandole.cli import main

if __name__ == "__main__":
    main()
