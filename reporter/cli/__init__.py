"""The command line: it reads words, calls one function and prints what comes back. It decides nothing."""

from reporter.cli.app import main

__all__ = ["main"]
