"""The one place where the rooms meet: a run, in the order of the sentence that describes it."""

from reporter.run.execute import NothingToResume, Request, Result, execute

__all__ = ["NothingToResume", "Request", "Result", "execute"]
