"""What a snapshot does to the history: what counts as a change, and what never may."""

from dataclasses import replace
from datetime import timedelta

import pytest
from estate_builder import (
    BUCKET,
    DENIED,
    KEY,
    LISTED,
    MONDAY,
    ONE,
    REGIONS,
    THREE,
    TRAIL,
    TWO,
    account_item,
    bucket,
    key,
    run,
    snapshot,
    start,
    told,
    trail,
    unreachable,
    weeks,
)

from reporter import history
from reporter.drift.changes import describe
from reporter.history import lives, record, writing
from reporter.model import ACCOUNT, GLOBAL, Gap, ReadStatus, Unread

OPEN = {"Statement": [{"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
LISTING = Gap(ONE, GLOBAL, BUCKET, Unread("ListBuckets", "s3:ListAllMyBuckets", "AccessDenied"))


def without(type: str) -> frozenset[tuple[str, str]]:
    return frozenset(place for place in LISTED if place[0] != type)


def test_the_first_reading_is_the_baseline(engine):
    """The first reading of an organization reports no changes: nothing can be said of the time before."""
    sealed, changes = run(engine, MONDAY, snapshot(ONE, MONDAY, [bucket(ONE, "a"), trail(ONE, "t")]))
    assert changes == ()
    assert (sealed.seq, sealed.status) == (1, "sealed")
    assert len(sealed.root) == len(sealed.chain) == 64


def test_every_change_is_reported_once(engine):
    """A created, a changed and a deleted resource are each reported in the run that first sees it, and never again."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a"), bucket(ONE, "b")]))
    after = [bucket(ONE, "a", Versioning={"Status": "Suspended"}), bucket(ONE, "c")]
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), after))
    assert told(changes) == [("created", "c"), ("deleted", "b"), ("modified", "a")]
    assert {change.not_before for change in changes} == {weeks(0)}
    assert {change.detected_at for change in changes} == {weeks(1)}
    assert history.changes(engine, since=weeks(0)) == tuple(sorted(changes, key=lambda c: c.resource))
    _, changes = run(engine, weeks(2), snapshot(ONE, weeks(2), after))
    assert changes == ()


def test_recording_twice_is_recording_once(engine):
    """A resumed run may record an account again: nothing is written and nothing reported."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    begun = start(engine, weeks(1))
    later = snapshot(ONE, weeks(1), [bucket(ONE, "a", Tags={"x": "y"})])
    assert told(history.record_account(engine, begun, later, describe)) == [("modified", "a")]
    assert history.record_account(engine, begun, later, describe) == ()
    assert history.recorded_accounts(engine, begun) == {ONE}
    assert len(history.changes(engine, run=begun)) == 1


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(lambda at: unreachable(ONE, at), id="account unreachable"),
        pytest.param(lambda at: snapshot(ONE, at, status=ReadStatus.PARTIAL, gaps=(LISTING,), listed=without(BUCKET)), id="listing denied"),
        pytest.param(lambda at: snapshot(ONE, at, [bucket(ONE, "a")], status=ReadStatus.PARTIAL, gaps=(LISTING,), listed=without(BUCKET)), id="page throttled"),
        pytest.param(lambda at: snapshot(ONE, at, status=ReadStatus.EXCLUDED, listed=frozenset()), id="excluded"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_not_deleted(engine, hidden):
    """While nobody can look nothing is deleted, and when somebody can again nothing is created."""
    items = [bucket(ONE, "a"), bucket(ONE, "b")]
    run(engine, weeks(0), snapshot(ONE, weeks(0), items))
    _, changes = run(engine, weeks(1), hidden(weeks(1)))
    assert {change.type for change in changes} <= {ACCOUNT}
    assert {change.kind.value for change in changes} <= {"access_lost"}
    run(engine, weeks(2), hidden(weeks(2)))
    _, changes = run(engine, weeks(3), snapshot(ONE, weeks(3), [*items, bucket(ONE, "c")]))
    buckets = [change for change in changes if change.type == BUCKET]
    assert told(buckets) == [("created", "c")]
    assert buckets[0].not_before == weeks(0), "it may have been created at any time since buckets were last listed"


def test_a_region_that_was_not_read_keeps_its_resources(engine):
    """A trail in a region that could not be asked stays; one in a region that could is deleted."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [trail(ONE, "a"), trail(ONE, "b", region="us-east-1")]))
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), listed=LISTED - {(TRAIL, "us-east-1")}))
    assert told(changes) == [("deleted", trail(ONE, "a").id)]


def test_a_part_that_cannot_be_read_keeps_its_last_value(engine):
    """Losing sight of a policy is its own kind of change; the policy is compared with its last known value afterwards."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a", Policy=OPEN)]))
    blind = bucket(ONE, "a", unread={"Policy": DENIED})
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [blind]))
    assert told(changes) == [("access_lost", "a")]
    stored = history.item_at(engine, BUCKET, "a", weeks(1))
    assert stored is not None
    assert stored.item.configuration["Policy"] == bucket(ONE, "a", Policy=OPEN).configuration["Policy"]
    assert stored.item.unread["Policy"].code == "AccessDenied"
    _, changes = run(engine, weeks(2), snapshot(ONE, weeks(2), [blind]))
    assert changes == ()
    _, changes = run(engine, weeks(3), snapshot(ONE, weeks(3), [bucket(ONE, "a", Policy=OPEN)]))
    assert told(changes) == [("access_restored", "a")]


def test_a_change_behind_a_gap_has_the_whole_gap_for_its_window(engine):
    """What changed while nobody could look may have changed at any time since it was last confirmed."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    run(engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a")]))
    for week in (2, 3):
        run(engine, weeks(week), snapshot(ONE, weeks(week), [bucket(ONE, "a", unread={"Policy": DENIED})]))
    _, changes = run(engine, weeks(4), snapshot(ONE, weeks(4), [bucket(ONE, "a", Policy=OPEN)]))
    assert told(changes) == [("modified", "a")]
    assert (changes[0].not_before, changes[0].detected_at) == (weeks(1), weeks(4))


def test_a_window_reaches_back_over_any_number_of_blind_looks(engine):
    """However many readings did not see the part, the window begins at the last one that did."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    for week in range(1, 7):
        run(engine, weeks(week), snapshot(ONE, weeks(week), [bucket(ONE, "a", unread={"Policy": DENIED})]))
    _, changes = run(engine, weeks(7), snapshot(ONE, weeks(7), [bucket(ONE, "a", Policy=OPEN)]))
    assert [change.not_before for change in changes] == [weeks(0)]


def test_a_light_reading_leaves_alone_what_it_does_not_ask(engine):
    """A part that was not asked for stays what it was, read or unread, and is no loss of access."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a", Policy=OPEN, unread={"Tags": DENIED})]))
    skipped = Unread("", "", lives.NOT_ASKED)
    light = bucket(ONE, "a", unread={"Policy": skipped, "Tags": skipped}, Versioning=None)
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [light], status=ReadStatus.PARTIAL), kind="watch")
    assert [op.path for op in changes[0].ops] == ["Versioning"]
    stored = history.item_at(engine, BUCKET, "a", weeks(1))
    assert stored is not None
    assert set(stored.item.unread) == {"Tags"}
    assert stored.item.configuration["Policy"] is not None


def test_what_changes_by_itself_is_no_change(engine):
    """Delivery times differ every week: they are kept with the scan and never open a row."""
    for week in (0, 1, 2):
        _, changes = run(engine, weeks(week), snapshot(ONE, weeks(week), [trail(ONE, "t", weeks(week))]))
        assert changes == ()
    assert len(history.versions(engine, TRAIL, trail(ONE, "t").id)) == 1
    rebuilt = history.account_snapshot(engine, history.run_of(engine, "2"), ONE)
    assert rebuilt is not None
    times = [item.volatile["Status"]["LatestDeliveryTime"] for item in rebuilt.items if item.type == TRAIL]
    assert times == [weeks(1).isoformat()]


def test_back_to_an_older_value(engine):
    """A value that returns is stored once: its document is there already."""
    for week, versioning in enumerate(("Enabled", "Suspended", "Enabled")):
        item = bucket(ONE, "a", Versioning={"Status": versioning})
        run(engine, weeks(week), snapshot(ONE, weeks(week), [item]))
    found = history.versions(engine, BUCKET, "a")
    assert [one.item.configuration["Versioning"]["Status"] for one in found] == ["Enabled", "Suspended", "Enabled"]
    assert found[0].sha256 == found[2].sha256
    assert history.verify(engine) == ()


def test_a_listing_that_was_never_complete_has_no_created_resources(engine):
    """What is seen for the first time because it could not be listed before is not called created, unless it is younger."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), listed=without(BUCKET), gaps=(LISTING,), status=ReadStatus.PARTIAL))
    old, young = bucket(ONE, "old", created_at=weeks(-9)), bucket(ONE, "young", created_at=weeks(0) + timedelta(days=1))
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [old, young, bucket(ONE, "ageless")]))
    assert told(changes) == [("created", "young")]


def test_a_resource_in_a_new_region_is_created(engine):
    """A region that was switched on since holds nothing older than that."""
    run(engine, weeks(0), snapshot(ONE, weeks(0)))
    wider = (*REGIONS, "eu-south-1")
    listed = LISTED | {(TRAIL, "eu-south-1")}
    there = trail(ONE, "t", region="eu-south-1")
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [there], regions_enabled=wider, listed=listed))
    assert told(changes) == [("created", there.id)]


def test_back_after_a_proven_end_is_another_life(engine):
    """A name that is used again belongs to another resource, even if it looks the same."""
    for week, items in enumerate(([bucket(ONE, "a")], [], [bucket(ONE, "a")])):
        _, changes = run(engine, weeks(week), snapshot(ONE, weeks(week), items))
    assert told(changes) == [("recreated", "a")]
    assert changes[0].incarnation == 2
    found = history.versions(engine, BUCKET, "a")
    assert [(one.incarnation, one.end_reason) for one in found] == [(1, "deleted"), (2, "")]


def test_a_later_creation_date_is_another_life(engine):
    """A bucket deleted and made again between two runs is told by its creation date."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a", created_at=weeks(-9))]))
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a", created_at=weeks(0))]))
    assert told(changes) == [("recreated", "a")]
    _, changes = run(engine, weeks(2), snapshot(ONE, weeks(2), [bucket(ONE, "a", created_at=weeks(0))]))
    assert changes == ()


def test_a_creation_date_that_an_edit_moved_is_noted_once(engine):
    """Editing a policy moves the date that AWS gives: one change of the policy, and none the week after."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a", created_at=weeks(-9))]))
    edited = bucket(ONE, "a", created_at=weeks(0), Policy=OPEN)
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [edited]))
    assert told(changes) == [("modified", "a")]
    _, changes = run(engine, weeks(2), snapshot(ONE, weeks(2), [edited]))
    assert changes == ()
    assert history.verify(engine) == ()


@pytest.mark.parametrize("order", [(ONE, TWO), (TWO, ONE)])
def test_a_name_in_another_accounts_hands_has_moved(engine, order):
    """The loser sees it deleted, the winner sees it moved; in whatever order the two are read."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]), snapshot(TWO, weeks(0)))
    after = {ONE: snapshot(ONE, weeks(1)), TWO: snapshot(TWO, weeks(1), [bucket(TWO, "a")])}
    _, changes = run(engine, weeks(1), *(after[id] for id in order))
    assert sorted((c.account, c.kind.value) for c in changes) == [(ONE, "deleted"), (TWO, "moved")]
    now = history.find(engine, history.run_of(engine, "last"), BUCKET, "a")
    assert now is not None
    assert now.account == TWO


def test_accounts_join_and_leave(engine):
    """Joining, leaving and coming back are one change each, and nothing of the account is called created or deleted."""
    items = [bucket(TWO, "a"), bucket(TWO, "b")]
    run(engine, weeks(0), snapshot(ONE, weeks(0)))
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1)), snapshot(TWO, weeks(1), items))
    assert told(changes) == [("joined", TWO)]
    begun = start(engine, weeks(2))
    history.record_account(engine, begun, snapshot(ONE, weeks(2)), describe)
    assert history.known_accounts(engine) == {ONE, TWO}
    assert told(history.mark_left(engine, begun, [TWO], weeks(2))) == [("left_org", TWO)]
    assert history.mark_left(engine, begun, [TWO], weeks(2)) == ()
    history.seal(engine, begun, weeks(2), [ONE])
    assert history.known_accounts(engine) == {ONE}
    assert history.account_snapshot(engine, weeks(2), TWO) is None
    _, changes = run(engine, weeks(3), snapshot(ONE, weeks(3)), snapshot(TWO, weeks(3), items))
    assert told(changes) == [("joined", TWO)]
    assert [one.incarnation for one in history.versions(engine, BUCKET, "a")] == [1, 1]
    assert history.verify(engine) == ()


def test_a_bucket_made_anew_while_its_account_was_away(engine):
    """It is another life, told by the account's joining alone; and it is not told again the week after."""
    run(engine, weeks(0), snapshot(ONE, weeks(0)), snapshot(TWO, weeks(0), [bucket(TWO, "a", created_at=weeks(-9))]))
    begun = start(engine, weeks(1))
    history.record_account(engine, begun, snapshot(ONE, weeks(1)), describe)
    history.mark_left(engine, begun, [TWO], weeks(1))
    history.seal(engine, begun, weeks(1))
    for week, expected in ((2, [("joined", TWO)]), (3, [])):
        anew = [bucket(TWO, "a", created_at=weeks(1))]
        _, changes = run(engine, weeks(week), snapshot(ONE, weeks(week)), snapshot(TWO, weeks(week), anew))
        assert told(changes) == expected
    assert [one.incarnation for one in history.versions(engine, BUCKET, "a")] == [1, 2]
    assert history.verify(engine) == ()


def test_what_came_and_went_between_two_looks_is_told(engine):
    """A trail that was off and is on again says when: a change without any difference, told once."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [trail(ONE, "t")]))
    off = {"StopLoggingTime": (weeks(0) + timedelta(days=1)).isoformat(), "StartLoggingTime": weeks(1).isoformat()}
    blinked = replace(trail(ONE, "t"), volatile={"Status": off})
    for week, expected in ((1, [("modified", blinked.id)]), (2, [])):
        at = weeks(week) + timedelta(hours=1)
        _, changes = run(engine, at, snapshot(ONE, at, [blinked]))
        assert told(changes) == expected
    assert len(history.versions(engine, TRAIL, blinked.id)) == 1
    assert history.verify(engine) == ()


def test_an_account_that_moves_within_the_organization(engine):
    """Its name and unit are kept in intervals: a past run knows it as it was then."""
    run(engine, weeks(0), snapshot(ONE, weeks(0)))
    run(engine, weeks(1), snapshot(ONE, weeks(1), facts={"ou_path": "Root/Sandbox"}))
    paths = [history.accounts(engine, history.run_of(engine, ref))[ONE].ou_path for ref in ("1", "2")]
    assert paths == ["Root/Prod", "Root/Sandbox"]


def test_what_another_account_names(engine):
    """A key that a trail names in a third account is known at once, is no change, and is its owner's from then on."""
    away = key(TWO, "k1")
    run(engine, weeks(0), snapshot(ONE, weeks(0)), snapshot(TWO, weeks(0)))
    sealed, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [away]), snapshot(TWO, weeks(1)))
    assert changes == ()
    assert history.find(engine, sealed, KEY, away.arn) is not None
    assert history.named(engine, TWO) == ((KEY, "eu-west-1", away.id),)
    mine = history.account_snapshot(engine, sealed, ONE)
    assert mine is not None
    assert KEY not in {item.type for item in mine.items}
    _, changes = run(engine, weeks(2), snapshot(ONE, weeks(2), [away]), snapshot(TWO, weeks(2), [away]))
    assert changes == ()
    dying = key(TWO, "k1", Metadata={"KeyState": "PendingDeletion"})
    _, changes = run(engine, weeks(3), snapshot(ONE, weeks(3), [dying]), snapshot(TWO, weeks(3), [dying]))
    assert [(change.account, change.kind.value) for change in changes] == [(TWO, "modified")]
    _, changes = run(engine, weeks(4), snapshot(ONE, weeks(4)), snapshot(TWO, weeks(4), [dying]))
    assert changes == ()


def test_a_key_outside_the_organization_changes_in_the_eyes_of_who_names_it(engine):
    """Nobody else will tell: the naming account's scan does."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [key(THREE, "k1")]))
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [key(THREE, "k1", Metadata={"KeyState": "Disabled"})]))
    assert [(change.account, change.kind.value) for change in changes] == [(THREE, "modified")]


def test_a_new_canonical_form_is_no_change(engine, monkeypatch):
    """When the form in which documents are stored changes, rows are superseded in silence; true changes are still told."""
    tags = {"Tags": [{"Key": "a", "Value": "1"}]}
    old = replace(bucket(ONE, "a"), configuration={**bucket(ONE, "a").configuration, **tags})
    run(engine, weeks(0), snapshot(ONE, weeks(0), [old, replace(old, id="b", arn="arn:aws:s3:::b")]))
    for module in (lives, record, writing):
        monkeypatch.setattr(module, "CANON_VERSION", 99)
    now = [bucket(ONE, "a", Tags={"a": "1"}), replace(bucket(ONE, "a", Tags={"a": "2"}), id="b", arn="arn:aws:s3:::b")]
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), now))
    assert told(changes) == [("modified", "b")]
    assert len(changes[0].ops) == 1
    assert [one.end_reason for one in history.versions(engine, BUCKET, "a")] == ["superseded", ""]


def test_a_clock_that_was_set_back(engine):
    """A later run is later whatever its clock says: its rows come after, and none overlap."""
    run(engine, weeks(5), snapshot(ONE, weeks(5), [bucket(ONE, "a")]))
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a", Versioning=None)]))
    assert told(changes) == [("modified", "a")]
    assert changes[0].detected_at > weeks(5)
    first, second = history.versions(engine, BUCKET, "a")
    assert first.valid_to == second.valid_from == weeks(5) + timedelta(microseconds=1)
    assert history.verify(engine) == ()


def test_of_two_runs_at_once_the_newer_reading_stands(engine):
    """The slower reader takes over what the other has read later; both runs can be sealed and give the same state."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    slow = start(engine, weeks(1), owner="slow")
    quick = start(engine, weeks(1), owner="quick", kind="watch")
    newer = snapshot(ONE, weeks(1) + timedelta(minutes=5), [bucket(ONE, "a", Versioning=None)])
    assert told(history.record_account(engine, quick, newer, describe)) == [("modified", "a")]
    assert history.record_account(engine, slow, snapshot(ONE, weeks(1), [bucket(ONE, "a")]), describe) == ()
    runs = [history.seal(engine, one, weeks(2), [ONE]) for one in (slow, quick)]
    items = [history.find(engine, one, BUCKET, "a") for one in runs]
    assert [item and item.configuration["Versioning"] for item in items] == [None, None]
    assert history.verify(engine) == ()


def test_hostile_text_comes_back_as_it_was(engine):
    """Markup, NUL, half a surrogate pair, right-to-left marks and 250 characters survive both engines."""
    for text in ("<script>", "a\0b", "\ud800half", "\u202eevil", "=cmd|'/c'!A1", "x" * 250, "\\x00 \\", "日本 😀"):
        at = weeks(0) if history.last_runs(engine) == () else history.last_runs(engine)[0].as_of + timedelta(days=7)
        sealed, _ = run(engine, at, snapshot(ONE, at, [bucket(ONE, "a", Tags={text: text})], facts={"name": text}))
        rebuilt = history.account_snapshot(engine, sealed, ONE)
        assert rebuilt is not None
        assert rebuilt.account.name == text
        assert rebuilt.items[-1].configuration["Tags"] == {text: text}
    assert history.verify(engine) == ()


def test_an_accounts_own_change_is_told(engine):
    """The account is an item like any other."""
    run(engine, weeks(0), snapshot(ONE, weeks(0)))
    closed = account_item(ONE, weeks(1), State="SUSPENDED")
    _, changes = run(engine, weeks(1), snapshot(ONE, weeks(1), account_item=closed))
    assert told(changes) == [("modified", ONE)]


def test_a_sealed_run_takes_nothing(engine):
    """What was sealed stays as it is."""
    sealed, _ = run(engine, weeks(0), snapshot(ONE, weeks(0)))
    with pytest.raises(history.Refused, match="sealed"):
        history.record_account(engine, sealed, snapshot(TWO, weeks(0)), describe)


def test_only_what_differs_decides_how_far_back_a_window_reaches(engine):
    """A part that is never read does not widen the window of a change of another; a deletion's begins at the last sight."""
    unread = {"LogIntegrity": Unread("", "", "NotYetRead"), "Policy": DENIED}
    for week in (0, 1, 2):
        run(engine, weeks(week), snapshot(ONE, weeks(week), [bucket(ONE, "a", unread=unread)]))
    off = bucket(ONE, "a", unread=unread, Versioning={"Status": "Suspended"})
    _, changes = run(engine, weeks(3), snapshot(ONE, weeks(3), [off]))
    assert [(one.kind, one.not_before) for one in changes] == [("modified", weeks(2))]
    _, changes = run(engine, weeks(4), snapshot(ONE, weeks(4)))
    assert [(one.kind, one.not_before) for one in changes] == [("deleted", weeks(3))]


def test_a_broken_listing_that_showed_the_resource_confirms_it(engine):
    """Seen on the page that came is seen: what changes after it changed since then, not since the last whole listing."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    broken = {"listed": LISTED - {(BUCKET, GLOBAL)}, "status": ReadStatus.PARTIAL}
    run(engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a")], **broken))
    run(engine, weeks(2), snapshot(ONE, weeks(2), **broken))
    _, changes = run(engine, weeks(3), snapshot(ONE, weeks(3), [bucket(ONE, "a", Policy=OPEN)]))
    assert [one.not_before for one in changes] == [weeks(1)]


def test_what_happened_before_an_account_left_is_told_when_it_is_back(engine):
    """A trail that was not seen for weeks before its account left was last seen then: logging off and on since is told."""
    run(engine, weeks(0), snapshot(ONE, weeks(0)), snapshot(TWO, weeks(0), [trail(TWO, "t", weeks(0))]))
    closed = {"listed": LISTED - {(TRAIL, "eu-west-1")}, "status": ReadStatus.PARTIAL}
    run(engine, weeks(1), snapshot(ONE, weeks(1)), snapshot(TWO, weeks(1), **closed))
    begun = start(engine, weeks(2))
    history.record_account(engine, begun, snapshot(ONE, weeks(2)), describe)
    history.mark_left(engine, begun, [TWO], weeks(2))
    history.seal(engine, begun, weeks(2))
    times = {"StopLoggingTime": "2026-01-13T00:00:00Z", "StartLoggingTime": "2026-01-13T01:00:00Z"}
    back = replace(trail(TWO, "t", weeks(3)), volatile={"Status": times})
    begun = start(engine, weeks(3))
    history.record_account(engine, begun, snapshot(ONE, weeks(3)), describe)
    seen = []

    def noting(before, after, **facts):
        change = describe(before, after, **facts)
        seen.extend([before.captured_at] if before and after and after.type == TRAIL and change else [])
        return change

    history.record_account(engine, begun, snapshot(TWO, weeks(3), [back]), noting)
    assert seen == [weeks(0)]
