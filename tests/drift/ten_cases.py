"""Ten edits of a bucket or a trail as people make them, and what should be told of each: for the tests and the benchmark."""

import copy

BUCKET = "AWS::S3::Bucket"
TRAIL = "AWS::CloudTrail::Trail"

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "Trail",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["s3:PutObject", "s3:GetBucketAcl"],
            "Resource": "arn:aws:s3:::logs/*",
        },
    ],
}
CONFIGURATION = {
    "Name": "logs",
    "Policy": POLICY,
    "PublicAccessBlock": {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    },
    "Versioning": {"Status": "Enabled"},
    "Encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
    "Acl": {
        "Owner": {"ID": "a" * 64},
        "Grants": [
            {"Grantee": {"Type": "CanonicalUser", "ID": "a" * 64}, "Permission": "FULL_CONTROL"},
            {"Grantee": {"Type": "CanonicalUser", "ID": "b" * 64}, "Permission": "READ"},
        ],
    },
    "Lifecycle": {
        "Rules": [
            {"ID": "old", "Status": "Enabled", "Expiration": {"Days": 365}, "Filter": {"Prefix": ""}},
            {"ID": "tmp", "Status": "Enabled", "Expiration": {"Days": 7}, "Filter": {"Prefix": "tmp/"}},
        ]
    },
    "Tags": {"Owner": "ops", "DataClass": "confidential"},
    "Website": None,
}
TRAIL_CONFIGURATION = {
    "Name": "org",
    "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1",
    "Status": {"IsLogging": True, "LatestDeliveryError": None},
    "Selectors": {
        "EventSelectors": None,
        "AdvancedEventSelectors": [
            {
                "Name": "management",
                "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
            },
            {
                "Name": "objects",
                "FieldSelectors": [
                    {"Field": "eventCategory", "Equals": ["Data"]},
                    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                ],
            },
        ],
    },
}


def edited(configuration, *steps):
    """A deep copy with (path, value) steps applied; a value of None removes a list element, a callable transforms."""
    result = copy.deepcopy(configuration)
    for path, change in steps:
        at = result
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = change(at[path[-1]]) if callable(change) else change
    return result


def shuffled(configuration):
    """Every set in another order, single values as scalars and scalars as lists, the policy as a string-keyed reversal."""
    result = copy.deepcopy(configuration)
    result["Policy"]["Statement"].reverse()
    result["Policy"]["Statement"][1]["Resource"].reverse()
    result["Policy"]["Statement"][1]["Principal"] = {"AWS": ["*"]}
    result["Policy"]["Statement"][1]["Condition"] = {"Bool": {"aws:SecureTransport": [False]}}
    result["Policy"]["Statement"][0]["Resource"] = [result["Policy"]["Statement"][0]["Resource"]]
    result["Acl"]["Grants"].reverse()
    result["Lifecycle"]["Rules"].reverse()
    result["Tags"] = [{"Key": key, "Value": value} for key, value in reversed(result["Tags"].items())]
    return result


STATEMENT = {
    "Sid": "PublicRead",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::logs/*",
}

TEN = [
    ("nothing but order and spelling", BUCKET, CONFIGURATION, shuffled(CONFIGURATION), []),
    (
        "a flag",
        BUCKET,
        CONFIGURATION,
        edited(CONFIGURATION, (("PublicAccessBlock", "BlockPublicPolicy"), False)),
        ["PublicAccessBlock.BlockPublicPolicy true -> false"],
    ),
    (
        "a block removed",
        BUCKET,
        CONFIGURATION,
        edited(CONFIGURATION, (("PublicAccessBlock",), None)),
        [
            "PublicAccessBlock removed: BlockPublicAcls true, BlockPublicPolicy true, IgnorePublicAcls true, RestrictPublicBuckets false"
        ],
    ),
    (
        "a statement added in front",
        BUCKET,
        CONFIGURATION,
        edited(shuffled(CONFIGURATION), (("Policy", "Statement"), lambda old: [STATEMENT, *old])),
        ['Policy.Statement["PublicRead"] added: Allow * s3:GetObject'],
    ),
    (
        "an action more, in a shuffled policy",
        BUCKET,
        CONFIGURATION,
        edited(shuffled(CONFIGURATION), (("Policy", "Statement", 0, "Action"), lambda old: ["s3:DeleteObject", *old])),
        ['Policy.Statement["Trail"].Action + s3:DeleteObject'],
    ),
    (
        "a rule's days, in a shuffled lifecycle",
        BUCKET,
        CONFIGURATION,
        edited(shuffled(CONFIGURATION), (("Lifecycle", "Rules", 1, "Expiration", "Days"), 30)),
        ['Lifecycle.Rules["old"].Expiration.Days 365 -> 30'],
    ),
    (
        "a grant to everybody",
        BUCKET,
        CONFIGURATION,
        edited(
            CONFIGURATION,
            (
                ("Acl", "Grants"),
                lambda old: [
                    {
                        "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
                        "Permission": "READ",
                    },
                    *old,
                ],
            ),
        ),
        [
            'Acl.Grants["AllUsers READ"] added: Grantee Type Group, URI http://acs.amazonaws.com/groups/global/AllUsers, Permission READ'
        ],
    ),
    (
        "logging stopped",
        TRAIL,
        TRAIL_CONFIGURATION,
        edited(TRAIL_CONFIGURATION, (("Status", "IsLogging"), False)),
        ["Status.IsLogging true -> false"],
    ),
    (
        "a field selector narrowed, selectors in another order",
        TRAIL,
        TRAIL_CONFIGURATION,
        edited(
            TRAIL_CONFIGURATION,
            (("Selectors", "AdvancedEventSelectors", 1, "FieldSelectors", 0, "Equals"), ["Data", "NetworkActivity"]),
            (("Selectors", "AdvancedEventSelectors"), lambda old: list(reversed(old))),
        ),
        ['Selectors.AdvancedEventSelectors["objects"].FieldSelectors["eventCategory"].Equals + NetworkActivity'],
    ),
    (
        "a statement swapped for another",
        BUCKET,
        CONFIGURATION,
        edited(CONFIGURATION, (("Policy", "Statement", 0), STATEMENT)),
        [
            'Policy.Statement["PublicRead"] added: Allow * s3:GetObject',
            'Policy.Statement["TlsOnly"] removed: Deny * s3:* if Bool aws:SecureTransport false',
        ],
    ),
]
