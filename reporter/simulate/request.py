"""One HTTP request as AWS would understand it: which service, region, account, operation and resource.

Service names are botocore's (`cloudwatch`, `accessanalyzer`, `s3control`), operations the API's (`GetBucketPolicy`).
"""

import json
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

SIGNING_NAMES = {"monitoring": "cloudwatch", "access-analyzer": "accessanalyzer"}  # where botocore's name differs
QUERY = {"sts", "sns", "iam", "ses", "ec2"}

# S3 tells operations apart by a query parameter: its name to the operation's noun and the verb of the read
SUBRESOURCES = {
    "policyStatus": "BucketPolicyStatus",
    "policy": "BucketPolicy",
    "versioning": "BucketVersioning",
    "encryption": "BucketEncryption",
    "logging": "BucketLogging",
    "acl": "BucketAcl",
    "ownershipControls": "BucketOwnershipControls",
    "publicAccessBlock": "PublicAccessBlock",
    "lifecycle": "BucketLifecycleConfiguration",
    "replication": "BucketReplication",
    "object-lock": "ObjectLockConfiguration",
    "notification": "BucketNotificationConfiguration",
    "tagging": "BucketTagging",
    "website": "BucketWebsite",
    "cors": "BucketCors",
    "location": "BucketLocation",
    "accelerate": "BucketAccelerateConfiguration",
    "requestPayment": "BucketRequestPayment",
    "intelligent-tiering": "BucketIntelligentTieringConfiguration",
    "analytics": "BucketAnalyticsConfiguration",
    "metrics": "BucketMetricsConfiguration",
    "inventory": "BucketInventoryConfiguration",
    "abac": "BucketAbac",
    "metadataConfiguration": "BucketMetadataConfiguration",
    "metadataTable": "BucketMetadataTableConfiguration",
}
VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "POST": "Create"}
LISTED = {"intelligent-tiering", "analytics", "metrics", "inventory"}  # without an id these are listings
OBJECT_VERBS = {
    "GET": "GetObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
    "HEAD": "HeadObject",
    "POST": "PostObject",
}
OBJECT_SUBRESOURCES = {  # of objects: (query parameter, method) to operation
    ("acl", "GET"): "GetObjectAcl",
    ("acl", "PUT"): "PutObjectAcl",
    ("tagging", "GET"): "GetObjectTagging",
    ("tagging", "PUT"): "PutObjectTagging",
    ("tagging", "DELETE"): "DeleteObjectTagging",
    ("retention", "GET"): "GetObjectRetention",
    ("retention", "PUT"): "PutObjectRetention",
    ("legal-hold", "GET"): "GetObjectLegalHold",
    ("legal-hold", "PUT"): "PutObjectLegalHold",
    ("attributes", "GET"): "GetObjectAttributes",
    ("uploads", "POST"): "CreateMultipartUpload",
    ("uploadId", "POST"): "CompleteMultipartUpload",
    ("uploadId", "PUT"): "UploadPart",
    ("uploadId", "GET"): "ListParts",
    ("uploadId", "DELETE"): "AbortMultipartUpload",
    ("restore", "POST"): "RestoreObject",
    ("select", "POST"): "SelectObjectContent",
}
BUCKET_VERBS = {
    "GET": "ListObjects",
    "PUT": "CreateBucket",
    "DELETE": "DeleteBucket",
    "HEAD": "HeadBucket",
    "POST": "DeleteObjects",
}
LISTINGS = {
    "uploads": "ListMultipartUploads",
    "versions": "ListObjectVersions",
    "list-type": "ListObjectsV2",
    "session": "CreateSession",
}


@dataclass
class Request:
    """What arrived, taken apart on demand; header names are lower case."""

    method: str
    target: str  # path and query as sent
    headers: dict[str, str]
    body: bytes
    account: str = ""  # whose credentials signed it; set by the front
    principal: str = ""
    asks_for: str = ""  # the account moto shall answer for, where that is another (a delegated administrator)

    @cached_property
    def _split(self) -> Any:
        return urlsplit(self.target if self.target.startswith("http") else f"http://simulated{self.target}")

    @property
    def path(self) -> str:
        return unquote(self._split.path)

    @cached_property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self._split.query, keep_blank_values=True).items()}

    @cached_property
    def scope(self) -> tuple[str, str, str]:
        """Access key, region and signing name; empty for an unsigned request."""
        _, _, rest = self.headers.get("authorization", "").partition("Credential=")
        credential = rest.partition(",")[0] if rest else self.query.get("X-Amz-Credential", "")
        parts = credential.strip().split("/")
        return (parts[0], parts[2], parts[3]) if len(parts) >= 5 else ("", "", "")

    @property
    def access_key(self) -> str:
        return self.scope[0]

    @property
    def region(self) -> str:
        return self.scope[1] or "us-east-1"

    @cached_property
    def service(self) -> str:
        name = self.scope[2].lower()
        if name == "s3" and self.path.startswith("/v20180820/"):
            return "s3control"
        if name == "ses" and self.path.startswith("/v2/"):
            return "sesv2"
        return SIGNING_NAMES.get(name, name)

    @cached_property
    def form(self) -> dict[str, str]:
        """The parameters of a query-protocol request."""
        text = self.body.decode("utf-8", "replace")
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()} | self.query

    @cached_property
    def params(self) -> dict[str, Any]:
        """Parameters of a JSON request (RPC or REST): body, query and path labels together."""
        if self.service in QUERY:
            return dict(self.form)
        try:
            body = json.loads(self.body) if self.body else {}
        except ValueError:
            body = {}
        return {**self.query, **self._route[1], **(body if isinstance(body, dict) else {})}

    @cached_property
    def operation(self) -> str:
        """The API operation's name; empty where the service has none for this request."""
        if self.service in {"s3", "s3express"}:
            return self._s3_operation()
        target = self.headers.get("x-amz-target", "")
        if target:
            return target.rpartition(".")[2]
        if self.service in QUERY or self.headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        ):
            return self.form.get("Action", "")
        return self._route[0]

    @cached_property
    def _route(self) -> tuple[str, dict[str, Any]]:
        if self.headers.get("x-amz-target") or self.service in QUERY | {"s3", "s3express", ""}:
            return "", {}
        try:
            operation, labels = get_service_router(self.service).match(self.moto())
        except (HTTPException, NotImplementedError, LookupError, ValueError):
            return "", {}
        return str(operation.name), labels

    @cached_property
    def bucket(self) -> str:
        return self.path.lstrip("/").partition("/")[0] if self.service in {"s3", "s3express"} else ""

    @cached_property
    def object_key(self) -> str:
        return self.path.lstrip("/").partition("/")[2] if self.service in {"s3", "s3express"} else ""

    @cached_property
    def subresource(self) -> str:
        return next((name for name in SUBRESOURCES if name in self.query), "")

    def _s3_operation(self) -> str:
        if not self.bucket:
            return "ListDirectoryBuckets" if self.service == "s3express" else "ListBuckets"
        if self.object_key:
            special = (
                name
                for (key, method), name in OBJECT_SUBRESOURCES.items()
                if key in self.query and method == self.method
            )
            return next(special, OBJECT_VERBS.get(self.method, ""))
        if self.subresource in LISTED and "id" not in self.query and self.method == "GET":
            return f"List{SUBRESOURCES[self.subresource]}s"
        if self.subresource:
            return VERBS.get(self.method, "") + SUBRESOURCES[self.subresource]
        listing = next((LISTINGS[name] for name in LISTINGS if name in self.query), "")
        return listing if listing and self.method == "GET" else BUCKET_VERBS.get(self.method, "")

    @property
    def name(self) -> str:
        """`s3:GetBucketPolicy`: how rules and counters speak of it."""
        return f"{self.service}:{self.operation}"

    @cached_property
    def resource(self) -> str:
        """The one resource the request is about, as it names it; what rules match and events record."""
        if self.bucket:
            return self.bucket
        keys = (
            "Name",
            "TrailName",
            "ResourceId",
            "KeyId",
            "TopicArn",
            "logGroupName",
            "EventDataStore",
            "Channel",
            "RoleArn",
        )
        params = self.params
        return next((str(params[key]) for key in keys if params.get(key)), "*")

    def moto(self) -> MotoRequest:
        """The same request as moto's response classes want it."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path.encode("utf-8").decode("latin-1"),
            "QUERY_STRING": self._split.query,
            "RAW_URI": self.target,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(self.body),
            "CONTENT_LENGTH": str(len(self.body)),
            "HTTP_X_MOTO_ACCOUNT_ID": self.asks_for or self.account,
        }
        for header, value in self.headers.items():
            key = header.upper().replace("-", "_")
            environ.setdefault(key if key == "CONTENT_TYPE" else f"HTTP_{key}", value)
        environ["HTTP_HOST"] = "127.0.0.1"  # never a bucket or an account in front of it
        request = MotoRequest(environ)
        request.from_wsgi_server = True
        return request
