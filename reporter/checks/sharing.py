"""Who is "ours" around a resource: its owner, the organization, the accounts trusted by settings. No checks here."""

from reporter.assess.estate import Resource
from reporter.documents.sharing import Circle


def circle(resource: Resource) -> Circle:
    """The circle in which a grant of this resource stays inside."""
    trusted = frozenset(resource.target("trusted_accounts"))
    organization, accounts = resource.organization
    return resource.remembered(
        "circle",
        lambda: Circle(account=resource.account, organization=organization, accounts=accounts, trusted=trusted),
    )
