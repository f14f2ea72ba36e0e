"""A picture of the estate: what amlkeys can read of it without a secret, as a document that can be rehearsed on."""

from actions.estate.pseudonyms import Pseudonyms, pseudonymise
from actions.estate.taking import Frame, Picture, take

__all__ = ["Frame", "Picture", "Pseudonyms", "pseudonymise", "take"]
