"""The outbox and the schedule's ledger: nothing twice, nothing lost, and what is not known is said."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from estate_builder import MONDAY, ONE, run, snapshot

from reporter import history

MINUTE = timedelta(minutes=1)
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture
def sealed(engine):
    """A run whose report is to be delivered."""
    return run(engine, MONDAY, snapshot(ONE, MONDAY))[0]


def post(engine, sealed, *recipients):
    """Letters in the outbox."""
    letters = [history.Letter("organization", to, f"<{to}>", {"format": "pdf"}) for to in recipients]
    return history.enqueue(engine, sealed, letters, MONDAY)


def states(engine):
    return {delivery.recipient: delivery.state for delivery in history.deliveries(engine)}


def test_a_letter_is_in_the_outbox_once(engine, sealed):
    """A run that is delivered again after a crash finds its letters there."""
    assert post(engine, sealed, "a@example.com", "b@example.com") == 2
    assert post(engine, sealed, "a@example.com", "c@example.com") == 1
    assert set(states(engine).values()) == {"pending"}


def test_the_newest_letters_are_listed_in_order(engine, sealed):
    """A log that shows the end of a long outbox reads no more than that."""
    post(engine, sealed, *(f"{name}@example.com" for name in "abcd"))
    assert [one.recipient[0] for one in history.deliveries(engine, limit=2)] == ["c", "d"]
    assert [one.recipient[0] for one in history.deliveries(engine, sealed, ["pending"], limit=9)] == list("abcd")
    assert history.deliveries(engine, states=["sent"], limit=2) == ()


def test_the_way_of_a_letter(engine, sealed):
    """Claimed, sending, refused for now, due again, sent; each step is in the log that an auditor reads."""
    post(engine, sealed, "a@example.com")
    (letter,) = history.claim(engine, "w1", MONDAY)
    assert (letter.state, letter.run, letter.payload) == ("claimed", sealed.id, {"format": "pdf"})
    assert history.claim(engine, "w2", MONDAY) == ()
    letter = history.sending(engine, letter, "w1", MONDAY)
    history.settle(engine, letter, "w1", MONDAY, state="pending", again_at=LATER, detail="451 try later")
    assert history.claim(engine, "w1", MONDAY + MINUTE) == ()
    (letter,) = history.claim(engine, "w2", LATER)
    assert letter.attempts == 1
    letter = history.sending(engine, letter, "w2", LATER)
    history.settle(engine, letter, "w2", LATER, state="sent", detail="250 queued", reference="4711")
    (letter,) = history.deliveries(engine, sealed, ["sent"])
    assert (letter.attempts, letter.reference, letter.settled_at) == (2, "4711", LATER)
    acts = [(entry.act, entry.detail.get("detail")) for entry in history.entries(engine, "delivery")]
    assert acts == [
        ("delivery.queued", None),
        ("delivery.claimed", None),
        ("delivery.sending", None),
        ("delivery.pending", "451 try later"),
        ("delivery.claimed", None),
        ("delivery.sending", None),
        ("delivery.sent", "250 queued"),
    ]
    assert history.verify(engine) == ()


@pytest.mark.parametrize(
    ("sending", "on_unknown", "then"),
    [(False, "skip", "claimed"), (True, "skip", "unknown"), (True, "resend", "claimed")],
)
def test_what_a_dead_worker_left(engine, sealed, sending, on_unknown, then):
    """A letter that was only claimed is free again; one that was being sent is unknown, unless it is to be sent again."""
    post(engine, sealed, "a@example.com")
    (letter,) = history.claim(engine, "dead", MONDAY)
    if sending:
        letter = history.sending(engine, letter, "dead", MONDAY)
    found = history.claim(engine, "alive", LATER, on_unknown=on_unknown)
    assert states(engine) == {"a@example.com": then}
    assert [one.message_id for one in found] == ([letter.message_id] if then == "claimed" else [])
    with pytest.raises(history.LeaseLost, match="no longer this worker's"):
        history.settle(engine, letter, "dead", LATER, state="sent")


def test_an_unknown_delivery_is_resolved_by_a_person(engine, sealed):
    """Nobody but a person may say what became of it, and it is on record who did."""
    post(engine, sealed, "a@example.com")
    (letter,) = history.claim(engine, "dead", MONDAY)
    history.sending(engine, letter, "dead", MONDAY)
    history.claim(engine, "alive", LATER)
    history.resolve(engine, letter.id, "sent", by="kim", why="she has it", now=LATER)
    assert states(engine) == {"a@example.com": "sent"}
    assert history.entries(engine, "delivery")[-1].detail == {"why": "she has it"}
    with pytest.raises(history.Refused, match="is sent"):
        history.resolve(engine, letter.id, "pending", by="kim", why="again", now=LATER)
    with pytest.raises(history.Refused, match="does not exist"):
        history.resolve(engine, 99, "pending", by="kim", why="again", now=LATER)


def test_two_workers_never_have_the_same_letter(engine, sealed):
    """Eight threads empty an outbox of twenty letters: each is claimed once."""
    post(engine, sealed, *(f"{n}@example.com" for n in range(20)))

    def work(owner):
        taken = []
        while letters := history.claim(engine, owner, MONDAY, limit=2):
            for letter in letters:
                history.settle(engine, history.sending(engine, letter, owner, MONDAY), owner, MONDAY, state="sent")
                taken.append(letter.recipient)
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = Counter(name for names in pool.map(work, "abcdefgh") for name in names)
    assert set(taken.values()) == {1}
    assert len(taken) == 20
    assert history.verify(engine) == ()


def test_rendered_files_are_on_record(engine, sealed):
    """Rendered again, the same file is the same row; another content replaces it, and the log keeps both."""
    facts = {"edition": "organization", "format": "pdf", "path": "r/1.pdf", "size": 3}
    for content in ("aa", "aa", "bb"):
        history.add_report(engine, sealed, sha256=content, now=MONDAY, **facts)
    (report,) = history.reports(engine, sealed)
    assert (report.sha256, report.path, report.size) == ("bb", "r/1.pdf", 3)
    assert len(history.entries(engine, "report")) == 2


def test_a_slot_is_started_once(engine):
    """Eight processes wake at the same slot: one starts it."""
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda owner: history.claim_slot(engine, "weekly", "2026-01-05T02:00", owner, MONDAY), "abcdefgh")
        )
    (slot,) = [one for one in found if one is not None]
    history.renew_slot(engine, slot, slot.owner, MONDAY + MINUTE)
    history.finish_slot(engine, slot, slot.owner, LATER, run_id="r1")
    assert history.claim_slot(engine, "weekly", slot.slot, "i", LATER) is None
    done = history.last_slot(engine, "weekly")
    assert done is not None
    assert (done.state, done.run_id, done.attempt) == ("done", "r1", 1)
    with pytest.raises(history.LeaseLost):
        history.finish_slot(engine, slot, slot.owner, LATER)
    assert history.verify(engine) == ()


def test_missed_slots_are_on_record(engine):
    """What went by without a run is there for the auditor, and is never started late."""
    history.claim_slot(engine, "weekly", "b", "x", MONDAY)
    history.miss(engine, "weekly", ["a", "b", "c"], MONDAY)
    history.miss(engine, "weekly", ["a"], MONDAY)
    history.miss(engine, "weekly", [], MONDAY)
    assert {slot.slot: slot.state for slot in history.slots(engine, "weekly")} == {
        "a": "missed",
        "b": "running",
        "c": "missed",
    }
    assert history.claim_slot(engine, "weekly", "a", "x", LATER) is None
    assert history.last_slot(engine, "daily") is None
    assert len(history.slots(engine, limit=2)) == 2


def test_a_dead_owners_slot_is_taken_over_but_not_for_ever(engine):
    """A slot whose process died is started again, by one; one that kills every process is failed."""
    history.claim_slot(engine, "weekly", "s", "w0", MONDAY)
    assert history.take_over(engine, "weekly", "w1", MONDAY + MINUTE) is None
    now = MONDAY
    for attempt in (2, 3):
        now += timedelta(hours=1)
        slot = history.take_over(engine, "weekly", f"w{attempt}", now)
        assert slot is not None
        assert (slot.attempt, slot.owner) == (attempt, f"w{attempt}")
    assert history.take_over(engine, "weekly", "w9", now + timedelta(hours=1)) is None
    failed = history.last_slot(engine, "weekly")
    assert failed is not None
    assert (failed.state, failed.detail) == ("failed", "its process died 3 times")
