#!/usr/bin/env python3
"""Refreshes the data files of the Serverless transform from the published `aws-sam-translator` package.

    python3 scripts/refresh-sam-policy-templates.py [VERSION]

Only data is taken (policy templates, connector profiles, paths of AWS managed policies), no code. The package is
licensed under Apache-2.0; each file records name, version, date and licence of where it came from.
"""

import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "aws-sam-translator"
TARGET = pathlib.Path(__file__).resolve().parent.parent / "src" / "input" / "sam"


def main() -> None:
    wanted = f"{PACKAGE}=={sys.argv[1]}" if len(sys.argv) > 1 else PACKAGE
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-q", "-d", folder]
        subprocess.run([*command, wanted], check=True)
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        version = wheel.name.split("-")[1]
        with zipfile.ZipFile(wheel) as archive:

            def read(path: str):
                return json.loads(archive.read(f"samtranslator/{path}"))

            built = datetime.date(*max(info.date_time for info in archive.infolist())[:3])
            templates = read("policy_templates_data/policy_templates.json")["Templates"]
            profiles = read("model/connector_profiles/profiles.json")
            managed = read("internal/data/aws_managed_policies.json")["aws"]

    origin = {
        "Package": PACKAGE,
        "Version": version,
        "Date": built.isoformat(),
        "Licence": "Apache-2.0",
        "Source": "PyPI",
    }
    for template in templates.values():
        template.pop("Description", None)
        template["Parameters"] = dict.fromkeys(template.get("Parameters", {}), "")

    prefix = "arn:aws:iam::aws:policy/"
    paths = {}
    for name, arn in sorted(managed.items()):
        path = arn.removeprefix(prefix).removesuffix(name)
        if path:
            paths[name] = path

    write("policy_templates.json", {"Origin": origin, "Templates": dict(sorted(templates.items()))})
    write(
        "connector_profiles.json",
        {"Origin": origin, "Resources": profiles["CfnResourceProperties"], "Permissions": profiles["Permissions"]},
    )
    write("managed_policy_paths.json", {"Origin": origin, "Paths": paths})


def write(name: str, content: dict) -> None:
    """One line for each entry of a section: short files that still show what changed."""
    lines = ["{"]
    for index, (section, entries) in enumerate(content.items()):
        lines.append(f"  {json.dumps(section)}: {{")
        rows = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items()]
        lines.append(",\n".join(rows))
        lines.append("  }" if index + 1 == len(content) else "  },")
    lines.append("}")
    (TARGET / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
