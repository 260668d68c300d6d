#!/usr/bin/env python3
"""Neovim, headless, with the project's plugin: language server, highlighting, editing, debugger configuration, health."""
import json
import os
import sys

import harness

PLUGIN = os.path.join(harness.ROOT, "editors", "neovim")
SCRIPTS = os.path.join(harness.HERE, "neovim")
GRAMMAR = os.path.join(harness.ROOT, "grammar")
TIMEOUT_S = 120


def neovim(suite, nvim, script, name, lsp=None, timeout=TIMEOUT_S, **more):
    folder = suite.workspace(name)
    environment = suite.environment(folder, CHARN_TEST_SCRIPTS=SCRIPTS, CHARN_TEST_LSP=json.dumps(lsp) if lsp else None,
                                    CHARN_TEST_GRAMMAR=GRAMMAR, **more)
    command = [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "--cmd", "set rtp^=" + PLUGIN,
               "--cmd", "filetype plugin indent on | syntax on", "--cmd", "runtime plugin/harn.lua",
               "-c", "luafile " + os.path.join(SCRIPTS, script), "-c", "cquit 1"]
    return suite.client(name, command, environment, timeout, cwd=os.path.join(folder, harness.WORKSPACE))


def agreement(suite, nvim, server):
    """Neovim shows of each file what the command line says of it."""
    cli = suite.server("cli", "agreement")
    if not cli:
        return
    folder = suite.workspace("agreement-files")
    paths = harness.files_to_open(os.path.join(folder, harness.WORKSPACE))
    opened = os.path.join(folder, "opened.json")
    suite.report("agreement", neovim(suite, nvim, "open.lua", "agreement", server, CHARN_TEST_OPEN="\n".join(paths), CHARN_TEST_OPENED=opened))
    if not os.path.exists(opened):
        return
    with open(opened, encoding="utf-8") as file:
        for one in json.load(file):
            shown = {(item["start"], item["end"], item["severity"]) for item in one["diagnostics"]}
            said = suite.said(cli, one["path"])
            suite.ok(one["answered"] and shown == said, "agreement: %s: %d diagnostics, %d symbols, as `charn check` says" % (
                os.path.relpath(one["path"], folder if one["path"].startswith(folder) else harness.ROOT), len(shown), one["symbols"]),
                "editor only: %s\ncommand line only: %s" % (sorted(shown - said), sorted(said - shown)))


def main():
    suite = harness.Suite("neovim", __doc__)
    nvim = suite.program([os.environ.get("CHARN_NVIM", "nvim"), "nvim"], "neovim")
    if nvim is None:
        suite.finish()

    if suite.wants("lsp"):
        server = suite.server("lsp", "lsp")
        if server:
            suite.report("lsp", neovim(suite, nvim, "lsp.lua", "lsp", server))

    if suite.wants("agreement") and not suite.arguments.stub:
        server = suite.server("lsp", "agreement")
        if server:
            agreement(suite, nvim, server)
    if suite.wants("editing"):
        suite.report("editing", neovim(suite, nvim, "editing.lua", "editing"))
    if suite.wants("dap"):
        adapter = suite.server("dap", "dap")
        if adapter:
            suite.report("dap", neovim(suite, nvim, "dap.lua", "dap", CHARN_TEST_DAP=json.dumps(adapter),
                                       CHARN_NVIM_DAP=os.environ.get("CHARN_NVIM_DAP")))
    if suite.wants("highlight"):
        if os.path.exists(os.path.join(GRAMMAR, "src", "parser.c")) and os.path.isdir(os.path.join(GRAMMAR, "queries")):
            suite.report("highlight", neovim(suite, nvim, "highlight.lua", "highlight"))
        else:
            suite.skip("highlight", "no generated parser in grammar/", "generate grammar/src/parser.c")
    if suite.wants("health"):
        suite.report("health", neovim(suite, nvim, "health.lua", "health"))

    if suite.wants("newer"):
        suite.report("newer", neovim(suite, nvim, "newer.lua", "newer"))

    if suite.wants("bad server"):
        for fault in ("exit", "silent"):
            suite.report("bad server, " + fault, neovim(suite, nvim, "bad_server.lua", "bad-" + fault, harness.LSP_STUB,
                                                        timeout=30, CHARN_STUB_FAULT=fault))
        suite.report("bad server, missing", neovim(suite, nvim, "bad_server.lua", "bad-missing", ["/nowhere/charn-lsp"], timeout=30))

    if suite.wants("selftest"):
        suite.report("selftest", neovim(suite, nvim, "lsp.lua", "self", harness.LSP_STUB))
        for fault, check in (("no-diagnostics", "the error is shown"), ("wrong-range", "it underlines exactly the wrong word"),
                             ("stale", "mending the word clears the error")):
            lines = neovim(suite, nvim, "lsp.lua", "self-" + fault, harness.LSP_STUB, CHARN_STUB_FAULT=fault, CHARN_TEST_DEADLINE_MS="1500")
            suite.expect_failure("selftest, " + fault, lines, check)
    suite.finish()


if __name__ == "__main__":
    sys.exit(main())
