"""Attestations: a person's word for what no check can answer, with hashed evidence, until a day."""

from datetime import date, timedelta

import pytest

from reporter.assess import attestations
from reporter.assess.written import BadFile
from reporter.model import Attestation, CheckUse, Control, Framework

TODAY = date(2026, 3, 1)
FRAMEWORK = Framework(
    "house",
    "House rules",
    "1",
    "https://example.com",
    (Control("1", "Checked", checks=(CheckUse("a-check"),)), Control("2", "Read", manual="A person must say so.")),
)
HASHES = {"minutes.pdf": "ab" * 32}
GOOD = """
[[attestation]]
framework = "house"
control = "2"
statement = "The report is read every Monday."
by = "alice@example.com"
evidence = "minutes.pdf"
valid_until = 2026-06-30
"""


def load(text, hashes=HASHES):
    return attestations.load(text, "attestations.toml", [FRAMEWORK], hashes)


def problems(text, hashes=HASHES):
    with pytest.raises(BadFile) as refused:
        load(text, hashes)
    return refused.value.problems


def attestation(until, by="alice"):
    return Attestation("house", "2", "We do.", by, until)


def test_an_attestation_carries_the_hash_of_its_evidence():
    """The statement stays tied to the file as it was."""
    (one,) = load(GOOD)
    assert (one.by, one.valid_until, one.evidence_name) == ("alice@example.com", date(2026, 6, 30), "minutes.pdf")
    assert one.evidence_sha256 == "ab" * 32
    assert load(GOOD.replace('evidence = "minutes.pdf"', ""))[0].evidence_sha256 == ""
    assert attestations.evidence_names(GOOD + GOOD, "attestations.toml") == ("minutes.pdf",)
    assert attestations.evidence_names("attestation = 3", "attestations.toml") == ()


def test_evidence_that_cannot_be_read_is_told():
    """A named file that is not there is no evidence."""
    assert 'key "evidence" names "minutes.pdf"' in problems(GOOD, {})[0]


@pytest.mark.parametrize("key", ["framework", "control", "statement", "by", "valid_until"])
def test_everything_but_the_evidence_is_required(key):
    """Who says what, of which control, until when."""
    said = problems("\n".join(line for line in GOOD.splitlines() if not line.startswith(key)))
    assert any(f'key "{key}" is missing' in one for one in said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"house"', '"hose"'), 'Did you mean "house"?'),
        (('control = "2"', 'control = "22"'), 'which "house" does not have. Did you mean "2"?'),
        (('control = "2"', 'control = "1"'), "write a waiver instead"),
        (("by =", "bye ="), 'Did you mean "by"?'),
        (("2026-06-30", "20260630"), "is no date"),
    ],
)
def test_each_slip_is_told_with_its_remedy(change, said):
    """An attestation that nobody would ever see is refused, as is one for what checks answer."""
    assert any(said in one for one in problems(GOOD.replace(*change)))


def test_the_one_that_holds_longest_counts():
    """Of several the longest in force; if all have ended, the last, so that the report can say so."""
    first, second = attestation(TODAY), attestation(TODAY + timedelta(days=9), "bob")
    both = [first, second]
    assert attestations.attestation_for(both, "house", "2", TODAY) == second
    assert attestations.attestation_for(both, "house", "2", TODAY + timedelta(days=99)) == second
    assert attestations.attestation_for(both, "house", "1", TODAY) is None


def test_attestations_are_listed_by_what_is_to_be_done():
    """Valid, ending soon, ended; the last day still counts."""
    gone, ending, lasting = (attestation(TODAY + timedelta(days=days)) for days in (-1, 0, 99))
    review = attestations.review([lasting, gone, ending], TODAY)
    assert (review.valid, review.expiring, review.expired) == ((ending, lasting), (ending,), (gone,))
