// Opens the VS Code server in a headless browser. Four modes (CHARN_TEST_MODE):
//   api   VS Code loads the extension and a test script into its extension host and says how that went;
//   ui    this script does what a user does, and looks at the page;
//   bad   the servers misbehave, and the user must be told;
//   trust the folder is not trusted, and names programs to start.
// The report has one line per check, as harness.py describes. A failed step leaves a picture.
'use strict';
const fs = require('fs');
const path = require('path');
const { chromium } = require(path.join(process.env.CHARN_TEST_CACHE, 'clients', 'node_modules', 'playwright-core'));

const env = process.env;
const expected = JSON.parse(fs.readFileSync(path.join(env.CHARN_TEST_FIXTURE, 'expected.json'), 'utf8'));
const mode = env.CHARN_TEST_MODE;
const base = `http://127.0.0.1:${env.CHARN_TEST_PORT}/`;
const authority = `vscode-remote://127.0.0.1:${env.CHARN_TEST_PORT}`;
const WAIT_MS = 30000;
const VIEW = { width: 1280, height: 720 };
const TITLE_PX = 30;

const report = (line) => fs.appendFileSync(env.CHARN_TEST_REPORT, line + '\n');
/** Saves what the page shows, without the title bar. */
const picture = (page, name) => page.screenshot({
  path: path.join(env.CHARN_TEST_PICTURES, name + '.png'), clip: { x: 0, y: TITLE_PX, width: VIEW.width, height: VIEW.height - TITLE_PX },
});

async function launch() {
  const browser = await chromium.launch({
    executablePath: env.CHARN_TEST_BROWSER, timeout: WAIT_MS,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'],
  });
  const page = await browser.newPage({ viewport: VIEW });
  page.setDefaultTimeout(WAIT_MS);
  return { browser, page };
}

function address(payload) {
  const words = Object.entries(payload).map(([key, value]) => [key, value]);
  return `${base}?folder=${encodeURIComponent(env.CHARN_TEST_WORKSPACE)}&payload=${encodeURIComponent(JSON.stringify(words))}`;
}

async function api(page) {
  let exit;
  const ended = new Promise((resolve) => { exit = resolve; });
  await page.exposeFunction('codeAutomationLog', () => undefined);
  await page.exposeFunction('codeAutomationExit', (code) => exit(code));
  await page.goto(address({ extensionDevelopmentPath: authority + env.CHARN_TEST_EXTENSION, extensionTestsPath: authority + env.CHARN_TEST_API, skipWelcome: 'true' }));
  const limit = new Promise((resolve) => setTimeout(() => resolve('nothing: it did not end'), Number(env.CHARN_TEST_API_LIMIT_MS || 240000)).unref());
  const code = await Promise.race([ended, limit]);
  if (code !== 0) {
    await picture(page, 'api');
  }
  report(code === 0 ? 'ok the extension host reports success' : `not ok the extension host reports success: it reported ${code}`);
}

/** Steps of the user interface: each is a check, and the first that fails ends the run. */
class Steps {
  constructor(page) { this.page = page; }
  async step(name, action) {
    try {
      await action(this.page);
      report('ok ' + name);
    } catch (error) {
      await picture(this.page, 'failed-' + name.replace(/\W+/g, '-')).catch(() => undefined);
      report(`not ok ${name}: ${String(error.message).replace(/\s+/g, ' ').slice(0, 400)}`);
      throw new Error('stopped at: ' + name);
    }
  }
}

async function command(page, words) {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget:visible input.input');
  await input.waitFor();
  await input.fill('>' + words);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: words }).first().waitFor();
  await page.waitForTimeout(200);
  await page.keyboard.press('Enter');
}

async function openFile(page, name) {
  const row = page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`);
  await row.waitFor();
  await row.dblclick();
  await page.locator(`.tab.active[data-resource-name="${name}"], .tab.active[aria-label^="${name}"]`).first().waitFor();
  await page.locator('.monaco-editor .view-lines .view-line').first().waitFor();
}

async function goToLine(page, line) {
  await page.keyboard.press('Control+g');
  const input = page.locator('.quick-input-widget:visible input.input');
  await input.waitFor();
  await input.fill(':' + line);
  await page.keyboard.press('Enter');
  await page.locator(`.statusbar-item:has-text("Ln ${line}")`).waitFor();
}

const attached = { state: 'attached' };

async function ui(page) {
  const run = new Steps(page);
  const debug = expected.debug;
  await page.goto(address({ extensionDevelopmentPath: authority + env.CHARN_TEST_EXTENSION, skipWelcome: 'true' }));
  await run.step('the wrong file opens from the explorer', () => openFile(page, expected.diagnostic.file));
  await run.step('the wrong word is underlined', () => page.locator('.monaco-editor .squiggly-error').first().waitFor(attached));
  await run.step('the status bar counts one error', () => page.locator('#status\\.problems[aria-label*="Errors: 1"]').waitFor());
  await run.step('the Problems panel tells it', async () => {
    await page.keyboard.press('Control+Shift+M');
    await page.locator(`.markers-panel .monaco-list-row:has-text("${expected.diagnostic.says}")`).first().waitFor();
  });
  await run.step('resting on the word shows the message', async () => {
    await page.locator('.monaco-editor .view-line span span', { hasText: expected.diagnostic.text }).first().hover();
    await page.locator('.monaco-hover:not(.hidden) .hover-contents', { hasText: expected.diagnostic.says }).first().waitFor();
    await page.waitForTimeout(400);
    await picture(page, 'diagnostics');
  });
  await run.step('mending the word clears the error', async () => {
    await page.locator('.monaco-editor .view-lines').first().click();
    await goToLine(page, expected.diagnostic.line);
    await page.keyboard.press('Control+h');
    await page.locator('.find-widget.visible .find-part textarea').waitFor();
    await page.keyboard.type(expected.diagnostic.mend.from);
    await page.keyboard.press('Tab');
    await page.keyboard.type(expected.diagnostic.mend.to);
    await page.keyboard.press('Control+Alt+Enter');
    await page.keyboard.press('Escape');
    await page.locator('.monaco-editor .squiggly-error').first().waitFor({ state: 'detached' });
  });
  await run.step('suggestions appear', async () => {
    await page.locator('.monaco-editor .view-lines').first().click();
    await goToLine(page, 4);
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget.visible .monaco-list-row').first().waitFor();
    await page.keyboard.press('Escape');
  });
  await run.step('the panel closes', async () => {
    await page.keyboard.press('Control+j');
    await page.locator('.markers-panel').waitFor({ state: 'hidden' });
  });
  await run.step('the program opens', () => openFile(page, debug.program));
  await run.step('F9 sets a breakpoint', async () => {
    await goToLine(page, debug.breakpoint.line);
    await page.keyboard.press('F9');
    await page.locator('.codicon-debug-breakpoint').first().waitFor(attached);
  });
  await run.step('F5 runs to it', async () => {
    await page.keyboard.press('F5');
    await page.locator('.debug-toolbar').waitFor();
    await page.locator('.debug-top-stack-frame-line').first().waitFor(attached);
  });
  await run.step('the call stack names the functions', async () => {
    for (const name of debug.stack) {
      await page.locator('.debug-call-stack .monaco-list-row', { hasText: name }).first().waitFor();
    }
  });
  await run.step('the variables show the locals', async () => {
    for (const [name, value] of Object.entries(debug.locals)) {
      await page.locator('.debug-variables .monaco-list-row', { hasText: name }).filter({ hasText: value }).first().waitFor();
    }
  });
  await run.step('a variable opens to its parts', async () => {
    const row = page.locator(`.debug-variables .monaco-list-row[aria-label^="${debug.nested.variable},"], .debug-variables .monaco-list-row[aria-label^="${debug.nested.variable} "]`).first();
    await row.locator('.monaco-tl-twistie').click();
    await page.locator('.debug-variables .monaco-list-row', { hasText: debug.nested.child }).filter({ hasText: debug.nested.value }).first().waitFor();
    await page.waitForTimeout(400);
    await picture(page, 'stopped-debugger');
  });
  await run.step('F10 goes to the next line', async () => {
    await page.keyboard.press('F10');
    await page.locator(`.debug-call-stack .monaco-list-row:has-text("${debug.next.line}:")`).first().waitFor();
    for (const [name, value] of Object.entries(debug.next.locals)) {
      await page.locator('.debug-variables .monaco-list-row', { hasText: name }).filter({ hasText: value }).first().waitFor();
    }
  });
  await run.step('the debug console evaluates', async () => {
    await command(page, 'Focus on Debug Console View');
    await page.locator('.repl-input-wrapper .monaco-editor').waitFor();
    await page.keyboard.type(debug.evaluate.expression);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.locator('.repl .monaco-list-row.output, .repl .monaco-list-row', { hasText: new RegExp('^\\s*' + debug.evaluate.value + '\\s*$') }).first().waitFor();
  });
  await run.step('without the breakpoint F5 runs to the end', async () => {
    await command(page, 'Remove All Breakpoints');
    await page.locator('.codicon-debug-breakpoint').first().waitFor({ state: 'detached' });
    await page.keyboard.press('F5');
    await page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
    await page.locator('.repl .monaco-list-row', { hasText: debug.output }).first().waitFor();
  });
  await run.step('Shift+F5 stops a stopped program, without complaints', async () => {
    await page.locator('.monaco-editor .view-lines').first().click();
    await goToLine(page, debug.breakpoint.line);
    await page.keyboard.press('F9');
    await page.keyboard.press('F5');
    await page.locator('.debug-top-stack-frame-line').first().waitFor(attached);
    await page.keyboard.press('Shift+F5');
    await page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
    await page.waitForTimeout(1000);
    const said = await page.locator('.notification-list-item').allInnerTexts();
    if (said.length > 0) {
      throw new Error(said.join('; '));
    }
  });
}

async function bad(page) {
  const run = new Steps(page);
  await page.goto(address({ extensionDevelopmentPath: authority + env.CHARN_TEST_EXTENSION, skipWelcome: 'true' }));
  await run.step('a file opens', () => openFile(page, expected.debug.program));
  const toast = (text) => page.locator('.notifications-toasts .notification-list-item', { hasText: text }).first().waitFor();
  if (env.CHARN_TEST_BAD === 'missing') {
    await run.step('the user is told that there is no language server', () => toast("cannot run the language server '/nowhere/charn-lsp'"));
  } else {
    await run.step('the user is told that the language server ended', () => toast(/language server .* (did not start|ended)/));
  }
  await run.step('F5 says that the adapter is of no use', async () => {
    await page.locator('.monaco-editor .view-lines').first().click();
    await page.keyboard.press('F5');
    await page.locator('.monaco-dialog-box, .notifications-toasts .notification-list-item', { hasText: /debug adapter|charn-dap/i }).first().waitFor();
  });
}

/** A folder that is not trusted: its settings may not choose the server, but diagnostics come from the user's own. */
async function trust(page) {
  const run = new Steps(page);
  const mark = env.CHARN_TEST_MARK;
  await page.goto(address({ extensionDevelopmentPath: authority + env.CHARN_TEST_EXTENSION, skipWelcome: 'true' }));
  await run.step('the folder is opened without trust', () => page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).first().waitFor());
  await run.step('the wrong file opens', () => openFile(page, expected.diagnostic.file));
  await run.step('without trust the wrong word is underlined', () => page.locator('.monaco-editor .squiggly-error').first().waitFor(attached));
  await run.step("without trust the folder's own server is not started", async () => {
    if (fs.existsSync(mark)) {
      throw new Error('it was started');
    }
  });
  await run.step("with trust the folder's settings count", async () => {
    await command(page, 'Workspaces: Manage Workspace Trust');
    await page.locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ }).first().click();
    const deadline = Date.now() + WAIT_MS;
    while (!fs.existsSync(mark)) {
      if (Date.now() > deadline) {
        throw new Error('the server that the folder names was not started');
      }
      await page.waitForTimeout(100);
    }
  });
}

(async () => {
  let browser;
  try {
    const started = await launch();
    browser = started.browser;
    await { api, ui, bad, trust }[mode](started.page);
    report('end');
  } catch (error) {
    if (String(error.message).startsWith('stopped at')) {
      report('end');
    } else {
      console.error(error);
    }
  } finally {
    await browser?.close().catch(() => undefined);
  }
})();
