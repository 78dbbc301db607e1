"""A fix plan carried out in the simulated AWS: what it mends passes when it is read again, and nothing gets worse."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from hand_made import BIRCH_SEED, EAST, opened, public_read
from test_judging_truth import judged

from reporter import history
from reporter.assess.remediation import fix_plan
from reporter.assess.whole import place
from reporter.model import Finding
from reporter.run.answers import replayed
from reporter.run.wiring import Judgement, judgement
from reporter.settings import Settings
from reporter.simulate.organization import Bucket, Key, Member, Organization, Trail
from reporter.simulate.policies import policy
from reporter.simulate.simulation import Simulation

ME = "410000000001"
KEY = Key("1f0e0d0c-0b0a-4909-8807-060504030201", EAST, "data")
KEY_ARN = f"arn:aws:kms:{EAST}:{ME}:key/{KEY.id}"
FUNCTION = f"arn:aws:lambda:{EAST}:{ME}:function:ours"
READERS = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ME}:role/readers"}, "Action": "s3:GetObject",
           "Resource": "arn:aws:s3:::plan-data/*"}  # fmt: skip
NARROW = {
    "EventSelectors": [
        {
            "ReadWriteType": "WriteOnly",
            "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::Lambda::Function", "Values": [FUNCTION]}],
        }
    ]
}
ORGANIZATION = Organization(
    BIRCH_SEED + 1, ME,
    (
        Member(
            ME, "plan-chief", "chief@plan.example", regions=(EAST,), public_access_block=None, keys=(KEY,),
            buckets=(
                Bucket("plan-data", policy=policy(READERS), tags={"DataClass": "confidential"}),
                opened("plan-open", policy=policy(public_read("plan-open")), ownership="ObjectWriter"),
                Bucket("plan-logs", versioning={"Status": "Suspended"}),
            ),
            trails=(Trail("plan-trail", "plan-logs", EAST, multi_region=False, validation=False, selectors=NARROW),),
        ),
    ),
)  # fmt: skip
SERVICES = {"s3api": "s3", "s3control": "s3control", "cloudtrail": "cloudtrail"}  # that the simulation can change
BY_HAND = ("then run: ", "run it by hand: ")
CHOSEN = {"<KEY_ARN>": KEY_ARN, "<LOG_TARGET>": "plan-logs"}


@pytest.fixture(scope="module")
def by() -> Judgement:
    """Today's checks with default targets."""
    return judgement(Settings())


def read(simulated: Simulation, folder: Path, by: Judgement) -> dict[tuple[str, ...], Finding]:
    """Every answer about the organization as it is now."""
    engine = history.connect(f"sqlite:///{folder / 'reporter.db'}")
    history.prepare(engine, simulated.now)
    run = judged(engine, simulated, ORGANIZATION, by)
    return {one.key: one for one in replayed(engine, run, by)}


def commands(script: str) -> list[list[str]]:
    """What the plan does, and what it leaves to a person and needs nothing more for than the values chosen here."""
    found = []
    for open_value, chosen in CHOSEN.items():
        script = script.replace(open_value, chosen)
    for line in script.splitlines():
        told = next((line.partition(mark)[2] for mark in BY_HAND if mark in line), "")
        runs = re.match(r"(step|create|fill) (aws .*)", line)
        words = shlex.split(runs[2] if runs else told)
        if words and words[1] in SERVICES and not re.search(r"<[A-Z_]+>|put-object-lock", " ".join(words)):
            found.append(words)
    return found


def carry_out(simulated: Simulation, words: list[str]) -> None:
    """One command of the AWS CLI, in the simulated AWS."""
    _, service, verb, *options = words
    given: dict[str, Any] = {}
    name = ""
    for word in options:
        if word.startswith("--"):
            name = word[2:]
            given[name] = True
        else:
            given[name] = word
    region = given.pop("region", EAST)
    client = simulated.client(SERVICES[service], ME, region)
    operation = next(one for one in client.meta.service_model.operation_names if xform_name(one, "-") == verb)
    shape = client.meta.service_model.operation_model(operation).input_shape
    members = {xform_name(name, "-"): (name, member) for name, member in shape.members.items()}
    params = {members[option][0]: parsed(value, members[option][1]) for option, value in given.items()}
    getattr(client, xform_name(operation))(**params)


def parsed(value: Any, shape: Any) -> Any:
    """An option's value by its type: JSON, or the short form A=b,C=d."""
    if shape.type_name in ("structure", "list", "map"):
        if value[0] in "[{":
            return json.loads(value)
        pairs = (pair.split("=") for pair in value.split(","))
        return {key: {"true": True, "false": False}.get(text, text) for key, text in pairs}
    return int(value) if shape.type_name in ("integer", "long") else value


def test_what_the_plan_mends_passes_and_nothing_gets_worse(
    simulated: Simulation, by: Judgement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two checks that set the same policy, encryption or selectors both pass after their plan; what was set there stays."""
    simulated.load(ORGANIZATION)
    simulated.clear_faults()
    for name, value in simulated.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = read(simulated, tmp_path / "before", by)
    script = fix_plan(before.values())[ME]
    wholes = [where for words in commands(script) if (where := place(tuple(words)))]
    assert len(wholes) == len(set(wholes)), "two commands set the same document"
    for words in commands(script):
        carry_out(simulated, words)
    after = read(simulated, tmp_path / "after", by)

    bucket = simulated.client("s3", ME)
    assert "role/readers" in bucket.get_bucket_policy(Bucket="plan-data")["Policy"]
    trail = simulated.client("cloudtrail", ME).get_event_selectors(TrailName="plan-trail")["AdvancedEventSelectors"]
    assert FUNCTION in json.dumps(trail)

    def answers(check: str, resource: str = "") -> list[tuple[str, str]]:
        return [(before[key].status.value, one.status.value) for key, one in after.items()
                if one.check == check and resource in one.resource and key in before]  # fmt: skip

    for check in ("s3-bucket-tls-only", "s3-bucket-tls-version", "s3-bucket-kms-encryption"):
        assert answers(check, "plan-data") == [("fail", "pass")], check
    for check in ("cloudtrail-management-events", "cloudtrail-s3-data-events-write", "cloudtrail-s3-data-events-read"):
        assert answers(check) == [("fail", "pass")], check
    assert answers("s3-bucket-not-public-read", "plan-open") == [("fail", "pass")]
    assert answers("cloudtrail-log-file-validation") == [("fail", "pass")]
    worse = [(key, one.reason) for key, one in after.items()
             if one.status.value in ("fail", "insufficient_data") and key in before
             and before[key].status.value not in (one.status.value, "insufficient_data", "fail")]  # fmt: skip
    assert worse == []
