"""Readers of the layouts that fundus data sets come in; all give `LabelledImage`s."""
