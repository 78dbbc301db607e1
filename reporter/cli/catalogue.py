"""`reporter checks` and `reporter frameworks`: what is asked, and by whom."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, load_settings, plain, told
from reporter.cli.filters import frameworks_of

CHECKS_HELP = """The checks: one line each, or everything about one.

\b
Examples:
  reporter checks
  reporter checks cloudtrail-log-file-validation
  reporter checks 's3-*' --json
"""
FRAMEWORKS_HELP = """The frameworks: one line each, one with its controls, or one control with its checks.

\b
Examples:
  reporter frameworks
  reporter frameworks cis-aws-5.0.0
  reporter frameworks cis-aws-5.0.0 --control 3.2      which checks, and who else asks the same
  reporter frameworks check my-framework.toml          what is wrong with a file of your own
"""


@app.command(help=CHECKS_HELP)
def checks(
    id: Annotated[str, typer.Argument(metavar="[ID]", help="A check's id, or a pattern.")] = "*",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """See CHECKS_HELP, which is what users read."""
    from fnmatch import fnmatchcase

    import reporter.checks  # noqa: F401 - fills the registry
    from reporter.assess.evaluate import CHECKS

    found = [check for check in CHECKS.values() if fnmatchcase(check.id, id)]
    if not found:
        import difflib

        near = difflib.get_close_matches(id, CHECKS, n=1)
        raise Refusal(f"no check is called {id!r}{f'; did you mean {near[0]}?' if near else ''}", USAGE)
    if as_json:
        emit([_check_document(check) for check in found])
    elif len(found) == 1 and id != "*":
        _show_check(found[0], frameworks_of(load_settings(config)))
    else:
        for check in sorted(found, key=lambda c: c.id):
            line(f"{check.id:<48} {check.severity:<9} {check.title}")
        line(f"{len(found)} checks")


@app.command(help=FRAMEWORKS_HELP)
def frameworks(
    id: Annotated[str, typer.Argument(metavar="[ID|check]", help="A framework's id.")] = "",
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="With `check`: the file to look at.")] = None,
    control: Annotated[str, typer.Option(help="One control of it.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """See FRAMEWORKS_HELP, which is what users read."""
    if id == "check":
        _check_file(file)
        return
    known = frameworks_of(load_settings(config))
    if not id:
        _list(known, as_json)
        return
    from reporter.assess.frameworks import UnknownFramework, select

    with told(UnknownFramework, code=USAGE):
        chosen = select(known, (id,))[0]
    if control:
        _show_control(known, chosen, control, as_json)
    elif as_json:
        emit(chosen)
    else:
        _show_framework(chosen)


def _check_document(check: Any) -> dict[str, Any]:
    names = ("id", "subject", "severity", "title", "why", "fix", "terraform", "cloudformation", "aka")
    return {name: getattr(check, name) for name in names}


def _show_check(check: Any, known: Any) -> None:
    from reporter.assess.frameworks import controls_asking

    line(check.id, "bold")
    line(f"  {check.title}")
    line(
        f"  severity {check.severity}, asked of each {check.subject}{', also ' + ', '.join(check.aka) if check.aka else ''}"
    )
    for name, text in (("Why", check.why), ("Fix", check.fix), ("Terraform", check.terraform)):
        if text:
            line(f"\n{name}")
            for part in text.splitlines():
                line(f"  {part}")
    asking = controls_asking(known, check.id)
    line(f"\nAsked by {len(asking)} controls")
    for framework, control, use in asking:
        line(f"  {framework.id:<32} {control.id:<16} {use.relation:<11} {control.title}")


def _list(known: Any, as_json: bool) -> None:
    from reporter.assess.frameworks import statistics

    rows = [(framework, statistics(framework)) for framework in known]
    if as_json:
        emit(
            [
                {"id": f.id, "title": f.title, "version": f.version, "default": f.default, "statistics": s}
                for f, s in rows
            ]
        )
        return
    for framework, counts in rows:
        mark = "*" if framework.default else " "
        line(
            f"{mark} {framework.id:<32} {framework.title} {framework.version}: {counts.controls} controls, "
            f"{counts.covered} with checks, {counts.manual} manual; {counts.checks} checks"
        )
    line("* reported unless assess.frameworks says otherwise")


def _show_framework(framework: Any) -> None:
    line(f"{framework.title} {framework.version}", "bold")
    line(f"source: {framework.source}")
    for control in framework.controls:
        uses = f"{len(control.checks)} checks" if control.checks else "manual"
        line(f"  {control.id:<18} {uses:<10} {control.title}")


def _show_control(known: Any, framework: Any, id: str, as_json: bool) -> None:
    from reporter.assess.frameworks import also_asked_by, find_control

    control = find_control(framework, id)
    if control is None:
        raise Refusal(f"{framework.id} has no control {id!r}; see `reporter frameworks {framework.id}`", USAGE)
    others = also_asked_by(known, framework, control)
    if as_json:
        emit({"control": control, "also": [{"framework": f.id, "control": c.id} for f, c in others]})
        return
    line(f"{framework.id} {control.id}", "bold")
    line(f"  {control.title}{f' (level {control.level})' if control.level else ''}")
    if control.manual:
        line(f"  manual: {control.manual}")
    for use in control.checks:
        line(f"  {use.relation:<11} {use.check} ({use.source})")
    line(f"Also asked by {len(others)} controls of other frameworks")
    for other, its in others:
        line(f"  {other.id:<32} {its.id:<16} {its.title}")


def _check_file(file: Path | None) -> None:
    import reporter.checks  # noqa: F401 - fills the registry
    from reporter.assess.evaluate import CHECKS
    from reporter.assess.frameworks import load, statistics
    from reporter.assess.written import BadFile
    from reporter.run.wiring import WiringError, read

    if file is None:
        raise Refusal("which file? reporter frameworks check FILE", USAGE)
    with told(BadFile, WiringError, code=USAGE):
        framework = load(read(file), str(file), CHECKS.keys())
    counts = statistics(framework)
    line(f"{plain(file)}: good. {counts.controls} controls, {counts.covered} with checks, {counts.manual} manual")
