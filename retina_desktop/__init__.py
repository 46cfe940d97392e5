"""Retina Desktop: offline screening of colour fundus photographs."""

__version__ = "0.1.0"
