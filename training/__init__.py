"""Training and evaluation of models; imports domain, imaging and ml only."""
