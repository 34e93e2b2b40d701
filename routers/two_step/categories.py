"""Labels of questions by category: their subjects, or clusters of questions that are alike.

Knows no experts and no scores.
"""

from __future__ import annotations

from routers.classifiers.labelled import check_subjects
from routers.neighbours.centroids import centroids
from routers.neighbours.kernel import nearest_rows
from routers.neighbours.typical_words import typical_words
from routers.training_data import TrainingData
from routers.two_step.config import TwoStepConfig


def categories(data: TrainingData, config: TwoStepConfig) -> list[str]:
    """(n) category of each question; "" = unknown, where categories are subjects.

    Raises:
        RouterError: categories are subjects, and none is known.
    """
    if config.categories == "subjects":
        check_subjects(data, "two_step", "`categories: clusters`")
        return list(data.subjects)
    centres = centroids(data.vectors, config.clusters, config.seed)
    labels = nearest_rows(data.vectors, centres, 1)[0][:, 0]
    titles = typical_words(data.texts, data.subjects, labels, len(centres))
    return [f"cluster {label} ({titles[label]})" for label in labels]
