#!/usr/bin/env python3
"""VS Code (the server inside npm's code-server) in a headless browser, with the project's extension: the extension API
from inside the extension host, then a short walk through the user interface that leaves pictures."""
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile

import harness

EXTENSION = os.path.join(harness.ROOT, "editors", "vscode")
SCRIPTS = os.path.join(harness.HERE, "vscode")
START_S = 30
TIMEOUT_S = 300
VSIX_BYTES_MAX = 300 * 1000
SETTINGS = {
    "telemetry.telemetryLevel": "off", "security.workspace.trust.enabled": False, "workbench.startupEditor": "none",
    "extensions.autoUpdate": False, "extensions.autoCheckUpdates": False, "extensions.ignoreRecommendations": True,
    "git.enabled": False, "update.mode": "none", "debug.toolBarLocation": "floating", "workbench.tips.enabled": False,
    "editor.minimap.enabled": False, "breadcrumbs.enabled": False, "chat.commandCenter.enabled": False, "window.commandCenter": False, "window.title": "rooms",
}


def build_extension(suite, node):
    """Bundles the extension in a copy, so that the checkout stays clean. Returns its folder, or None."""
    target = os.path.join(suite.temporary, "extension")
    shutil.copytree(EXTENSION, target, ignore=shutil.ignore_patterns("node_modules", "dist", "packaging", "*.vsix"))
    os.symlink(os.path.join(harness.CACHE, "extension", "node_modules"), os.path.join(target, "node_modules"))
    with open(os.path.join(target, "package.json"), encoding="utf-8") as file:
        words = json.load(file)["scripts"]["bundle"].split()
    words[0] = os.path.join(target, "node_modules", ".bin", words[0])
    done = subprocess.run(words, cwd=target, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          env=dict(os.environ, PATH=os.path.dirname(node) + os.pathsep + os.environ["PATH"]))
    return target if suite.ok(done.returncode == 0, "the extension can be bundled", done.stdout.decode()) else None


def package(suite, node, extension):
    """Packs the extension as a release does, looks what is inside, and installs it into a VS Code server."""
    part = "vsix"
    if not suite.node(part, "packaging/.stamp"):
        return
    environment = dict(suite.environment(suite.workspace(part)))
    environment["PATH"] = os.path.dirname(node) + os.pathsep + environment["PATH"]
    vsix = os.path.join(suite.temporary, "harn.vsix")
    vsce = os.path.join(harness.CACHE, "packaging", "node_modules", ".bin", "vsce")
    code, output = suite.run([vsce, "package", "--no-dependencies", "--allow-missing-repository", "--out", vsix], environment, 120, cwd=extension)
    if not suite.ok(code == 0, "vsix: the extension can be packed", output):
        return
    with zipfile.ZipFile(vsix) as archive:
        names = set(archive.namelist())
    wanted = {"extension/" + name for name in ("package.json", "dist/extension.js", "icon.png", "readme.md", "LICENSE.txt", "language-configuration.json",
                                               "snippets/harn.json", "syntaxes/harn.tmLanguage.json", "syntaxes/markdown-harn.tmLanguage.json")}
    found = {name for name in names if name.startswith("extension/")}
    suite.ok(found == wanted, "vsix: it holds what it needs and nothing else", "missing %s, too much %s" % (wanted - found, found - wanted))
    suite.ok(os.path.getsize(vsix) < VSIX_BYTES_MAX, "vsix: it is small", "%d bytes" % os.path.getsize(vsix))
    folders = ["--server-data-dir", os.path.join(suite.temporary, "vsc-vsix"), "--extensions-dir", os.path.join(suite.temporary, "vsc-vsix", "extensions")]
    server = [node, os.path.join(harness.CACHE, "code-server", "lib", "vscode", "out", "server-main.js"), "--accept-server-license-terms"] + folders
    code, output = suite.run(server + ["--install-extension", vsix], environment, 60)
    code, output = suite.run(server + ["--list-extensions"], environment, 60)
    suite.ok("charn.harn" in output, "vsix: VS Code installs it", output)


def program(folder, name, words, fault=None):
    """One file that runs `words`, since a setting names one program."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n%sexec %s \"$@\"\n" % ("export CHARN_STUB_FAULT=%s\n" % fault if fault else "", " ".join("'%s'" % word for word in words)))
    os.chmod(path, 0o755)
    return path


def session(suite, node, browser, extension, name, mode, settings, folder=None, trusted=True, **more):
    """One VS Code server, one browser, one script; returns the lines of the report."""
    folder = folder or suite.workspace(name)
    # The server makes sockets inside its data folder, and their path must be short.
    data = os.path.join(folder, "vsc")
    os.makedirs(os.path.join(data, "data", "Machine"))
    os.makedirs(os.path.join(data, "extensions"))
    with open(os.path.join(data, "data", "Machine", "settings.json"), "w", encoding="utf-8") as file:
        json.dump(dict(SETTINGS, **settings), file)
    pictures = suite.arguments.keep or folder
    os.makedirs(pictures, exist_ok=True)
    port = harness.free_port()
    environment = suite.environment(folder, CHARN_TEST_MODE=mode, CHARN_TEST_PORT=str(port), CHARN_TEST_BROWSER=browser,
                                    CHARN_TEST_EXTENSION=extension, CHARN_TEST_API=os.path.join(SCRIPTS, "api.js"),
                                    CHARN_TEST_PICTURES=pictures, **more)
    command = [node, "out/server-main.js", "--accept-server-license-terms", "--server-data-dir", data,
               "--extensions-dir", os.path.join(data, "extensions"), "--host", "127.0.0.1", "--port", str(port),
               "--without-connection-token", "--telemetry-level", "off", "--enable-smoke-test-driver"]
    command += ["--disable-workspace-trust"] if trusted else []
    with open(os.path.join(folder, "server.log"), "wb") as log:
        server = subprocess.Popen(command, cwd=os.path.join(harness.CACHE, "code-server", "lib", "vscode"), env=environment,
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        if not wait_for(port, server):
            with open(os.path.join(folder, "server.log"), encoding="utf-8", errors="replace") as log:
                return [(False, "the VS Code server starts", log.read()[-2000:])]
        return suite.client(name, [node, os.path.join(SCRIPTS, "drive.js")], environment, TIMEOUT_S)
    finally:
        harness.end_group(server)


def wait_for(port, server):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/version" % port, timeout=2):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def main():
    suite = harness.Suite("vscode", __doc__)
    node = suite.node("vscode", "clients/.stamp", "extension/.stamp", "code-server/lib/vscode/out/server-main.js")
    browser = node and suite.program([os.environ.get("CHARN_BROWSER", "chromium-headless-shell"), "chromium-headless-shell", "chromium"], "vscode")
    extension = browser and build_extension(suite, node)
    if not extension:
        suite.finish()
    stub = {"harn.lsp.path": program(suite.temporary, "stub-lsp", harness.LSP_STUB), "harn.dap.path": program(suite.temporary, "stub-dap", harness.DAP_STUB)}

    servers = {kind: suite.server(kind, "vscode with charn-" + kind) for kind in ("lsp", "dap")} if suite.wants("api") or suite.wants("ui") else {}
    if servers and all(servers.values()):
        settings = {"harn.%s.path" % kind: program(suite.temporary, "real-" + kind, words) for kind, words in servers.items()}
        if suite.arguments.cli:
            settings["harn.cli.path"] = os.path.abspath(suite.arguments.cli)
        more = {}
        cli = None if suite.arguments.stub else suite.server("cli", "agreement")
        if cli and suite.wants("api"):
            folder = suite.workspace("agreement")
            more = {"CHARN_TEST_SAID": os.path.join(folder, "said.json"), "CHARN_TEST_PARTS": "language,editing,debugging,agreement,commands"}
            with open(more["CHARN_TEST_SAID"], "w", encoding="utf-8") as file:
                json.dump({path: sorted(suite.said(cli, path)) for path in harness.files_to_open(os.path.join(folder, harness.WORKSPACE))}, file)
        for mode in ("api", "ui"):
            if suite.wants(mode):
                suite.report(mode, session(suite, node, browser, extension, mode, mode, settings, **more))

    if suite.wants("vsix"):
        package(suite, node, extension)
    if suite.wants("trust"):
        # A folder whose own settings name programs: until it is trusted they must not be started.
        folder = suite.workspace("trust")
        marks = {kind: os.path.join(folder, "started-" + kind) for kind in ("lsp", "dap")}
        evil = {"harn.%s.path" % kind: program(folder, "evil-" + kind, ["touch", mark]) for kind, mark in marks.items()}
        os.makedirs(os.path.join(folder, harness.WORKSPACE, ".vscode"))
        with open(os.path.join(folder, harness.WORKSPACE, ".vscode", "settings.json"), "w", encoding="utf-8") as file:
            json.dump(evil, file)
        suite.report("trust", session(suite, node, browser, extension, "trust", "trust", dict(stub, **{"security.workspace.trust.enabled": True}),
                                      folder=folder, trusted=False, CHARN_TEST_MARK=marks["lsp"]))

    if suite.wants("bad server"):
        exits = {"harn.lsp.path": program(suite.temporary, "exit-lsp", harness.LSP_STUB, "exit"),
                 "harn.dap.path": program(suite.temporary, "exit-dap", harness.DAP_STUB, "exit")}
        suite.report("bad server, exit", session(suite, node, browser, extension, "bad-exit", "bad", exits, CHARN_TEST_BAD="exit"))
        missing = {"harn.lsp.path": "/nowhere/charn-lsp", "harn.dap.path": "/nowhere/charn-dap"}
        suite.report("bad server, missing", session(suite, node, browser, extension, "bad-missing", "bad", missing, CHARN_TEST_BAD="missing"))

    if suite.wants("selftest"):
        for kind, fault, part, check in (("lsp", "wrong-range", "language", "it underlines exactly the wrong word"),
                                         ("dap", "wrong-line", "debugging", "on its line")):
            settings = dict(stub, **{"harn.%s.path" % kind: program(suite.temporary, fault, getattr(harness, kind.upper() + "_STUB"), fault)})
            lines = session(suite, node, browser, extension, "self-" + fault, "api", settings, CHARN_TEST_PARTS=part, CHARN_TEST_DEADLINE_MS="3000")
            suite.expect_failure("selftest, " + fault, lines, check)
    suite.finish()


if __name__ == "__main__":
    sys.exit(main())
