"""`reporter verify`, `sign`, `export`: that nothing was altered, who vouches for it, and the history in a form others read."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, AsJson, Config, Refusal, emit, line, now, plain, told
from reporter.cli.filters import Accounts, AtRun, Opened, Ou, counted, open_history, run_named, within
from reporter.cli.narrowing import Place, known_place
from reporter.cli.package_proof import prove_packages

VERIFY_HELP = """Verify a report's package by its files alone (--package), or the whole history it came from (--history).

A package needs nothing of the installation that wrote it: each file is held against the manifest, the PDF's attachments against
the files, the report's figures against its tables, the chain's head against what it is made of, the signature against its key.

The history is hashed again, row by row, and its chain walked; each row that was altered is named.

The chain proves that the rows agree with its head. That it is the head which was sealed is proven by what others hold: give a
head printed in a report or mail you kept (--head), or a signed one (--signed); it must be among the heads of this chain.

Exit code 0: nothing was altered; 1: something was.

\b
Examples:
  reporter verify --package reports/2026-11-09-run-0002
  reporter verify --package . --digest 1825d08ce6b9d150 --public-key auditors-copy.pub
  reporter verify --history
  reporter verify --history --head 9f3c0a51
  reporter verify --history --signed reports/ --public-key auditors-copy.pub
"""
SIGN_HELP = """Sign the head of the chain, with a local key or a key in AWS KMS: who vouches for the history, as of when.

\b
Examples:
  reporter sign --new-key head.key                    make a key; its public half is written to head.key.pub
  reporter sign --key head.key                        sign the last run's head: head-0047.json
  reporter sign --kms alias/reporter --run 46 --out archive/head-0046.json
"""
EXPORT_HELP = """Write the history as a git repository: one file for each resource, one commit for each run.

The same history gives the same commits, wherever it is exported. A folder that holds an earlier export is continued.

\b
Examples:
  reporter export --git DIR
  reporter export --git DIR --ou Root/Workloads/Prod
  git -C DIR log -p -- 111122223333/S3-Bucket/
"""


@app.command(help=VERIFY_HELP)
def verify(
    config: Config = None,
    history_too: Annotated[bool, typer.Option("--history", help="Verify the history database.")] = False,
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="A head from a report you kept, or its beginning; may be given again."),
    ] = None,
    package: Annotated[
        list[Path] | None,
        typer.Option("--package", help="Verify a report's folder, or one manifest in it, offline; may be given again."),
    ] = None,
    digest: Annotated[str, typer.Option("--digest", help="The manifest's SHA-256 as the mail prints it.")] = "",
    signed: Annotated[
        list[Path] | None, typer.Option("--signed", help="A signed head, or a folder of them; may be given again.")
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", help="The signer's public key (PEM), from elsewhere than the signed head."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """See VERIFY_HELP, which is what users read."""
    from reporter import history

    if package:
        given = [_digits("--head", one) for one in head or ()]
        pem = _public(public_key) if public_key else ""
        prove_packages(package, given, _digits("--digest", digest) if digest else "", pem, as_json=as_json)
    if not history_too:
        if package:
            return
        raise Refusal("say what to verify: `reporter verify --package DIR` or `reporter verify --history`", USAGE)
    opened = open_history(config)
    problems = history.verify(opened.engine)
    runs = history.last_runs(opened.engine, 1_000_000)
    witnesses = [*_kept(head or (), runs), *_signed(signed or (), public_key, runs)]
    if as_json:
        emit(
            {
                "schema": "reporter/verify/1", "problems": problems, "runs": len(runs),
                "head": runs[0].chain if runs else "", "witnesses": witnesses,
            }
        )  # fmt: skip
    else:
        _print(problems, runs, witnesses)
    if problems or not all(one["holds"] for one in witnesses):
        raise typer.Exit(1)


def _print(problems: Any, runs: Any, witnesses: list[dict[str, Any]]) -> None:
    for one in problems:
        line(plain(f"ALTERED {one.table} {one.row}: {one.what}"), "bold red")
    if not problems:
        said = f"{counted(len(runs), 'run')}, head {runs[0].chain}" if runs else "no run has been sealed yet"
        line(f"Nothing was altered: {said}", "green")
    for one in witnesses:
        line(plain(one["said"]), "" if one["holds"] else "bold red")
    if runs and not witnesses:
        line("Compare the head with one that others hold: --head, --signed", "dim")


def _digits(option: str, text: str) -> str:
    """A digest's digits, however it is printed in groups or read out."""
    digits = re.sub(r"[\s.:\u2010-\u2015-]|0x", "", text.lower())
    if not re.fullmatch(r"[0-9a-f]{8,64}", digits):
        raise Refusal(f"{option} {text}: is none; give at least its first 8 characters, digits and a to f", USAGE)
    return digits


def _kept(heads: Any, runs: Any) -> Iterator[dict[str, Any]]:
    for head in heads:
        digits = _digits("--head", head)
        known = next((run for run in runs if run.chain.startswith(digits)), None)
        said = (
            f"head {head} is that of run {known.seq} of {known.as_of:%Y-%m-%d}"
            if known
            else f"NO RUN HAS THE HEAD {head}"
        )
        yield {"given": head, "holds": known is not None, "run": known.seq if known else None, "said": said}


def _signed(paths: Any, public_key: Path | None, runs: Any) -> Iterator[dict[str, Any]]:
    from reporter.report.sign import SignError, verified_head

    pem = _public(public_key) if public_key else ""
    by_id = {run.id: run for run in runs}
    for file in (found for path in paths for found in _heads_in(path)):
        try:
            stated = verified_head(_read(file), pem)
        except SignError as error:
            yield {"given": str(file), "holds": False, "run": None, "said": f"{file}: {error}"}
            continue
        yield _agreed(file, stated, by_id.get(stated["run"]), trusted=bool(pem))


def _public(file: Path) -> str:
    """A public key's text; a private key or something else is told before anything is verified with it."""
    text = _read(file).decode(errors="replace")
    if "-----BEGIN PUBLIC KEY-----" not in text:
        raise Refusal(
            f"{file}: holds no public key (PEM); `reporter sign --new-key FILE` writes one as FILE.pub", USAGE
        )
    return text


def _agreed(file: Path, stated: Mapping[str, Any], run: Any, *, trusted: bool) -> dict[str, Any]:
    """Whether what was signed is what the history says."""
    holds = run is not None and (run.chain, run.root, run.seq) == (stated["chain"], stated["root"], stated["seq"])
    when = str(stated["signed_at"])[:16].replace("T", " ")
    if holds:
        said = f"{file}: signed {when}Z, and still the head of run {run.seq}"
        said += "" if trusted else " (by whom: compare the key with --public-key)"
    else:
        said = f"{file}: WAS SIGNED {when}Z FOR RUN {stated['seq']}, WHICH HAS ANOTHER HEAD NOW OR IS GONE"
    return {"given": str(file), "holds": holds, "run": stated["seq"], "said": said}


def _heads_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("head*.json"))
    if not found:
        raise Refusal(f"{path}: holds no signed head (head*.json)", USAGE)
    return found


@app.command(help=SIGN_HELP)
def sign(
    config: Config = None,
    run: AtRun = "last",
    key: Annotated[
        Path | None, typer.Option("--key", help="A private key (PEM): Ed25519, or ECDSA P-256 or P-384.")
    ] = None,
    kms: Annotated[str, typer.Option("--kms", help="A KMS key for signing: its id, ARN or alias.")] = "",
    new_key: Annotated[Path | None, typer.Option("--new-key", help="Make a key and write it to this file.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write the signed head; - is standard output.")
    ] = None,
) -> None:
    """See SIGN_HELP, which is what users read."""
    from reporter.report.sign import SignError, signed_head

    if new_key is not None:
        _make_key(new_key)
        return
    opened = open_history(config)
    chosen = run_named(opened, run, whole=False)
    with told(SignError, code=USAGE):
        signer = _signer(opened, key, kms)
    with told(SignError):
        document = signed_head(chosen, signer, now())
    target = out or Path(f"head-{chosen.seq:04d}.json")
    if str(target) == "-":
        typer.echo(document.decode(), nl=False)
        return
    _write(target, document, 0o644)
    line(f"{target}: the head of run {chosen.seq} of {chosen.as_of:%Y-%m-%d}, {chosen.chain[:16]}…, is signed")


def _signer(opened: Opened, key: Path | None, kms: str) -> Any:
    from reporter.report.sign import by_key, by_kms

    if key and kms:
        raise Refusal("--key and --kms exclude each other; use one", USAGE)
    aws, usual = opened.settings.aws, opened.settings.sign
    file = key or (None if kms else usual.key_file)
    if file is not None:
        return by_key(_read(file), usual.password.get_secret_value())
    if named := kms or usual.kms_key:
        return by_kms(named, usual.region or aws.region, aws.endpoint_url)
    raise Refusal(
        "sign with what? --key FILE or --kms KEY, or sign.key_file or sign.kms_key in the settings; "
        "`reporter sign --new-key FILE` makes a key", USAGE,
    )  # fmt: skip


def _make_key(file: Path) -> None:
    from reporter.report.sign import new_key, public_half

    if file.exists():
        raise Refusal(f"{file}: exists; a key is never overwritten")
    private = new_key()
    public = file.with_name(f"{file.name}.pub")
    _write(file, private, 0o600)
    _write(public, public_half(private).encode(), 0o644)
    line(f"{file}: the private key, keep it where the history's database is not")
    line(f"{public}: its public half, for those who verify")


def _write(file: Path, data: bytes, mode: int) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as opened:
            opened.write(data)
    except OSError as error:
        raise Refusal(f"{file}: cannot be written ({error.strerror})") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refusal(f"{file}: cannot be read ({error.strerror})", USAGE) from None


@app.command(help=EXPORT_HELP)
def export(
    git: Annotated[Path, typer.Option("--git", help="The folder to write; new or an earlier export.")],
    config: Config = None,
    account: Accounts = None,
    ou: Ou = "",
    as_json: AsJson = False,
) -> None:
    """See EXPORT_HELP, which is what users read."""
    from reporter import history
    from reporter.run.gitting import GitError, export_git

    opened = open_history(config)
    if last := history.last_runs(opened.engine, 1):
        known_place(opened, last[0], Place(account or (), ou))
    with told(GitError):
        added = export_git(opened.engine, git, (lambda _: None) if as_json else _said, within(account, ou))
    if as_json:
        emit({"schema": "reporter/export/1", "folder": git, "commits_added": added})
        return
    line(f"{counted(added, 'commit')} added in {git}")


def _said(text: Any) -> None:
    line(plain(text), "dim")
