"""Tiny files in the layout that the hub has, and mappings in which counts and checksums are theirs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import yaml

from eval.benchmarks.mapping_file import BUNDLED

Tables = dict[str, list[dict[str, Any]]]

_MMLU_PRO = [
    ("physics", ["2 m", "4 m", "N/A", "N/A"], "B"),
    ("physics", ["red", "blue", "lime", "grey"], "D"),
    ("law", ["yes", "no", "perhaps"], "A"),
]


def _medmcqa(prefix: str, cop: int) -> dict[str, Any]:
    return {
        "id": f"{prefix}-{cop}",
        "question": f"Which drug {cop}?",
        "opa": "a",
        "opb": "b",
        "opc": "c",
        "opd": "d",
        "cop": cop,
        "choice_type": ("single", "multi")[cop % 2],
        "exp": None,
        "subject_name": "Anatomy",
        "topic_name": None,
    }


TABLES: dict[str, Tables] = {
    "mmlu_pro": {
        "data/test-00000-of-00001.parquet": [
            {
                "question_id": 70 + i,
                "question": f"What is number {i}?",
                "options": options,
                "answer": gold,
                "answer_index": "ABCD".index(gold),
                "cot_content": "",
                "category": subject,
                "src": "made",
            }
            for i, (subject, options, gold) in enumerate(_MMLU_PRO)
        ],
        "data/validation-00000-of-00001.parquet": [
            {
                "question_id": number,
                "question": f"What is example {number}?",
                "options": ["one", "two", "N/A"],
                "answer": "B",
                "answer_index": 1,
                "cot_content": f"A: Let's think step by step. It is {number}. The answer is (B).",
                "category": subject,
                "src": "cot_lib",
            }
            for number, subject in enumerate(["physics", "law", "physics", "law"])
        ],
    },
    "gsm8k": {
        "main/test-00000-of-00001.parquet": [{"question": "3 + 4?", "answer": "3 + 4 = <<3+4=7>>7\n#### 7"}],
        "main/train-00000-of-00001.parquet": [
            {"question": f"{i} x 1000?", "answer": f"It is {i},000.\n#### {i},000"} for i in range(1, 4)
        ],
    },
    "math500": {
        "test.jsonl": [
            {
                "problem": "Half?",
                "solution": "...",
                "answer": r"\frac{1}{2}",
                "subject": "Algebra",
                "level": 1,
                "unique_id": "test/algebra/1.json",
            }
        ]
    },
    "medmcqa": {
        "data/validation-00000-of-00001.parquet": [_medmcqa("v", i) for i in range(4)],
        "data/train-00000-of-00001.parquet": [_medmcqa("t", i) for i in range(2)],
    },
    "aime": {
        "AIME_Dataset_1983_2024.csv": [
            {
                "ID": f"{year}-{i}",
                "Year": year,
                "Problem Number": i,
                "Question": f"Find {i}, in {year}.",
                "Answer": answer,
                "Part": "",
            }
            for i, (year, answer) in enumerate([(1983, "60"), (2023, "080"), (2024, "104")])
        ]
    },
}
"""Benchmark -> file -> rows."""


def own_mapping(path: Path, base: str, **keys: Any) -> Path:
    """A mapping that is a bundled one, with keys changed and counts and checksums left out."""
    bundled = yaml.safe_load((BUNDLED / f"{base}.yaml").read_text(encoding="utf-8"))
    files = {
        split: value["files"] if isinstance(value, dict) else value
        for split, value in bundled["files"].items()
    }
    path.write_text(yaml.safe_dump({"base": base, "files": files} | keys), encoding="utf-8")
    return path


def write_table(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as what the name's ending says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
