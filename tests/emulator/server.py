"""An emulated AWS account on loopback: moto's server with the gaps closed that lie on what is audited (see gaps.py).

    server.py         serves on a free port, prints it, and stops when its standard input ends

Who starts it holds its standard input, so it never outlives them. Accounts are separate and need no set-up: the access key
id `EMULATED111122223333` is of the account 111122223333.
"""

import os
import sys
import threading

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "false"
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import gaps
import securityhub
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Keeps connections open, and logs no requests."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_):
        pass


def stop_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    gaps.close()
    securityhub.patch()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    os.environ["MOTO_PORT"] = str(server.port)
    threading.Thread(target=stop_with_standard_input, daemon=True).start()
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
