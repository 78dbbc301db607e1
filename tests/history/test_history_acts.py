"""What people do: waivers, attestations, acknowledgements, notes, baselines, holds and purges. Nothing rewrites anything."""

from datetime import date, timedelta

import pytest
from estate_builder import BUCKET, MONDAY, ONE, TWO, bucket, finding, run, snapshot, start, trail, weeks

from reporter import history
from reporter.drift.changes import describe
from reporter.model import Actor, Attestation, Attribution, Status, Waiver

SOON, DAY = date(2026, 2, 1), timedelta(days=1)
WAIVER = Waiver("W-1", "bucket-*", "public site", "web team", "ciso", SOON, tags={"Public": "yes"}, ticket="T-1")
CASE = {"owner": "kim", "reason": "planned", "expires_on": SOON, "by": "kim"}


def changed(engine, week, **parts):
    """A week in which one bucket changes; the change's number."""
    _, changes = run(engine, weeks(week), snapshot(ONE, weeks(week), [bucket(ONE, "a", **parts)]))
    return changes[0].id if changes else None


def test_waivers_live_by_wording(engine):
    """A changed wording ends the earlier one; what stood at any past date can be asked."""
    history.add_waiver(engine, WAIVER, by="kim", now=MONDAY)
    history.add_waiver(engine, WAIVER, by="kim", now=MONDAY + DAY)
    longer = Waiver("W-1", "bucket-*", "public site", "web team", "ciso", SOON + DAY)
    history.add_waiver(engine, longer, by="kim", now=MONDAY + 2 * DAY)
    (then,), (now,) = history.waivers(engine, MONDAY + DAY), history.waivers(engine)
    assert (then.expires_on, then.tags, then.created_at) == (SOON, {"Public": "yes"}, MONDAY)
    assert (now.expires_on, now.created_at) == (SOON + DAY, MONDAY + 2 * DAY)
    history.revoke_waiver(engine, "W-1", by="lee", why="closed", now=MONDAY + 3 * DAY)
    assert history.waivers(engine) == ()
    with pytest.raises(history.Refused, match="no waiver W-1"):
        history.revoke_waiver(engine, "W-1", by="lee", why="closed", now=MONDAY)
    assert [entry.act for entry in history.entries(engine, "waiver")] == [
        "waiver.added",
        "waiver.ended",
        "waiver.added",
        "waiver.ended",
    ]


def test_waivers_of_the_file_follow_the_file(engine):
    """What is no longer in the file ends; what a command gave stays."""
    other = Waiver("W-2", "*", "r", "o", "a", SOON)
    history.add_waiver(engine, Waiver("C-1", "*", "r", "o", "a", SOON), by="kim", now=MONDAY)
    history.sync_waivers(engine, [WAIVER, other], MONDAY)
    with pytest.raises(history.Refused, match="remove it there"):
        history.revoke_waiver(engine, "W-2", by="lee", why="x", now=MONDAY)
    history.sync_waivers(engine, [other], MONDAY + DAY)
    assert [waiver.id for waiver in history.waivers(engine)] == ["C-1", "W-2"]
    assert history.verify(engine) == ()


def test_attestations_carry_their_evidence(engine):
    """The file is stored and hashed; another file under the same hash is refused; a statement can be taken back."""
    statement = Attestation("cis-5.0.0", "1.1", "reviewed", "kim", SOON, "minutes.pdf")
    history.attest(engine, statement, MONDAY, b"%PDF evidence")
    history.attest(engine, statement, MONDAY, b"%PDF evidence")
    (found,) = history.attestations(engine)
    assert found.at == MONDAY
    assert history.evidence(engine, found.evidence_sha256) == b"%PDF evidence"
    wrong = Attestation("cis-5.0.0", "1.2", "reviewed", "kim", SOON, "minutes.pdf", "00" * 32)
    with pytest.raises(history.Refused, match=r"minutes\.pdf: its SHA-256 is"):
        history.attest(engine, wrong, MONDAY, b"other")
    assert history.revoke_attestations(engine, "cis-5.0.0", "1.1", by="lee", now=MONDAY + DAY) == 1
    assert history.attestations(engine) == ()
    assert len(history.attestations(engine, MONDAY)) == 1
    assert history.evidence(engine, "11" * 32) is None


def test_an_acknowledgement_ends_when_the_value_changes_again(engine):
    """It ends by that setting's next change, by its day, or by hand; another setting's change leaves it."""
    changed(engine, 0)
    id = changed(engine, 1, Versioning=None)
    with pytest.raises(history.Refused, match="no setting Policy"):
        history.acknowledge(engine, id, path="Policy", now=weeks(1), **CASE)
    with pytest.raises(history.Refused, match="no change 99"):
        history.acknowledge(engine, 99, now=weeks(1), **CASE)
    history.acknowledge(engine, id, now=weeks(1), **CASE)

    def ended(at):
        return [one.ended for one in history.acknowledgements(engine, at)]

    changed(engine, 2, Versioning=None, Tags={"x": "y"})
    assert ended(weeks(2)) == [""]
    last = changed(engine, 3, Tags={"x": "y"})
    assert ended(weeks(3)) == [f"changed again (change {last})"]
    assert ended(weeks(2)) == [""], "what was so at that time is not rewritten"
    assert ended(weeks(0)) == []
    again = history.acknowledge(engine, last, path="Versioning.Status", now=weeks(3), **CASE)
    assert [one.ended for one in history.acknowledgements(engine, weeks(9), [last])] == ["expired"]
    history.revoke_acknowledgement(engine, again.number, by="lee", now=weeks(3) + DAY)
    assert [one.ended for one in history.acknowledgements(engine, weeks(3) + DAY, [last])] == ["revoked"]
    with pytest.raises(history.Refused, match="to take back"):
        history.revoke_acknowledgement(engine, again.number, by="lee", now=weeks(4))


def test_an_acknowledgement_does_not_outlive_the_resource(engine):
    """A bucket of the same name is another bucket."""
    changed(engine, 0)
    id = changed(engine, 1, Versioning=None)
    history.acknowledge(engine, id, now=weeks(1), **CASE)
    run(engine, weeks(2), snapshot(ONE, weeks(2)))
    assert "changed again" in history.acknowledgements(engine, weeks(2))[0].ended


def test_notes(engine):
    """Remarks stand beside a change in the order they were made."""
    changed(engine, 0)
    id = changed(engine, 1, Versioning=None)
    for text in ("why?", "a mistake"):
        history.add_note(engine, id, text, by="kim", now=weeks(1))
    assert [note.text for note in history.notes(engine, [id])] == ["why?", "a mistake"]


def test_who_made_a_change_can_be_learned_later(engine):
    """Events come late: a second look replaces the first, after the seal, and the proof still holds."""
    changed(engine, 0)
    id = changed(engine, 1, Versioning=None)
    assert [change.id for change in history.unattributed(engine, since=weeks(0))] == [id]
    actors = [
        Actor(f"e{n}", "PutBucketVersioning", weeks(1), f"user {n}", source_ip="203.0.113.7", mfa=True) for n in (1, 2)
    ]
    history.attribute(engine, {id: Attribution("ambiguous", "two events", tuple(actors))}, weeks(1))
    exact = Attribution("exact", "its parameters are the value", (actors[1],))
    history.attribute(engine, {id: exact}, weeks(2))
    assert history.attributions(engine, [id, 99]) == {id: exact}
    assert history.unattributed(engine) == ()
    assert history.verify(engine) == ()


def test_baselines_are_pinned_by_name(engine):
    """Pinned again, the name has another content; dropped, it is on record."""
    for content in ({"a": 1}, {"a": 2}):
        history.pin_baseline(
            engine,
            "gold",
            selector={"type": BUCKET},
            source="#1",
            content=content,
            by="kim",
            now=MONDAY + content["a"] * DAY,
        )
    assert [(one.name, one.content) for one in history.baselines(engine)] == [("gold", None)]
    found = history.baseline(engine, "gold")
    assert found is not None
    assert (found.content, found.selector) == ({"a": 2}, {"type": BUCKET})
    history.drop_baseline(engine, "gold", by="kim", now=weeks(3))
    assert history.baseline(engine, "gold") is None
    with pytest.raises(history.Refused, match="no baseline"):
        history.drop_baseline(engine, "gold", by="kim", now=weeks(3))
    assert history.verify(engine) == ()


def a_year(engine):
    """Six weeks in which two buckets of two accounts and a trail change every week, judged, one change owned."""
    for week in range(6):
        begun = start(engine, weeks(week))
        tags = {"week": str(week)}
        for id in (ONE, TWO):
            items = [bucket(id, f"b{id}", Tags=tags), trail(id, "t", Tags=tags)]
            changes = history.record_account(engine, begun, snapshot(id, weeks(week), items), describe)
            answer = Status.FAIL if week % 2 else Status.PASS
            history.record_findings(engine, begun, id, [finding(items[0], answer)])
        history.record_reverted(engine, begun, [], weeks(week))
        history.seal(engine, begun, weeks(week) + DAY)
        if week == 1:
            history.acknowledge(engine, changes[0].id, now=weeks(1), **CASE)
            history.attribute(engine, {changes[0].id: Attribution("none", "too old")}, weeks(1))


def test_a_purge_keeps_the_headers_and_what_stood_since(engine):
    """What ended before the cut-off goes; later dates have their answers, and the chain can be followed from its start."""
    a_year(engine)
    before = history.account_snapshot(engine, history.run_of(engine, "4"), ONE)
    now = weeks(3) + 2 * DAY
    rehearsed = history.purge(engine, now, keep=DAY, by="kim", dry_run=True)
    assert history.account_snapshot(engine, weeks(0), ONE) is not None, "a rehearsal removes nothing"
    purged = history.purge(engine, now, keep=DAY, by="kim")
    assert purged == rehearsed
    assert purged.removed["version"] == 2 * 2 * 3
    assert purged.removed["run"] == purged.removed["reverted"] == 3
    assert history.reverted(engine, history.run_of(engine, "1")) is None
    assert history.reverted(engine, history.run_of(engine, "4")) is not None
    assert purged.removed["acknowledgement"] == purged.removed["attribution"] == 1
    assert history.account_snapshot(engine, weeks(0), ONE) is None
    assert history.account_snapshot(engine, history.run_of(engine, "4"), ONE) == before
    assert [run.seq for run in history.last_runs(engine, 9)] == [6, 5, 4, 3, 2, 1]
    for ref in ("7", "\u00b2", "9" * 30, "2026-13-45", "9999-12-31", "2026-11-31", "lats", "\x1b[31m"):
        with pytest.raises(history.UnknownRun, match="the last is #6"):
            history.run_of(engine, ref)
    with pytest.raises(history.UnknownRun, match=r"no run '\\u001b\[31m'"):
        history.run_of(engine, "\x1b[31m")
    assert history.verify(engine) == ()
    assert not history.purge(engine, now, keep=DAY, by="kim").removed
    assert [entry.act for entry in history.entries(engine, "purge")] == ["purge.done"] * 2


def test_a_run_that_a_baseline_is_pinned_to_is_not_emptied_by_the_way(engine):
    """Nothing is removed, and the sentence names baseline and run; a rehearsal names it; who says so empties it all the same."""
    a_year(engine)
    first = history.run_of(engine, "1")
    pin = {"selector": {}, "by": "kim", "now": weeks(6)}
    history.pin_baseline(engine, "golden", source="run 1", content={"run": first.id}, **pin)
    history.pin_baseline(engine, "wanted", source="x.toml", content={"desired": []}, **pin)
    history.pin_baseline(engine, "late", source="run 6", content={"run": history.run_of(engine, "6").id}, **pin)
    assert history.purge(engine, weeks(6), keep=DAY, by="kim", dry_run=True).baselines == ("golden",)
    with pytest.raises(
        history.Refused, match=r"Nothing was removed: baseline golden is pinned to run 1, .*drop golden"
    ):
        history.purge(engine, weeks(6), keep=DAY, by="kim")
    assert history.account_snapshot(engine, first, ONE) is not None
    assert history.purge(engine, weeks(6), keep=DAY, by="kim", with_baselines=True).removed["run"] == 5
    assert history.purge(engine, weeks(6), keep=DAY, by="kim").baselines == ()
    assert history.verify(engine) == ()


def test_a_hold_outlasts_every_purge(engine):
    """What is held stays with its changes and its scans, until it is released."""
    a_year(engine)
    held = history.hold(engine, reason="case 7", by="counsel", now=weeks(6), account=TWO, type=BUCKET)
    purged = history.purge(engine, weeks(6), keep=DAY, by="kim")
    assert purged.held > 0
    kept = {name: len(history.versions(engine, BUCKET, f"b{name}")) for name in (ONE, TWO)}
    assert kept[TWO] == 6
    assert kept[ONE] < 6
    assert {change.resource for change in history.changes(engine, until=weeks(2))} == {f"b{TWO}"}
    assert history.verify(engine) == ()
    assert history.holds(engine) == (held,)
    history.release_hold(engine, held.number, by="counsel", now=weeks(6))
    history.purge(engine, weeks(6), keep=DAY, by="kim")
    assert len(history.versions(engine, BUCKET, f"b{TWO}")) == kept[ONE]
    assert history.verify(engine) == ()
    with pytest.raises(history.Refused, match="no hold"):
        history.release_hold(engine, held.number, by="counsel", now=weeks(6))


def test_a_hold_of_everything_lets_nothing_go(engine):
    """Not a row, not the word that a run was purged; what the hold kept is said, table by table."""
    a_year(engine)
    before = history.account_snapshot(engine, weeks(0), ONE)
    history.hold(engine, reason="case 8", by="counsel", now=weeks(6))
    purged = history.purge(engine, weeks(6), keep=DAY, by="kim")
    assert purged.removed == {}
    assert purged.kept["version"] > 0
    assert purged.kept["account_scan"] == 2 * 5
    assert sum(purged.kept.values()) == purged.held
    assert history.account_snapshot(engine, weeks(0), ONE) == before
    assert history.verify(engine) == ()


def test_the_last_run_is_never_purged(engine):
    """However long ago it was."""
    a_year(engine)
    history.purge(engine, weeks(500), by="kim")
    sealed = history.run_of(engine, "last")
    assert history.account_snapshot(engine, sealed, ONE) is not None
    assert history.verify(engine) == ()
    _, changes = run(engine, weeks(501), snapshot(ONE, weeks(501), [bucket(ONE, f"b{ONE}")]), snapshot(TWO, weeks(501)))
    assert len(changes) == 4
    assert history.verify(engine) == ()
