"""Use cases, one verb and noun each; free of Qt, torch and SQL."""
