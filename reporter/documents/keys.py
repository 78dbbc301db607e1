"""Who may decrypt with a KMS key: its key policy and its grants together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporter.documents.actions import KMS_CONTROL, KMS_DECRYPT
from reporter.documents.arn import account_of
from reporter.documents.globs import matches
from reporter.documents.grants import Document, effective_grants
from reporter.documents.logic import Answer, any_of
from reporter.documents.sharing import Circle, Reach, outsiders

DECRYPTING = ("Decrypt", "ReEncryptFrom", "CreateGrant")  # a grant that lets its holder grant is as good
KeyGrants = Sequence[Mapping[str, Any]]


def may_decrypt(policy: Document, key_grants: KeyGrants | None, circle: Circle, readers: Iterable[str] = ()) -> Answer:
    """Whether anybody beside the readers may decrypt, or give himself the right to.

    `readers` are globs over principal ARNs; none means everybody in the organization or a trusted account may. A key policy
    that names an account leaves the choice to that account's IAM policies, so an account is a reader only as a whole.
    """
    globs = tuple(readers)
    by_policy = outsiders(policy, circle, globs, KMS_DECRYPT | KMS_CONTROL)
    answers = [by_policy, *(_by_grant(grant, circle, globs) for grant in key_grants or ())]
    holds = any_of(answer.holds for answer in answers)
    because = tuple(reason for answer in answers if answer.holds is holds for reason in answer.because)
    return Answer(holds, because)


def _by_grant(grant: Mapping[str, Any], circle: Circle, readers: tuple[str, ...]) -> Answer:
    who = str(grant.get("GranteePrincipal", ""))
    operations = [name for name in grant.get("Operations", ()) if name in DECRYPTING]
    text = f"grant {grant.get('GrantId', '')} gives {who} {', '.join(operations)}"
    if not operations or who.endswith(".amazonaws.com"):
        return Answer(holds=False, because=(text,) if operations else ())
    if readers:
        return Answer(holds=not any(matches(glob, who) for glob in readers), because=(text,))
    account = account_of(who)
    if account is None:
        return Answer(holds=None, because=(f"{text}, whose account cannot be told",))
    return Answer(holds=circle.reach_of_account(account) > Reach.TRUSTED, because=(text,))


def decrypt_principals(policy: Document, key_grants: KeyGrants | None) -> tuple[str, ...]:
    """Everyone who may decrypt, sorted: as the key policy names them, and the grantees of grants."""
    named = {str(grant.principal) for grant in effective_grants(policy) if grant.actions & KMS_DECRYPT}
    granted = {
        str(grant.get("GranteePrincipal", ""))
        for grant in key_grants or ()
        if any(name in DECRYPTING for name in grant.get("Operations", ()))
    }
    return tuple(sorted(named | granted))
