"""Random change driven into a real history, and what it reports held against the truth, run by run."""

from datetime import timedelta

from mutating import Oracle, World, read

from reporter import history
from reporter.documents.canonical import canonical
from reporter.drift.changes import describe
from reporter.model import ACCOUNT, EVERY_PART


class Driver:
    """Runs over a world: each is recorded in a real history and compared with the oracle."""

    def __init__(self, engine, seed, *, steps_per_run=3, describe=describe):
        self.engine, self.world, self.oracle = engine, World(seed), Oracle()
        self.steps_per_run, self.describe = steps_per_run, describe
        self.runs = 0
        self.told = 0
        self.clock_back = timedelta()
        self.given_up = 0
        self._looks = {}
        self.last = None

    def run(self):
        """Some steps, one run, and the comparison; returns what was reported wrongly."""
        world, dice = self.world, self.world.dice
        for _ in range(self.steps_per_run):
            world.step()
        world.now += timedelta(minutes=1)
        expected = {}
        gone = [member.id for member in world.members.values() if not member.there]
        there = [member for member in world.members.values() if member.there]
        dice.shuffle(there)
        run = self._start()
        for number, member in enumerate(there):
            if number and dice.random() < 0.03:
                run = self._start()  # the process died and another took the run up
            if number and dice.random() < 0.01:
                run = self._given_up(run, there[:number])
            look = read(world, member, world.now)
            self._looks[member.id] = look
            expected |= self.oracle.look(world, member, look, self.runs)
            found = history.record_account(self.engine, run, look.snapshot, self.describe)
            again = history.record_account(self.engine, run, look.snapshot, self.describe)
            assert again == (), "a second recording of the same account reports again"
            assert all(change.id is not None for change in found)
        for account in gone:
            expected |= self.oracle.left(account)
        known = history.known_accounts(self.engine) - {member.id for member in there}
        history.mark_left(self.engine, run, known, world.now)
        self.last = history.seal(self.engine, run, world.now, accounts={member.id for member in there})
        reported = history.changes(self.engine, run=self.last)
        wrong = list(compared(expected, reported))
        self.runs += 1
        self.told += len(reported)
        return wrong

    def _given_up(self, run, members):
        """The process died and another version came: it begins anew, reads what was read again, and loses nothing."""
        self.given_up += 1
        history.abandon(self.engine, run, self.world.now, "given up: another version came")
        run = self._start()
        for member in members:
            again = history.record_account(self.engine, run, self._looks[member.id].snapshot, self.describe)
            assert again == (), "what a run that was given up had recorded is found again"
        return run

    def standing(self):
        """What the history holds at the last run, held against what was seen."""
        wrong = []
        for member in self.world.members.values():
            if not member.there:
                continue
            snapshot = history.account_snapshot(self.engine, self.last, member.id)
            memory = self.oracle.accounts[member.id]
            items = {(item.type, item.id): item for item in snapshot.items if item.type != ACCOUNT}
            if items.keys() != memory.standing:
                wrong.append((member.id, "items", sorted(items.keys() ^ memory.standing)))
            for place, known in memory.things.items():
                if place in items:
                    wrong += _held(place, items[place], known)
        return wrong

    def _start(self):
        return history.start_run(
            self.engine, kind="manual", as_of=self.world.now, owner="test", now=self.world.now, organization="o-1"
        )


def compared(expected, reported):
    """What was reported and not expected, expected and not reported, reported twice, or otherwise than it was."""
    seen = {}
    for change in reported:
        key = (change.account, change.type, change.resource)
        if key in seen:
            yield "twice", key, change.kind.value, change.summary
        seen[key] = change
    for key in sorted(expected.keys() - seen.keys()):
        yield "missed", key, expected[key]
    for key in sorted(seen.keys() - expected.keys()):
        change = seen[key]
        yield "invented", key, change.kind.value, [op.text for op in change.ops]
    for key in sorted(seen.keys() & expected.keys()):
        kind, parts = expected[key]
        change = seen[key]
        found = frozenset(op.path.partition(".")[0].partition("[")[0] for op in change.ops)
        exact = parts is not None and kind in {"modified", "access_lost", "access_restored"}
        if change.kind.value != kind and not _either(kind, parts, change):
            yield "otherwise", key, kind, (change.kind.value, [op.text for op in change.ops])
        elif exact and found != parts:
            yield "otherwise", key, sorted(parts), (sorted(found), [op.text for op in change.ops])


def _either(kind, parts, change):
    """AWS moves a bucket's creation date when its policy is edited: made anew and then given a policy cannot be told from that."""
    return kind == "recreated" and parts is not None and "Policy" in parts and change.kind.value == "modified"


def _held(place, item, known):
    values = canonical(place[0], known.parts)
    held = {part: item.configuration.get(part) for part in values}
    if held != values:
        yield place, "values", held, values
    unread = {part for part, why in item.unread.items() if part != EVERY_PART and why.code != "NotAsked"}
    if unread != known.unread:
        yield place, "unread", unread, known.unread
