"""The shape of a row in the table of reads: a resource type, and the calls that tell what it is.

Text in `params`, `where`, `each`, `result` ... is JMESPath. It is asked of the *subject*: the fields of the listing, the parts
read so far, and what the reader knows, under names with an underscore: `_account`, `_region`, `_elsewhere` (the other
regions of the account), `_home` (the region for global services), `_partition`, `_policy_types` (of the organization; null
if unknown), `_arn` (of the account), `_each`, and for a resource that is looked up by a name `_name` and `_tail` (what follows the type in its ARN).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reporter.documents.fields import VOLATILE

Param = str | int | bool | tuple[str, ...]
Pages = tuple[str, str]

NEXT_TOKEN: Pages = ("NextToken", "NextToken")
NEXT_TOKEN_LOWER: Pages = ("nextToken", "nextToken")
MARKER: Pages = ("Marker", "NextMarker")
CONTINUATION: Pages = ("ContinuationToken", "ContinuationToken")
NEXT_CONTINUATION: Pages = ("ContinuationToken", "NextContinuationToken")

CORE = "core"
ACCESS_POINTS = "access-points"
LAKE = "lake"
DETECTORS = "detectors"
EXTRA = "extra"
DEFAULT_SETS = frozenset({CORE, ACCESS_POINTS, LAKE, DETECTORS})


@dataclass(frozen=True, slots=True)
class Known:
    """When an answer is known without asking: `test` holds for the value of `part` (of the whole subject if empty).

    A part that could not be read proves nothing: then the call is made, unless the answer would mean something else by itself.
    """

    test: str
    part: str = ""
    answer: Any = None
    vital: bool = False  # without the part this one is unread too


@dataclass(frozen=True, slots=True)
class Call:
    """One call: what is asked, with which permission, where the answer stands in the response, and what failure means."""

    operation: str  # AWS's name: GetBucketPolicy
    result: str = "@"
    iam: str = ""
    lost: str = ""  # what is not known without the permission, for the permissions page
    params: Mapping[str, Param] = field(default_factory=dict)
    service: str = ""  # the type's service, if empty
    region: str = ""  # where to ask; the item's own region, if empty
    absent: tuple[
        str, ...
    ] = ()  # codes that mean "not configured"; `Code: words` asks for the words in the message too
    pages: Pages | None = None  # (request field, response field) of the continuation token
    each: str = ""  # a list: the call is made once for each element, the answers are kept by element
    inverted: bool = False  # of the answers by element: keep the elements by answer
    json: tuple[str, ...] = ()  # fields that hold JSON as text; "" is the answer itself
    known: tuple[Known, ...] = ()
    empty: Literal["refused", "absent", "kept"] = "refused"  # what an answer without content means
    root: str = ""  # the element an XML answer must begin with, as a pattern: S3 answers 200 to what it does not know
    by: Literal["account", "organization"] = "account"  # whose credentials ask
    later: str = ""  # not read here: the code under which the part stands as unread
    set: str = CORE


@dataclass(frozen=True, slots=True)
class Named:
    """Where resources of one type name a resource of another: the names are the result of `path`."""

    by: str
    path: str


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of configuration item: how it is listed, what names it, and its further calls (one part each)."""

    name: str
    service: str
    id: str
    list: Call | None = None  # None: its fields come from elsewhere (the account itself)
    arn: str = ""  # as `id`, if empty
    regional: bool = True
    region: str = ""  # where an item lives; where it was listed, if empty
    at: str = ""  # a global type: the region to ask, `_home` if empty
    locate: Call | None = None  # asked where `region` yields nothing
    where: str = ""  # which rows of the listing belong to the account and region
    created: str = ""  # the field with the time of creation: no part of the configuration
    drop: tuple[str, ...] = ()  # fields of the listing that say nothing about the configuration
    seen_as: str = ""  # the account's part that keeps the id of every row, ours or not
    parts: Mapping[str, Call] = field(default_factory=dict)  # read in this order; a name with an underscore is not kept
    named_by: tuple[Named, ...] = ()  # not listed: only looked up when a resource names it
    regions: tuple[str, ...] = ()  # where the service exists; empty: everywhere
    offered: bool = False  # ask only where the SDK knows the service
    set: str = CORE

    @property
    def volatile(self) -> tuple[str, ...]:
        """Paths of fields that change by themselves: kept with each reading, and never told as a change."""
        return VOLATILE.get(self.name, ())

    def calls(self) -> tuple[Call, ...]:
        """Every call of the row, the listing first."""
        return tuple(call for call in (self.list, self.locate, *self.parts.values()) if call and not call.later)
