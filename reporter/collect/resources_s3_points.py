"""What S3 says besides general purpose buckets: access points, multi-region access points, directory buckets, Storage Lens."""

from reporter.collect.rows import ACCESS_POINTS, CONTINUATION, EXTRA, NEXT_TOKEN, Call, Known, ResourceType

_BUCKET = {"Bucket": "Name"}
_POINT = {"AccountId": "_account", "Name": "Name"}

ACCESS_POINT = ResourceType(
    "AWS::S3::AccessPoint",
    service="s3control",
    id="AccessPointArn",
    list=Call(
        "ListAccessPoints",
        "AccessPointList",
        iam="s3:ListAccessPoints",
        lost="Which access points lead to buckets.",
        params={"AccountId": "_account"},
        pages=NEXT_TOKEN,
        empty="kept",
        root=r"ListAccessPoints\w+",
        set=ACCESS_POINTS,
    ),
    parts={
        "PublicAccessBlock": Call(
            "GetAccessPoint",
            "PublicAccessBlockConfiguration",
            iam="s3:GetAccessPoint",
            lost="The access point's own block on public access.",
            params=_POINT,
            root=r"GetAccessPoint\w+",
            set=ACCESS_POINTS,
        ),
        "Policy": Call(
            "GetAccessPointPolicy",
            "Policy",
            iam="s3:GetAccessPointPolicy",
            lost="Whom the access point's policy lets in.",
            params=_POINT,
            absent=("NoSuchAccessPointPolicy",),
            json=("",),
            root=r"GetAccessPointPolicy\w+",
            set=ACCESS_POINTS,
        ),
        "PolicyStatus": Call(
            "GetAccessPointPolicyStatus",
            "PolicyStatus",
            iam="s3:GetAccessPointPolicyStatus",
            lost="AWS's own verdict whether the access point is public.",
            params=_POINT,
            absent=("NoSuchAccessPointPolicy",),
            known=(Known("@ == `null`", part="Policy"),),
            root=r"GetAccessPointPolicyStatus\w+",
            set=ACCESS_POINTS,
        ),
    },
    set=ACCESS_POINTS,
)

MULTI_REGION_ACCESS_POINT = ResourceType(
    "AWS::S3::MultiRegionAccessPoint",
    service="s3control",
    id="join('', ['arn:', _partition, ':s3::', _account, ':accesspoint/', Alias])",
    regional=False,
    at="us-west-2",  # the one region that answers for them, in the one partition that has them
    regions=("us-west-2",),
    created="CreatedAt",
    list=Call(
        "ListMultiRegionAccessPoints",
        "AccessPoints",
        iam="s3:ListMultiRegionAccessPoints",
        lost="Which multi-region access points lead to buckets.",
        params={"AccountId": "_account"},
        pages=NEXT_TOKEN,
        empty="kept",
        root=r"ListMultiRegionAccessPoints\w+",
        set=ACCESS_POINTS,
    ),
    parts={
        "PolicyStatus": Call(
            "GetMultiRegionAccessPointPolicyStatus",
            "Established",
            iam="s3:GetMultiRegionAccessPointPolicyStatus",
            lost="AWS's own verdict whether the multi-region access point is public.",
            params=_POINT,
            absent=("NoSuchMultiRegionAccessPointPolicy", "NoSuchAccessPointPolicy"),
            empty="absent",
            root=r"GetMultiRegionAccessPointPolicyStatus\w+",
            set=ACCESS_POINTS,
        ),
    },
    set=ACCESS_POINTS,
)

DIRECTORY_BUCKET = ResourceType(
    "AWS::S3Express::DirectoryBucket",
    service="s3",
    id="Name",
    arn="join('', ['arn:', _partition, ':s3express:', _region, ':', _account, ':bucket/', Name])",
    created="CreationDate",
    drop=("BucketArn", "BucketRegion"),
    where="ends_with(Name, '--x-s3')",
    regions=("us-east-1", "us-east-2", "us-west-2", "ap-northeast-1", "ap-south-1", "eu-north-1", "eu-west-1"),
    list=Call(
        "ListDirectoryBuckets",
        "Buckets",
        iam="s3express:ListAllMyDirectoryBuckets",
        lost="Which directory buckets exist.",
        pages=CONTINUATION,
        empty="kept",
        root=r"List\w*DirectoryBuckets\w+",
        set=ACCESS_POINTS,
    ),
    parts={
        "Encryption": Call(
            "GetBucketEncryption",
            "ServerSideEncryptionConfiguration",
            iam="s3express:GetEncryptionConfiguration",
            lost="Default encryption of directory buckets.",
            params=_BUCKET,
            absent=("ServerSideEncryptionConfigurationNotFoundError",),
            root="ServerSideEncryptionConfiguration",
            set=ACCESS_POINTS,
        ),
        "Policy": Call(
            "GetBucketPolicy",
            "Policy",
            iam="s3express:GetBucketPolicy",
            lost="Whom a directory bucket's policy lets in.",
            params=_BUCKET,
            absent=("NoSuchBucketPolicy",),
            json=("",),
            set=ACCESS_POINTS,
        ),
        "Lifecycle": Call(
            "GetBucketLifecycleConfiguration",
            "{Rules: Rules}",
            iam="s3express:GetLifecycleConfiguration",
            lost="When objects of directory buckets are deleted by themselves.",
            params=_BUCKET,
            absent=("NoSuchLifecycleConfiguration",),
            root="LifecycleConfiguration",
            set=ACCESS_POINTS,
        ),
    },
    set=ACCESS_POINTS,
)

STORAGE_LENS = ResourceType(
    "AWS::S3::StorageLens",
    service="s3control",
    id="StorageLensArn",
    list=Call(
        "ListStorageLensConfigurations",
        "StorageLensConfigurationList",
        iam="s3:ListStorageLensConfigurations",
        lost="Storage Lens dashboards.",
        params={"AccountId": "_account"},
        pages=NEXT_TOKEN,
        empty="kept",
        root=r"ListStorageLensConfigurations\w+",
        set=EXTRA,
    ),
    where="contains(StorageLensArn, join('', [':', _region, ':']))",  # every region lists those of its own and others
    parts={
        "Detail": Call(
            "GetStorageLensConfiguration",
            "StorageLensConfiguration",
            iam="s3:GetStorageLensConfiguration",
            lost="What a Storage Lens dashboard measures and where it exports to.",
            params={"AccountId": "_account", "ConfigId": "Id"},
            root=r"\w*StorageLensConfiguration\w*",
            set=EXTRA,
        ),
    },
    set=EXTRA,
)
