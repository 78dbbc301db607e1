"""What the user must hear about the history; each message is one sentence with the remedy."""


class HistoryError(Exception):
    """Something about the history that the user must hear; the message is one sentence with the remedy."""


class NotOurs(HistoryError):
    """The database holds something else."""


class TooNew(HistoryError):
    """The database was written by a newer reporter."""


class Unusable(HistoryError):
    """The database cannot be opened."""


class RunBusy(HistoryError):
    """Another process is at work on a run of this kind."""


class LeaseLost(HistoryError):
    """Somebody else has taken this over."""


class Unsealable(HistoryError):
    """The run's coverage does not add up."""


class UnknownRun(HistoryError):
    """No run answers to this name."""


class Damaged(HistoryError):
    """A stored document is missing or is not what was stored."""


class Refused(HistoryError):
    """An act that the history does not allow: it would rewrite what was sealed, or names what does not exist."""
