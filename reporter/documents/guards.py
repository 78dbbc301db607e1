"""What a policy forbids: requests without TLS, or with an old TLS; and, in service control policies, named actions.

A denial guards only if it reaches everyone. Several statements may do so together: one for the bucket, one for its objects.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reporter.documents.actions import S3_BUCKET, S3_OBJECT, expand
from reporter.documents.arn import bucket_arn
from reporter.documents.globs import covers, overlaps
from reporter.documents.grants import Document, undecidable
from reporter.documents.logic import Answer, Tri, all_of, any_of
from reporter.documents.policy import Condition, Policy, Statement, parse

SECURE = "aws:securetransport"
TLS_VERSION = "s3:tlsversion"
PRINCIPAL_KEYS = ("aws:principalarn", "aws:userid")
STRINGS = ("stringequals", "stringequalsignorecase", "stringlike")


def statement_denies_insecure_transport(statement: Statement) -> Tri:
    """Whether a statement denies everyone (some actions on some resources) whenever the request came without TLS.

    A second condition narrows it, so it must be the only one. String operators on this key are not documented: undecided.
    """
    if statement.effect != "Deny" or not statement.names_everyone or statement.problems:
        return None if statement.problems else False
    return all_of(_met_without_tls(condition) for condition in statement.conditions)


def _met_without_tls(condition: Condition) -> Tri:
    """Whether a condition holds for every request without TLS."""
    if condition.quantifier == "foranyvalue" and condition.key not in (SECURE, TLS_VERSION):
        return False
    insecure = "false" in (value.lower() for value in condition.values)
    if condition.key == SECURE:
        if condition.operator == "bool":
            return insecure
        return None if condition.operator in STRINGS and insecure else False
    # Plain HTTP has no TLS version: IfExists then holds, and so does "Null", while "less than" alone does not.
    absent = condition.operator == "null" and condition.values == ("true",)
    return condition.key == TLS_VERSION and condition.known and (condition.if_exists or absent)


def tls_only(document: Document, bucket: str) -> Answer:
    """Whether the policy denies every S3 action on the bucket (name or ARN) and all its objects without TLS."""
    return _guarded(document, bucket, statement_denies_insecure_transport, "requests without TLS")


def tls_at_least(document: Document, bucket: str, version: str = "1.2") -> Answer:
    """Whether the policy denies every S3 action on the bucket and its objects below a TLS version."""

    def denies(statement: Statement) -> Tri:
        if statement.effect != "Deny" or not statement.names_everyone or statement.problems:
            return None if statement.problems else False
        return all_of(_met_below(condition, version) for condition in statement.conditions)

    return _guarded(document, bucket, denies, f"TLS below {version}")


def _met_below(condition: Condition, version: str) -> Tri:
    """Whether a condition holds for every TLS version below the one wanted (1.0 and 1.1 below 1.2)."""
    if condition.key != TLS_VERSION:
        return False
    below = [old for old in ("1.0", "1.1", "1.2") if float(old) < float(version)]
    try:
        limits = [float(value) for value in condition.values]
    except ValueError:
        return None
    tests: dict[str, Callable[[float], bool]] = {
        "numericlessthan": lambda old: any(old < limit for limit in limits),
        "numericlessthanequals": lambda old: any(old <= limit for limit in limits),
        "numericequals": lambda old: old in limits,
        "numericnotequals": lambda old: old not in limits,
    }
    test = tests.get(condition.operator)
    return None if test is None else all(test(float(old)) for old in below)


def _guarded(document: Document, bucket: str, denies: Callable[[Statement], Tri], what: str) -> Answer:
    policy = parse(document)
    if policy.problems:
        return Answer(holds=None, because=undecidable(document))
    arn = bucket_arn(bucket)
    judged = [(denies(statement), statement) for statement in policy.denials]
    targets = ((arn, S3_BUCKET), (f"{arn}/*", S3_OBJECT))
    answers = [_all_denied(judged, policy, target, wanted) for target, wanted in targets]
    holds = all_of(answers)
    if holds:
        return Answer(
            holds=True, because=tuple(f"{statement.label} denies {what}" for sure, statement in judged if sure)
        )
    return Answer(
        holds,
        tuple(
            f"{target}: {what} are {'not' if answer is False else 'perhaps not'} denied to everyone for every action"
            for answer, (target, _) in zip(answers, targets, strict=True)
            if answer is not True
        ),
    )


def _all_denied(judged: list[tuple[Tri, Statement]], policy: Policy, target: str, wanted: frozenset[str]) -> Tri:
    """Whether the denials that count cover every wanted action on the target; those undecided may."""
    on_target = [(sure, statement) for sure, statement in judged if covers_resource(statement, target, policy)]
    for answer in (True, None):
        left = wanted.difference(*(s.actions for sure, s in on_target if sure is True or sure is answer))
        if not left:
            return answer
    return False


def scp_denies(
    levels: Sequence[Sequence[Mapping[str, Any]]],
    actions: Iterable[str],
    resource: str = "*",
    break_glass: Iterable[str] = (),
) -> Answer:
    """Whether service control policies keep an account from the actions on a resource, break glass aside.

    `levels` holds the contents attached to the root, to each unit on the way down, and to the account. An action is denied
    by a Deny on any level, or by a level with policies none of which allows it. A Deny may spare principals by ARN: those of
    `break_glass` (globs), or, where none are configured, any that name a role or user. These policies never bind the
    organization's management account, nor service-linked roles.
    """
    glass = tuple(break_glass)
    policies = [[parse(content) for content in level] for level in levels]
    answers, because = [], []
    for action in sorted({name for pattern in actions for name in expand(pattern)}):
        answer = _scp_denied(policies, action, resource, glass)
        answers.append(answer.holds)
        if answer.holds is not True:
            because += [f"{action}: {reason}" for reason in answer.because]
        else:
            because += answer.because
    return Answer(all_of(answers), tuple(dict.fromkeys(because)))


def _scp_denied(levels: list[list[Policy]], action: str, resource: str, glass: tuple[str, ...]) -> Answer:
    """One action: denied by a statement, by silence on a level, or not; the reasons are those of the answer."""
    found = [
        _denial(statement, policy, glass)
        for level in levels
        for policy in level
        for statement in policy.denials
        if action in statement.actions and covers_resource(statement, resource, policy)
    ]
    found += [_silence(level, action, number) for number, level in enumerate(levels) if level]
    found += [Answer(None, problems) for level in levels for p in level if (problems := p.problems)]
    holds = any_of(answer.holds for answer in found)
    because = tuple(reason for answer in found if answer.holds is holds for reason in answer.because)
    return Answer(holds, because or ("no policy in force denies it",))


def _denial(statement: Statement, policy: Policy, glass: tuple[str, ...]) -> Answer:
    """Whether a Deny of the action binds everyone in the account, break glass aside."""
    if statement.problems:
        return Answer(None, tuple(f"{statement.label}: {problem}" for problem in statement.problems))
    spared: list[str] = []
    for condition in statement.conditions:
        if not condition.known:
            return Answer(None, (f"{statement.label}: condition {condition} is not understood",))
        if condition.key not in PRINCIPAL_KEYS or not condition.negative or condition.quantifier == "foranyvalue":
            return Answer(False, (f"{statement.label} denies only if {condition}",))
        spared += condition.values
    # Conditions are ANDed, so whoever one of them spares is spared.
    wide = [pattern for pattern in spared if not _is_glass(pattern, glass, variables=policy.variables)]
    if wide:
        return Answer(False, (f"{statement.label} spares {', '.join(wide)}",))
    suffix = f", sparing {', '.join(sorted(set(spared)))}" if spared else ""
    return Answer(True, (f"{statement.label} denies it{suffix}",))


def _is_glass(pattern: str, glass: tuple[str, ...], *, variables: bool) -> bool:
    """Whether a spared pattern is break glass: covered by a configured one, or (none configured) naming a role or user."""
    if variables and "${" in pattern:
        return False
    if glass:
        return any(covers(allowed, pattern) for allowed in glass)
    _, _, name = pattern.rpartition("/")
    return "/" in pattern and bool(name.strip("*?"))


def _silence(level: list[Policy], action: str, number: int) -> Answer:
    """Whether a level that allows something allows the action nowhere; an Allow under a condition may allow it.

    A level without any Allow would deny everything: more likely the policy that allows was not read, so nothing follows.
    """
    allowances = [statement for policy in level for statement in policy.allowances]
    if not allowances or any(action in statement.actions for statement in allowances):
        return Answer(holds=False)
    if any(policy.problems for policy in level):
        return Answer(None, (f"level {number} holds a policy that cannot be read",))
    return Answer(True, (f"level {number} allows it nowhere",))


def covers_resource(statement: Statement, target: str, policy: Policy) -> bool:
    """Whether a statement's resources include every resource the target pattern stands for."""
    if statement.not_resource:
        return not any(overlaps(spared, target) for spared in statement.resources)
    return any(covers(wide, target) for wide in statement.resources if not (policy.variables and "${" in wide))
