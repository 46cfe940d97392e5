"""Speed beside the obvious alternative, as ratios measured in one run."""
