"""The two services of AWS by which reports leave, SES and S3: clients that never retry what must not happen twice."""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from reporter.deliver.message import one_line


class CloudUnusable(RuntimeError):
    """The SDK has no credentials, no region or no such profile; the message says which."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The AWS SDK's own settings; what is empty is left to its ordinary chain."""

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    ca_bundle: str = ""
    path_style: bool = False


def client(cloud: Cloud, service: str, region: str = "", *, retries: int = 1) -> Any:
    """A client of `service`. `retries` counts the first request: 1 is none, which is what SES needs.

    Raises CloudUnusable before anything is sent to the service. S3 is always signed by version 4, because an older
    signature on a link is refused in most regions.
    """
    try:
        return _client(cloud, service, region, retries)
    except BotoCoreError as error:
        raise CloudUnusable(f"AWS cannot be asked: {one_line(error)}; see the settings under [aws]") from error


def _client(cloud: Cloud, service: str, region: str, retries: int) -> Any:
    session = boto3.Session(profile_name=cloud.profile or None, region_name=region or cloud.region or None)
    credentials = session.get_credentials()
    if credentials is None:
        raise CloudUnusable("AWS cannot be asked: there are no credentials; see the settings under [aws]")
    credentials.get_frozen_credentials()
    config = Config(
        retries={"total_max_attempts": retries, "mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        signature_version="s3v4" if service == "s3" else "v4",
        s3={"addressing_style": "path"} if cloud.path_style and cloud.endpoint_url else None,
    )
    return session.client(
        service, endpoint_url=cloud.endpoint_url or None, verify=cloud.ca_bundle or None, config=config
    )
