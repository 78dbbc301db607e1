"""What changed, whether it got worse, and who did it: pure functions over what the history and CloudTrail say."""
