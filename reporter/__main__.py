"""`python -m reporter` is the same as `reporter`."""

from reporter.cli import main

if __name__ == "__main__":
    main()
