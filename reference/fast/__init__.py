"""The fast formulation of the three contractions, behind one door: nothing else in here is meant for other rooms."""

from convformance.reference.fast.contractions import CONTRACTIONS
from convformance.reference.fast.stacking import Stack, contract_each, copies_worth_stacking

__all__ = ["CONTRACTIONS", "Stack", "contract_each", "copies_worth_stacking"]
