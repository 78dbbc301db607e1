"""The services that watch: Config, GuardDuty, Security Hub, Access Analyzer, Macie; on or off in each region.

A complete listing without an item means "off": the code with which a service says so is in `absent`.
"""

from reporter.collect.rows import DETECTORS, NEXT_TOKEN, NEXT_TOKEN_LOWER, Call, ResourceType

RECORDER = ResourceType(
    "AWS::Config::ConfigurationRecorder",
    service="config",
    id="arn || join('', ['arn:', _partition, ':config:', _region, ':', _account, ':configuration-recorder/', name])",
    list=Call(
        "DescribeConfigurationRecorders",
        "ConfigurationRecorders",
        iam="config:DescribeConfigurationRecorders",
        lost="Whether AWS Config records.",
        empty="kept",
        set=DETECTORS,
    ),
    parts={
        "Status": Call(
            "DescribeConfigurationRecorderStatus",
            "ConfigurationRecordersStatus[0]",
            iam="config:DescribeConfigurationRecorderStatus",
            lost="Whether the recorder of AWS Config is switched on.",
            params={"ConfigurationRecorderNames": ("name",)},
            set=DETECTORS,
        ),
    },
    offered=True,
    set=DETECTORS,
)

DETECTOR = ResourceType(
    "AWS::GuardDuty::Detector",
    service="guardduty",
    id="Id",
    arn="join('', ['arn:', _partition, ':guardduty:', _region, ':', _account, ':detector/', Id])",
    list=Call(
        "ListDetectors",
        "DetectorIds[].{Id: @}",
        iam="guardduty:ListDetectors",
        lost="Whether GuardDuty is on.",
        pages=NEXT_TOKEN,
        empty="kept",
        set=DETECTORS,
    ),
    parts={
        "Detail": Call(
            "GetDetector",
            iam="guardduty:GetDetector",
            lost="Whether GuardDuty is enabled and watches S3.",
            params={"DetectorId": "Id"},
            set=DETECTORS,
        ),
    },
    offered=True,
    set=DETECTORS,
)

HUB = ResourceType(
    "AWS::SecurityHub::Hub",
    service="securityhub",
    id="HubArn",
    created="SubscribedAt",
    list=Call(
        "DescribeHub",
        "[@]",
        iam="securityhub:DescribeHub",
        lost="Whether Security Hub is on.",
        absent=("InvalidAccessException", "ResourceNotFoundException"),
        set=DETECTORS,
    ),
    offered=True,
    set=DETECTORS,
)

ANALYZER = ResourceType(
    "AWS::AccessAnalyzer::Analyzer",
    service="accessanalyzer",
    id="arn",
    created="createdAt",
    drop=("lastResourceAnalyzed", "lastResourceAnalyzedAt"),
    list=Call(
        "ListAnalyzers",
        "analyzers",
        iam="access-analyzer:ListAnalyzers",
        lost="Whether Access Analyzer looks for access from outside.",
        pages=NEXT_TOKEN_LOWER,
        empty="kept",
        set=DETECTORS,
    ),
    offered=True,
    set=DETECTORS,
)

# Macie answers "access denied" where it is off: only its words tell the two apart.
MACIE = ResourceType(
    "AWS::Macie::Session",
    service="macie2",
    id="join('', ['arn:', _partition, ':macie2:', _region, ':', _account, ':session'])",
    created="createdAt",
    drop=("updatedAt",),
    list=Call(
        "GetMacieSession",
        "[@]",
        iam="macie2:GetMacieSession",
        lost="Whether Macie is on.",
        absent=("AccessDeniedException: Macie is not enabled", "ResourceNotFoundException"),
        set=DETECTORS,
    ),
    offered=True,
    set=DETECTORS,
)
