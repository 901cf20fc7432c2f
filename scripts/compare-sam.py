#!/usr/bin/env python3
"""Compares what `sra-guard resources` makes of SAM templates with what `aws-sam-translator` makes of them.

    python3 -m venv venv && venv/bin/pip install aws-sam-translator
    venv/bin/python scripts/compare-sam.py DIRECTORY [--binary target/debug/sra-guard] [--only NAME] [--quiet]

DIRECTORY holds templates (for instance `tests/translator/input` of the translator's repository). Templates that the
translator itself rejects are skipped. Compared for each template: routes with their authorizers and scopes, security
schemes, roles with trust and policies, invoke permissions, resource policies, function URLs, event source mappings.
Development only: the results are kept in `docs/sam.md`.
"""

import argparse
import datetime
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.model.exceptions import InvalidDocumentException  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

logging.disable(logging.CRITICAL)

INTEGRATION = "x-amazon-apigateway-integration"
NOT_METHODS = {"parameters", "summary", "description", "servers", "$ref"}


class Missing(Exception):
    """A value that AWS::NoValue removes."""


class Template:
    """A translated template, with its intrinsics written as text."""

    def __init__(self, template: dict):
        self.parameters = {
            name: self.value(parameter["Default"]) if isinstance(parameter["Default"], bool) else parameter["Default"]
            for name, parameter in (template.get("Parameters") or {}).items()
            if isinstance(parameter, dict) and "Default" in parameter
        }
        self.mappings = template.get("Mappings") or {}
        self.conditions = template.get("Conditions") or {}
        self.resources = template.get("Resources") or {}

    def holds(self, condition) -> bool:
        if isinstance(condition, str):
            return self.holds(self.conditions.get(condition, {"Fn::Equals": [0, 1]}))
        (name, value), *_ = condition.items()
        if name == "Condition":
            return self.holds(value)
        if name == "Fn::Not":
            return not self.holds(value[0])
        if name == "Fn::And":
            return all(self.holds(one) for one in value)
        if name == "Fn::Or":
            return any(self.holds(one) for one in value)
        if name == "Fn::Equals":
            left, right = (self.text(one) for one in value)
            return left == right
        return False

    def living(self) -> dict:
        return {
            name: resource
            for name, resource in self.resources.items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }

    def text(self, value) -> str:
        value = self.value(value)
        return value if isinstance(value, str) else json.dumps(value)

    def value(self, value):
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (int, float)):
            return str(value)
        if isinstance(value, list):
            items = []
            for item in value:
                try:
                    items.append(self.value(item))
                except Missing:
                    pass
            return items
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, inner), *_ = value.items()
            if name == "Ref":
                if inner == "AWS::NoValue":
                    raise Missing
                if inner in self.parameters:
                    return str(self.parameters[inner])
                return self.reference(inner)
            if name == "Fn::GetAtt":
                return self.reference(inner if isinstance(inner, str) else ".".join(map(self.text, inner)))
            if name == "Fn::Sub":
                text, names = (inner, {}) if isinstance(inner, str) else inner
                return re.sub(r"\$\{([^!}][^}]*)\}", lambda match: self.substituted(match[1], names), text)
            if name == "Fn::Join":
                items = self.value(inner[1])
                return inner[0].join(map(self.text, items)) if isinstance(items, list) else "?"
            if name == "Fn::If":
                return self.value(inner[1] if self.holds(inner[0]) else inner[2])
            if name == "Fn::Select" and isinstance(inner[1], list):
                return self.value(inner[1][int(inner[0])])
            if name == "Fn::FindInMap":
                at = self.mappings
                for key in inner[:3]:
                    at = at.get(self.text(key), {}) if isinstance(at, dict) else {}
                return self.value(at) if at else "?"
            if name.startswith("Fn::") or name == "Condition":
                return "?"
        result = {}
        for key, item in value.items():
            try:
                result[key] = self.value(item)
            except Missing:
                pass
        return {key: item for key, item in result.items() if item is not None}

    def substituted(self, name: str, names: dict) -> str:
        if name in names:
            return self.text(names[name])
        return str(self.parameters[name]) if name in self.parameters else self.reference(name)

    def reference(self, name: str) -> str:
        """A resource or a pseudo parameter; anything else has no value."""
        known = name.startswith("AWS::") or name.split(".")[0] in self.resources
        return "${%s}" % name if known else "?"


def ours_value(value):
    """Our resources with scalars as text and what is unknown as `?`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return [ours_value(item) for item in value]
    if isinstance(value, dict):
        if len(value) == 1:
            (name, inner), *_ = value.items()
            if name == "unknown":
                return "?"
            if name in ("Ref", "Fn::GetAtt"):
                return "${%s}" % inner
            if name == "Fn::Sub":
                return inner
        return {key: ours_value(item) for key, item in value.items() if item is not None}
    return value


def plain(value):
    """One way to write partition, account, region and generated ids."""
    if isinstance(value, str):
        value = value.replace("arn:aws:", "arn:${AWS::Partition}:")
        value = value.replace("us-east-1", "${AWS::Region}").replace("${AWS::URLSuffix}", "amazonaws.com")
        # Ids end with a hash of content in the translator's output.
        value = re.sub(r"\$\{(\w+?)[0-9a-f]{10}(\.\w+)?\}", r"${\1\2}", value)
        # `Ref` of a version gives the ARN as our rewritten reference does.
        return value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def frozen(value) -> str:
    return json.dumps(value, sort_keys=True)


def document(value) -> str:
    """A policy document, however its single values and statements are written."""
    if not isinstance(value, dict):
        return frozen(value)
    statements = []
    for statement in as_list(value.get("Statement")):
        if isinstance(statement, dict):
            statement = {
                key: sorted(map(frozen, as_list(item))) if key in ("Action", "Resource") else
                {who: sorted(map(frozen, as_list(ids))) for who, ids in item.items()}
                if key == "Principal" and isinstance(item, dict) else item
                for key, item in statement.items()
            }
        statements.append(frozen(statement))
    return " ".join(sorted(statements))


def facts(resources: dict) -> dict:
    """`resources`: logical id → (type, properties). The result: kind of fact → set of texts."""
    found = {key: set() for key in ("route", "scheme", "role", "permission", "api policy", "url", "mapping", "resource")}
    for name, (kind, properties) in resources.items():
        name = re.sub(r"[0-9a-f]{10}$", "", name)
        properties = properties if isinstance(properties, dict) else {}
        if kind in ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"):
            api(found, name, properties.get("Body"))
            if properties.get("Policy"):
                found["api policy"].add(f"{name} Policy {document(properties['Policy'])}")
        elif kind == "AWS::IAM::Role":
            found["role"].add(f"{name} trust {document(properties.get('AssumeRolePolicyDocument'))}")
            for arn in as_list(properties.get("ManagedPolicyArns")):
                found["role"].add(f"{name} managed {frozen(arn)}")
            for policy in as_list(properties.get("Policies")):
                found["role"].add(f"{name} inline {document(policy.get('PolicyDocument') if isinstance(policy, dict) else policy)}")
            found["role"].add(f"{name} boundary {frozen(properties.get('PermissionsBoundary'))}")
        elif kind in ("AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
            to = frozen([properties.get(key) for key in ("Roles", "Queues", "Topics")])
            found["role"].add(f"{kind} {to} {document(properties.get('PolicyDocument'))}")
        elif kind == "AWS::Lambda::Permission":
            found["permission"].add(frozen(properties))
        elif kind == "AWS::Lambda::Url":
            found["url"].add(frozen(properties))
        elif kind == "AWS::Lambda::EventSourceMapping":
            found["mapping"].add(frozen([properties.get("EventSourceArn"), properties.get("FunctionName")]))
        found["resource"].add(f"{kind} {name}" if not kind.startswith(LOOSE) else kind)
    return found


# Resources whose ids contain a hash of something that the translator sees differently.
LOOSE = (
    "AWS::Lambda::Permission", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage",
    "AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName", "AWS::Route53", "AWS::Lambda::Alias",
    "AWS::ApiGateway::BasePathMapping", "AWS::ApiGatewayV2::ApiMapping", "AWS::IAM::Role",
    "AWS::CodeDeploy::DeploymentGroup",
)


def api(found: dict, name: str, body) -> None:
    if not isinstance(body, dict):
        return
    schemes = {**body.get("securityDefinitions", {}), **(body.get("components") or {}).get("securitySchemes", {})}
    for scheme, details in schemes.items():
        found["scheme"].add(f"{name} {scheme} {frozen(details)}")
    for path, item in (body.get("paths") or {}).items():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method in NOT_METHODS or not isinstance(operation, dict):
                continue
            security = [one for one in operation.get("security") or [] if one != "?" and not set(one) & {"NONE", "api_key_false"}]
            integration = operation.get(INTEGRATION) or {}
            target = [integration.get(key) for key in ("type", "uri", "credentials")]
            found["route"].add(f"{name} {method} {path} {frozen(security)} {frozen(target)}")
    if body.get("x-amazon-apigateway-policy"):
        found["api policy"].add(f"{name} body {document(body['x-amazon-apigateway-policy'])}")
    if body.get("x-amazon-apigateway-cors"):
        found["api policy"].add(f"{name} cors {frozen(body['x-amazon-apigateway-cors'])}")


def packaged(template: dict) -> dict:
    """Local paths become places in a bucket, as `sam package` makes them."""
    place = "s3://bucket/key"
    globals_of_function = ((template.get("Globals") or {}).get("Function") or {})
    if is_local(globals_of_function.get("CodeUri")):
        globals_of_function["CodeUri"] = place
    for resource in (template.get("Resources") or {}).values():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        properties = resource.get("Properties") if kind else None
        if not isinstance(properties, dict):
            continue
        for key in ("CodeUri", "ContentUri", "DefinitionUri", "SchemaUri"):
            if str(kind).startswith("AWS::Serverless::") and is_local(properties.get(key)):
                properties[key] = place
        if kind == "AWS::Serverless::Function":
            image = properties.get("PackageType", globals_of_function.get("PackageType")) == "Image"
            if image:
                properties.setdefault("ImageUri", "111122223333.dkr.ecr.us-east-1.amazonaws.com/image")
            elif not {"CodeUri", "InlineCode"} & (set(properties) | set(globals_of_function)):
                properties["CodeUri"] = place
    return template


def undated(value):
    """CloudFormation reads `Version: 2012-10-17` as text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list):
        return [undated(item) for item in value]
    return {key: undated(item) for key, item in value.items()} if isinstance(value, dict) else value


def is_local(value) -> bool:
    return isinstance(value, str) and not value.startswith("s3://")


def theirs(path: pathlib.Path) -> dict | None:
    template = packaged(undated(yaml_parse(path.read_text(encoding="utf-8"))))
    parameters = {}
    for name, parameter in (template.get("Parameters") or {}).items():
        if isinstance(parameter, dict) and "Default" in parameter:
            parameters[name] = parameter["Default"]
    try:
        output = transform(template, parameters, None)
    except InvalidDocumentException as error:
        logging.getLogger(__name__).info("%s: %s", path, "; ".join(cause.message for cause in error.causes))
        return None
    result = Template(output)
    resources = {}
    for name, resource in result.living().items():
        try:
            properties = result.value(resource.get("Properties") or {})
        except Missing:
            properties = {}
        resources[name] = (resource.get("Type"), plain(properties))
    return facts(resources)


def declared(path: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """A copy that declares the transform, as every deployed template does."""
    text = path.read_text(encoding="utf-8")
    copy = folder / path.name
    if path.suffix == ".json":
        text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", **json.loads(text)})
    elif not re.search(r"AWS::Serverless-2016-10-31\b(?!-)", text):
        text = re.sub(r"(?m)^Transform:.*$", "", text).removeprefix("%YAML 1.1\n---\n")
        text = f"Transform: AWS::Serverless-2016-10-31\n{text}"
    copy.write_text(text, encoding="utf-8")
    return copy


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory", type=pathlib.Path)
    arguments.add_argument("--binary", default="target/debug/sra-guard")
    arguments.add_argument("--only", default="", help="templates whose name contains this")
    arguments.add_argument("--quiet", action="store_true", help="only the summary")
    given = arguments.parse_args()

    agreed, differing, rejected, failed = [], [], [], []
    for path in sorted(given.directory.rglob("*")):
        if given.only not in str(path) or path.suffix not in (".yaml", ".yml", ".json") or not path.is_file():
            continue
        if "AWS::Serverless" not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        try:
            wanted = theirs(path)
        except Exception as error:  # noqa: BLE001 (the translator has many ways to fail)
            print(f"{path.name}: the translator failed: {error!r}", file=sys.stderr)
            rejected.append(path)
            continue
        if wanted is None:
            rejected.append(path)
            continue
        with tempfile.TemporaryDirectory() as folder:
            copy = declared(path, pathlib.Path(folder))
            run = subprocess.run([given.binary, "resources", str(copy)], capture_output=True, text=True, check=False)
        try:
            resources = json.loads(run.stdout)
        except json.JSONDecodeError:
            failed.append(path)
            print(f"{path.name}: {run.stderr.strip()}")
            continue
        got = facts({one["name"]: (one["type"], plain(ours_value(one["properties"]))) for one in resources})
        lines = []
        for kind in wanted:
            lines += [f"  - {kind}: {one}" for one in sorted(wanted[kind] - got[kind])]
            lines += [f"  + {kind}: {one}" for one in sorted(got[kind] - wanted[kind])]
        if lines:
            differing.append(path.relative_to(given.directory))
            if not given.quiet:
                print(f"{path.relative_to(given.directory)} (- only theirs, + only ours)", *lines, sep="\n")
        else:
            agreed.append(path)
    print(f"{len(agreed)} agree, {len(differing)} differ, {len(failed)} failed, {len(rejected)} rejected by the translator")
    for name in differing:
        print(f"  differs: {name}")


if __name__ == "__main__":
    main()
