#!/usr/bin/env python3
"""Records what `terraform console` makes of each expression of tests/fixtures/terraform-functions/expressions.txt.

Each line becomes `{"expression", "json", "type"}` (the value as `jsonencode` writes it, and what `type` says),
`{"expression", "unknown": true}` or `{"expression", "error": true}`. Needs `terraform` on the path, no network and no providers.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "tests/fixtures/terraform-functions"


def console(directory, expression):
    environment = {**os.environ, "NO_COLOR": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        ["terraform", "console"],
        cwd=directory,
        env=environment,
        input=expression + "\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout if done.returncode == 0 else None


def unquoted(written):
    """The text of a quoted HCL string without interpolations."""
    plain = written.strip()[1:-1].replace("$${", "${").replace("%%{", "%{")
    escapes = {"n": "\n", "r": "\r", "t": "\t"}

    def decoded(match):
        kind = match.group(1)
        return chr(int(kind[1:], 16)) if kind[0] in "xuU" else escapes.get(kind, kind)

    return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", decoded, plain)


def recorded(directory, expression):
    value = console(directory, f"nonsensitive(jsonencode({expression}))")
    if value is None:
        return {"expression": expression, "error": True}
    if value.strip() == "(known after apply)":
        return {"expression": expression, "unknown": True}
    kind = console(directory, f"type({expression})")
    return {"expression": expression, "json": unquoted(value), "type": " ".join(kind.split())}


def main():
    lines = (HERE / "expressions.txt").read_text(encoding="utf-8").splitlines()
    expressions = [line for line in lines if line and not line.startswith("#")]
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(HERE / "files", directory, dirs_exist_ok=True)
        records = [recorded(directory, expression) for expression in expressions]
        version = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=True)
    written = ",\n".join("  " + json.dumps(record, ensure_ascii=False) for record in records)
    terraform = json.loads(version.stdout)["terraform_version"]
    (HERE / "recorded.json").write_text(
        f'{{"terraform": "{terraform}", "records": [\n{written}\n]}}\n', encoding="utf-8"
    )
    print(f"{len(records)} expressions, {sum('error' in record for record in records)} errors")


if __name__ == "__main__":
    main()
