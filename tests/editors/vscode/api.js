// Runs inside VS Code's extension host with the whole `vscode` API: what a user gets, as values. VS Code calls run().
'use strict';
const fs = require('fs');
const path = require('path');
const vscode = require('vscode');

const env = process.env;
const expected = JSON.parse(fs.readFileSync(path.join(env.CHARN_TEST_FIXTURE, 'expected.json'), 'utf8'));
const WAIT_MS = Number(env.CHARN_TEST_DEADLINE_MS || 15000);
let failed = 0;

function ok(condition, name, why) {
  failed += condition ? 0 : 1;
  const text = typeof why === 'string' ? why : JSON.stringify(why) ?? '';
  fs.appendFileSync(env.CHARN_TEST_REPORT, condition ? `ok ${name}\n` : `not ok ${name}: ${text.replace(/\s+/g, ' ').slice(0, 500)}\n`);
  return Boolean(condition);
}

/** Waits until `probe` gives something truthy; gives that, or undefined when the time is over. */
async function until(probe, milliseconds = WAIT_MS) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await probe();
    if (value || Date.now() > deadline) {
      return value || undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const file = (name) => vscode.Uri.file(path.join(env.CHARN_TEST_WORKSPACE, name));
const position = (place) => new vscode.Position(place.line - 1, place.column - 1);
async function open(name) {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file(name)));
}
const errors = (name) => vscode.languages.getDiagnostics(file(name)).filter((one) => one.severity === vscode.DiagnosticSeverity.Error);
const shape = (range) => [range.start.line + 1, range.start.character + 1, range.end.line + 1, range.end.character + 1];
const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);

async function replace(editor, from, to) {
  const text = editor.document.getText();
  const start = text.indexOf(from);
  await editor.edit((edit) => edit.replace(new vscode.Range(editor.document.positionAt(start), editor.document.positionAt(start + from.length)), to));
}

async function language() {
  const wrong = expected.diagnostic;
  const editor = await open(wrong.file);
  ok(editor.document.languageId === 'harn', 'a .harn file has the language harn', editor.document.languageId);
  ok(editor.options.tabSize === 2 && editor.options.insertSpaces === true, 'two spaces are a step', [editor.options.tabSize, editor.options.insertSpaces]);
  const found = await until(() => errors(wrong.file).length > 0);
  if (!ok(found, 'the error is shown', 'no diagnostic came')) {
    return;
  }
  const where = [wrong.line, wrong.column, wrong.line, wrong.column + wrong.text.length];
  const all = errors(wrong.file);
  ok(all.length === 1 && same(shape(all[0].range), where), 'it underlines exactly the wrong word', { want: where, got: all.map((one) => [shape(one.range), one.message]) });
  ok(all[0].message.includes(wrong.says), 'its message names the word', all[0].message);
  await replace(editor, wrong.mend.from, wrong.mend.to);
  ok(await until(() => errors(wrong.file).length === 0), 'mending the word clears the error', errors(wrong.file).map((one) => one.message));
  await vscode.commands.executeCommand('undo');
  ok(await until(() => errors(wrong.file).length === 1 && same(shape(errors(wrong.file)[0].range), where)), 'undoing the mend brings it back', errors(wrong.file).map((one) => shape(one.range)));
  await vscode.commands.executeCommand('workbench.action.files.revert');

  await open(expected.syntax.file);
  await until(() => errors(expected.syntax.file).length > 0);
  const [from, to] = expected.syntax.lines;
  const lines = errors(expected.syntax.file).map((one) => one.range.start.line + 1);
  ok(lines.length > 0 && lines.every((line) => line >= from && line <= to), 'half-typed code has its error where it is half-typed', lines);

  await open(expected.hover.file);
  const hovers = await vscode.commands.executeCommand('vscode.executeHoverProvider', file(expected.hover.file), position(expected.hover));
  const text = hovers.flatMap((hover) => hover.contents.map((part) => part.value ?? part)).join('\n');
  ok(expected.hover.says.every((word) => text.includes(word)), 'hover tells the signature', text);

  const imported = file(expected.definition.to.file).fsPath;
  fs.writeFileSync(imported, fs.readFileSync(imported, 'utf8').replace('height: int)', 'height: int, floors: int = 1)'));
  const seen = await until(async () => {
    const after = await vscode.commands.executeCommand('vscode.executeHoverProvider', file(expected.hover.file), position(expected.hover));
    return after.some((hover) => hover.contents.some((part) => (part.value ?? part).includes('floors')));
  });
  ok(seen, 'a file that changes on disk is read again', 'hover still shows the old signature');
  fs.copyFileSync(path.join(env.CHARN_TEST_FIXTURE, expected.definition.to.file), imported);

  for (const [name, place] of [['definition jumps inside the file', expected.local_definition], ['definition jumps to the imported function', expected.definition]]) {
    const targets = await vscode.commands.executeCommand('vscode.executeDefinitionProvider', file(place.file), position(place));
    const got = targets.map((one) => [path.basename((one.targetUri ?? one.uri).fsPath), ...shape(one.targetSelectionRange ?? one.targetRange ?? one.range).slice(0, 2)]);
    ok(got.length === 1 && same(got[0], [place.to.file, place.to.line, place.to.column]), name, got);
  }

  const symbols = await vscode.commands.executeCommand('vscode.executeDocumentSymbolProvider', file(expected.symbols.file)) ?? [];
  const names = symbols.map((one) => one.name);
  ok(expected.symbols.names.every((name) => names.includes(name)), 'the symbols of the file are listed', names);

  const list = await vscode.commands.executeCommand('vscode.executeCompletionItemProvider', file(expected.completion.file), position(expected.completion));
  const labels = list.items.map((item) => item.label.label ?? item.label);
  const missing = expected.completion.names.filter((name) => !labels.includes(name));
  ok(missing.length === 0, 'completion offers the names in scope', { missing });

  const legend = await vscode.commands.executeCommand('vscode.provideDocumentSemanticTokensLegend', file(expected.semantic.file));
  const tokens = await vscode.commands.executeCommand('vscode.provideDocumentSemanticTokens', file(expected.semantic.file));
  let line = 0, column = 0, kind;
  for (let i = 0; tokens && i + 4 < tokens.data.length; i += 5) {
    column = tokens.data[i] === 0 ? column + tokens.data[i + 1] : tokens.data[i + 1];
    line += tokens.data[i];
    if (line === expected.semantic.line - 1 && column === expected.semantic.column - 1) {
      kind = legend.tokenTypes[tokens.data[i + 3]];
    }
  }
  ok(kind === expected.semantic.type, 'semantic tokens tell functions', kind ?? 'no token there');
}

async function editing() {
  const document = await vscode.workspace.openTextDocument({ language: 'harn', content: '' });
  const editor = await vscode.window.showTextDocument(document);
  const type = (text) => vscode.commands.executeCommand('type', { text });
  await type('fn f() {');
  await type('\n');
  await type('return [1');
  ok(document.getText() === 'fn f() {\n  return [1]\n}', 'typing closes brackets and indents', document.getText());
  await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, 99, 0), '/**'));
  editor.selection = new vscode.Selection(0, 3, 0, 3);
  await type('\n');
  ok(document.lineAt(1).text.startsWith(' * '), 'a doc comment goes on', document.getText());
  await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, 99, 0), 'let a = 1'));
  editor.selection = new vscode.Selection(0, 0, 0, 0);
  await vscode.commands.executeCommand('editor.action.commentLine');
  ok(document.getText() === '// let a = 1', 'the comment command comments', document.getText());
  await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, 99, 0), ''));
  await vscode.commands.executeCommand('editor.action.insertSnippet', { langId: 'harn', name: 'Pipeline' });
  ok(/^pipeline default\(task\) \{\n  \n\}$/.test(document.getText()), 'the pipeline snippet is there', document.getText());
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
}

/** Follows one debug session: every message that the adapter sends, in order. */
class Follower {
  constructor() {
    this.events = [];
    this.taken = 0;
    this.session = undefined;
    this.registration = vscode.debug.registerDebugAdapterTrackerFactory('harn', {
      createDebugAdapterTracker: (session) => {
        this.session = session;
        return { onDidSendMessage: (message) => message.type === 'event' && this.events.push(message) };
      },
    });
  }
  /** The next event of this name after those already taken. */
  async next(name) {
    return until(() => {
      const index = this.events.findIndex((event, at) => at >= this.taken && event.event === name);
      if (index >= 0) {
        this.taken = index + 1;
        return this.events[index];
      }
      return undefined;
    });
  }
  has(name) { return this.events.some((event) => event.event === name); }
  async stack() { return (await this.session.customRequest('stackTrace', { threadId: await this.thread() })).stackFrames; }
  async thread() { return (await this.session.customRequest('threads')).threads[0].id; }
  async locals() {
    const frame = (await this.stack())[0];
    const { scopes } = await this.session.customRequest('scopes', { frameId: frame.id });
    const { variables } = await this.session.customRequest('variables', { variablesReference: scopes[0].variablesReference });
    return variables;
  }
  output() { return this.events.filter((event) => event.event === 'output').map((event) => event.body.output).join(''); }
  /** Waits until VS Code itself has noticed the end, so that the next session starts afresh. */
  async end() {
    await until(() => vscode.debug.activeDebugSession === undefined, 5000);
    this.registration.dispose();
  }
}

const launch = (more = {}) => ({ type: 'harn', request: 'launch', name: 'test', program: file(expected.debug.program).fsPath, ...more });
const shows = (variables, wanted) => Object.entries(wanted).every(([name, value]) => variables.some((one) => one.name === name && one.value.includes(value)));
const brief = (variables) => variables.map((one) => `${one.name}=${one.value}`);

async function debugging() {
  const debug = expected.debug;
  const folder = vscode.workspace.workspaceFolders[0];
  const point = new vscode.SourceBreakpoint(new vscode.Location(file(debug.breakpoint.file), new vscode.Position(debug.breakpoint.line - 1, 0)));
  vscode.debug.addBreakpoints([point]);
  let follow = new Follower();
  ok(await vscode.debug.startDebugging(folder, launch()), 'a debug session starts', 'startDebugging gave false');
  let stopped = await follow.next('stopped');
  if (!ok(stopped?.body.reason === 'breakpoint', 'it stops at the breakpoint', stopped?.body ?? follow.events.map((event) => event.event))) {
    await vscode.debug.stopDebugging();
    return;
  }
  let frames = await follow.stack();
  ok(frames[0].line === debug.breakpoint.line && frames[0].column === debug.breakpoint.column && path.basename(frames[0].source.path) === debug.breakpoint.file, 'on its line', frames[0]);
  ok(same(frames.slice(0, debug.stack.length).map((frame) => frame.name), debug.stack), 'the stack has the callers, innermost first', frames.map((frame) => frame.name));
  let locals = await follow.locals();
  ok(shows(locals, debug.locals), 'the locals have their values', brief(locals));
  const nested = locals.find((one) => one.name === debug.nested.variable);
  const parts = nested?.variablesReference ? (await follow.session.customRequest('variables', { variablesReference: nested.variablesReference })).variables : [];
  ok(shows(parts, { [debug.nested.child]: debug.nested.value }), 'a dict opens to its parts', brief(parts));
  const answer = await follow.session.customRequest('evaluate', { expression: debug.evaluate.expression, frameId: frames[0].id, context: 'watch' });
  ok(answer.result === debug.evaluate.value, 'a watch expression is evaluated in the frame', answer.result);

  await vscode.commands.executeCommand('workbench.action.debug.stepOver');
  stopped = await follow.next('stopped');
  frames = await follow.stack();
  locals = await follow.locals();
  ok(frames[0].line === debug.next.line, 'step over goes to the next line', frames[0].line);
  ok(shows(locals, debug.next.locals), 'and the line before has been run', brief(locals));

  await vscode.commands.executeCommand('workbench.action.debug.continue');
  await follow.next('stopped');
  await vscode.commands.executeCommand('workbench.action.debug.stepInto');
  await follow.next('stopped');
  frames = await follow.stack();
  locals = await follow.locals();
  ok(frames[0].name === debug.step_in.function && frames[0].line === debug.step_in.line && path.basename(frames[0].source.path) === debug.step_in.file,
    'step in enters the imported function', frames[0]);
  ok(shows(locals, debug.step_in.locals), 'with its arguments', brief(locals));
  await vscode.commands.executeCommand('workbench.action.debug.stepOut');
  await follow.next('stopped');
  frames = await follow.stack();
  ok(frames[0].name === debug.stack[0], 'step out comes back', frames[0]);
  await vscode.commands.executeCommand('workbench.action.debug.continue');
  ok(await follow.next('terminated'), 'continue runs to the end', follow.events.map((event) => event.event));
  ok(follow.output().includes(debug.output), 'the output has arrived', follow.output());
  const exited = follow.events.find((event) => event.event === 'exited');
  ok(exited?.body.exitCode === debug.exit_code, 'the exit code has arrived', exited?.body ?? 'no exited event');
  await follow.end();

  follow = new Follower();
  await vscode.debug.startDebugging(folder, launch(), { noDebug: true });
  ok(await follow.next('terminated'), 'run without debugging runs to the end', follow.events.map((event) => event.event));
  ok(!follow.has('stopped') && follow.output().includes(debug.output), 'past the breakpoint', follow.events.map((event) => event.event));
  await follow.end();
  vscode.debug.removeBreakpoints([point]);

  follow = new Follower();
  await vscode.debug.startDebugging(folder, launch({ stopOnEntry: true }));
  stopped = await follow.next('stopped');
  ok(stopped?.body.reason === 'entry', 'stopOnEntry stops at the entry', stopped?.body);
  await vscode.debug.stopDebugging(follow.session);
  ok(await until(() => vscode.debug.activeDebugSession === undefined), 'stop ends the session', 'it is still there');
  await follow.end();

  const started = await vscode.debug.startDebugging(folder, launch({ program: file('nothing.harn').fsPath })).then((value) => value, () => false);
  ok(started === false, 'a program that is not there is refused before a session starts', started);
}

/** Each file shows what `charn check --json` says of it; CHARN_TEST_SAID holds that, with offsets in bytes. */
async function agreement() {
  for (const [name, said] of Object.entries(JSON.parse(fs.readFileSync(env.CHARN_TEST_SAID, 'utf8')))) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(name));
    await vscode.window.showTextDocument(document);
    const bytes = (position) => Buffer.byteLength(document.getText().slice(0, document.offsetAt(position)));
    const places = () => vscode.languages.getDiagnostics(document.uri)
      .map((one) => [bytes(one.range.start), bytes(one.range.end), one.severity + 1]).sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    const shown = () => places().filter((one, at, all) => at === 0 || !same(one, all[at - 1]));
    const agrees = await until(() => same(shown(), said));
    const symbols = await vscode.commands.executeCommand('vscode.executeDocumentSymbolProvider', document.uri);
    ok(agrees && Array.isArray(symbols), `${path.basename(name)} has ${said.length} diagnostics and ${symbols?.length} symbols, as charn check says`, { shown: shown(), said });
  }
}

async function commands() {
  const known = await vscode.commands.getCommands(true);
  for (const name of ['harn.restartServer', 'harn.showOutput', 'harn.runFile', 'harn.debugFile']) {
    ok(known.includes(name), `the command ${name} exists`, 'missing');
  }
  await open(expected.diagnostic.file);
  await vscode.commands.executeCommand('harn.restartServer');
  ok(await until(() => errors(expected.diagnostic.file).length === 1), 'after a restart the diagnostics are back', errors(expected.diagnostic.file).length);
}

exports.run = async function run() {
  const parts = { language, editing, debugging, agreement, commands };
  for (const name of (env.CHARN_TEST_PARTS || 'language,editing,debugging,commands').split(',')) {
    try {
      await parts[name]();
    } catch (error) {
      ok(false, `${name} runs to its end`, error.stack);
    }
  }
  if (failed > 0) {
    throw new Error(`${failed} checks failed`);
  }
};
