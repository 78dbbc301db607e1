"""What the organization says of itself, and what is asked about an account as a whole."""

from reporter.collect.rows import NEXT_TOKEN, Call, Known, ResourceType
from reporter.model import ACCOUNT as ACCOUNT_TYPE

_S3_POLICIES_OFF = Known("_policy_types != `null` && !contains(_policy_types, 'S3_POLICY')")


def _contact(kind: str) -> Call:
    """The mail address of an alternate contact; names and telephone numbers of people are not kept."""
    return Call(
        "GetAlternateContact",
        "AlternateContact.EmailAddress",
        iam="account:GetAlternateContact",
        lost="Whom AWS, and reports for account owners, write to in matters of security, operations and billing.",
        service="account",
        params={"AlternateContactType": f"'{kind}'"},
        absent=("ResourceNotFoundException",),
    )


# The fields of an account come with the organization's listing; `Regions` is read first, for everything else goes by it.
ACCOUNT = ResourceType(
    ACCOUNT_TYPE,
    service="s3control",
    id="Id",
    arn="_arn",
    regional=False,
    parts={
        "Regions": Call(
            "DescribeRegions",
            "Regions[].RegionName",
            iam="ec2:DescribeRegions",
            lost="Which regions are enabled: the regions that are on by default are read instead, the others are a gap.",
            service="ec2",
            params={"AllRegions": False},
            root="DescribeRegionsResponse",
        ),
        "PublicAccessBlock": Call(
            "GetPublicAccessBlock",
            "PublicAccessBlockConfiguration",
            iam="s3:GetAccountPublicAccessBlock",
            lost="The account's block on public access: no bucket can be shown to be closed by it.",
            params={"AccountId": "_account"},
            absent=("NoSuchPublicAccessBlockConfiguration",),
            root="PublicAccessBlockConfiguration",
        ),
        "EffectiveS3Policy": Call(
            "DescribeEffectivePolicy",
            "EffectivePolicy.PolicyContent",
            iam="organizations:DescribeEffectivePolicy",
            lost="The organization's own block on public access.",
            service="organizations",
            params={"PolicyType": "'S3_POLICY'"},
            absent=("EffectivePolicyNotFoundException", "AWSOrganizationsNotInUseException"),
            json=("",),
            known=(_S3_POLICIES_OFF,),
        ),
        "Tags": Call(
            "ListTagsForResource",
            "Tags",
            iam="organizations:ListTagsForResource",
            lost="Tags of accounts: owners and scopes of waivers.",
            service="organizations",
            params={"ResourceId": "_account"},
            pages=NEXT_TOKEN,
            empty="kept",
            by="organization",
        ),
        "SecurityContact": _contact("SECURITY"),
        "OperationsContact": _contact("OPERATIONS"),
        "BillingContact": _contact("BILLING"),
    },
)

ORGANIZATION = ResourceType(
    "AWS::Organizations::Organization",
    service="organizations",
    id="Id",
    arn="Arn",
    regional=False,
    list=Call(
        "DescribeOrganization",
        "[Organization.{Id: Id, Arn: Arn, MasterAccountId: MasterAccountId, FeatureSet: FeatureSet}]",
        iam="organizations:DescribeOrganization",
        lost="Which account manages the organization.",
        by="organization",
    ),
    parts={
        "Roots": Call(
            "ListRoots",
            "Roots[].{Id: Id, Arn: Arn, Name: Name}",
            iam="organizations:ListRoots",
            lost="The tree of organizational units.",
            pages=NEXT_TOKEN,
            by="organization",
        ),
        "PolicyTypes": Call(
            "ListRoots",
            "Roots[].PolicyTypes[?Status == 'ENABLED'].Type[]",
            iam="organizations:ListRoots",
            lost="Which kinds of organization policies are in force.",
            pages=NEXT_TOKEN,
            empty="kept",
            by="organization",
        ),
        "ServiceAccess": Call(
            "ListAWSServiceAccessForOrganization",
            "EnabledServicePrincipals[].ServicePrincipal",
            iam="organizations:ListAWSServiceAccessForOrganization",
            lost="Which services act across the organization.",
            pages=NEXT_TOKEN,
            empty="kept",
            by="organization",
        ),
        "_Delegates": Call(
            "ListDelegatedAdministrators",
            "DelegatedAdministrators[].Id",
            iam="organizations:ListDelegatedAdministrators",
            lost="Which accounts administer services for the organization.",
            pages=NEXT_TOKEN,
            empty="kept",
            by="organization",
        ),
        "DelegatedAdministrators": Call(
            "ListDelegatedServicesForAccount",
            "DelegatedServices[].ServicePrincipal",
            iam="organizations:ListDelegatedServicesForAccount",
            lost="Which services an account administers for the organization.",
            params={"AccountId": "_each"},
            pages=NEXT_TOKEN,
            each="_Delegates",
            inverted=True,
            empty="kept",
            by="organization",
        ),
    },
)

POLICY = ResourceType(
    "AWS::Organizations::Policy",
    service="organizations",
    id="Id",
    arn="Arn",
    regional=False,
    drop=("Description",),
    list=Call(
        "ListPolicies",
        "Policies",
        iam="organizations:ListPolicies",
        lost="Which service control, resource control and S3 policies exist.",
        params={"Filter": "_each"},
        pages=NEXT_TOKEN,
        each="['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY', 'S3_POLICY']",
        absent=("PolicyTypeNotEnabledException",),
        empty="kept",
        by="organization",
    ),
    parts={
        "Content": Call(
            "DescribePolicy",
            "Policy.Content",
            iam="organizations:DescribePolicy",
            lost="What organization policies forbid.",
            params={"PolicyId": "Id"},
            json=("",),
            by="organization",
        ),
        "Targets": Call(
            "ListTargetsForPolicy",
            "Targets[].{TargetId: TargetId, Name: Name, Type: Type}",
            iam="organizations:ListTargetsForPolicy",
            lost="For whom organization policies are in force.",
            params={"PolicyId": "Id"},
            pages=NEXT_TOKEN,
            empty="kept",
            by="organization",
        ),
    },
)

# The organization's accounts and units are no items of their own; these calls find them.
ACCOUNTS = Call(
    "ListAccounts",
    "Accounts",
    iam="organizations:ListAccounts",
    lost="Which accounts exist: list them in the settings instead.",
    service="organizations",
    pages=NEXT_TOKEN,
    by="organization",
)
UNITS = Call(
    "ListOrganizationalUnitsForParent",
    "OrganizationalUnits",
    iam="organizations:ListOrganizationalUnitsForParent",
    lost="The tree of organizational units: names and nesting.",
    service="organizations",
    params={"ParentId": "_each"},
    pages=NEXT_TOKEN,
    empty="kept",
    by="organization",
)
MEMBERS = Call(
    "ListAccountsForParent",
    "Accounts",
    iam="organizations:ListAccountsForParent",
    lost="In which organizational unit an account stands.",
    service="organizations",
    params={"ParentId": "_each"},
    pages=NEXT_TOKEN,
    empty="kept",
    by="organization",
)
