"""The fix plan: failing findings as one shell script per account, for a person to read, and to run or not.

Nothing here touches AWS, and a plan that is run only prints until it is told `--apply`. Names come from AWS and may be
hostile: each command is taken apart into words and written anew with every word quoted, and what is no plain `aws`
command that sets something (a line of prose, a deletion, a redirection) becomes a comment.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from reporter.assess.evaluate import PLACEHOLDER
from reporter.assess.resource_types import BUCKET, LOG_GROUP
from reporter.assess.whole import VERB, joined, place
from reporter.model import GLOBAL, SEVERITIES, Finding, Status

ELSEWHERE: Final = re.compile(r"# in account (\d{12})")
# remarks of a fix that the plan says in its own words
OUR_OWN: Final = re.compile(r"\s*# (in account \d{12}$|cannot be taken back|look )")
UNFILLED: Final = re.compile(r"\{[A-Za-z]\w*\}|<[^<>]*>")  # a value that only a person can choose
SETTING: Final = re.compile(
    r"put-|update-|start-|enable-|create-|add-|set-|attach-|subscribe|modify-|register-|tag-|associate-|revoke-grant$"
    r"|deregister-organization-delegated-admin$"
)
REMOVALS: Final = frozenset({"delete-bucket-website", "delete-bucket-cors"})  # take away exposure, never data
READING: Final = re.compile(r"get-|list-|describe-|validate-")
# What nobody does unread or by the dozen, and why.
FOR_GOOD: Final = "cannot be taken back, so run it by hand"
AS_READ: Final = "takes the place of all that is set, so look whether it still is as it was read, then run"
BY_HAND: Final = {
    "put-object-lock-configuration": FOR_GOOD,
    "revoke-grant": FOR_GOOD,
    "deregister-organization-delegated-admin": "takes rights from somebody, so run it by hand",
    "put-event-selectors": AS_READ,
    "put-insight-selectors": AS_READ,
    "put-bucket-policy": AS_READ,
    "put-bucket-encryption": AS_READ,
    "put-bucket-ownership-controls": "ends what ACLs allow, and AWS refuses it while they allow others anything, so look, then run",
    "delete-bucket-website": "takes a site off the net, with its redirects, so run it by hand",
    "delete-bucket-cors": "takes away all its rules, so run it by hand",
}
# where nothing is set, and only there
RUNNERS: Final = {"put-bucket-notification-configuration": "fill", "put-metric-filter": "fill"}
FIRST: Final = frozenset({"s3-bucket-versioning", "cloudtrail-bucket-versioning"})
# checks whose fix wants versions kept first
STANDING_ON_IT: Final = re.compile(r"-(object-lock|replication|mfa-delete)$")
NAMED_BY: Final = {BUCKET: ("Name", ""), LOG_GROUP: ("logGroupName", ":log-group:")}  # the name in an id, by type
NOTE_SHOWN: Final = 200  # characters of a finding's reason; commands are never cut

HEAD: Final = """\
#!/bin/sh
# Fix plan for account {account}: {findings}, {commands}.
# Read it before you run it. As it stands it only prints its commands; --apply runs them, in this order, and stops at
# the first that fails. Running it again is safe: each command sets a state, and what exists already is left alone.
set -eu

account={account}
apply=no
case "${{1:-}}" in
  --apply) apply=yes ;;
  "") ;;
  *) echo "usage: $0 [--apply]" >&2; exit 2 ;;
esac

actual=$(aws sts get-caller-identity --query Account --output text)
if [ "$actual" != "$account" ]; then
  echo "These credentials belong to account $actual, and this plan is for account $account. Nothing was done." >&2
  exit 1
fi

step() {{
  printf '+'; printf ' %s' "$@"; printf '\\n'
  if [ "$apply" = yes ]; then "$@"; fi
}}

create() {{
  printf '+'; printf ' %s' "$@"; printf '\\n'
  if [ "$apply" = no ]; then return 0; fi
  if said=$("$@" 2>&1); then printf '%s\\n' "$said"; return 0; fi
  case "$said" in
    *AlreadyExists*|*AlreadyOwnedByYou*|*"already exists"*|*"already been enabled"*|*"already subscribed"*)
      echo "  exists already" ;;
    *) printf '%s\\n' "$said" >&2; return 1 ;;
  esac
}}

fill() {{
  printf '+'; printf ' %s' "$@"; printf '\\n'
  if [ "$apply" = no ]; then return 0; fi
  region= last=
  for word in "$@"; do
    case "$last" in --region) region=$word ;; esac
    last=$word
  done
  case "$3" in
    put-metric-filter)
      there=$("$1" "$2" describe-metric-filters "$4" "$5" --filter-name-prefix "$7" --output text \\
        --query "metricFilters[?filterName=='$7'].filterName" ${{region:+--region "$region"}}) || return 1 ;;
    *) there=$("$1" "$2" "get-${{3#put-}}" "$4" "$5" --output text ${{region:+--region "$region"}}) || return 1 ;;
  esac
  if [ -n "$there" ]; then echo "  something is set by now: left alone"; return 0; fi
  "$@"
}}
"""
FOOT: Final = """
if [ "$apply" = no ]; then echo "Nothing was changed. Run it again with --apply to run these commands."; fi
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a fix: a command, run by the plan unless something holds it back, or a remark."""

    line: str
    words: tuple[str, ...] = ()  # the command; none for a remark
    held: str = ""  # why a person is to run it
    waits: bool = False  # what follows in the same fix stands on it

    @property
    def remark(self) -> str:
        """What the plan says in place of running it; nothing where it runs it."""
        return f"{self.held}: {self.line}" if self.held else "" if self.words else self.line


def fix_plan(findings: Iterable[Finding]) -> dict[str, str]:
    """One POSIX shell script for each account that needs one, by account id. Findings that do not fail are left out.

    Waived findings are the caller's to leave out. A fix that belongs into another account stands in that one's script.
    """
    by_account: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.status is Status.FAIL:
            by_account.setdefault(acts_in(finding), []).append(finding)
    return {account: _script(account, by_account[account]) for account in sorted(by_account)}


def steps(finding: Finding) -> Iterator[Step]:
    """What a finding's fix comes to, line by line; after a line that needs a person, the rest waits for that person."""
    waiting = False
    for line in finding.fix.split("\n"):
        if line.strip() and not OUR_OWN.match(line):
            step = _step(line.strip(), finding)
            yield replace(step, held="then run") if waiting and step.words and not step.held else step
            waiting = waiting or step.waits


def filled(fragment: str, finding: Finding, acts_on: str) -> str:
    """A check's Terraform or CloudFormation fragment with the names of the failing resource in it.

    `acts_on` is the type that is changed: for a trail's check the trail's bucket, perhaps. What is not known stays {Key}.
    """
    names = _names(finding, acts_on)
    return PLACEHOLDER.sub(lambda match: _quoted(names[match[1]]) if match[1] in names else match[0], fragment)


def _names(finding: Finding, acts_on: str) -> dict[str, str]:
    """What the evidence calls things by AWS's own keys, and the id of the resource that is changed."""
    names = {one.key: one.value for one in reversed(finding.evidence) if isinstance(one.value, str)}
    names.pop("Name", None)  # may be the name of another thing than the one that is changed
    changed = finding.resource if acts_on == finding.type else ""
    changed = changed or next((one.id for one in finding.evidence if one.type == acts_on), "")
    if changed and acts_on in NAMED_BY:
        key, mark = NAMED_BY[acts_on]
        names[key] = changed.rpartition(mark)[2] if mark else changed
    return names


def _quoted(value: str) -> str:
    """A name inside double quotes, where both languages escape as JSON does, and Terraform reads ${ as its own."""
    return json.dumps(value)[1:-1].replace("${", "$${").replace("%{", "%%{")


def _breaks_lines(finding: Finding) -> bool:
    """Whether a name holds control characters: filled into a fix, it could make a line that is no line of ours."""
    names = [finding.resource, finding.arn, *(one.value for one in finding.evidence if isinstance(one.value, str))]
    return not all(name.isprintable() for name in names)


def _step(line: str, finding: Finding) -> Step:
    if _breaks_lines(finding):
        return Step(line, held="by hand, for a name in it holds control characters")
    if line.startswith("# "):
        return Step(line.removeprefix("# "))
    try:
        words = tuple(shlex.split(line))
    except ValueError:  # an odd number of quotes: no command that we wrote
        return Step(line, held="by hand", waits=True)
    if len(words) > VERB and words[0] == "aws" and READING.match(words[VERB]):
        return Step(line, held="look first")
    if not _may_run(words):
        return Step(line, held="by hand", waits=True)
    return _command(line, words, finding)


def _command(line: str, words: tuple[str, ...], finding: Finding) -> Step:
    """A command that sets something, and what holds it back."""
    if UNFILLED.search(line):
        return Step(line, words, "choose a value, then run", waits=True)
    if words[VERB] in BY_HAND:
        return Step(line, words, BY_HAND[words[VERB]], waits=True)
    moved = ELSEWHERE.match(finding.fix)
    if "--region" not in words and not moved and finding.region not in ("", GLOBAL):
        words += ("--region", finding.region)
    return Step(line, words)


def _may_run(words: tuple[str, ...]) -> bool:
    """Whether it is an `aws` command that sets something. Control characters have no place in one."""
    if len(words) <= VERB or words[0] != "aws" or not all(word.isprintable() for word in words):
        return False
    return bool(SETTING.match(words[VERB])) or words[VERB] in REMOVALS


def acts_in(finding: Finding) -> str:
    """The account whose script a finding's fix belongs into."""
    moved = ELSEWHERE.match(finding.fix)
    return moved[1] if moved else finding.account


def _ordered(findings: list[Finding]) -> list[Finding]:
    """The most urgent first; what others stand on is as urgent as the gravest of them, and comes before it."""
    standing = [SEVERITIES.index(one.severity) for one in findings if STANDING_ON_IT.search(one.check)]

    def place(finding: Finding) -> tuple[int, bool, str, str, str]:
        severity, first = SEVERITIES.index(finding.severity), finding.check in FIRST
        if first:
            severity = min([severity, *standing])
        return (severity, not first, finding.check, finding.region, finding.resource)

    return sorted(findings, key=place)


def _script(account: str, findings: list[Finding]) -> str:
    """Findings in order of urgency; a command that several findings ask for is run for the first."""
    ordered = [(finding, tuple(steps(finding))) for finding in _ordered(findings)]
    wholes = _wholes(ordered)
    body: list[str] = []
    done: set[tuple[str, ...]] = set()
    for finding, its in ordered:
        body += ["", f"# {_plain(f'{finding.severity} | {finding.check} | {finding.arn or finding.resource}')}"]
        if finding.reason:
            body.append(f"#   {_short(finding.reason)}")
        written = [line for step in its for line in _written(step, finding, wholes, done)]
        written = list(dict.fromkeys(written))  # one word for several commands that stand above
        body += written or ["#   by hand: there is no command for it"]
    commands = sum(line.startswith(("step ", "create ", "fill ")) for line in body)
    head = HEAD.format(
        account=shlex.quote(account),
        findings=_count(len(findings), "failing finding") + _found_elsewhere(account, findings),
        commands=_count(commands, "command"),
    )
    return head + "\n".join(body) + "\n" + FOOT


def _found_elsewhere(account: str, findings: list[Finding]) -> str:
    """How many of the findings are another account's, so that the numbers are seen to agree with the report's."""
    others = [finding.account for finding in findings if finding.account != account]
    whose = ", ".join(sorted(map(_plain, set(others))))
    return f" ({len(others)} found in {whose} and mended here)" if others else ""


@dataclass(slots=True)
class _Whole:
    """One document that several findings ask for: the command that serves them all, if there is one, and their checks."""

    words: tuple[str, ...] | None
    checks: list[str]


def _wholes(ordered: Iterable[tuple[Finding, Iterable[Step]]]) -> dict[tuple[str, ...], _Whole]:
    """What is replaced as a whole by the fixes of more than one check, by the place."""
    found: dict[tuple[str, ...], _Whole] = {}
    for finding, its in ordered:
        for step in its:
            where = place(step.words)
            if where is None:
                continue
            known = found.setdefault(where, _Whole(step.words, []))
            known.words = None if known.words is None else joined(known.words, step.words)
            known.checks += [finding.check] if finding.check not in known.checks else []
    return {where: one for where, one in found.items() if len(one.checks) > 1}


def _written(
    step: Step, finding: Finding, wholes: dict[tuple[str, ...], _Whole], done: set[tuple[str, ...]]
) -> list[str]:
    where = place(step.words)
    if where is not None and where in wholes:
        whole = wholes[where]
        if where in done:
            return [
                f"#   {'the command' if whole.words else 'the one document'} above, for {whole.checks[0]}, serves this too"
            ]
        done.add(where)
        others = ", ".join(one for one in whole.checks if one != finding.check)
        if whole.words is None:
            return [f"#   one document is to hold what is set now, what this asks and what is asked by {others}",
                    f"#   {_plain(step.remark)}"]  # fmt: skip
        if whole.words != step.words:
            return [
                f"#   does what is asked by {others} as well",
                *_said(_joined(step, whole.words, finding), done),
            ]
    return _said(step, done)


def _joined(step: Step, words: tuple[str, ...], finding: Finding) -> Step:
    """The command that serves several findings, held back by what it now holds, or by what the step waited for."""
    both = _step(shlex.join(words), finding)
    return both if both.held or not both.words else replace(both, held=step.held)


def _said(step: Step, done: set[tuple[str, ...]]) -> list[str]:
    same = (*step.words, step.held)  # held back here, it may still be run for another finding
    if step.words and same in done:
        return ["#   the same command stands above"]
    done.add(same)
    if step.remark:
        return [f"#   {_plain(step.remark)}"]
    runner = "create" if step.words[VERB].startswith(("create-", "enable-")) else RUNNERS.get(step.words[VERB], "step")
    return [f"{runner} {shlex.join(step.words)}"]


def _plain(text: str) -> str:
    """A remark that cannot leave its line: no control, no direction marks, no end of line."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _short(text: str) -> str:
    shown = _plain(text)
    return shown if len(shown) <= NOTE_SHOWN else shown[: NOTE_SHOWN - 3] + "..."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
