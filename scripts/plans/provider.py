"""A stand-in for Terraform's AWS and archive providers, so that Terraform itself can plan without an account.

It knows the resource types of `schema.txt` and speaks version 5 of Terraform's plugin protocol. A plan needs no more of
a provider than this: which arguments a type has, which attributes it computes, and what its data sources answer.
Terraform starts it; `refresh.py` says where it is.
"""

import json
import os
import re
import sys
from concurrent import futures
from pathlib import Path

import grpc
import msgpack

UNKNOWN = msgpack.ExtType(0, b"\x00")
ACCOUNT = "111122223333"
REGION = os.environ.get("STAND_IN_REGION", "eu-central-1")
TYPES = {"s": "string", "n": "number", "b": "bool", "ls": ["list", "string"], "ss": ["set", "string"],
         "ms": ["map", "string"], "ln": ["list", "number"]}


# --- wire format ------------------------------------------------------------------------------------------------------


def varint(number):
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def field(number, value):
    """One field of a message: a number, text, bytes (also an encoded message) or a list of these."""
    if isinstance(value, list):
        return b"".join(field(number, item) for item in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def entry(key, value):
    return field(1, key) + field(2, value)


def fields(data):
    """The fields of a message that hold bytes, by number."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = number()
        if tag & 7 == 2:
            size = number()
            found[tag >> 3] = data[at:at + size]
            at += size
        else:
            number()
    return found


def dynamic(value):
    return field(1, msgpack.packb(value))


def value_of(message):
    return msgpack.unpackb(fields(message)[1], strict_map_key=False)


# --- schemas ----------------------------------------------------------------------------------------------------------


class Attribute:
    """`name:type` and a mark: `!` required, `~` computed when it is not set, `.` computed, `=value` a default."""

    def __init__(self, text):
        text, _, default = text.partition("=")
        self.mark = text[-1] if text[-1] in "!~." else ""
        self.name, _, kind = text.rstrip("!~.").partition(":")
        self.type = TYPES[kind or "s"]
        self.default = json.loads(default) if default else None

    def wire(self):
        optional = 0 if self.mark in ("!", ".") else 1
        return (field(1, self.name) + field(2, json.dumps(self.type)) + field(4, int(self.mark == "!"))
                + field(5, optional) + field(6, int(self.mark in ("~", "."))))


class Block:
    """Attributes and nested blocks; those of nesting `attribute` are lists of objects that may be written as blocks."""

    def __init__(self):
        self.attributes, self.blocks, self.objects = [], {}, {}

    def type(self):
        members = {attribute.name: attribute.type for attribute in self.attributes}
        members |= {name: ["list", block.type()] for name, (_, block) in self.blocks.items()}
        return ["object", members]

    def wire(self):
        nesting = {"list": 2, "set": 3}
        objects = [field(1, name) + field(2, json.dumps(["set", block.type()])) + field(5, 1) + field(6, 1)
                   for name, block in self.objects.items()]
        return (field(2, [attribute.wire() for attribute in self.attributes] + objects)
                + field(3, [field(1, name) + field(2, block.wire()) + field(3, nesting[kind])
                            for name, (kind, block) in self.blocks.items()]))

    def planned(self, config):
        """The configuration with defaults, and unknown where only the service knows."""
        if config is None or isinstance(config, msgpack.ExtType):
            return config
        out = {}
        for attribute in self.attributes:
            value = config.get(attribute.name)
            if value is None and attribute.default is not None:
                value = attribute.default
            if value is None and attribute.mark in ("~", "."):
                value = UNKNOWN
            out[attribute.name] = value
        for name, (_, block) in self.blocks.items():
            nested = config.get(name)
            known = isinstance(nested, list)
            out[name] = [block.planned(item) for item in nested] if known else nested
        for name in self.objects:
            out[name] = UNKNOWN if config.get(name) is None else config[name]
        return out


def schemas():
    """`schema.txt`: a type a paragraph, nested blocks indented below `name{nesting}`."""
    found = {"resource": {}, "data": {}}
    for line in (Path(__file__).parent / "schema.txt").read_text().splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        if depth == 0:
            kind, name = text.split()
            block = found[kind][name] = Block()
            block.attributes = [Attribute("id.")]
            if name.startswith("aws_"):
                block.attributes.append(Attribute("region~"))
            stack = [block]
            continue
        del stack[depth:]
        if text.endswith("}"):
            name, nesting = text[:-1].split("{")
            block = Block()
            if nesting == "attribute":
                stack[-1].objects[name] = block
            else:
                stack[-1].blocks[name] = (nesting, block)
            stack.append(block)
        else:
            for word in re.findall(r'(?:[^\s"]|"[^"]*")+', text):
                if word == "tags":
                    stack[-1].attributes += [Attribute("tags:ms"), Attribute("tags_all:ms~")]
                else:
                    stack[-1].attributes.append(Attribute(word))
    resources = found["resource"]
    resources |= {name.replace("aws_lb", "aws_alb"): resources[name] for name in list(resources) if name.startswith("aws_lb")}
    return found


SCHEMAS = schemas()
DEFAULT_TAGS = {}


# --- what the provider answers ----------------------------------------------------------------------------------------


def is_known(value):
    if isinstance(value, msgpack.ExtType):
        return False
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    return not isinstance(value, list) or all(map(is_known, value))


def one_or_all(values, reverse=True):
    values = [value.replace("&{", "${") for value in values]
    return values[0] if len(values) == 1 else sorted(values, reverse=reverse)


def policy_document(config):
    brought = [json.loads(text)["Statement"] for text in config["source_policy_documents"] or []]
    statements = [statement for document in brought for statement in document]
    for written in config["statement"] or []:
        statement = {"Effect": written["effect"] or "Allow"}
        for key, name in [("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource")]:
            if written[key]:
                statement[name] = one_or_all(written[key])
        if written["principals"]:
            principals = {}
            for principal in written["principals"]:
                principals.setdefault(principal["type"], []).extend(principal["identifiers"])
            statement["Principal"] = {kind: one_or_all(values) for kind, values in principals.items()}
        for condition in written["condition"] or []:
            test = statement.setdefault("Condition", {}).setdefault(condition["test"], {})
            test[condition["variable"]] = one_or_all(condition["values"], reverse=False)
        if written["sid"]:
            statement["Sid"] = written["sid"]
        statements.append(statement)
    return json.dumps({"Version": config["version"] or "2012-10-17", "Statement": statements}, indent=2)


def read(name, config):
    """The state of a data source, whose arguments are known."""
    state = dict(config, id=f"{name.removeprefix('aws_')}-1")
    if name.startswith("aws_"):
        state["region"] = REGION
    answers = {
        "aws_availability_zones": {"names": [REGION + zone for zone in "abc"]},
        "aws_cognito_user_pool": {"endpoint": f"cognito-idp.{REGION}.amazonaws.com/{config.get('user_pool_id')}"},
        "aws_iam_role": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{config.get('name')}"},
        "aws_caller_identity": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/deployer", "id": ACCOUNT},
        "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com", "id": "aws"},
        "aws_region": {"name": REGION, "id": REGION},
        "aws_subnets": {"ids": ["subnet-0123456789abcdef0"]},
        "aws_ssm_parameter": {"value": "ami-0123456789abcdef0", "type": "String"},
        "archive_file": {"output_base64sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "output_size": 512},
    }
    state |= answers.get(name, {})
    if name == "aws_iam_policy_document":
        state["json"] = policy_document(config)
    return state


def plan(request):
    name, config = request[1].decode(), value_of(request[4])
    proposed = value_of(request[3])
    if proposed is None:
        return field(1, dynamic(None))
    state = SCHEMAS["resource"][name].planned(config)
    if name.startswith("aws_") and config.get("region") is None:
        state["region"] = REGION
    tags = config.get("tags") or {}
    if "tags_all" in state and is_known(tags):
        state["tags_all"] = {**DEFAULT_TAGS, **tags}
    # As the real one says: defaults may stand in attributes that are not computed.
    return field(1, dynamic(state)) + field(5, 1)


def schema_response(_):
    provider = Block()
    provider.attributes = [Attribute("region")]
    tags = Block()
    tags.attributes = [Attribute("tags:ms")]
    provider.blocks["default_tags"] = ("list", tags)
    wire = lambda block: field(2, block.wire())
    each = lambda kind: [entry(name, wire(block)) for name, block in SCHEMAS[kind].items()]
    return field(1, wire(provider)) + field(2, each("resource")) + field(3, each("data"))


def configure(request):
    for block in value_of(request[2]).get("default_tags") or []:
        DEFAULT_TAGS.update(block["tags"] or {})
    return b""


def stop(_):
    os._exit(0)


METHODS = {
    "tfplugin5.Provider": {
        "GetSchema": schema_response,
        "PrepareProviderConfig": lambda request: field(1, request[1]),
        "ValidateResourceTypeConfig": lambda _: b"",
        "ValidateDataSourceConfig": lambda _: b"",
        "Configure": configure,
        "UpgradeResourceState": lambda request: field(1, field(2, fields(request[3])[1])),
        "ReadResource": lambda request: field(1, request[2]),
        "PlanResourceChange": plan,
        "ReadDataSource": lambda request: field(1, dynamic(read(request[1].decode(), value_of(request[2])))),
        "Stop": lambda _: b"",
    },
    "plugin.GRPCController": {"Shutdown": stop},
}


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=[("grpc.max_receive_message_length", -1)])
    for service, methods in METHODS.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                lambda request, _context, method=method: method(request),
                request_deserializer=fields, response_serializer=bytes)
            for name, method in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"1|5|tcp|127.0.0.1:{port}|grpc\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
