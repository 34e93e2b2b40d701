"""The ensemble: several estimators stacked on estimates of questions that they had not seen."""
