#!/usr/bin/env python3
"""Plans the Terraform examples of the rules with Terraform itself, and compares what `sra-guard` finds.

Each example must be a configuration that Terraform accepts. Its source with given variables, and the plan of the same
read together with the source, must have the same findings; the plan alone may know less, but nothing else. Needs what
`refresh.py` needs, PyYAML, and a built `sra-guard`:

    .venv/bin/pip install pyyaml && .venv/bin/python scripts/plans/compare.py target/debug/sra-guard [RULE…]
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from refresh import ROOT, plan

PLACE = ["--region", "eu-central-1", "--account", "111122223333"]
# What stands for something that this machine does not have.
ELSEWHERE = ("terraform_remote_state", "terraform-aws-modules")


def examples(prefixes):
    """Rule, number, name and files of each example."""
    for file in sorted(ROOT.glob("rules/*/*.yaml")):
        if prefixes and not any(file.stem.startswith(prefix) for prefix in prefixes):
            continue
        for number, example in enumerate(yaml.safe_load(file.read_text())["examples"]):
            if text := example.get("terraform"):
                parts = re.split(r"(?m)^# file: (.*)\n", f"# file: main.tf\n{text}")
                yield file.stem, number, example["name"], dict(zip(parts[1::2], parts[2::2]))


def open_variables(text):
    """The variables without a default, with two values each."""
    chosen = {
        "bool": ("true", "false"),
        "number": ("1", "2"),
        "string": ("value-1", "value-2"),
        "list(string)": ('["value-1"]', "[]"),
        "map(string)": ('{a="value-1"}', "{}"),
    }
    declared = re.findall(r'variable "(\w+)" \{\n((?:  .*\n)*)\}', text)
    kinds = {name: re.search(r"type\s*= (.*)", body)[1] for name, body in declared if "default" not in body}
    provider = '{issuer="https://idp.acme-workloads.com",client_id="a",client_secret="b"}'
    group = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/app/0123456789abcdef"
    action = f'[{{type="forward",target_group_arn="{group}"}}]'
    return {
        name: chosen.get(kind) or ((action, action) if kind.startswith("list") else (provider, provider))
        for name, kind in kinds.items()
    }


def findings(program, *arguments):
    done = subprocess.run([program, "scan", *arguments, *PLACE, "--format", "json", "--all"], capture_output=True, text=True)
    return Counter(
        (finding["rule"], finding["subject"]["name"], finding["verdict"], finding["severity"])
        for finding in json.loads(done.stdout)["findings"]
    )


def compare(program, files, given):
    """What differs, as lines."""
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "source"
        for name, text in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)
        shown = Path(work) / "plan.json"
        try:
            shown.write_text(json.dumps(plan(source, Path(work) / "plan", given)))
        except RuntimeError as error:
            return [str(error)]
        values = [word for name, value in given.items() for word in ("--var", f"{name}={value}")]
        alone = findings(program, str(shown))
        both = findings(program, str(shown), str(source))
        written = findings(program, str(source), *values)
    lines = [f"only in the source: {key}" for key in written - both]
    lines += [f"only with the plan: {key}" for key in both - written]
    possible = {(rule, name, verdict) for rule, name, verdict, _ in written}
    lines += [f"only in the plan alone: {key}" for key in alone if key[2] != "unknown" and key[:3] not in possible]
    return lines


def main():
    program, *prefixes = sys.argv[1:]
    program = str(Path(program).resolve())
    jobs = []
    for rule, number, name, files in examples(prefixes):
        text = "".join(files.values())
        if any(word in text for word in ELSEWHERE):
            continue
        variables = open_variables(files["main.tf"])
        for choice in range(2 if variables else 1):
            given = {variable: values[choice] for variable, values in variables.items()}
            jobs.append((f"{rule}, example {number + 1} ({name}) with {given}", files, given))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda job: compare(program, job[1], job[2]), jobs))
    different = 0
    for (title, _, _), lines in zip(jobs, results):
        if lines:
            different += 1
            print(title, *lines, sep="\n    ")
    print(f"{len(jobs)} plans, {different} differ")


if __name__ == "__main__":
    main()
