"""`reporter checks` and `reporter frameworks`: what is asked, by whom, and what a control answered over time."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, load_settings, plain, told
from reporter.cli.filters import (
    Accounts,
    Opened,
    Ou,
    checks_named,
    control_named,
    counted,
    framework_named,
    frameworks_of,
    open_history,
    run_named,
    there_is_history,
    within,
)
from reporter.cli.narrowing import told_of_files

CHECKS_HELP = """The checks: one line each, or everything about one.

\b
Examples:
  reporter checks
  reporter checks cloudtrail-log-file-validation
  reporter checks 's3-*' --json
"""
FRAMEWORKS_HELP = """The frameworks: one line each, one with its controls, or one control with its checks and its answers over time.

Checks support a control; that it is satisfied is for an assessor to say. A mapping says whether a check answers the control
(direct) or bears on it (supporting), and where the mapping comes from.

\b
Examples:
  reporter frameworks
  reporter frameworks cis-aws-5.0.0
  reporter frameworks cis-aws-5.0.0 --run last         with each control's answer in that run, and the score
  reporter frameworks cis-aws-5.0.0 --control 3.2      its checks, who else asks the same, days passing of days observed
  reporter frameworks cis-aws-5.0.0 --control 3.2 --over 52 --ou Root/Workloads
  reporter frameworks check my-framework.toml          what is wrong with a file of your own
"""
WHO_ANSWERS = (
    "by checks and a person: checks look at it, and the standard itself leaves it to a person; "
    "by a person: no check can see it (reporter attest)"
)
LAST_RUNS = 12


@app.command(help=CHECKS_HELP)
def checks(
    id: Annotated[str, typer.Argument(metavar="[ID]", help="A check's id, or a pattern.")] = "*",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """See CHECKS_HELP, which is what users read."""
    from reporter.assess.evaluate import CHECKS

    found = [CHECKS[name] for name in checks_named(id)]
    known = frameworks_of(load_settings(config))
    if as_json:
        emit([_check_document(check, known) for check in found])
    elif len(found) == 1 and id != "*":
        _show_check(found[0], known)
    else:
        for check in found:
            line(f"{check.id:<48} {check.severity:<9} {check.title}")
        line(f"{len(found)} checks")


@app.command(help=FRAMEWORKS_HELP)
def frameworks(
    id: Annotated[str, typer.Argument(metavar="[ID|check]", help="A framework's id.")] = "",
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="With `check`: the file to look at.")] = None,
    config: Config = None,
    control: Annotated[str, typer.Option("--control", help="One control of it.")] = "",
    over: Annotated[int, typer.Option("--over", min=1, help="A control's answers over so many runs.")] = LAST_RUNS,
    run: Annotated[str, typer.Option("--run", help="The answers of a run: last, previous, a number, a date.")] = "",
    account: Accounts = None,
    ou: Ou = "",
    as_json: AsJson = False,
) -> None:
    """See FRAMEWORKS_HELP, which is what users read."""
    settings = load_settings(config)
    if file is not None and id != "check":
        raise Refusal(f"{plain(file)}: one framework at a time; a file is for `reporter frameworks check FILE`", USAGE)
    if id == "check":
        _check_file(file, settings)
    elif not id:
        if control:
            raise Refusal("--control needs a framework: `reporter frameworks ID --control C`", USAGE)
        _list(frameworks_of(settings), as_json)
    elif control:
        chosen = framework_named(settings, id)
        asked = control_named(chosen, control)
        opened = _opened(config, settings)
        known = None if opened is None else _over(opened, run or "last", chosen, control, over, within(account, ou))
        _show_control(frameworks_of(settings), chosen, asked, known, as_json, opened)
    elif run:
        _show_answers(open_history(config), run, framework_named(settings, id), within(account, ou), as_json)
    else:
        chosen = framework_named(settings, id)
        emit(chosen) if as_json else _show_framework(chosen)


def _check_document(check: Any, known: Any) -> dict[str, Any]:
    from reporter.assess.frameworks import controls_asking

    names = ("id", "subject", "severity", "title", "why", "fix", "code", "aka")
    asking = [
        {"framework": framework.id, "control": control.id, "relation": use.relation, "source": use.source}
        for framework, control, use in controls_asking(known, check.id)
    ]
    return {**{name: getattr(check, name) for name in names}, "controls": asking}


def _show_check(check: Any, known: Any) -> None:
    from reporter.assess.frameworks import controls_asking

    line(check.id, "bold")
    line(f"  {check.title}")
    line(f"  severity {check.severity}, asked of each {check.subject}")
    if check.aka:
        line(f"  elsewhere called {', '.join(check.aka)}")
    sections = [("Why", check.why), ("Fix", check.fix)]
    for one in check.code:
        instead = f", instead of {' or '.join(one.mends)}" if len(check.code) > 1 else ""
        sections += [(f"Terraform{instead}", one.terraform), (f"CloudFormation{instead}", one.cloudformation)]
    for title, text in sections:
        if text:
            line()
            line(title, "bold")
            for part in text.splitlines():
                line(f"  {part}")
    asking = controls_asking(known, check.id)
    line()
    line(f"Asked by {counted(len(asking), 'control')}", "bold")
    for framework, control, use in asking:
        line(f"  {framework.id:<28} {control.id:<22} {use.relation:<11} {control.title}")


def _list(known: Any, as_json: bool) -> None:
    from reporter.assess.frameworks import statistics

    rows = [(framework, statistics(framework)) for framework in known]
    if as_json:
        names = ("id", "title", "version", "source", "licence", "confirmed", "default")
        emit([{**{name: getattr(f, name) for name in names}, "statistics": counts} for f, counts in rows])
        return
    for framework, counts in rows:
        mark = "*" if framework.default else " "
        line(f"{mark} {framework.id:<28} {framework.title} {framework.version}: {_sum(counts)}; {counts.checks} checks")
    line("* reported unless assess.frameworks says otherwise")
    line(WHO_ANSWERS)


def _sum(counts: Any) -> str:
    """A framework's controls as a sum: each control is answered in one of three ways."""
    parts = (
        (counts.covered - counts.shared, "by checks"),
        (counts.shared, "by checks and a person"),
        (counts.manual, "by a person"),
    )
    total = " + ".join(f"{number} {how}" for number, how in parts if number)
    return f"{counted(counts.controls, 'control')} = {total}"


def _show_framework(framework: Any) -> None:
    from reporter.assess.frameworks import is_manual, statistics

    counts = statistics(framework)
    line(f"{framework.title} {framework.version}", "bold")
    line(f"  source: {framework.source}")
    if framework.licence:
        line(f"  licence: {framework.licence}")
    if framework.confirmed:
        line(f"  confirmed: {framework.confirmed}")
    line(
        f"  {_sum(counts)}; {counts.checks} checks in {counts.direct} direct and {counts.supporting} supporting mappings"
    )
    for control in framework.controls:
        direct = sum(1 for use in control.checks if use.relation == "direct")
        uses = f"{direct}+{len(control.checks) - direct} checks" if control.checks else ""
        marks = " ".join((uses, *(["manual"] if is_manual(control) or not control.checks else []))).strip()
        line(f"  {control.id:<22} {control.level:<4} {marks:<17} {control.title}")
    line("n+m checks: n answer the control, m bear on it; manual: a person attests it (reporter attest)")
    line(WHO_ANSWERS)


def _show_answers(opened: Opened, run: str, framework: Any, scope: Any, as_json: bool) -> None:
    """Each control's answer as it was stored in a run, with the score."""
    from dataclasses import asdict, replace

    from reporter.cli.again import print_controls
    from reporter.cli.asking import Asked
    from reporter.run.answers import rolled_up
    from reporter.run.wiring import judgement, with_stored

    chosen = run_named(opened, run)
    Asked(opened, chosen).located(scope.accounts, scope.ou)
    with told_of_files():
        judged_by = with_stored(judgement(opened.settings), opened.engine, chosen.as_of)
    result = rolled_up(opened.engine, chosen, replace(judged_by, selected=(framework,)), within=scope).result(
        framework.id
    )
    if as_json:
        score = {"percent": result.score.percent, **asdict(result.score)}
        emit({"framework": framework.id, "run": chosen.seq, "controls": result.controls, "score": score})
        return
    line(f"{framework.title} {framework.version}: run {chosen.seq} of {chosen.as_of:%Y-%m-%d}", "bold")
    print_controls(framework, result.controls)
    line(f"Score: {result.score}")


def _opened(config: Path | None, settings: Any) -> Opened | None:
    """The history, if there is one: looking at a framework makes none."""
    from reporter.history import HistoryError

    with told(HistoryError, code=USAGE):
        return open_history(config) if there_is_history(settings) else None


def _over(opened: Opened, run: str, framework: Any, control: str, most: int, scope: Any) -> Any:
    """The control's answers over the last runs; None before the first."""
    from reporter import history
    from reporter.cli.asking import Asked
    from reporter.run.answers import over_runs
    from reporter.run.wiring import judgement

    if not history.last_runs(opened.engine, 1):
        return None
    last = run_named(opened, run)
    Asked(opened, last).located(scope.accounts, scope.ou)
    runs = history.last_runs(opened.engine, most, until=last)
    with told_of_files():
        judged_by = judgement(opened.settings)
    return over_runs(opened.engine, runs, judged_by, framework, control, within=scope)


def _show_control(known: Any, framework: Any, control: Any, over: Any, as_json: bool, opened: Opened | None) -> None:
    from reporter.assess.evaluate import CHECKS
    from reporter.assess.frameworks import also_asked_by
    from reporter.cli import attesting

    others = also_asked_by(known, framework, control)
    stated = attesting.stated(opened, framework.id, control.id) if opened else ()
    attested = [attesting.words(opened, one) for one in stated] if opened else []
    if as_json:
        also = [{"framework": f.id, "control": c.id} for f, c in others]
        emit({"framework": framework.id, "control": control, "also": also, "over": _over_document(over),
              "attestations": stated})  # fmt: skip
        return
    line(f"{framework.id} {control.id}", "bold")
    line(f"  {control.title}{f' (level {control.level})' if control.level else ''}")
    if control.manual:
        line(f"  manual: {control.manual}")
    for words in attested:
        line(f"  {words}")
    line(f"Supported by {counted(len(control.checks), 'check')}", "bold")
    for use in control.checks:
        line(
            f"  {use.relation:<11} {use.check:<44} {CHECKS[use.check].severity:<9} {CHECKS[use.check].title} ({use.source})"
        )
    line(f"Also asked by {counted(len(others), 'control')} of other frameworks", "bold")
    for other, its in others:
        line(f"  {other.id:<28} {its.id:<22} {its.title}")
    if over is not None:
        _show_over(over)


def _show_over(over: Any) -> None:
    """A control's answers, oldest first, and the days it passed of those it was watched."""
    days = over.days
    runs = counted(len(over.answers), "run")
    line(f"Over {runs}: {counted(days.passing, 'day')} passing of {counted(days.observed, 'day')} observed", "bold")
    for run, answer in over.answers:
        seen = f"{answer.accounts_assessed} of {answer.accounts_total} accounts with no answer missing"
        line(
            f"  run {run.seq:<4} {run.as_of:%Y-%m-%d}  {answer.status.value:<14} {seen}  {plain(answer.reason)}".rstrip()
        )


def _over_document(over: Any) -> dict[str, Any] | None:
    if over is None:
        return None
    rows = [{"run": run.seq, "as_of": run.as_of, **{n: getattr(one, n) for n in OVER}} for run, one in over.answers]
    return {"days_passing": over.days.passing, "days_observed": over.days.observed, "runs": rows}


OVER = (
    "status", "reason", "passed", "failed", "waived", "not_applicable", "insufficient", "accounts_failing",
    "accounts_assessed", "accounts_total",
)  # fmt: skip


def _check_file(file: Path | None, settings: Any) -> None:
    import reporter.checks  # noqa: F401 - fills the registry
    from reporter.assess.evaluate import CHECKS
    from reporter.assess.frameworks import load, statistics
    from reporter.assess.written import BadFile
    from reporter.run.wiring import WiringError, read

    if file is None:
        raise Refusal("which file? `reporter frameworks check FILE`", USAGE)
    with told(BadFile, WiringError, code=USAGE):
        framework = load(read(file), str(file), CHECKS.keys())
    counts = statistics(framework)
    line(
        f"{plain(file)}: good. {framework.id}: {_sum(counts)}; {counts.direct} direct and {counts.supporting} supporting mappings"
    )
    if any(one.id == framework.id for one in frameworks_of(settings)):
        line(
            f'  "{framework.id}" is also the id of a framework that is there already: one run can use one of them',
            "yellow",
        )
