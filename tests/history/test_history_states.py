"""What the history answers about the past: snapshots for judging, single resources, lists and differences."""

from dataclasses import replace
from datetime import timedelta

import pytest
from estate_builder import (
    BUCKET,
    DENIED,
    KEY,
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
    told,
    trail,
    unreachable,
    weeks,
)

from reporter import history
from reporter.model import ACCOUNT, GLOBAL, Gap, ReadStatus, Unread

UNIT = {"ou_path": "Root/Sandbox/Team 7%_", "parent_ids": ("r-1", "ou-2")}


def test_a_snapshot_comes_back_as_it_was_recorded(engine):
    """Judging a stored snapshot is judging what was read: items, gaps, listings, calls, volatile values and all."""
    at = weeks(0)
    items = [bucket(ONE, "a", at, Policy=None, unread={"Tags": DENIED}), trail(ONE, "t", at)]
    gap = Gap(ONE, "us-east-1", KEY, Unread("ListKeys", "kms:ListKeys", "AccessDenied", "no", at))
    recorded = snapshot(ONE, at, items, gaps=(gap,), facts={"tags": {"Owner": "x"}, "joined_at": weeks(-50)})
    sealed, _ = run(engine, at, recorded)
    rebuilt = history.account_snapshot(engine, sealed, ONE)
    assert rebuilt is not None
    assert rebuilt.gaps == (gap,)
    for name in (
        "account",
        "status",
        "listed",
        "regions_enabled",
        "regions_read",
        "calls",
        "caller_arn",
        "observed_at",
    ):
        assert getattr(rebuilt, name) == getattr(recorded, name), name
    by_id = {item.id: item for item in rebuilt.items}
    for item in recorded.items:
        unread = {part: replace(why, at=at) for part, why in item.unread.items()}
        assert by_id[item.id] == replace(item, unread=unread, read_by=recorded.caller_arn)
    assert len(by_id) == 3


def test_an_unreachable_account_is_rebuilt_from_what_was_last_known(engine):
    """Each of its resources has its last known values, the time they are of, and the reason for not being read."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a"), trail(ONE, "t")]))
    run(engine, weeks(1), unreachable(ONE, weeks(1)))
    sealed, _ = run(engine, weeks(2), unreachable(ONE, weeks(2)))
    rebuilt = history.account_snapshot(engine, sealed, ONE)
    assert rebuilt is not None
    assert rebuilt.status is ReadStatus.UNREACHABLE
    stale = [item for item in rebuilt.items if item.type != ACCOUNT]
    assert {item.type for item in stale} == {BUCKET, TRAIL}
    for item in stale:
        assert item.unread["*"].iam == "sts:AssumeRole"
        assert item.captured_at == weeks(0)
        assert item.configuration["Name"] in {"a", "t"}
        assert item.volatile == {}
    listing = history.listing(engine, sealed, ONE)
    assert listing is not None
    assert listing == replace(rebuilt, items=())


def test_a_resource_seen_on_the_page_that_came_is_not_stale(engine):
    """Of a listing that broke off, the resources that were read count as read, the others as last known."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a"), bucket(ONE, "b")]))
    gap = Gap(ONE, GLOBAL, BUCKET, Unread("ListBuckets", "s3:ListAllMyBuckets", "SlowDown"))
    broken = snapshot(
        ONE, weeks(1), [bucket(ONE, "a", weeks(1))], gaps=(gap,), listed=frozenset(), status=ReadStatus.PARTIAL
    )
    sealed, _ = run(engine, weeks(1), broken)
    rebuilt = history.account_snapshot(engine, sealed, ONE)
    assert rebuilt is not None
    unread = {item.id: [why.code for why in item.unread.values()] for item in rebuilt.items if item.type == BUCKET}
    assert unread == {"a": [], "b": ["SlowDown"]}


def test_any_date_has_an_answer(engine):
    """One account as of a date is what the last reading before it saw."""
    for week in range(4):
        run(engine, weeks(week), snapshot(ONE, weeks(week), [bucket(ONE, "a", Tags={"week": str(week)})]))
    for week in range(4):
        found = history.account_snapshot(engine, weeks(week) + timedelta(days=3), ONE)
        assert found is not None
        assert found.items[-1].configuration["Tags"] == {"week": str(week)}
    assert history.account_snapshot(engine, weeks(-1), ONE) is None
    assert history.account_snapshot(engine, weeks(9), TWO) is None
    assert history.item_at(engine, BUCKET, "arn:aws:s3:::a", weeks(-1)) is None


def test_finding_one_resource_anywhere(engine):
    """By id, by ARN, a key by its alias's ARN; what was read outweighs what is only known from before."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]), snapshot(TWO, weeks(0), [key(TWO, "k1")]))
    sealed, _ = run(
        engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a"), key(TWO, "k1")]), unreachable(TWO, weeks(1))
    )
    for name in ("a", "arn:aws:s3:::a"):
        found = history.find(engine, sealed, BUCKET, name)
        assert found is not None
        assert found.account == ONE
    by_alias = history.find(engine, sealed, KEY, f"arn:aws:kms:eu-west-1:{TWO}:alias/k1")
    assert by_alias is not None
    assert by_alias.unread == {}, "the account that names the key could read it when its owner could not be reached"
    for missing in ("alias/k1", f"arn:aws:kms:eu-west-1:{TWO}:alias/k2", "b"):
        assert history.find(engine, sealed, KEY, missing) is None


def test_types_over_the_whole_organization(engine):
    """All trails, in account order, of a scope or of all."""
    sealed, _ = run(
        engine,
        weeks(0),
        snapshot(TWO, weeks(0), [trail(TWO, "t")], facts=UNIT),
        snapshot(ONE, weeks(0), [trail(ONE, "t"), bucket(ONE, "a")]),
    )
    assert [item.account for item in history.shared(engine, sealed, [TRAIL])] == [ONE, TWO]
    within = history.Within(ou="Root/Prod")
    assert [item.id for item in history.shared(engine, sealed, [TRAIL, BUCKET], within)] == [trail(ONE, "t").id, "a"]
    assert [one.account.id for one in history.snapshots(engine, sealed)] == [ONE, TWO]


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (history.EVERYWHERE, [ONE, TWO]),
        (history.Within(accounts=frozenset({TWO})), [TWO]),
        (history.Within(accounts=frozenset()), []),
        (history.Within(ou="Root"), [ONE, TWO]),
        (history.Within(ou="Root/Sandbox/"), [TWO]),
        (history.Within(ou="Root/Sandbox/Team 7%_"), [TWO]),
        (history.Within(ou="Root/Sand"), []),
        (history.Within(ou="%"), []),
    ],
)
def test_a_scope_holds_nothing_else(engine, within, expected):
    """An OU holds what is below it and not what merely begins alike; signs that SQL knows mean themselves."""
    sealed, _ = run(
        engine,
        weeks(0),
        snapshot(ONE, weeks(0), [bucket(ONE, "a")]),
        snapshot(TWO, weeks(0), [bucket(TWO, "b")], facts=UNIT),
    )
    assert [one.account.id for one in history.readings(engine, sealed, within)] == expected
    assert sorted({row.account for row in history.inventory(engine, sealed, within)}) == expected


def test_readings_say_how_each_account_fared_and_since_when(engine):
    """An account that is not read fully has the date when that began, and the age of what is known."""
    blind = bucket(TWO, "b", unread={"Policy": DENIED, "Tags": DENIED})
    run(engine, weeks(0), snapshot(ONE, weeks(0)), snapshot(TWO, weeks(0), [bucket(TWO, "b")]))
    run(engine, weeks(1), unreachable(ONE, weeks(1)), snapshot(TWO, weeks(1), [blind], status=ReadStatus.PARTIAL))
    sealed, _ = run(
        engine, weeks(2), unreachable(ONE, weeks(2)), snapshot(TWO, weeks(2), [blind], status=ReadStatus.PARTIAL)
    )
    one, two = history.readings(engine, sealed)
    assert (one.status, one.since, one.last_read_at) == (ReadStatus.UNREACHABLE, weeks(1), weeks(0))
    assert (two.status, two.since, two.last_read_at) == (ReadStatus.PARTIAL, weeks(1), weeks(2))
    assert (one.gaps, two.gaps) == (2, 2), "the account and its one part; two parts of a bucket"
    assert one.regions_enabled == len(REGIONS), "as last known"
    assert history.coverage(engine, sealed) == history.Coverage(partial=1, unreachable=1)
    gaps = {(gap.iam, gap.count, gap.accounts) for gap in history.gaps(engine, sealed)}
    assert gaps == {("s3:GetBucketPolicy", 2, 1), ("sts:AssumeRole", 2, 1)}
    assert history.gaps(engine, sealed, history.Within(accounts=frozenset({TWO})))[0].example == "arn:aws:s3:::b"


def test_what_nobody_tried_to_read_is_told_from_what_failed(engine):
    """Parts and listings left out on purpose are gaps of their own kind; resources are counted as the inventory lists them."""
    left_out = Unread("GetObject", "s3:GetObject", "NotYetRead")
    blind = bucket(ONE, "a", unread={"Policy": DENIED, "Tags": left_out})
    gap = Gap(ONE, GLOBAL, TRAIL, Unread("", "", "Excluded"))
    foreign = key(TWO, "k")
    sealed, _ = run(engine, weeks(0), snapshot(ONE, weeks(0), [blind, foreign], gaps=(gap,)), snapshot(TWO, weeks(0)))
    one, two = history.readings(engine, sealed)
    assert (one.gaps, one.unasked, two.gaps, two.unasked) == (3, 2, 0, 0)
    assert one.read_by == f"arn:aws:sts::{ONE}:assumed-role/ReporterAudit/reporter"
    listed = [row.account for row in history.inventory(engine, sealed)]
    assert (one.resources, two.resources) == (listed.count(ONE), listed.count(TWO)) == (2, 1)


def test_the_inventory_says_how_old_each_line_is(engine):
    """Every standing resource with its digest, and when it was last seen to be so."""
    run(
        engine,
        weeks(0),
        snapshot(ONE, weeks(0), [bucket(ONE, "a")]),
        snapshot(TWO, weeks(0), [bucket(TWO, "b", unread={"Tags": DENIED})]),
    )
    sealed, _ = run(
        engine,
        weeks(1),
        unreachable(ONE, weeks(1)),
        snapshot(TWO, weeks(1), [bucket(TWO, "b", unread={"Tags": DENIED})]),
    )
    rows = {row.id: row for row in history.inventory(engine, sealed) if row.type == BUCKET}
    assert (rows["a"].captured_at, rows["a"].unread) == (weeks(0), ("*",))
    assert (rows["b"].captured_at, rows["b"].unread) == (weeks(1), ("Tags",))
    assert {row.first_seen for row in rows.values()} == {weeks(0)}


def test_two_runs_side_by_side(engine):
    """What differs between any two runs, whatever happened in between; changed and changed back is no difference."""
    for week, (kept, moved) in enumerate((("1", "1"), ("2", "2"), ("1", "3"))):
        items = [bucket(ONE, "kept", Tags={"v": kept}), bucket(ONE, "moved", Tags={"v": moved})]
        items += [bucket(ONE, "gone")] if week == 0 else [bucket(ONE, "new")]
        run(engine, weeks(week), snapshot(ONE, weeks(week), items))
    first, last = history.run_of(engine, "#1"), history.run_of(engine, "#3")
    found = [(before and before.id, after and after.id) for before, after in history.pairs(engine, first, last)]
    assert found == [("gone", None), ("moved", "moved"), (None, "new")]
    assert list(history.pairs(engine, last, last)) == []


def test_changes_can_be_asked_for_in_many_ways(engine):
    """By run, time, account, unit, type, resource, kind, class and direction; the gravest first."""
    run(
        engine,
        weeks(0),
        snapshot(ONE, weeks(0), [bucket(ONE, "a"), bucket(ONE, "b")]),
        snapshot(TWO, weeks(0), [trail(TWO, "t")], facts=UNIT),
    )
    stopped = trail(TWO, "t", Status={"IsLogging": False})
    begun, found = run(
        engine,
        weeks(1),
        snapshot(ONE, weeks(1), [bucket(ONE, "a", Tags={"x": "y"})]),
        snapshot(TWO, weeks(1), [stopped], facts=UNIT),
    )
    ids = {change.resource: change.id for change in found}

    def asked(**filters):
        return {change.resource for change in history.changes(engine, **filters)}

    assert asked() == set(ids) == {"a", "b", stopped.id}
    assert asked(run=begun, kinds=["deleted"]) == {"b"}
    assert asked(classes=["tags"]) == {"a"}
    assert asked(type=TRAIL) == asked(resource=stopped.arn) == {stopped.id}
    assert (
        asked(within=history.Within(ou="Root/Sandbox"))
        == asked(within=history.Within(accounts=frozenset({TWO})))
        == {stopped.id}
    )
    assert asked(until=weeks(0)) == asked(since=weeks(1)) == asked(directions=["worsened"]) == set()
    assert len(history.changes(engine, limit=1)) == 1
    assert history.change(engine, ids["a"]) == next(change for change in found if change.resource == "a")
    assert history.change(engine, 99) is None
    assert sum(history.change_counts(engine, begun).values()) == 3
    assert sum(history.change_counts(engine, begun, history.Within(ou="Root/Sandbox")).values()) == 1


def test_a_change_of_an_account_that_left_belongs_to_its_last_unit(engine):
    """Leaving is reported to those who look after the unit it was in."""
    run(engine, MONDAY, snapshot(ONE, MONDAY), snapshot(TWO, MONDAY, facts=UNIT))
    begun = history.start_run(engine, kind="manual", as_of=weeks(1), owner="me", now=weeks(1))
    history.mark_left(engine, begun, [TWO], weeks(1))
    found = history.changes(engine, within=history.Within(ou="Root/Sandbox"))
    assert [(change.kind.value, change.resource) for change in found] == [("left_org", TWO)]
    assert account_item(TWO, MONDAY).arn.endswith(TWO)


def test_a_report_tells_what_lighter_runs_saw_first(engine):
    """The changes since the last report are those of every run after it, whichever saw them."""
    report, _ = run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    light, _ = run(engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a", Tags={"x": "y"})]), kind="watch")
    last, _ = run(engine, weeks(2), snapshot(ONE, weeks(2), [bucket(ONE, "a", Tags={"x": "y"}), bucket(ONE, "b")]))
    found = history.changes(engine, run=last, after=report)
    assert sorted(change.resource for change in found) == ["a", "b"]
    assert [change.resource for change in history.changes(engine, run=last, after=light)] == ["b"]
    assert sum(history.change_counts(engine, last, after=report).values()) == 2
    assert history.previous_run(engine, last, kinds=["manual"]) == report


def test_a_damaged_document_is_one_clear_sentence(engine):
    """Reading what somebody has cut out names the document and the command that says more."""
    run(engine, MONDAY, snapshot(ONE, MONDAY, [bucket(ONE, "a")]))
    with engine.connect() as connection:
        connection.exec_driver_sql("UPDATE document SET codec = 7")
        connection.commit()
    with pytest.raises(history.Damaged, match="reporter verify"):
        history.versions(engine, BUCKET, "a")


def test_between_two_looks_the_answer_says_so(engine):
    """When it was last seen by an instant, when next, and whether that look showed the same, another value, or nothing."""
    off = {"Versioning": {"Status": "Suspended"}}
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    run(engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a")]))
    run(engine, weeks(2), unreachable(ONE, weeks(2)))
    run(engine, weeks(3), snapshot(ONE, weeks(3), [bucket(ONE, "a", **off)]))
    run(engine, weeks(4), snapshot(ONE, weeks(4)))
    day = timedelta(days=1)
    asked = [history.around(engine, BUCKET, "a", weeks(week) + day) for week in range(5)]
    assert asked == [
        history.Around(weeks(0), weeks(1), "same"),
        history.Around(weeks(1), weeks(3), "different"),
        history.Around(weeks(1), weeks(3), "different"),
        history.Around(weeks(3), weeks(4), "gone"),
        history.Around(None, None),
    ]
    assert history.around(engine, BUCKET, "a", weeks(3)).last == weeks(3)
    kept = history.around(engine, ACCOUNT, ONE, weeks(9))
    assert (kept.last, kept.next, kept.shows) == (weeks(4), None, "")


def test_what_came_into_view_is_not_what_was_created(engine):
    """A key named only now and an account read at last show things for the first time; first looks and new buckets do not."""
    named = key(ONE, "k")
    buckets = frozenset({(BUCKET, GLOBAL)})  # keys are never listed: only those that something names are read
    first = snapshot(ONE, weeks(0), [bucket(ONE, "a")], listed=buckets)
    run(engine, weeks(0), first, unreachable(TWO, weeks(0)))
    second = snapshot(ONE, weeks(1), [bucket(ONE, "a"), bucket(ONE, "b"), named], listed=buckets)
    first_read = snapshot(TWO, weeks(1), [bucket(TWO, "c")])
    sealed, changes = run(engine, weeks(1), second, first_read, snapshot(THREE, weeks(1), [bucket(THREE, "d")]))
    assert told(changes) == [("access_restored", TWO), ("created", "b"), ("joined", THREE)]
    came = history.came_into_view(engine, sealed)
    assert [(row.id, row.first_seen) for row in came] == [(named.id, weeks(1)), ("c", weeks(1))]
    assert history.came_into_view(engine) == came
    assert [row.id for row in history.came_into_view(engine, within=history.Within(frozenset({TWO})))] == ["c"]
    later, _ = run(engine, weeks(2), second, first_read)
    assert history.came_into_view(engine, later) == ()
