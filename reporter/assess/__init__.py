"""Judging: a snapshot as checks see it, the checks themselves as values, frameworks, waivers, and the status of controls."""
