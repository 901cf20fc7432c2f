#!/usr/bin/env python3
"""Says how much of a tree of Terraform configurations `sra-guard` reads and understands.

    python3 scripts/terraform-coverage.py DIRECTORY... [--binary target/debug/sra-guard] [--timeout 600]

Each DIRECTORY is scanned on its own (`scan --all --format json`) and its resources are listed (`resources`); without
either report it counts as unfinished. Printed: root modules, modules, files, resources, the share whose type has a
mapping to an `AWS::` type, the share that the architecture graph reads as well, the share of attribute references that
lead to a resource that was read, modules that are not on disk, notes by level, and verdicts. Resources of
CloudFormation templates in the same tree are not counted.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys


def run(binary, arguments, timeout):
    """The JSON that a command prints, or `None`."""
    try:
        done = subprocess.run([binary, *arguments], capture_output=True, timeout=timeout, check=False)
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def references(value, found):
    """Addresses of the resources that a listed property refers to."""
    if isinstance(value, dict):
        if len(value) == 1:
            (key, inner), = value.items()
            if key == "Ref" and isinstance(inner, str) and not inner.startswith("AWS::"):
                found.append(inner)
            if key == "Fn::GetAtt" and isinstance(inner, str):
                found.append(inner.rsplit(".", 1)[0])
        for inner in value.values():
            references(inner, found)
    elif isinstance(value, list):
        for inner in value:
            references(inner, found)


def is_terraform(resource):
    name = resource["id"].rpartition("#")[2]
    return any(part.startswith(("aws_", "module")) for part in name.split("."))


def measure(binary, directory, timeout):
    """The figures of one directory, or `None` when it could not be scanned."""
    report = run(binary, ["scan", "--all", "--format", "json", str(directory)], timeout)
    listed = run(binary, ["resources", str(directory)], timeout)
    if report is None or listed is None:
        return None
    figures = collections.Counter()
    summary = report["summary"]
    figures["root modules"] = summary["terraform_root_modules"]
    figures["modules"] = summary["terraform_modules"]
    figures["files"] = sum(1 for each in report["inputs"] if each.get("format") == "terraform")
    figures["absent modules"] = sum(len(places) for places in summary["terraform_absent"].values())
    for note in report["notes"]:
        figures[f"notes: {note['level']}"] += 1
    for finding in report["findings"]:
        if str((finding.get("location") or {}).get("file", "")).endswith((".tf", ".tf.json")):
            figures[f"verdicts: {finding['verdict']}"] += 1
    unread = set(summary["not_understood"])
    resources = [resource for resource in listed if is_terraform(resource)]
    known = {resource["id"] for resource in resources}
    for resource in resources:
        figures["resources"] += 1
        mapped = resource["type"].startswith("AWS::")
        figures["mapped"] += mapped
        figures["understood"] += mapped and resource["type"] not in unread
        found = []
        references(resource["properties"] if mapped else {}, found)
        root = resource["id"].rpartition("#")[0]
        figures["references"] += len(found)
        figures["references resolved"] += sum(1 for name in found if name in known or f"{root}#{name}" in known)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="+", type=pathlib.Path)
    parser.add_argument("--binary", default="target/debug/sra-guard")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for each command")
    arguments = parser.parse_args()
    total = collections.Counter()
    unfinished = []
    for directory in arguments.directory:
        figures = measure(arguments.binary, directory, arguments.timeout)
        if figures is None:
            unfinished.append(str(directory))
        else:
            total.update(figures)
    shares = {"mapped": "resources", "understood": "resources", "references resolved": "references"}
    for name, count in total.items():
        of = total[shares[name]] if name in shares else 0
        print(f"{name:24} {count:8}" + (f"  {count / of:.1%}" if of else ""))
    for directory in unfinished:
        print(f"no report of {directory}", file=sys.stderr)
    return 1 if unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
