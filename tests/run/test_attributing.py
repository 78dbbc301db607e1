"""What earlier changes of a resource claim: their events are not named again for a later one."""

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "history"))
from estate_builder import ONE, bucket, run, snapshot, weeks

from reporter import history
from reporter.model import Actor, Attribution, SettingMaker
from reporter.run.attributing import claimed


def test_the_events_of_earlier_changes_are_claimed(engine):
    """What the history says made the change of the last run is claimed for the next one, by the part it made; newest counts."""
    run(engine, weeks(0), snapshot(ONE, weeks(0), [bucket(ONE, "a")]))
    _, (first,) = run(engine, weeks(1), snapshot(ONE, weeks(1), [bucket(ONE, "a", Tags={"x": "1"})]))
    _, (second,) = run(engine, weeks(2), snapshot(ONE, weeks(2), [bucket(ONE, "a", Tags={"x": "2"})]))
    alice, bob = (
        Actor(name, "PutBucketTagging", weeks(1) - timedelta(minutes=minutes), name)
        for name, minutes in (("alice", 5), ("bob", 4))
    )

    def made_by(who):
        return Attribution("likely", "one", (who,), (SettingMaker("Tags", "likely", "one", (who,)),))

    assert claimed(engine, second) == {}
    assert claimed(engine, first) == {}, "nothing came before it"
    history.attribute(engine, {first.id: made_by(alice)}, weeks(3))
    assert {part: claim.id for part, claim in claimed(engine, second).items()} == {"Tags": "alice"}
    assert claimed(engine, first) == {}, "a change does not claim its own event from itself"
    history.attribute(engine, {second.id: made_by(bob)}, weeks(3))
    assert claimed(engine, first)["Tags"].later == {"bob"}, "asked again, it is not given what made the next one"
    newest = claimed(engine, second, [(first, made_by(bob))])
    assert {part: claim.id for part, claim in newest.items()} == {"Tags": "bob"}
