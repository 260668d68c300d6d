#!/usr/bin/env python3
"""charn-dap and @vscode/debugadapter-testsupport, a client that the project did not write: over standard streams and TCP."""
import json
import os
import sys

import harness

SCRIPT = os.path.join(harness.HERE, "dap", "client.js")
TIMEOUT_S = 180


def client(suite, node, name, adapter, transport, **more):
    folder = suite.workspace(name)
    environment = suite.environment(folder, CHARN_TEST_DAP=json.dumps(adapter), CHARN_TEST_TRANSPORT=transport,
                                    CHARN_TEST_STUB="1" if adapter == harness.DAP_STUB else "0", **more)
    return suite.client(name, [node, SCRIPT], environment, TIMEOUT_S)


def main():
    suite = harness.Suite("dap_client", __doc__)
    node = suite.node("dap client", "clients/.stamp")
    if not node:
        suite.finish()
    adapter = suite.server("dap", "dap client") if suite.wants("stdio") or suite.wants("tcp") else None
    if adapter:
        for transport in ("stdio", "tcp"):
            if suite.wants(transport):
                suite.report(transport, client(suite, node, transport, adapter, transport))
    if suite.wants("selftest"):
        suite.report("selftest", client(suite, node, "self", harness.DAP_STUB, "stdio"))
        for fault, check in (("exit", "initialize tells what the adapter can do"), ("silent", "initialize tells what the adapter can do"),
                             ("no-stop", "a breakpoint is verified and hit on its line"), ("wrong-line", "a breakpoint is verified and hit on its line"),
                             ("no-end", "a run to the end gives its output, its exit code and its end")):
            lines = client(suite, node, "self-" + fault, harness.DAP_STUB, "stdio", CHARN_STUB_FAULT=fault,
                           CHARN_TEST_DEADLINE_MS="1500", CHARN_TEST_ONLY=check)
            suite.expect_failure("selftest, " + fault, lines, check)
    suite.finish()


if __name__ == "__main__":
    sys.exit(main())
