"""A simulated AWS organization over real HTTP on loopback: the demo, the tests and the benchmarks stand on it.

moto holds what it can; a front before it (`front.answer`) adds and corrects what moto 5.2.5 cannot hold. This table is the one
place where those differences are told; each line names the module that makes it.

| service | what AWS does and moto does not | here |
|---|---|---|
| all | credentials belong to an account and may be unknown or expired; AccessDenied in each protocol's own form | `front`, `answers` |
| all | a region that is not enabled refuses the caller; an unknown operation is a 4xx (moto: HTTP 500, which SDKs retry) | `front`, `behind` |
| all | chosen calls denied; throttling, delays, broken connections, malformed answers, by rule and seed | `world`, `faults` |
| all | role policy and session policy allow the action | `authority` |
| all | a clock of its own: stands still, is advanced, and moto lives by it; identifiers come from a seed | `clock`, `build` |
| sts | a role exists, trusts its caller, asks for its external id; a suspended account's cannot be assumed | `sts` |
| organizations | members may not list; delegated administrators may; twenty a page; S3_POLICY and DescribeEffectivePolicy; CloudTrail, Config, Security Hub as delegable services; chosen account, OU, policy and organization ids | `organizations`, `build` |
| account, ec2 | ListRegions; regions by account | `security` |
| s3 | MFADelete, EventBridge notifications, blocked encryption types and every other part of a sub-resource that moto drops or does not know: what was PUT is what GET returns | `s3` |
| s3 | BucketRegion in ListBuckets (when a parameter is given) and its paging; 301 with the right region; another account's bucket and a wrong expected owner are denied | `s3` |
| s3 | new buckets have SSE-S3, all of Block Public Access and enforced ownership; public policies are refused while it blocks, ACLs while ownership is enforced | `s3` |
| s3express, s3control | directory buckets; access points by region with policy and status; multi-region access points in us-west-2 only | `directory`, `accesspoints` |
| cloudtrail | organization trails seen from members; shadow trails; trails found by ARN from any region; status per region with delivery errors and times that follow the clock; selectors in the home region only, with the default one; HasCustomEventSelectors, HasInsightSelectors; InsightNotEnabledException; names taken once, five a region | `cloudtrail` |
| cloudtrail | event data stores, channels, event configuration, resource policies | `lake` |
| cloudtrail | LookupEvents: every management call is recorded with the person behind it | `events` |
| kms, sns | rotation periods, grants with key ARNs, default policy name, other accounts' keys; unconfirmed subscriptions | `guards` |
| access-analyzer, macie2, securityhub | analyzers; Macie off unless declared; enabled standards | `security` |

An organization is declared as data (`organization`), put into moto by `build`, and served from a child process by `simulation.start`.
`demo` is the demo organization and its week; `other` makes any number of others from a seed, `mutate` changes them with known truth;
`mail` is a mail server that receives and misbehaves.
"""
