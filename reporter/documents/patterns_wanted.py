"""The events an alarm must be raised on, as filter patterns: what the monitoring section of CIS AWS Foundations asks for.

Each names the service that emits the event, as a filter may do too; a filter that leaves it out matches more, which is fine.
Each leaves out what a careful filter may leave out (CloudTrail's own deliveries, log-ins through a federation), so it is
the least a filter must match.
"""

IAM_POLICY_EVENTS = """
    DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy DeletePolicy
    CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy
    AttachGroupPolicy DetachGroupPolicy
"""
TRAIL_EVENTS = "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"
KEY_EVENTS = "DisableKey ScheduleKeyDeletion"
BUCKET_EVENTS = """
    PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy DeleteBucketCors
    DeleteBucketLifecycle DeleteBucketReplication
"""
CONFIG_EVENTS = "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder"
SECURITY_GROUP_EVENTS = """
    AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress
    CreateSecurityGroup DeleteSecurityGroup
"""
NETWORK_ACL_EVENTS = """
    CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry
    ReplaceNetworkAclAssociation
"""
GATEWAY_EVENTS = """
    CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway DeleteInternetGateway
    DetachInternetGateway
"""
ROUTE_EVENTS = """
    CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute DisassociateRouteTable
"""
VPC_EVENTS = """
    CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection DeleteVpcPeeringConnection
    RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc DisableVpcClassicLink EnableVpcClassicLink
"""
ORGANIZATION_EVENTS = """
    AcceptHandshake AttachPolicy CancelHandshake CreateAccount CreateOrganization CreateOrganizationalUnit CreatePolicy
    DeclineHandshake DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnableAllFeatures
    EnablePolicyType InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy
    UpdateOrganizationalUnit
"""


def _events(source: str, names: str) -> str:
    either = " || ".join(f"($.eventName = {name})" for name in names.split())
    return f"{{ ($.eventSource = {source}.amazonaws.com) && ({either}) }}"


WANTED = {
    # Denied by a service, in either of AWS's spellings; not the noise of log delivery and of HeadBucket.
    "unauthorized-api-calls": '{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) '
    '&& ($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }',
    "sign-in-without-mfa": '{ ($.eventSource = signin.amazonaws.com) && ($.eventName = ConsoleLogin) '
    '&& ($.additionalEventData.MFAUsed = "No") && ($.userIdentity.type = IAMUser) '
    "&& ($.responseElements.ConsoleLogin = Success) }",
    "root-use": "{ ($.userIdentity.type = Root) && ($.userIdentity.invokedBy NOT EXISTS) "
    "&& ($.eventType != AwsServiceEvent) }",
    "iam-policy-changes": _events("iam", IAM_POLICY_EVENTS),
    "cloudtrail-changes": _events("cloudtrail", TRAIL_EVENTS),
    # A failed sign-in says so twice in its record; a filter may look at either.
    "sign-in-failures": '{ ($.eventSource = signin.amazonaws.com) && ($.eventName = ConsoleLogin) '
    '&& ($.errorMessage = "Failed authentication") && ($.responseElements.ConsoleLogin = Failure) }',
    "kms-key-disabled-or-deleted": _events("kms", KEY_EVENTS),
    "s3-bucket-policy-changes": _events("s3", BUCKET_EVENTS),
    "config-changes": _events("config", CONFIG_EVENTS),
    "security-group-changes": _events("ec2", SECURITY_GROUP_EVENTS),
    "network-acl-changes": _events("ec2", NETWORK_ACL_EVENTS),
    "network-gateway-changes": _events("ec2", GATEWAY_EVENTS),
    "route-table-changes": _events("ec2", ROUTE_EVENTS),
    "vpc-changes": _events("ec2", VPC_EVENTS),
    "organizations-changes": _events("organizations", ORGANIZATION_EVENTS),
}  # fmt: skip
