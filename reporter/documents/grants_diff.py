"""What a change of a policy gives and takes, in meaning: respelling, reordering or splitting a statement is no difference."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reporter.documents.bounds import ANYBODY, Bound
from reporter.documents.globs import covers, overlaps
from reporter.documents.grants import (
    Document,
    Grant,
    effective_denials,
    effective_grants,
    names,
    undecidable,
    without_variables,
)
from reporter.documents.policy import Condition


@dataclass(frozen=True, slots=True)
class GrantsDiff:
    """Permissions and denials that one policy has and the other has not.

    A lost denial counts even where the policy itself allows nothing: identity policies of the account allow.
    """

    added: tuple[Grant, ...] = ()
    removed: tuple[Grant, ...] = ()
    denials_added: tuple[Grant, ...] = ()
    denials_removed: tuple[Grant, ...] = ()
    undecided: tuple[str, ...] = ()  # what in either policy is not understood

    @property
    def worsened(self) -> bool:
        """Whether somebody may do more than before, or less is denied."""
        return bool(self.added or self.denials_removed)

    @property
    def improved(self) -> bool:
        """Whether somebody may do less than before, or more is denied."""
        return bool(self.removed or self.denials_added)

    def lines(self) -> tuple[str, ...]:
        """One line for each difference, what got worse first."""
        groups = (
            ("allows", self.added),
            ("no longer denies", self.denials_removed),
            ("no longer allows", self.removed),
            ("denies", self.denials_added),
        )
        return tuple(f"{verb}: {grant}" for verb, grants in groups for grant in grants)


def grants_diff(before: Document, after: Document) -> GrantsDiff:
    """Compare two policies (None: no policy) by what they grant and deny in effect."""
    old, new = effective_grants(before), effective_grants(after)
    old_denials, new_denials = effective_denials(before), effective_denials(after)
    return GrantsDiff(
        added=_beyond(new, old),
        removed=_beyond(old, new),
        denials_added=_beyond(new_denials, old_denials),
        denials_removed=_beyond(old_denials, new_denials),
        undecided=tuple(dict.fromkeys((*undecidable(before), *undecidable(after)))),
    )


def _beyond(grants: Iterable[Grant], known: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """The parts of the grants that no known grant covers, resource by resource."""
    beyond = []
    for grant in grants:
        rivals = [rival for rival in known if _as_wide(rival, grant)]
        left: dict[frozenset[str], list[str]] = {}
        for resource in grant.resources:
            actions = grant.actions.difference(
                *(rival.actions for rival in rivals if any(_spans(wide, resource) for wide in rival.resources))
            )
            if actions:
                left.setdefault(actions, []).append(resource)
        beyond += [_part(grant, actions, tuple(resources)) for actions, resources in left.items()]
    return tuple(beyond)


def _part(grant: Grant, actions: frozenset[str], resources: tuple[str, ...]) -> Grant:
    patterns = grant.patterns if actions == grant.actions else tuple(sorted(actions))
    return replace(grant, actions=actions, resources=resources, patterns=patterns)


def _as_wide(wide: Grant, narrow: Grant) -> bool:
    """Whether a grant reaches every caller the other reaches, whenever it does (actions and resources aside)."""
    if not names(wide.principal, narrow.principal):
        return False
    if (wide.excluded and not _excludes_less(wide, narrow)) or not _spares_less(wide, narrow):
        return False
    if not all(any(_follows(loose, tight) for tight in narrow.conditions) for loose in wide.conditions):
        return False
    return all(any(_within(tight, loose) for tight in narrow.limits) for loose in wide.limits[1:])


def _spans(wide: str, narrow: str) -> bool:
    """Whether a resource pattern covers another; one with a variable is read as text, so it covers only itself."""
    return wide == narrow or covers(wide, without_variables(narrow))


def _spares_less(wide: Grant, narrow: Grant) -> bool:
    """Whether whatever the wide one spares (NotResource) the narrow one does not reach."""
    return all(
        any(_spans(also, spared) for also in narrow.spared)
        or not any(overlaps(without_variables(spared), without_variables(reached)) for reached in narrow.resources)
        for spared in wide.spared
    )


def _excludes_less(wide: Grant, narrow: Grant) -> bool:
    return bool(narrow.excluded) and set(wide.excluded) <= set(narrow.excluded)


def _follows(loose: Condition, tight: Condition) -> bool:
    """Whether the loose condition holds whenever the tight one does; certain only for the same key and operator."""
    if replace(loose, values=()) != replace(tight, values=()):
        return False
    a, b = set(loose.values), set(tight.values)
    if loose.quantifier == "forallvalues" and loose.negative:
        return a == b
    return a <= b if loose.negative else a >= b


def _within(tight: frozenset[Bound], loose: frozenset[Bound]) -> bool:
    return ANYBODY in loose or tight <= loose
