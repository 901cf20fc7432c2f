"""A proxy on loopback between the program and the emulated account, which counts calls and makes some of them fail.

    faults.py UPSTREAM        serves on a free port, prints it, and stops when its standard input ends

`POST /_faults` takes a list of `{"match", "kind", "times", "seconds"}`: calls whose name (`ec2:DescribeVpcs`,
`lambda:GET /2015-03-31/functions`) the regular expression finds fail in that way, as often as `times` says (always without).
`GET /_calls` tells how often each call was made, and how many were under way at once.
"""

import collections
import http.client
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

UPSTREAM = urlsplit(sys.argv[1]).netloc

# How each protocol names what is wrong, as (code, HTTP status). Source: the error code references of the services.
ERRORS = {
    "throttle": {
        "ec2": ("RequestLimitExceeded", 503),
        "query": ("Throttling", 400),
        "json": ("ThrottlingException", 400),
        "rest-json": ("TooManyRequestsException", 429),
        "rest-xml": ("Throttling", 400),
    },
    "deny": {
        "ec2": ("UnauthorizedOperation", 403),
        "query": ("AccessDenied", 403),
        "json": ("AccessDeniedException", 400),
        "rest-json": ("AccessDeniedException", 403),
        "rest-xml": ("AccessDenied", 403),
    },
    "expire": {
        "ec2": ("RequestExpired", 400),
        "query": ("ExpiredToken", 403),
        "json": ("ExpiredTokenException", 400),
        "rest-json": ("ExpiredTokenException", 403),
        "rest-xml": ("ExpiredToken", 403),
    },
    "break": {
        "ec2": ("InternalError", 500),
        "query": ("InternalFailure", 500),
        "json": ("InternalServerException", 500),
        "rest-json": ("ServiceException", 500),
        "rest-xml": ("InternalError", 500),
    },
}
MESSAGES = {
    "throttle": "Rate exceeded",
    "deny": "You are not authorized to perform this operation.",
    "expire": "The security token included in the request is expired",
    "break": "An internal error occurred",
}
HOP_BY_HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}


class State:
    """What the connections share."""

    def __init__(self):
        self.lock = threading.Lock()
        self.faults = []
        self.calls = collections.Counter()
        self.under_way = 0
        self.at_once = 0

    def begin(self, name):
        """Counts a call. Returns the fault that it meets."""
        with self.lock:
            self.calls[name] += 1
            self.under_way += 1
            self.at_once = max(self.at_once, self.under_way)
            for fault in self.faults:
                if fault.get("times") != 0 and re.search(fault["match"], name):
                    if "times" in fault:
                        fault["times"] -= 1
                    return fault
        return None

    def end(self):
        with self.lock:
            self.under_way -= 1


STATE = State()


def call(headers, method, path, body):
    """The name of a call and its protocol."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]*/([^/]+)/aws4_request", headers.get("Authorization", ""))
    service = scope.group(1) if scope else "?"
    target = headers.get("X-Amz-Target")
    if target:
        return f"{service}:{target.rsplit('.', 1)[-1]}", "json"
    action = parse_qs(body.decode("utf-8", "replace")).get("Action")
    if action:
        return f"{service}:{action[0]}", "ec2" if service == "ec2" else "query"
    protocol = "rest-xml" if service in ("cloudfront", "route53", "s3") else "rest-json"
    return f"{service}:{method} {urlsplit(path).path}", protocol


def refusal(kind, protocol):
    """An answer that names what is wrong: status, headers, body."""
    code, status = ERRORS[kind][protocol]
    message = MESSAGES[kind]
    if protocol == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        body, form = f"<Response>{inner}<RequestID>0</RequestID></Response>", "text/xml"
    elif protocol in ("query", "rest-xml"):
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        body, form = f"<ErrorResponse>{inner}<RequestId>0</RequestId></ErrorResponse>", "text/xml"
    else:
        body, form = json.dumps({"__type": code, "message": message}), "application/x-amz-json-1.1"
    return status, {"Content-Type": form, "x-amzn-errortype": code}, body.encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers, body, length=None):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def forward(self, body):
        upstream = http.client.HTTPConnection(UPSTREAM, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        return answer.status, dict(answer.getheaders()), content

    def hang_up(self):
        """Resets the connection: nothing of an answer arrives."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def handle_call(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/_faults":
            with STATE.lock:
                STATE.faults[:] = json.loads(body)
                STATE.calls.clear()
                STATE.at_once = 0
            return self.answer(200, {}, b"{}")
        if self.path == "/_calls":
            with STATE.lock:
                told = {"calls": dict(STATE.calls), "at_once": STATE.at_once}
            return self.answer(200, {"Content-Type": "application/json"}, json.dumps(told).encode())
        name, protocol = call(self.headers, self.command, self.path, body)
        fault = STATE.begin(name) or {"kind": None}
        try:
            self.suffer(fault, protocol, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            STATE.end()

    def suffer(self, fault, protocol, body):
        kind = fault["kind"]
        if kind in ERRORS:
            return self.answer(*refusal(kind, protocol))
        if kind == "page":
            return self.answer(503, {"Content-Type": "text/html"}, b"<html>Service Unavailable</html>")
        if kind == "reset":
            return self.hang_up()
        if kind in ("stall", "slow"):
            time.sleep(fault["seconds"])
            if kind == "stall":
                return self.hang_up()
        status, headers, content = self.forward(body)
        if kind == "garbage":
            content = b"\x00\xff neither XML nor JSON"
        if kind == "truncate":
            self.answer(status, headers, content[: len(content) // 2], len(content))
            self.close_connection = True
            return None
        return self.answer(status, headers, content)

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = handle_call


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


def stop_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=stop_with_standard_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
