#!/usr/bin/env python3
"""Writes the plans that stand beside the Terraform sources of the examples, with Terraform itself.

Needs `terraform` and the packages grpcio and msgpack; no account and no network: `provider.py` stands in for the
providers. Run it after a change of a Terraform example:

    python3 -m venv .venv && .venv/bin/pip install grpcio msgpack && .venv/bin/python scripts/plans/refresh.py
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
# Values of the variables that have none, as a pipeline would give them.
VARIABLES = {
    "certificate_arn": "arn:aws:acm:eu-central-1:111122223333:certificate/8e7d5f60-0000-4000-8000-000000000000",
    "client_vpn_endpoint_id": "cvpn-endpoint-0123456789abcdef0",
    "client_vpn_subnet_id": "subnet-0123456789abcdef0",
    "hosted_zone_id": "Z0123456789EXAMPLE",
    "public_subnets": '["subnet-0123456789abcdef1","subnet-0123456789abcdef2"]',
    "vpc_id": "vpc-0123456789abcdef0",
}


def sources():
    """Each root module and the file of its plan."""
    for folder in sorted(ROOT.glob("examples/*/terraform*")):
        yield folder, folder.parent / f"{folder.name.replace('terraform', 'plan')}.json"
    yield ROOT / "tests/fixtures/good/terraform", ROOT / "tests/fixtures/good/plan.json"


def plan(folder, work, given=None):
    """What `terraform show -json` prints about a plan of a root module; `given` are values of variables."""
    work.mkdir(exist_ok=True)
    copy = work / "module"
    shutil.copytree(folder, copy)
    plugins = work / "plugins"
    plugins.mkdir()
    for name in ("aws", "archive"):
        starter = plugins / f"terraform-provider-{name}"
        starter.write_text(f"#!/bin/sh\nexec {sys.executable} {HERE / 'provider.py'}\n")
        starter.chmod(0o755)
    overrides = "\n".join(f'"hashicorp/{name}" = "{plugins}"' for name in ("aws", "archive"))
    settings = work / "terraform.rc"
    settings.write_text(f"provider_installation {{\n dev_overrides {{\n{overrides}\n }}\n direct {{}}\n}}\n")
    if given is None:
        declared = "".join(file.read_text() for file in copy.glob("*.tf"))
        given = {name: value for name, value in VARIABLES.items() if f'variable "{name}"' in declared}
    environment = dict(os.environ, TF_CLI_CONFIG_FILE=str(settings), TF_DISABLE_PLUGIN_TLS="1", CHECKPOINT_DISABLE="1")
    environment |= {f"TF_VAR_{name}": value for name, value in given.items()}

    def run(*arguments):
        done = subprocess.run(["terraform", *arguments], cwd=copy, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{folder}: terraform {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout

    run("get", "-no-color")
    run("plan", "-no-color", "-input=false", "-refresh=false", "-out=plan.bin")
    return json.loads(run("show", "-json", "plan.bin"))


def main():
    for folder, file in sources():
        if len(sys.argv) > 1 and not any(name in str(folder) for name in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as work:
            shown = plan(folder, Path(work))
        # The one thing in it that another run would write differently.
        shown["timestamp"] = "2025-01-01T00:00:00Z"
        file.write_text(json.dumps(shown, separators=(",", ":")) + "\n")
        print(file.relative_to(ROOT), file.stat().st_size)


if __name__ == "__main__":
    main()
