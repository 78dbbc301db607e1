"""Whether a policy is public, as S3 defines it, and why.

S3 takes a policy for public unless every grant in it is limited to fixed values of who calls: principals, organizations,
accounts, networks, VPCs, sources (`bounds.py`). One public statement makes the whole policy public.
"""

from collections.abc import Iterable

from reporter.documents.grants import Document, Grant, effective_grants, undecidable
from reporter.documents.logic import Answer, Tri, any_of
from reporter.documents.policy import parse

ACCESS_POINT_KEY = "s3:dataaccesspointarn"


def is_public(document: Document, *, access_point: bool = False, vpc_origin: bool = False) -> Answer:
    """Whether the policy grants anything to the public; `because` names each statement that does, or may.

    In the policy of an access point `s3:DataAccessPointArn` limits nobody; an access point inside a VPC is never public.
    """
    if vpc_origin:
        return Answer(holds=False, because=("requests come from the access point's VPC only",))
    return _judge(document, effective_grants(document), access_point=access_point)


def public_grants(document: Document, actions: Iterable[str]) -> Answer:
    """Whether the policy grants any of the (exactly named) actions to the public."""
    wanted = frozenset(actions)
    return _judge(document, (grant for grant in effective_grants(document) if grant.actions & wanted))


def _judge(document: Document, grants: Iterable[Grant], *, access_point: bool = False) -> Answer:
    judged = [(_public(grant, access_point=access_point), grant) for grant in grants]
    answers: list[Tri] = [answer for answer, _ in judged]
    if parse(document).problems:
        answers.append(None)
    holds = any_of(answers)
    if holds is False:
        return Answer(
            holds=False, because=("no grant reaches beyond fixed callers",) if judged else ("grants nothing",)
        )
    because = tuple(f"{'public' if answer else 'undecided'}: {grant}" for answer, grant in judged if answer is holds)
    return Answer(holds, because or undecidable(document))


def _public(grant: Grant, *, access_point: bool) -> Tri:
    if access_point and any(condition.key == ACCESS_POINT_KEY for condition in grant.conditions):
        return True
    return grant.public
