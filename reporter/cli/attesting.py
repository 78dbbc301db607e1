"""What people have stated about a control, in words: who, until when, with which evidence, since which run it counts."""

from typing import Any

from reporter.cli.console import now, plain
from reporter.cli.filters import Opened, counted
from reporter.model import Attestation


def stated(opened: Opened, framework: str, control: str) -> tuple[Attestation, ...]:
    """The statements about a control that stand now, those of the file and those given by command; the one that counts first."""
    from reporter.assess.attestations import attestation_for
    from reporter.cli.narrowing import told_of_files
    from reporter.run.wiring import judgement, with_stored

    with told_of_files():
        known = with_stored(judgement(opened.settings), opened.engine, now()).attestations
    found = [one for one in known if (one.framework, one.control) == (framework, control)]
    first = attestation_for(found, framework, control, now().date())
    return tuple(sorted(found, key=lambda one: one is not first))


def words(opened: Opened, one: Attestation) -> str:
    """A statement in one line; said with it where no run has counted it yet."""
    from reporter import history
    from reporter.assess.attestations import is_valid

    with_what = f"with {one.evidence_name} ({one.evidence_sha256[:16]})" if one.evidence_sha256 else "WITHOUT evidence"
    ended = "until" if is_valid(one, now().date()) else "ENDED on"
    last = history.last_runs(opened.engine, 1)
    fresh = one.at is not None and not (last and one.at <= last[0].as_of)
    when = f" on {one.at:%Y-%m-%d}" if one.at else ""
    when += " (counts from the next run on)" if fresh else ""
    return plain(f"attested by {one.by}{when}, {ended} {one.valid_until}, {with_what}: {one.statement}")


def besides(before: Any, after: Any) -> str:
    """What a new statement came to beside those that stood already; empty where it is the first."""
    if len(after) == len(before):
        return "the same was stated already: nothing is added"
    if not before:
        return ""
    return f"{counted(len(before), 'statement')} about it stood already; of all, the one that holds longest counts"
