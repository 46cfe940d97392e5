"""Long searches for lost or unnoticed changes; each has a short version in the suite."""
