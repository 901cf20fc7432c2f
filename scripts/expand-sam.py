#!/usr/bin/env python3
"""Writes the good architecture in plain CloudFormation, as `aws-sam-translator` expands it.

    python3 -m venv venv && venv/bin/pip install aws-sam-translator
    venv/bin/python scripts/expand-sam.py

Development only: `tests/it/twins.rs` demands the findings of the Serverless template of what this writes.
"""

import json
import logging
import os
import pathlib

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

logging.disable(logging.CRITICAL)

GOOD = pathlib.Path(__file__).parent.parent / "tests" / "fixtures" / "good"


class Policies:
    """Managed policies by their names, which the translator asks for."""

    def load(self):
        names = ["AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSXRayDaemonWriteAccess"]
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in names}


def main():
    template = yaml_parse((GOOD / "template.yaml").read_text())
    expanded = transform(template, {}, Policies(), feature_toggle=None)
    # The account's region decides nothing that is judged, and what the build uploads is not there.
    (GOOD / "expanded.json").write_text(json.dumps(expanded, indent=2, sort_keys=False) + "\n")


if __name__ == "__main__":
    main()
