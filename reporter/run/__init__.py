"""The one place where the rooms meet: a run, in the order of the sentence that describes it (`execute.execute`)."""
