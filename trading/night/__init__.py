"""The stages of a night as plain functions: references and specs in, references out."""
