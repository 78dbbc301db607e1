"""The package an auditor is handed: what it lists, what a change to any file of it shows, and who vouches for it."""

import hashlib
import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from organization import organization
from report_parts import forms, pdf_of

from reporter.documents.canonical import canonical_json
from reporter.model import Run
from reporter.report import package
from reporter.report.edition import Edition
from reporter.report.export import data_files
from reporter.report.ocsf import ocsf_files
from reporter.report.proof import UNPROVEN, NoPackage, Opened, Proof, manifests, proofs, unlisted
from reporter.report.sign import by_key, new_key, public_half

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
EDITIONS = ("organization", "executive", "ou:Root/Workloads", "account:200000000001", "framework:cis-aws-5.0.0")


@cache
def parts(edition: str) -> tuple[Edition, Run, list[object], dict[str, bytes]]:
    """An edition's real files, the run they are of, and the words its head follows from."""
    made = forms(organization(), edition)
    asked, cover = made.content.edition, made.content.cover
    at = int(cover.as_of.timestamp() * 1_000_000)
    words: list[object] = ["before", cover.seq, cover.run, "o-1", "", cover.root, at]
    chain = hashlib.sha256(canonical_json(words)).hexdigest()
    made = replace(made, content=replace(made.content, cover=replace(cover, chain=chain)))
    made = replace(made, files=data_files(organization(), made.content))  # they name the head
    events = {f"{asked.key}-{one.name}": one.data for one in ocsf_files(organization(), made.content)}
    files = {f"{asked.key}-{one.name}": one.data for one in made.files}
    files |= events | {f"{asked.key}.html": made.page.encode(), f"{asked.key}.pdf": pdf_of(made).data}
    run = Run(id=cover.run, as_of=cover.as_of, seq=cover.seq, root=cover.root, chain=chain, organization="o-1")
    return asked, run, words, files


def written(folder: Path, edition: str = "organization", key: bytes = b"") -> Edition:
    """The package of an edition in a folder, as a run leaves it."""
    asked, run, words, rendered = parts(edition)
    manifest = package.manifest(run, asked, rendered, words)
    files = rendered | {package.manifest_name(asked): manifest}
    if key:
        files[package.signature_name(asked)] = package.signature(manifest, run, asked, by_key(key), NOW)
    files[package.sums_name(asked)] = package.sums(files)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return asked


def failed(opened: Opened, **witness: object) -> list[Proof]:
    return [one for one in proofs(opened, **witness) if one.holds is False]


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_package_of_every_edition_holds_as_it_was_written(tmp_path: Path, edition: str) -> None:
    """By our own proofs, and by sha256sum alone."""
    asked = written(tmp_path, edition)
    (opened,) = manifests(tmp_path)
    told = list(proofs(opened))
    assert [one for one in told if one.holds is False] == []
    assert any("attachments are the package's files" in one.said for one in told)
    assert sum("events are the rows of" in one.said for one in told) == 2
    assert not any(UNPROVEN in one.said for one in told)
    assert list(unlisted([opened])) == []
    subprocess.run(["sha256sum", "--quiet", "-c", package.sums_name(asked)], cwd=tmp_path, check=True)


def test_one_altered_byte_in_any_file_is_named(tmp_path: Path) -> None:
    """Tables, page, PDF and the report as data: each by its own name, and a missing one too."""
    written(tmp_path)
    (opened,) = manifests(tmp_path)
    for name in package.names(opened.said["files"]):
        file = tmp_path / name
        data = file.read_bytes()
        file.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        assert name in {one.about for one in failed(opened)}
        file.unlink()
        assert any(one.about == name and "MISSING" in one.said for one in failed(opened))
        file.write_bytes(data)
    assert failed(opened) == []


def test_one_altered_byte_in_the_list_for_sha256sum_is_told(tmp_path: Path) -> None:
    """A digest, a name, a line too many or too few: it must be the manifest's list, and the signature's digest with it."""
    asked = written(tmp_path, key=new_key())
    (opened,) = manifests(tmp_path)
    file = tmp_path / package.sums_name(asked)
    data = file.read_bytes()
    lines = data.splitlines(keepends=True)
    others = [
        bytes([data[0] ^ 1]) + data[1:],
        data[:-2] + b"x\n",
        data + lines[0],
        b"".join(lines[1:]),
        data + b"0  a\n",
        b"",
    ]
    for other in others:
        file.write_bytes(other)
        assert [one.about for one in failed(opened)] == [file.name]
    file.write_bytes(data)
    assert failed(opened) == []
    file.unlink()
    assert [one.about for one in proofs(opened) if one.holds is None and "is not here" in one.said] == [file.name]


def test_the_letter_beside_a_package_is_told_to_be_no_part_of_it(tmp_path: Path) -> None:
    """It is not in the manifest, so a changed byte of it cannot be seen: whoever reads "whole" must know."""
    written(tmp_path)
    (tmp_path / "organization.2d73c21e384a6506.mail.json").write_text("{}")
    told = list(unlisted(manifests(tmp_path)))
    assert [(one.holds, one.about[-10:], one.said) for one in told] == [
        (None, ".mail.json", "is no part of the package: nothing is said about it")
    ]


def test_a_table_and_the_manifest_altered_together_still_disagree_with_the_figures(tmp_path: Path) -> None:
    """One failing finding made a pass, all digests made anew: the attachment, the figures and the mail's digest tell."""
    asked = written(tmp_path)
    first = hashlib.sha256((tmp_path / package.manifest_name(asked)).read_bytes()).hexdigest()
    table = tmp_path / "organization-findings.csv"
    table.write_bytes(table.read_bytes().replace(b",fail,", b",pass,", 1))
    file = tmp_path / package.manifest_name(asked)
    said = json.loads(file.read_text())
    for one in said["files"]:
        one["sha256"] = hashlib.sha256((tmp_path / one["name"]).read_bytes()).hexdigest()
    file.write_text(json.dumps(said))
    (opened,) = manifests(file)
    told = [one.said for one in failed(opened, digest=first)]
    assert any("attachment findings.csv IS NOT" in said for said in told)
    assert any("findings failed" in said for said in told)
    assert any(f"NOT {first}" in said for said in told)


def forged(folder: Path, name: str, data: bytes | None) -> Opened:
    """The package with one file written anew, or taken out of the manifest too, all digests made anew."""
    file = folder / "organization-manifest.json"
    said = json.loads(file.read_text())
    said["files"] = [one for one in said["files"] if data is not None or one["name"] != name]
    for one in said["files"]:
        if one["name"] == name:
            (folder / name).write_bytes(data or b"")
            one |= {"sha256": hashlib.sha256(data or b"").hexdigest(), "bytes": len(data or b"")}
    file.write_text(json.dumps(said))
    return manifests(file)[0]


@pytest.mark.parametrize("table", ["findings", "ended"])
def test_an_event_that_no_row_tells_or_a_row_that_no_event_tells_is_named(tmp_path: Path, table: str) -> None:
    """Whoever loads the events into a SIEM gets what the auditor reads in the tables, each once."""
    written(tmp_path)
    name = f"organization-{table}.ocsf.jsonl"
    lines = (tmp_path / name).read_bytes().splitlines(keepends=True)
    check = json.loads(lines[0])["compliance"]["checks"][0]["uid"]
    for other, said in ((lines[1:], "1 FEWER than"), ([*lines, lines[0]], "1 MORE than"), ([b"{}"], "IS NOT as")):
        told = [one.said for one in failed(forged(tmp_path, name, b"".join(other))) if one.about == name]
        assert any(said in one and (check in one or said == "IS NOT as") for one in told)


@pytest.mark.parametrize("name", ["organization.pdf", "organization.html", "organization-ended.ocsf.jsonl"])
def test_a_file_that_is_taken_out_with_its_line_is_missed(tmp_path: Path, name: str) -> None:
    """A page or an event file that every package has: without it, nothing says that the package is whole."""
    written(tmp_path)
    told = list(proofs(forged(tmp_path, name, None)))
    assert any(one.holds is None and UNPROVEN in one.said and one.said.endswith(name) for one in told)


def test_a_finding_that_is_said_to_have_ended_must_stand_in_every_figure(tmp_path: Path) -> None:
    """A row added to the table and to one figure is still one more than the list that the report shows."""
    written(tmp_path)
    table, name = "organization-ended.csv", "organization-report.json"
    data = (tmp_path / table).read_bytes()
    row = next(line for line in data.splitlines(keepends=True) if line.startswith(b"fixed,"))
    report = json.loads((tmp_path / name).read_text())
    report["posture"]["movement"]["fixed"] += 1
    forged(tmp_path, table, data + row)
    told = [one.said for one in failed(forged(tmp_path, name, json.dumps(report).encode())) if one.about == name]
    assert [said.partition(",")[0].rsplit(" ", 1)[0] for said in told] == ["says findings no longer failing"]


def test_the_head_follows_from_its_words_or_it_is_said(tmp_path: Path) -> None:
    """A head that somebody wrote in by hand does not follow; one from elsewhere must be the package's."""
    asked = written(tmp_path)
    file = tmp_path / package.manifest_name(asked)
    file.write_text(file.read_text().replace('"before"', '"another"'))
    (opened,) = manifests(file)
    assert [one.said[:16] for one in failed(opened)] == ["THE CHAIN'S HEAD", "WAS ALTERED: its"]
    assert any("NOT 00000000" in one.said for one in failed(opened, heads=["00000000"]))


def resealed(folder: Path, **said: object) -> Opened:
    """The package with other words in its manifest, and all digests made anew, as a forger would."""
    (file,) = folder.glob("*-manifest.json")
    manifest = {**json.loads(file.read_text()), **said}
    manifest["files"] = [
        one | {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for one in manifest["files"]
        if (folder / one["name"]).is_file() and (data := (folder / one["name"]).read_bytes())
    ]
    file.write_text(json.dumps(manifest))
    names = [one["name"] for one in manifest["files"]] + [file.name]
    (folder / "organization.sha256").write_bytes(package.sums({name: (folder / name).read_bytes() for name in names}))
    return manifests(folder)[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [("organization", "o-other"), ("as_of", "2020-01-01T00:00:00Z"), ("as_of", 3), ("seq", 99), ("tool_version", "9"), ("run", "x")],
)  # fmt: skip
def test_what_the_manifest_says_of_the_run_is_what_its_head_was_made_of(
    tmp_path: Path, key: str, value: object
) -> None:
    """Another organization or date over the same files is told, though every digest was made anew."""
    written(tmp_path)
    told = failed(resealed(tmp_path, **{key: value}))
    assert f"its {key} IS NOT what the chain's head was made of" in [one.said for one in told]


def test_a_head_without_its_words_proves_nothing(tmp_path: Path) -> None:
    """A head that somebody made up, with no words to follow from, is not confirmed by asking for it."""
    written(tmp_path)
    opened = resealed(tmp_path, chain="deadbeef" * 8, chain_is_sha256_of=[])
    told = [one for one in proofs(opened, heads=["deadbeef"]) if UNPROVEN in one.said]
    assert [one.holds for one in told] == [None, None]


def test_a_table_that_is_gone_from_the_manifest_is_missed(tmp_path: Path) -> None:
    """The PDF still holds it; and without a report the figures are said to be unproven."""
    written(tmp_path)
    (tmp_path / "organization-findings.csv").unlink()
    told = [one.said for one in proofs(resealed(tmp_path))]
    assert "its attachment findings.csv IS NOT the file of the package" in told
    assert any(UNPROVEN in one and "no table of findings" in one for one in told)
    (tmp_path / "organization-report.json").unlink()
    assert any(UNPROVEN in one.said and "any figure" in one.said for one in proofs(resealed(tmp_path)))


@pytest.mark.parametrize("text", ["{", "{}", "[]", "3"])
def test_a_report_of_another_form_fails_in_a_sentence(tmp_path: Path, text: str) -> None:
    """What cannot be held against the tables is told like any other fault."""
    written(tmp_path)
    (tmp_path / "organization-report.json").write_text(text)
    assert any("NOT as this version writes them" in one.said for one in failed(resealed(tmp_path)))


def test_severities_follow_from_the_findings(tmp_path: Path) -> None:
    """Grave findings made harmless in the table disagree with the front page."""
    written(tmp_path)
    file = tmp_path / "organization-findings.csv"
    file.write_bytes(file.read_bytes().replace(b",critical,", b",low,"))
    assert any("critical findings failed" in one.said for one in failed(resealed(tmp_path)))


def test_a_signature_holds_for_its_manifest_and_key_only(tmp_path: Path) -> None:
    """Another key, another manifest and a missing signature are told."""
    key = new_key()
    asked = written(tmp_path, key=key)
    (opened,) = manifests(tmp_path)
    assert failed(opened, public_key=public_half(key)) == []
    assert "not signed by the given key" in failed(opened, public_key=public_half(new_key()))[0].said
    file = tmp_path / package.manifest_name(asked)
    file.write_text(file.read_text() + " ")
    assert "ANOTHER MANIFEST" in failed(manifests(file)[0])[0].said
    (tmp_path / package.signature_name(asked)).unlink()
    assert "IS MISSING" in failed(manifests(file)[0], public_key=public_half(key))[0].said


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "reporter/package/9", "files": [{"name": "a"}]}', '{"schema": 1, "files": 3}']
)
def test_what_is_no_manifest_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    """Whatever the file holds, and an empty folder."""
    with pytest.raises(NoPackage, match="holds no manifest"):
        manifests(tmp_path)
    file = tmp_path / "organization-manifest.json"
    file.write_text(text)
    with pytest.raises(NoPackage, match=r"organization-manifest\.json"):
        manifests(tmp_path)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a\\b", "..", ""])
def test_a_manifest_never_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    """A package from a stranger is hostile: only plain file names are read."""
    (tmp_path / "x-manifest.json").write_text(
        json.dumps({"schema": package.SCHEMA, "edition": "x", "run": "", "root": "", "chain": "", "files": [{"name": name}],
                    "chain_is_sha256_of": []})
    )  # fmt: skip
    with pytest.raises(NoPackage, match="no plain file name"):
        manifests(tmp_path)
