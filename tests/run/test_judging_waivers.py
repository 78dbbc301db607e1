"""Waivers and attestations over three runs: in force, ended, matching nothing; stored beside the findings, never over them."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from test_judging_truth import judged

from reporter import history
from reporter.cli.app import main
from reporter.model import ControlStatus, Run, Status
from reporter.run.answers import over_runs, reviewed, rolled_up
from reporter.run.execute import Request, execute
from reporter.run.judging import EVERYTHING
from reporter.run.wiring import judgement, with_stored
from reporter.settings import Settings, load
from reporter.simulate.organization import Bucket, Member, Organization
from reporter.simulate.simulation import Simulation

CHIEF, TEAM = "411000000001", "412000000002"
ORGANIZATION = Organization(
    8801, CHIEF,
    (
        Member(CHIEF, "elm-chief", "chief@elm.example", regions=("us-east-1",)),
        Member(
            TEAM, "elm-team", "team@elm.example", "Teams", regions=("us-east-1",),
            buckets=(
                Bucket("elm-cache", tags={"Stage": "dev-1"}), Bucket("elm-data", tags={"Stage": "prod"}), Bucket("elm-odd"),
            ),
        ),
    ),
)  # fmt: skip
CHECK = "s3-bucket-versioning"
WAIVERS = f"""
[[waiver]]
id = "short"
check = "{CHECK}"
resource = "elm-data"
reason = "migrated this week"
owner = "ann"
approver = "ciso"
expires_on = 2026-11-05

[[waiver]]
id = "by-tag"
check = "{CHECK}"
tags = {{ Stage = "dev*" }}
account = "{TEAM}"
reason = "made again in an hour"
owner = "bob"
approver = "ciso"
ticket = "SEC-1"
expires_on = 2030-01-01

[[waiver]]
id = "nothing"
check = "{CHECK}"
ou = "Root/Nowhere"
reason = "of another time"
owner = "cat"
approver = "ciso"
expires_on = 2030-01-01
"""
ATTESTATIONS = """
[[attestation]]
framework = "own"
control = "M1"
statement = "People look every morning."
by = "ann"
valid_until = 2026-11-05
"""
FRAMEWORK = f"""
id = "own"
title = "Own rules"
version = "1"
source = "ours"
mapping = "ours"

[[control]]
id = "C1"
title = "Versions are kept"
direct = ["{CHECK}"]

[[control]]
id = "M1"
title = "Somebody looks"
manual = "no check sees people look"
"""


@dataclass
class Elm:
    """The settings file, its settings, the history, and one more run at the simulated time: without reports, or whole."""

    file: Path
    settings: Settings
    engine: history.Engine
    run: Callable[[], Run]
    whole: Callable[[], Run]


@pytest.fixture
def elm(simulated: Simulation, tmp_path: Path) -> Iterator[Elm]:
    """A small organization with a waivers file, an attestation and a framework of its own; nothing was run yet."""
    simulated.load(ORGANIZATION)
    simulated.clear_faults()
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks" / "own.toml").write_text(FRAMEWORK)
    (tmp_path / "waivers.toml").write_text(WAIVERS)
    (tmp_path / "attestations.toml").write_text(ATTESTATIONS)
    file = tmp_path / "reporter.toml"
    file.write_text(
        f"""
[role]
name = "{ORGANIZATION.role}"
external_id = "{ORGANIZATION.external_id}"
[collect]
calls_per_second = 100
attribution = false
[history]
url = "sqlite:///{tmp_path}/reporter.db"
[report]
directory = "{tmp_path}/reports"
pdf = false
[assess]
frameworks = ["own"]
frameworks_directory = "{tmp_path}/frameworks"
waivers = "{tmp_path}/waivers.toml"
attestations = "{tmp_path}/attestations.toml"
"""
    )
    with patch.dict(os.environ, simulated.environment):
        settings = load(file, {})
        engine = history.connect(f"sqlite:///{tmp_path}/reporter.db")

        def whole() -> Run:
            asked = Request(deliver=False)
            return execute(settings, asked, owner="t", clock=lambda: simulated.now, tell=lambda *_: None).run

        def once() -> Run:
            by = judgement(settings)
            history.prepare(engine, simulated.now)
            history.sync_waivers(engine, by.waivers.items, simulated.now)
            return judged(engine, simulated, ORGANIZATION, with_stored(by, engine, simulated.now))

        yield Elm(file, settings, engine, once, whole)


def standing(elm: Elm, run: Run) -> dict[str, str | None]:
    """Bucket to the waiver that stands beside its finding."""
    found = history.findings(elm.engine, run, history.Within(checks=frozenset({CHECK})), status=Status.FAIL)
    return {record.finding.resource: record.waiver_id for record in found}


def test_a_waiver_stands_beside_its_finding_until_its_day_is_over(elm: Elm, simulated: Simulation) -> None:
    """In force it covers, the finding stays; ended, the finding counts again and both the ended and the idle are listed."""
    first = elm.whole()
    assert standing(elm, first) == {"elm-data": "short", "elm-cache": "by-tag", "elm-odd": None}
    review = reviewed(elm.engine, first, first.as_of.date())
    assert [one.id for one in review.unused] == ["nothing"]
    assert [one.id for one in review.expiring] == ["short"]
    assert review.expired == ()
    simulated.advance(days=7)
    second = elm.whole()
    assert standing(elm, second) == {"elm-data": None, "elm-cache": "by-tag", "elm-odd": None}
    review = reviewed(elm.engine, second, second.as_of.date())
    assert [one.id for one in review.expired] == ["short"]
    # the past is what it was, and the chain holds
    assert standing(elm, first)["elm-data"] == "short"
    assert history.verify(elm.engine) == ()
    assert [(t.failed, t.waived) for t in history.tallies(elm.engine, first) if t.check == CHECK] == [(3, 2)]
    assert [(t.failed, t.waived) for t in history.tallies(elm.engine, second) if t.check == CHECK] == [(3, 1)]


def test_tags_that_could_not_be_read_waive_nothing(elm: Elm, simulated: Simulation) -> None:
    """What the bucket was tagged with a week ago is no reason to accept today's finding."""
    assert standing(elm, elm.run())["elm-cache"] == "by-tag"
    simulated.deny("s3:GetBucketTagging", account="elm-team")
    simulated.advance(days=7)
    assert standing(elm, elm.run())["elm-cache"] is None
    simulated.allow()


def test_the_list_of_findings_names_waivers_that_ended_or_match_nothing(
    elm: Elm, simulated: Simulation, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the foot on a terminal, by id in the data."""
    elm.run()
    simulated.advance(days=7)
    elm.run()
    text = said(elm, capsys, "findings", "--check", CHECK)
    assert (
        f"waiver short ended on 2026-11-05, what it covered fails again: {CHECK} on resource elm-data, owner ann"
        in text
    )
    assert f"waiver nothing matches nothing that fails: {CHECK} on ou Root/Nowhere, owner cat" in text
    assert "waived by by-tag until 2030-01-01 (bob: made again in an hour)" in text
    assert "3 findings: 3 fail, 1 waived." in text
    data = said(elm, capsys, "findings", "--json")
    assert '"waivers": {"expired": ["short"], "expiring": [], "unused": ["nothing"]}' in data


def test_a_waiver_given_by_command_counts_from_the_next_run(
    elm: Elm, simulated: Simulation, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not of the run before it was given; revoked, the finding counts again."""
    first = elm.run()
    given = ("--resource", "elm-odd", "--why", "x", "--owner", "dan", "--approver", "ciso", "--until", "2999-01-01")
    with patch("reporter.cli.owning.now", lambda: simulated.now):
        text = said(elm, capsys, "waive", CHECK, *given)
    id = next(word for word in text.split() if word.startswith("w-"))
    assert standing(elm, first)["elm-odd"] is None
    simulated.advance(days=7)
    assert standing(elm, elm.run())["elm-odd"] == id
    with patch("reporter.cli.owning.now", lambda: simulated.now):
        said(elm, capsys, "waive", "--revoke", id.rstrip(":"), "--why", "done")
    simulated.advance(days=7)
    last = elm.run()
    assert standing(elm, last)["elm-odd"] is None
    assert history.verify(elm.engine) == ()


def test_controls_over_runs_count_days_and_attestations_end(elm: Elm, simulated: Simulation) -> None:
    """A control fails, is mended and passes; the manual one is attested until its day is over."""
    elm.run()
    simulated.advance(days=7)
    for name in ("elm-cache", "elm-data", "elm-odd"):
        simulated.act(
            "elm-team", "s3", "put_bucket_versioning", region="us-east-1", Bucket=name,
            VersioningConfiguration={"Status": "Enabled"},
        )  # fmt: skip
    elm.run()
    simulated.advance(days=3)
    elm.run()
    by = judgement(elm.settings)
    (own,) = by.selected
    runs = history.last_runs(elm.engine, 10)
    over = over_runs(elm.engine, runs, by, own, "C1")
    assert [answer.status for _, answer in over.answers] == [ControlStatus.FAIL, ControlStatus.PASS, ControlStatus.PASS]
    assert (over.days.passing, over.days.observed) == (4, 11)
    manual = over_runs(elm.engine, runs, by, own, "M1")
    assert [answer.status for _, answer in manual.answers] == [ControlStatus.ATTESTED, *[ControlStatus.MANUAL] * 2]
    assert "ended on 2026-11-05" in manual.answers[1][1].reason


def test_an_account_without_anything_to_ask_about_does_not_hinder_a_pass(elm: Elm, simulated: Simulation) -> None:
    """The management account has no bucket: it is answered, not unknown; unread, it is unknown and nothing passes."""
    run = elm.run()
    by = with_stored(judgement(elm.settings), elm.engine, run.as_of)
    control, manual = rolled_up(elm.engine, run, by, EVERYTHING).result("own").controls
    assert (control.accounts_assessed, control.accounts_total) == (2, 2)
    assert manual.status is ControlStatus.ATTESTED
    simulated.account("elm-team", assumable=False)
    simulated.advance(days=7)
    blind = elm.run()
    control, _ = rolled_up(elm.engine, blind, by, EVERYTHING).result("own").controls
    assert control.status is ControlStatus.PARTIAL
    assert (control.accounts_assessed, control.accounts_total) == (1, 2)


def said(elm: Elm, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints."""
    with patch.object(sys, "argv", ["reporter", *words, "-c", str(elm.file)]), pytest.raises(SystemExit) as left:
        main()
    printed = capsys.readouterr()
    assert not left.value.code, printed.err
    return printed.out


def test_the_clock_of_the_simulation_begins_before_the_first_waiver_ends(simulated: Simulation) -> None:
    """What the dates above rest on."""
    simulated.load(ORGANIZATION)
    assert simulated.now.date() == date(2026, 11, 2)
