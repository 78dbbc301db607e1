"""Handing a report over: mail, archive, webhook, and the rules by which nothing is sent twice or lost."""
