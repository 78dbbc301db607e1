"""Access control lists in the shape of GetBucketAcl."""

import hashlib

from reporter.simulate.organization import Document


def canonical_id(account: str) -> str:
    """The 64 hexadecimal digits by which ACLs know an account."""
    return hashlib.sha256(account.encode()).hexdigest()


def everyone_reads(account: str, group: str, permission: str = "READ") -> Document:
    """The owner's full control and a grant to AllUsers, AuthenticatedUsers or LogDelivery (`s3/LogDelivery`)."""
    owner = {"ID": canonical_id(account)}
    uri = f"http://acs.amazonaws.com/groups/{group if '/' in group else 'global/' + group}"
    return {
        "Owner": owner,
        "Grants": [
            {"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"},
            {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission},
        ],
    }
