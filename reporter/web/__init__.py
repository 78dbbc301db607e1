"""Read-only pages over the history: the runs, their reports and files, what was delivered."""
