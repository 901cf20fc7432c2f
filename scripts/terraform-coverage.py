#!/usr/bin/env python3
"""Says how much of a tree of Terraform configurations `sra-guard` reads and understands.

    python3 scripts/terraform-coverage.py DIRECTORY... [--binary target/debug/sra-guard] [--timeout 600] [--top 40]

Each DIRECTORY that has Terraform below it is scanned on its own (`scan --all --format json`) and its resources are
listed (`resources`); without either report it counts as unfinished. Printed: directories, root modules, modules, files,
managed resources (those of AWS by whether their type has a mapping to an `AWS::` type and whether the architecture graph
reads that), the share of attribute references that lead to a resource that was read, modules that are not on disk, notes
by level, verdicts, and the types that are most often not understood. CloudFormation templates in the same tree do not
count, nor do plans and states.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCES = (".tf", ".tf.json")
# The head of a block that declares a managed resource or a module, in Terraform's own syntax.
RESOURCE = re.compile(r'^\s*resource\s+"', re.M)


def run(binary, arguments, timeout):
    """The JSON that a command prints, or why there is none."""
    try:
        done = subprocess.run([binary, *arguments], capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return None, f"no end after {timeout:.0f} s"
    errors = done.stderr.decode(errors="replace")
    if "panicked at" in errors:
        return None, "a panic"
    try:
        return json.loads(done.stdout), ""
    except json.JSONDecodeError:
        return None, f"exit code {done.returncode}: {errors.strip()[:200]}"


def sources(directory):
    """The folders with Terraform below a directory, and how many of its files and of their blocks there are."""
    figures = collections.Counter()
    for folder, _, names in os.walk(directory):
        found = [name for name in names if name.endswith(SOURCES)]
        figures["directories with Terraform"] += bool(found)
        figures["files with Terraform"] += len(found)
        for name in found:
            text = pathlib.Path(folder, name).read_text(errors="replace")
            figures["resource blocks in them"] += len(RESOURCE.findall(text))
    return figures


def references(value, found):
    """Addresses of the resources that a listed property refers to."""
    if isinstance(value, dict):
        if len(value) == 1:
            (key, inner), = value.items()
            if key == "Ref" and isinstance(inner, str):
                found.append(inner)
            elif key == "Fn::GetAtt" and isinstance(inner, str):
                found.append(inner)
            elif key == "Fn::Sub" and isinstance(inner, str):
                found.extend(re.findall(r"\$\{([^}]*)\}", inner))
        for inner in value.values():
            references(inner, found)
    elif isinstance(value, list):
        for inner in value:
            references(inner, found)


def leads_to(name, root, known):
    """Whether a reference, perhaps with an attribute behind it, is a resource of the same root module."""
    while name:
        if f"{root}#{name}" in known:
            return True
        # What a resource is made into bears its name, and an instance may stand for all.
        name = name.rpartition(".")[0]
    return False


def kind_of(resource):
    """The Terraform type of a listed resource, or `None` for one of a template."""
    name = resource["id"].rpartition("#")[2]
    if resource["type"].startswith("module "):
        return "module"
    while match := re.match(r'module\.[\w-]+(?:\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\])?\.', name):
        name = name[match.end():]
    match = re.match(r"([a-z][a-z0-9]*_\w+)\.[\w-]+", name)
    return match and match[1]


def measure(binary, directory, timeout, types):
    """The figures of one directory, or why it could not be scanned."""
    report, why = run(binary, ["scan", "--all", "--format", "json", str(directory)], timeout)
    if report is None:
        return None, f"scan: {why}"
    listed, why = run(binary, ["resources", str(directory)], timeout)
    if listed is None:
        return None, f"resources: {why}"
    figures = sources(directory)
    summary = report["summary"]
    figures["root modules"] = summary["terraform_root_modules"]
    figures["root modules without AWS"] = len(summary["terraform_foreign"])
    figures["modules read"] = summary["terraform_modules"]
    figures["calls of absent modules"] = sum(len(places) for places in summary["terraform_absent"].values())
    figures["absent modules"] = len(summary["terraform_absent"])
    for note in report["notes"]:
        if str((note.get("location") or {}).get("file", "")).endswith(SOURCES):
            figures[f"notes: {note['level']}"] += 1
    for finding in report["findings"]:
        if str((finding.get("location") or {}).get("file", "")).endswith(SOURCES):
            figures[f"verdicts: {finding['verdict']}"] += 1
    unread = set(summary["not_understood"])
    # A plan or state is a file of its own; a root module is a folder.
    listed = [resource for resource in listed if not resource["id"].rpartition("#")[0].endswith((".json", ".tfstate"))]
    known = {resource["id"] for resource in listed}
    for resource in listed:
        kind = kind_of(resource)
        if kind is None:
            continue
        if kind == "module":
            figures["module instances that are not read"] += 1
            continue
        figures["resources"] += 1
        if not kind.startswith("aws_"):
            figures["resources of other providers"] += 1
            continue
        figures["AWS resources"] += 1
        mapped = resource["type"].startswith("AWS::")
        understood = mapped and resource["type"] not in unread
        figures["AWS resources with a mapping"] += mapped
        figures["AWS resources that the graph reads"] += understood
        state = types.setdefault(kind, collections.Counter())
        state["all"] += 1
        state["mapped"] += mapped
        state["understood"] += understood
        found = []
        references(resource["properties"], found)
        found = [name for name in found if not name.startswith(("AWS::", "data."))]
        root = resource["id"].rpartition("#")[0]
        figures["references"] += len(found)
        figures["references to what was read"] += sum(leads_to(name, root, known) for name in found)
    return figures, ""


SHARES = {
    "AWS resources with a mapping": "AWS resources",
    "AWS resources that the graph reads": "AWS resources",
    "references to what was read": "references",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="+", type=pathlib.Path)
    parser.add_argument("--binary", default="target/debug/sra-guard")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for each command")
    parser.add_argument("--top", type=int, default=40, help="how many types to name")
    arguments = parser.parse_args()
    total = collections.Counter()
    types, unfinished, scanned = {}, [], 0
    for directory in arguments.directory:
        if not sources(directory)["files with Terraform"]:
            continue
        scanned += 1
        figures, why = measure(arguments.binary, directory, arguments.timeout, types)
        if figures is None:
            unfinished.append(f"{directory}: {why}")
        else:
            total.update(figures)
    print(f"{'trees with Terraform':36} {scanned:8}")
    for name, count in total.items():
        of = total[SHARES[name]] if name in SHARES else 0
        print(f"{name:36} {count:8}" + (f"  {count / of:.1%}" if of else ""))
    for state in ("mapped", "understood"):
        count = sum(1 for figures in types.values() if figures[state])
        print(f"{'AWS types ' + state:36} {count:8}" + (f"  {count / len(types):.1%} of {len(types)}" if types else ""))
    for title, wanted in (
        ("without a mapping", lambda figures: not figures["mapped"]),
        ("with a mapping that the graph does not read", lambda figures: figures["mapped"] and not figures["understood"]),
    ):
        often = sorted(((figures["all"], kind) for kind, figures in types.items() if wanted(figures)), reverse=True)
        print(f"\nmost often {title}:")
        print("  " + ", ".join(f"{kind} {count}" for count, kind in often[: arguments.top]))
    for line in unfinished:
        print(f"no report of {line}", file=sys.stderr)
    return 1 if unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
