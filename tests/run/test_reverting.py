"""What changed and changed back between two runs is found in CloudTrail, and told with who did it."""

import json

from reporter.simulate.people import CLI, iam_user

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def test_opened_and_closed_between_two_runs(world):
    """A bucket's block is taken off, put back, and both runs see it in place: the two writes and their maker are told."""
    assert world.reporter("run", "--no-deliver").returncode == 0
    member, bucket = next(
        (member, bucket)
        for member in world.sim.organization.accounts
        for bucket in member.buckets
        if bucket.public_access_block and all(bucket.public_access_block.values())
    )
    mallory = iam_user(member.id, "mallory", ip="203.0.113.9", agent=CLI)
    world.catch_up()
    world.sim.act(
        member.id, "s3", "delete_public_access_block", region=bucket.region, actor=mallory, Bucket=bucket.name
    )
    world.sim.act(
        member.id, "s3", "put_public_access_block", region=bucket.region, actor=mallory, Bucket=bucket.name,
        PublicAccessBlockConfiguration=dict(bucket.public_access_block),
    )  # fmt: skip
    assert world.reporter("run", "--no-deliver").returncode == 0
    assert "No changes." in world.reporter("drift").stdout
    beside = world.begin("reverted", "--account", member.id, "--json")  # each asks twice a second, as AWS allows
    answer = world.reporter("reverted", "--account", member.id)
    assert answer.returncode == 4, answer.stderr
    assert f"AWS::S3::Bucket {bucket.name}" in answer.stdout
    assert "PublicAccessBlock changed and is as before: DeleteBucketPublicAccessBlock" in answer.stdout
    assert "mallory (IAM user)" in answer.stdout
    assert "1 changed and changed back" in answer.stdout
    document = json.loads(beside.communicate(timeout=120)[0])
    assert [one["resource"] for one in document["found"]["changes"]] == [bucket.name]
    assert document["found"]["unasked"] == {}
    first = world.reporter("reverted", "--run", "1")
    assert "is the first: there is nothing before it" in first.stdout
