"""What a policy grants in effect: its allowances, with actions expanded, less what its denials take away.

A grant is (principal, actions, resources, conditions). A denial that covers part of it removes that part, or, where the
denial lets some callers through ("deny unless in the organization"), adds a limit to it. A denial that covers only part of
a resource pattern removes nothing: what is listed is never less than what is granted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from reporter.documents.bounds import ANYBODY, Bound, demanded, escaping, meeting, of_principal, undecided
from reporter.documents.globs import covers, overlaps
from reporter.documents.logic import Tri
from reporter.documents.policy import EVERYONE, Condition, Policy, Principal, Statement, parse

Limit = frozenset[Bound]  # the caller is in one of these sets
Document = Mapping[str, Any] | str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """One principal's effective permission. The caller must be within *every* limit: the principal, conditions, denials."""

    principal: Principal
    actions: frozenset[str]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    limits: tuple[Limit, ...]
    statement: str
    patterns: tuple[str, ...]  # the actions as written
    excluded: tuple[Principal, ...] = ()  # NotPrincipal: everyone but these
    spared: tuple[str, ...] = ()  # NotResource: everything but these
    effect: str = "Allow"

    @property
    def public(self) -> Tri:
        """Whether its callers are people nobody chose: no limit is made of fixed sets only."""
        fixed = [_fixed(limit) for limit in self.limits]
        if True in fixed:
            return False
        return None if None in fixed else True

    def __str__(self) -> str:
        who = (
            f"{self.principal} but {', '.join(p.value for p in self.excluded)}"
            if self.excluded
            else str(self.principal)
        )
        where = f"everything but {', '.join(self.spared)}" if self.spared else ", ".join(self.resources)
        when = f" if {' and '.join(map(str, self.conditions))}" if self.conditions else ""
        return f"{self.statement} {self.effect} {who} {', '.join(self.patterns)} on {where}{when}"


def _fixed(limit: Limit) -> Tri:
    values = {bound.fixed for bound in limit}
    if False in values:
        return False
    return None if None in values else True


def effective_grants(document: Document) -> tuple[Grant, ...]:
    """Every grant of a policy, one for each principal of each statement, after its denials."""
    return _effective(parse(document))


@lru_cache(maxsize=512)
def _effective(policy: Policy) -> tuple[Grant, ...]:
    grants: list[Grant] = []
    for statement in policy.allowances:
        parts = list(_stated(statement, policy))
        for denial in policy.denials:
            parts = [rest for part in parts for rest in _less(part, denial, policy)]
        grants += parts
    return tuple(grants)


def effective_denials(document: Document) -> tuple[Grant, ...]:
    """What a policy denies, in the form of grants with `effect` Deny: for comparing, not for granting."""
    policy = parse(document)
    return tuple(denial for statement in policy.denials for denial in _stated(statement, policy))


def _stated(statement: Statement, policy: Policy) -> Iterable[Grant]:
    """A statement as one grant for each principal it names, before any denial."""
    excluded = statement.principals if statement.not_principal else ()
    for principal in (EVERYONE,) if statement.not_principal else statement.principals:
        yield Grant(
            principal=principal,
            actions=statement.actions,
            resources=("*",) if statement.not_resource else statement.resources,
            conditions=statement.conditions,
            limits=(frozenset({of_principal(principal)}), *_limits(statement, policy)),
            statement=statement.label,
            patterns=_patterns(statement),
            excluded=excluded,
            spared=statement.resources if statement.not_resource else (),
            effect=statement.effect or "Allow",
        )


def _patterns(statement: Statement) -> tuple[str, ...]:
    return (
        tuple(f"everything but {p}" for p in statement.action_patterns)
        if statement.not_action
        else statement.action_patterns
    )


def without_variables(text: str) -> str:
    """`home/${aws:username}/*` -> `home/*/*`: what a variable may become is not ours to know."""
    while "${" in text and "}" in text.partition("${")[2]:
        head, _, tail = text.partition("${")
        text = f"{head}*{tail.partition('}')[2]}"
    return text


def _limits(statement: Statement, policy: Policy) -> tuple[Limit, ...]:
    present = demanded(statement.conditions)
    met = (meeting(condition, present, variables=policy.variables) for condition in statement.conditions)
    limits = [limit for limit in met if limit is not None]
    if statement.problems:
        limits.append(frozenset({Bound("undecided", "; ".join(statement.problems), fixed=None)}))
    return tuple(limits)


def _less(grant: Grant, denial: Statement, policy: Policy) -> list[Grant]:
    """What is left of a grant after one denial: the parts it does not touch, and the touched part for those who escape."""
    hit = grant.actions & denial.actions
    if not hit or denial.problems:
        return [grant]
    touched = tuple(resource for resource in grant.resources if _denied(resource, denial, policy))
    escapees = _escapees(grant.principal, denial, policy) if touched else frozenset({ANYBODY})
    if ANYBODY in escapees:
        return [grant]
    untouched = tuple(resource for resource in grant.resources if resource not in touched)
    left = []
    if grant.actions - hit:
        left.append(replace(grant, actions=grant.actions - hit))
    if untouched:
        left.append(replace(grant, actions=hit, resources=untouched))
    if escapees:
        left.append(replace(grant, actions=hit, resources=touched, limits=(*grant.limits, escapees)))
    return left


def _denied(resource: str, denial: Statement, policy: Policy) -> bool:
    """Whether the denial covers all of a resource pattern; a variable in the denial covers nothing for certain."""
    if policy.variables:
        resource = without_variables(resource)
    if denial.not_resource:
        return not any(overlaps(without_variables(spared), resource) for spared in denial.resources)
    return any(covers(wide, resource) for wide in denial.resources if not (policy.variables and "${" in wide))


def _escapees(principal: Principal, denial: Statement, policy: Policy) -> Limit:
    """The callers a denial lets through: those its conditions or its NotPrincipal spare, or everybody if it is for others."""
    # "deny AWS services unless ..." spares whoever is no service, which a service is not.
    conditions = [c for c in denial.conditions if not (principal.kind == "service" and _asks_for_service(c))]
    spared = {bound for c in conditions for bound in escaping(c, variables=policy.variables)}
    if denial.not_principal:
        return frozenset(spared | {of_principal(p) for p in denial.principals})
    if not any(names(denied, principal) for denied in denial.principals):
        return frozenset({ANYBODY})
    return frozenset(spared)


def _asks_for_service(condition: Condition) -> bool:
    return (condition.operator, condition.key, condition.values) == ("bool", "aws:principalisawsservice", ("true",))


def names(wide: Principal, narrow: Principal) -> bool:
    """Whether naming the one names the other too: everyone names all, an account its users and roles."""
    if wide in (EVERYONE, narrow):
        return True
    if wide.kind != "account" or narrow.kind != "aws":
        return False
    parts = narrow.value.split(":")
    return len(parts) > 4 and parts[4] == wide.value  # arn:partition:service:region:account


def undecidable(document: Document) -> tuple[str, ...]:
    """What in a policy we do not understand, in words; empty if everything is understood."""
    policy = parse(document)
    found = list(policy.problems)
    for statement in policy.statements:
        found += [f"{statement.label}: {problem}" for problem in statement.problems]
        found += [f"{statement.label}: {undecided(c).value}" for c in statement.conditions if not c.known]
    return tuple(found)
