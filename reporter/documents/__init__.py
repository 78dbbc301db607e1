"""What AWS's own documents mean: policies, public access, event selectors, filter patterns, lifecycles. Pure functions."""
