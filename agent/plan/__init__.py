"""The plan: everything the workers have to do, worked out once from the settings in force."""

from agent.plan.making import make_plan
from agent.plan.parts import FactorPlan, OutletPlan, Plan, StationPlan

__all__ = ["FactorPlan", "OutletPlan", "Plan", "StationPlan", "make_plan"]
