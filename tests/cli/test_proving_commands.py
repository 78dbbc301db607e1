"""`verify`, `sign`: heads as people type them, keys as people mistake them."""

import os

import pytest
from drift_history import copied, said

from reporter import history


@pytest.fixture
def file(tmp_path):
    """The settings file of a history of the test's own."""
    return copied(tmp_path)


def head(file) -> str:
    engine = history.connect(str(file.parent / "reporter.db"))
    return history.last_runs(engine, 1)[0].chain


@pytest.mark.parametrize(
    "printed",
    [
        lambda h: " ".join(h[at : at + 4] for at in range(0, 64, 4)).upper(),
        lambda h: "-".join(h[at : at + 8] for at in range(0, 32, 8)),
        lambda h: f"  {h[:16]}\n{h[16:40]}\t",
        lambda h: "\N{NO-BREAK SPACE}".join((h[:8], h[8:16])),
        lambda h: "\N{EN DASH}".join((h[:8], h[8:16])),
        lambda h: f"0x{h[:12]}",
    ],
    ids=["groups in capitals", "dashes", "a line break", "no-break spaces", "en dashes", "0x"],
)
def test_a_head_counts_however_it_was_printed(file, printed):
    """Spaces, dashes, line breaks and capitals are the printer's, not the head's: no false alarm."""
    answer = said(file, "verify", "--history", "--head", printed(head(file)))
    assert answer.code == 0, answer.out
    assert "is that of run 2" in answer.out


def test_another_head_is_an_alarm_and_no_head_is_wrong_usage(file):
    """What has the form of a head but is not in the chain: 1; what cannot be one: 2."""
    wrong = "0123 4567 89ab" if not head(file).startswith("0123") else "f123 4567 89ab"
    alarm = said(file, "verify", "--history", "--head", wrong)
    assert (alarm.code, "NO RUN HAS THE HEAD" in alarm.out) == (1, True)
    for nonsense in ("be7c", "not a head at all", "z" * 16, "a" * 65):
        refused = said(file, "verify", "--history", "--head", nonsense)
        assert refused.code == 2
        assert "at least its first 8 characters" in refused.err


def test_the_key_of_the_settings_signs(file, tmp_path):
    """sign.key_file needs no option; the signed head verifies with its public half."""
    assert said(file, "sign", "--new-key", str(tmp_path / "head.key")).code == 0
    with file.open("a") as settings:
        settings.write('[sign]\nkey_file = "head.key"\n')
    signed = tmp_path / "head.json"
    assert said(file, "sign", "--out", str(signed)).code == 0
    answer = said(file, "verify", "--history", "--signed", str(signed), "--public-key", str(tmp_path / "head.key.pub"))
    assert (answer.code, "still the head of run 2" in answer.out) == (0, True)


@pytest.mark.parametrize(
    "words, told",
    [
        (["sign"], "sign with what?"),
        (["sign", "--key", "r.key", "--kms", "alias/x"], "exclude each other"),
        (["sign", "--key", "{here}/reporter.toml"], "the signing key cannot be read"),
        (["sign", "--key", "/nowhere/key"], "/nowhere/key: cannot be read"),
        (["verify"], "say what to verify"),
        (["verify", "--history", "--signed", "{here}", "--public-key", "{here}/reporter.toml"], "holds no public key"),
        (["verify", "--history", "--signed", "{here}"], "holds no signed head"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_key_that_is_none_is_wrong_usage(file, words, told):
    """One sentence that names the file, and exit code 2."""
    answer = said(file, *(word.replace("{here}", os.fspath(file.parent)) for word in words))
    assert answer.code == 2
    assert told in answer.err
    assert len(answer.err.splitlines()) == 1
