"""AWS's one door: the organization and its sessions, the table of reads, the reader, the snapshot of an account."""
