"""Our answers beside Prowler's, resource by resource, over three simulated organizations that are not the demo's.

Two are made by hand with the truth written down (`tests/run/hand_made.py`), one is drawn by lot. Prowler runs in every account
as its documentation says, with the reader's credentials; then each answer is held against ours. Where the two disagree the
truth decides, if it is written down; and an explanation (`prowler_questions.py`) must fit what was built. Prints the counts of
each question and every disagreement; the last line is one JSON object.

`--peers DIR` is an environment with Prowler in it, made there (a minute, 1 GB) if it is not; `--answers DIR` keeps Prowler's
answers and uses those that are there. About a quarter of an hour on two cores.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "run")]

import botocore.exceptions  # noqa: E402
import botocore.session  # noqa: E402
import hand_made  # noqa: E402 - neighbours, no package
import test_judging_truth as truth  # noqa: E402
from prowler_questions import (  # noqa: E402
    ACCESS_POINT,
    ACCOUNT,
    BUCKET,
    EXPLANATIONS,
    KEY,
    LOG_GROUP,
    MULTI_REGION,
    QUESTIONS,
    TOPIC,
    TRAIL,
    Case,
    Question,
)

from reporter import history  # noqa: E402
from reporter.run.answers import replayed  # noqa: E402
from reporter.run.wiring import judgement  # noqa: E402
from reporter.settings import Settings  # noqa: E402
from reporter.simulate import other  # noqa: E402
from reporter.simulate.organization import Bucket, Member, Organization, Trail  # noqa: E402
from reporter.simulate.simulation import Simulation, start  # noqa: E402

VERSION = "5.46.0"
ORGANIZATIONS = {
    "alder": (hand_made.ALDER, truth.TRUTH_OF_ALDER),
    "birch": (hand_made.BIRCH, truth.TRUTH_OF_BIRCH),
    "lot": (other.organization(77, accounts=4, buckets=14), ""),
}
WORDS = {"PASS": "pass", "FAIL": "fail", "MANUAL": "insufficient_data"}
WORST = ("fail", "insufficient_data", "pass", "not_applicable")
Answers = dict[tuple[str, str], str]  # (question's first check, name of the resource) to a status


def worst(statuses: Iterable[str]) -> str:
    """Of several answers to parts of one question, the one that decides."""
    return min(statuses, key=WORST.index)


@dataclass(frozen=True)
class Row:
    """One line of Prowler's answers."""

    check: str
    account: str
    uid: str
    name: str
    status: str
    text: str


# --- asking Prowler ---


def environment_with_prowler(folder: Path) -> Path:
    """The command, in an environment of its own: its hundred pinned packages would not go together with ours."""
    command = folder / "bin" / "prowler"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", f"prowler=={VERSION}"], check=True)
    said = subprocess.run([str(command), "--version"], capture_output=True, text=True, check=True).stdout
    if VERSION not in said:
        raise SystemExit(f"{command} is {said.strip()}, not {VERSION}: name another folder with --peers.")
    return command


def credentials(simulation: Simulation, member: Member) -> dict[str, str] | None:
    """A session of the reader's role in an account; None where it cannot be had."""
    given = simulation.environment
    hub = botocore.session.Session().create_client(
        "sts", region_name="us-east-1", endpoint_url=simulation.endpoint_url,
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"], aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    organization = simulation.organization
    try:
        session = hub.assume_role(
            RoleArn=f"arn:aws:iam::{member.id}:role/{organization.role}", RoleSessionName="prowler",
            ExternalId=organization.external_id,
        )["Credentials"]  # fmt: skip
    except botocore.exceptions.ClientError:
        return None
    secret = {"AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"], "AWS_SESSION_TOKEN": session["SessionToken"]}
    return {**given, "AWS_ACCESS_KEY_ID": session["AccessKeyId"], **secret}


def ask_prowler(command: Path, simulation: Simulation, answers: Path) -> None:
    """One CSV for each account that can be read; those that are there are kept."""
    answers.mkdir(parents=True, exist_ok=True)
    checks = sorted({check for question in QUESTIONS for check in question.theirs})
    for member in simulation.organization.accounts:
        session = credentials(simulation, member)
        if session is None or (answers / f"{member.name}.csv").exists():
            continue
        print(f"asking Prowler about {member.name} ...", file=sys.stderr, flush=True)
        # its clock is the machine's local time, taken for UTC
        surroundings = {"PATH": os.environ["PATH"], "HOME": str(answers), "TZ": "UTC", **session}
        done = subprocess.run(
            [
                str(command), "aws", "--checks", *checks, "-f", *member.regions, "-M", "csv", "-o", str(answers), "-F", member.name,
                "--no-banner", "--log-level", "CRITICAL", "-z",
            ],
            env=surroundings, cwd=answers, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"Prowler failed in {member.name}:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")


def read_answers(answers: Path) -> Iterator[Row]:
    csv.field_size_limit(10_000_000)
    for file in sorted(answers.glob("*.csv")):
        with file.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter=";"):
                yield Row(row["CHECK_ID"], row["ACCOUNT_UID"], row["RESOURCE_UID"], row["RESOURCE_NAME"], row["STATUS"], row["STATUS_EXTENDED"])  # fmt: skip


# --- asking ourselves ---


def ask_ourselves(simulation: Simulation, organization: Organization) -> dict[tuple[str, str], tuple[str, str]]:
    """(check, resource as Prowler would name it) to status and reason: read over HTTP, stored, judged, replayed."""
    by = judgement(Settings())
    points = {m.id: m.multi_region_access_points[0].name for m in organization.accounts if m.multi_region_access_points}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        engine = history.connect(f"sqlite:///{folder}/reporter.db")
        history.prepare(engine, simulation.now)
        run = truth.judged(engine, simulation, organization, by)
        for finding in replayed(engine, run, by):
            name = finding.resource
            if finding.type == "AWS::S3::MultiRegionAccessPoint" and name != "*":
                name = points[finding.account]  # ours is known by an alias that AWS makes
            found[finding.check, name] = (finding.status.value, finding.reason)
        engine.dispose()
    return found


# --- comparing ---


def trails(organization: Organization) -> dict[str, tuple[Member, Trail]]:
    """By ARN."""
    return {
        f"arn:aws:cloudtrail:{trail.region}:{owner.id}:trail/{trail.name}": (owner, trail)
        for owner in organization.accounts
        for trail in owner.trails
    }


def names(question: Question, row: Row, member: Member, organization: Organization) -> list[str]:
    """The resources, as ours are named, that a line speaks of."""
    if question.about == BUCKET and row.uid.endswith(":account"):
        return [bucket.name for bucket in member.buckets]  # one line instead of one for each
    if question.about == LOG_GROUP:
        return [arn for arn, (_, trail) in trails(organization).items() if row.uid == (trail.log_group or "")[:-2]]
    return [
        {
            ACCOUNT: member.id,
            TRAIL: row.uid,
            BUCKET: row.name,
            ACCESS_POINT: row.uid,
            KEY: row.uid,
            TOPIC: row.uid,
            MULTI_REGION: row.uid.rpartition("/")[2],
        }[question.about]
    ]


Place = tuple[str, str, str]  # our first check, account that Prowler looked from, resource


def told(rows: Iterable[Row], organization: Organization) -> dict[Place, list[Row]]:
    """Prowler's lines, by what they are an answer to."""
    members = {member.id: member for member in organization.accounts}
    by_check = {check: question for question in QUESTIONS for check in question.theirs}
    found = defaultdict(list)
    for row in rows:
        if row.check in by_check:
            question = by_check[row.check]
            for name in names(question, row, members[row.account], organization):
                found[question.ours[0], row.account, name].append(row)
    return found


@dataclass(frozen=True)
class Outcome:
    """One comparison: `verdict` is agreed, beyond (agreed as far as Prowler asks), wrong, ours_wrong or unexplained."""

    question: Question
    place: Place
    theirs: str
    ours: str
    verdict: str
    key: str = ""
    text: str = ""


def compared(
    organization: Organization, written: str, rows: Iterable[Row], ours: dict[tuple[str, str], tuple[str, str]]
) -> Iterator[Outcome]:
    """Every answer of Prowler's that ours has a counterpart to."""
    members, known = {member.id: member for member in organization.accounts}, trails(organization)
    buckets: dict[str, Bucket | Trail] = {one.name: one for member in organization.accounts for one in member.buckets}
    things = buckets | {arn: trail for arn, (_, trail) in known.items()}
    right = {(name, check): status for name, check, status in truth.rows(written)}
    questions = {question.ours[0]: question for question in QUESTIONS}
    for (first, account, name), lines in sorted(told(rows, organization).items()):
        question = questions[first]
        answers = [ours[check, name] for check in question.ours if (check, name) in ours]
        if not answers:
            raise SystemExit(f"Prowler answers {lines[0].check} about {name}; we have no answer about it.")
        theirs, mine = worst(WORDS[line.status] for line in lines), worst(status for status, _ in answers)
        short = members[name].name if name in members else name.rpartition("/")[2]
        certain = [right[short, check] for check in question.ours if (short, check) in right]
        case = Case(organization, members[account], first, things.get(name), theirs, mine)
        verdict, key = decided(case, worst(certain) if len(certain) == len(question.ours) else "")
        reasons = "; ".join(reason for _, reason in answers if reason)
        line = min(lines, key=lambda one: WORST.index(WORDS[one.status]))
        yield Outcome(
            question, (first, account, name), theirs, mine, verdict, key, f"{reasons[:120]} | {line.text[:120]}"
        )


def decided(case: Case, right: str) -> tuple[str, str]:
    """The verdict on a case, and the key of what explains it."""
    if right and right != case.ours:
        return "ours_wrong", f"truth is {right}"
    if case.theirs == case.ours:
        return "agreed", ""
    for one in EXPLANATIONS:
        if one.explains(case):
            return one.kind, one.key
    return "unexplained", ""


def show(outcomes: list[Outcome]) -> None:
    """The table of questions, the disagreements, the explanations used."""
    counts: dict[Question, Counter[bool]] = defaultdict(Counter)
    for one in outcomes:
        counts[one.question][one.verdict in {"agreed", "beyond"}] += 1
    print(f"{'our check':58} {'agree':>6} {'differ':>6}  Prowler's")
    for question, count in sorted(counts.items(), key=lambda item: item[0].ours):
        print(f"{' '.join(question.ours):58} {count[True]:6} {count[False]:6}  {' '.join(question.theirs)}")
    print("\ncheck, account, resource: Prowler's answer, ours, explanation; our reason | its text")
    for one in outcomes:
        if one.verdict != "agreed":
            check, account, name = one.place
            print(f"{check}  {account}  {name}: {one.theirs}, {one.ours}, {one.verdict}:{one.key}  {one.text}")
    used = Counter(one.key for one in outcomes if one.key)
    print("\nexplanations")
    for one in EXPLANATIONS:
        print(f"{used[one.key]:4}  {one.key} ({one.kind}): {one.why}")


def main() -> None:
    """Ask, compare, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    scratch = Path(tempfile.gettempdir()) / "reporter-prowler"
    options.add_argument(
        "--peers", type=Path, default=scratch / "environment", help="an environment with Prowler in it"
    )
    options.add_argument("--answers", type=Path, help="where Prowler's answers are kept, and looked for")
    asked = options.parse_args()
    command = environment_with_prowler(asked.peers)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as name:
        kept = asked.answers or Path(name)
        for title, (organization, written) in ORGANIZATIONS.items():
            with start(organization, now=datetime.now(UTC)) as simulation:
                os.environ.update(simulation.environment)
                ask_prowler(command, simulation, kept / title)
                ours = ask_ourselves(simulation, organization)
            outcomes += compared(organization, written, read_answers(kept / title), ours)
    show(outcomes)
    verdicts = Counter(one.verdict for one in outcomes)
    figures = {
        "compared": len(outcomes),
        "agreed": verdicts["agreed"],
        "agreed_where_ours_asks_more": verdicts["beyond"],
    }
    figures |= {"prowler_wrong": verdicts["wrong"], "ours_wrong": verdicts["ours_wrong"]}
    print(json.dumps({**figures, "unexplained": verdicts["unexplained"], "prowler": VERSION}))


if __name__ == "__main__":
    main()
