"""The preset dictionary of codec 2: what most documents have in common, so that each stores only what is its own.

Never to be changed: stored documents can be read with these very bytes only (a test holds their digest). Another dictionary
is another codec. zlib looks back at most 32 kB and finds the end of the dictionary cheapest: the commonest is last.
"""

_TEXT = (
    '{"evidence":[{"account":"","captured_at":"","key":"Policy","operation":"s3:GetBucketPolicy","type":"AWS::CloudTrail::Trail",'
    '"id":"arn:aws:cloudtrail:us-east-1:","value":null}],"fix":"aws s3api put-bucket-","reason":" is not set"}'
    '[["changed","Policy.Statement[\\"","added","removed","access_lost","security","operational","tags","cosmetic"]]'
    '{"configuration":{"CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:111122223333:log-group:","CloudWatchLogsRoleArn":'
    '"arn:aws:iam::111122223333:role/","HasCustomEventSelectors":true,"HasInsightSelectors":false,"HomeRegion":"us-east-1",'
    '"IncludeGlobalServiceEvents":true,"IsMultiRegionTrail":true,"IsOrganizationTrail":false,"KmsKeyId":"arn:aws:kms:us-east-1:'
    '111122223333:key/","LogFileValidationEnabled":true,"Name":"","S3BucketName":"","S3KeyPrefix":"","Selectors":'
    '{"AdvancedEventSelectors":[{"FieldSelectors":[{"Equals":["Management"],"Field":"eventCategory"}],"Name":""}],'
    '"EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}],'
    '"ExcludeManagementEventSources":[],"IncludeManagementEvents":true,"ReadWriteType":"All"}]},"Status":{"IsLogging":true,'
    '"LatestDeliveryError":""},"RegionStatus":{},"ResourcePolicy":null,"TrailARN":"arn:aws:cloudtrail:us-east-1:"'
    '{"configuration":{"Arn":"arn:aws:organizations::111122223333:account/o-","Email":"@example.com","Id":"",'
    '"JoinedTimestamp":"2024-01-01T00:00:00Z","Management":false,"Name":"","OrganizationalUnit":"Root/Workloads/Prod",'
    '"ParentIds":["r-","ou-"],"PublicAccessBlock":{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,'
    '"RestrictPublicBuckets":true},"Regions":["ap-northeast-1","ap-northeast-2","ap-northeast-3","ap-south-1","ap-southeast-1",'
    '"ap-southeast-2","ca-central-1","eu-central-1","eu-north-1","eu-west-1","eu-west-2","eu-west-3","sa-east-1","us-east-1",'
    '"us-east-2","us-west-1","us-west-2"],"State":"ACTIVE","Tags":{},"VisibleTrails":[]},"unread":{}}'
    '"unread":{"Policy":{"code":"AccessDenied","iam":"s3:GetBucketPolicy","operation":"GetBucketPolicy"},"Encryption":{"code":'
    '"AccessDenied","iam":"s3:GetEncryptionConfiguration","operation":"GetBucketEncryption"}}}'
    '{"configuration":{"Acl":{"Grants":[{"Grantee":{"ID":"","Type":"CanonicalUser"},"Permission":"FULL_CONTROL"},{"Grantee":'
    '{"Type":"Group","URI":"http://acs.amazonaws.com/groups/s3/LogDelivery"},"Permission":"WRITE"},{"Permission":"READ_ACP"}],'
    '"Owner":{"ID":""}},"BucketRegion":"us-east-1","Cors":{"CORSRules":[{"AllowedHeaders":["*"],"AllowedMethods":["GET","PUT",'
    '"POST"],"AllowedOrigins":["https://"],"ExposeHeaders":[],"MaxAgeSeconds":3000}]},"Cors":null,"Encryption":{"Rules":'
    '[{"ApplyServerSideEncryptionByDefault":{"KMSMasterKeyID":"arn:aws:kms:us-east-1:111122223333:key/","SSEAlgorithm":'
    '"aws:kms"},"BucketKeyEnabled":true}]},"Encryption":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":'
    '"AES256"},"BucketKeyEnabled":false}]},"Lifecycle":{"Rules":[{"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7},'
    '"Expiration":{"Days":365},"Filter":{"Prefix":""},"ID":"","NoncurrentVersionExpiration":{"NoncurrentDays":30},"Status":'
    '"Enabled","Transitions":[{"Days":30,"StorageClass":"STANDARD_IA"},{"Days":90,"StorageClass":"GLACIER"}]}]},'
    '"Lifecycle":null,"Logging":{"TargetBucket":"","TargetPrefix":"logs/"},"Logging":null,"Name":"","Notification":null,'
    '"ObjectLock":{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Days":365,"Mode":"COMPLIANCE"}}},'
    '"ObjectLock":null,"OwnershipControls":{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]},"Policy":{"Statement":'
    '[{"Action":["s3:GetObject"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}},"Effect":"Deny","Principal":{"AWS":["*"]},'
    '"Resource":["arn:aws:s3:::","arn:aws:s3:::/*"],"Sid":"DenyInsecureTransport"},{"Action":["s3:PutObject"],"Condition":'
    '{"StringEquals":{"aws:PrincipalOrgID":["o-"],"aws:SourceArn":["arn:aws:cloudtrail:us-east-1:111122223333:trail/"],'
    '"s3:x-amz-acl":["bucket-owner-full-control"]}},"Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},'
    '"Resource":["arn:aws:s3:::/AWSLogs/111122223333/*"],"Sid":"AWSCloudTrailWrite20150319"}],"Version":"2012-10-17"},'
    '"PolicyStatus":{"IsPublic":false},"Policy":null,"PolicyStatus":null,"PublicAccessBlock":{"BlockPublicAcls":true,'
    '"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true},"Replication":null,"Tags":{"CostCenter":"",'
    '"DataClass":"internal","Environment":"prod","Owner":"","Team":""},"Tags":null,"Versioning":{"Status":"Enabled"},'
    '"Versioning":null,"Website":null},"unread":{}}'
)

DICTIONARY: bytes = _TEXT.encode("ascii")
