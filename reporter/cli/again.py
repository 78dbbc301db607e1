"""`reporter assess`: a past snapshot judged by today's checks, beside what was answered then."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reporter import history
from reporter.cli.asking import STATUSES, Asked, Row
from reporter.cli.console import line, plain
from reporter.cli.filters import counted
from reporter.cli.showing import ALIKE, SIGNS, coverage_words, document, emit_stream, notes
from reporter.model import ControlStatus, Framework
from reporter.run.answers import Again, answered_today, differs, judged_again

MARKS = {
    ControlStatus.PASS: "✓", ControlStatus.FAIL: "✗", ControlStatus.WAIVED: "w", ControlStatus.PARTIAL: "?",
    ControlStatus.NOT_ASSESSED: "?", ControlStatus.NOT_APPLICABLE: "–", ControlStatus.MANUAL: "m",
    ControlStatus.ATTESTED: "a",
}  # fmt: skip
STYLES = {ControlStatus.PASS: "green", ControlStatus.FAIL: "red", ControlStatus.WAIVED: "yellow"}


@dataclass(slots=True)
class Told:
    """What is counted while the answers go by."""

    now: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)  # "fail -> pass"

    def count(self, one: Again) -> None:
        """One answer."""
        if not one.gone:
            self.now[one.finding.status.value] += 1
        if one.moved:
            self.moves[_move(one)] += 1


def answers(asked: Asked, scope: history.Within, *, everything: bool, as_json: bool) -> None:
    """Every answer that is another one than then; as JSON also all that does not pass today."""
    told = Told()
    if as_json:
        head = {"schema": "reporter/assess/1", **_head(asked)}
        rows = (_document(one) for one in _counted(asked, scope, told) if one.moved or _matters(one))
        emit_stream(head, "answers", rows, counts=lambda: dict(told.now), moves=lambda: dict(told.moves))
        return
    groups: dict[tuple[str, str], list[Again]] = defaultdict(list)
    counts: Counter[tuple[str, str]] = Counter()
    for one in _counted(asked, scope, told):
        if one.moved:
            place = (_move(one), one.finding.check)
            counts[place] += 1
            if everything or len(groups[place]) < ALIKE:
                groups[place].append(one)
    _print(asked, groups, counts, told)


def controls(asked: Asked, framework: Framework, scope: history.Within, *, as_json: bool) -> None:
    """What the controls of a framework would have answered then, judged by today's checks and mapping."""
    judgement = replace(asked.judgement, selected=(framework,))
    result = answered_today(asked.opened.engine, asked.run, judgement, within=scope).result(framework.id)
    if as_json:
        rows = (asdict(one) for one in result.controls)
        score = {"percent": result.score.percent, **asdict(result.score)}
        emit_stream({"schema": "reporter/controls/1", **_head(asked)}, "controls", rows, score=score)
        return
    line(
        f"{framework.title} {framework.version}, as run {asked.run.seq} of {asked.run.as_of:%Y-%m-%d} would answer it today"
    )
    print_controls(framework, result.controls)
    line(f"Score: {result.score}")
    line(coverage_words(asked))


def print_controls(framework: Framework, results: Any) -> None:
    """One line for each control, with the reason where it does not pass."""
    for control, one in zip(framework.controls, results, strict=True):
        line(f"{MARKS[one.status]} {control.id:<14} {one.status.value:<14} {control.title}", STYLES.get(one.status, ""))
        if one.reason:
            line(f"      {plain(one.reason)}")


def _counted(asked: Asked, scope: history.Within, told: Told) -> Iterator[Again]:
    for _, found in judged_again(asked.opened.engine, asked.run, asked.judgement, within=scope):
        for one in found:
            told.count(one)
            yield one


def _head(asked: Asked) -> dict[str, Any]:
    run, judgement = asked.run, asked.judgement
    return {
        "run": {"seq": run.seq, "id": run.id, "as_of": run.as_of},
        "judged_by": {"then": run.checks_hash, "now": judgement.hash, "same": run.checks_hash == judgement.hash},
        "coverage": asdict(asked.coverage),
    }


def _document(one: Again) -> dict[str, Any]:
    now = None if one.gone else one.finding.status.value
    row = document(Row(one.finding, waiver=one.waiver))
    return {**row, "status": now, "then": one.then, "moved": one.moved}


def _matters(one: Again) -> bool:
    return one.finding.status.value in ("fail", "insufficient_data")


def _move(one: Again) -> str:
    return f"{one.then} -> {'no longer asked' if one.gone else one.finding.status.value}"


def _print(
    asked: Asked, groups: dict[tuple[str, str], list[Again]], counts: Counter[tuple[str, str]], told: Told
) -> None:
    run = asked.run
    line(f"Run {run.seq} of {run.as_of:%Y-%m-%d %H:%M}Z, judged by today's checks", "bold")
    line(differs(run, asked.judgement) or "Today's checks, frameworks and targets are those that judged it then.")
    for (move, check), shown in sorted(groups.items()):
        line(f"{SIGNS[shown[0].finding.status]} {move}: {check}  {counts[move, check]}")
        for one in shown:
            line(f"      {plain(one.finding.arn or one.finding.resource)} in {one.finding.account}")
            line(f"        {plain(one.finding.reason)}" if one.finding.reason else "        (no longer fails)")
        if (more := counts[move, check] - len(shown)) > 0:
            line(f"      and {more} more (--all)")
    moved = sum(told.moves.values())
    line(f"{counted(moved, 'answer')} differ from then." if moved else "Every answer is the same as then.")
    line("Today: " + ", ".join(f"{told.now[status]} {status}" for status in STATUSES))
    line(coverage_words(asked))
    notes(asked)
