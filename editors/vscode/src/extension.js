// The VS Code extension is a thin client: it starts charn-lsp for the editor and charn-dap for each debug session, and it
// tells the user what to do when one of the two cannot be started. All knowledge of the language is in the servers.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const vscode = require('vscode');
const { LanguageClient, RevealOutputChannelOn, State } = require('vscode-languageclient/node');

/** Crashes of the server that are answered by a restart; the client gives up, and says so, when there are more in three minutes. */
const RESTARTS_MAX = 3;

/** @type {LanguageClient | undefined} */
let client;
/** @type {vscode.OutputChannel | undefined} */
let output;

/** A program setting with `~` and `${workspaceFolder}` replaced. */
function program(setting) {
  const value = (vscode.workspace.getConfiguration('harn').get(setting) || '').trim();
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir();
  return value.replace(/^~(?=\/|\\|$)/, os.homedir()).replace(/\$\{workspaceFolder\}/g, folder);
}

/** The file that would be run for `name`, or undefined: a path is taken as it is, a name is looked up on PATH. */
function findProgram(name) {
  const runnable = (file) => {
    try {
      fs.accessSync(file, fs.constants.X_OK);
      return fs.statSync(file).isFile();
    } catch {
      return false;
    }
  };
  if (name.includes('/') || name.includes(path.sep)) {
    return runnable(name) ? name : undefined;
  }
  const endings = process.platform === 'win32' ? ['.exe', ''] : [''];
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    for (const ending of endings) {
      if (folder && runnable(path.join(folder, name + ending))) {
        return path.join(folder, name + ending);
      }
    }
  }
  return undefined;
}

/** Says that a program is missing, and offers the setting that names it. */
async function reportMissing(what, name, setting) {
  const choice = await vscode.window.showErrorMessage(
    `Harn: cannot run the ${what} '${name}'. Put it on PATH, or set ${setting} to where it is.`, 'Open Settings');
  if (choice) {
    await vscode.commands.executeCommand('workbench.action.openSettings', setting);
  }
}

async function startServer() {
  const name = program('lsp.path');
  const command = findProgram(name);
  if (!command) {
    void reportMissing('language server', name, 'harn.lsp.path');
    return;
  }
  output ??= vscode.window.createOutputChannel('Harn Language Server');
  const started = new LanguageClient('harn', 'Harn Language Server',
    { command, args: vscode.workspace.getConfiguration('harn').get('lsp.arguments'), options: { shell: false } },
    {
      documentSelector: [{ scheme: 'file', language: 'harn' }, { scheme: 'untitled', language: 'harn' }],
      synchronize: { configurationSection: 'harn' },
      outputChannel: output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      connectionOptions: { maxRestartCount: RESTARTS_MAX },
    });
  client = started;
  try {
    await started.start();
  } catch (error) {
    if (client !== started) {
      return;
    }
    const choice = await vscode.window.showErrorMessage(
      `Harn: the language server '${command}' did not start: ${error instanceof Error ? error.message : error}. ` +
      'Its output says why; setting harn.lsp.path chooses another one.', 'Show Output', 'Open Settings');
    if (choice === 'Show Output') {
      output.show();
    } else if (choice) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'harn.lsp.path');
    }
  }
}

async function stopServer() {
  const stopping = client;
  client = undefined;
  // A client that never came up, or whose server has ended, cannot be asked to stop.
  if (stopping && stopping.state === State.Running) {
    await stopping.stop().catch(() => undefined);
  }
  await stopping?.dispose().catch(() => undefined);
}

/** One restart at a time: settings often change several at once. */
let restarting = Promise.resolve();
function restartServer() {
  restarting = restarting.then(stopServer).then(startServer);
  return restarting;
}

/** The Harn file that a command or an empty launch configuration means. */
function activeFile() {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === 'harn' && document.uri.scheme === 'file' ? document.uri.fsPath : undefined;
}

const debugConfigurations = {
  /** Completes what F5 without launch.json, or a configuration with gaps, leaves open. */
  resolveDebugConfiguration(folder, config) {
    if (!config.type && !config.request && !config.name) {
      const file = activeFile();
      if (!file) {
        void vscode.window.showErrorMessage('Harn: open the .harn file to debug, or write a launch configuration.');
        return undefined;
      }
      config = { type: 'harn', request: 'launch', name: 'Debug Harn file', program: file };
    }
    config.cwd ??= folder?.uri.fsPath ?? (config.program ? path.dirname(config.program) : undefined);
    return config;
  },
  /** Checks after `${file}` and its like have been replaced, so that the message shows the real path. */
  resolveDebugConfigurationWithSubstitutedVariables(_folder, config) {
    if (!config.program) {
      void vscode.window.showErrorMessage('Harn: the launch configuration names no program. Add "program": "${file}".');
      return undefined;
    }
    if (!config.debugServer && !fs.existsSync(path.resolve(config.cwd ?? '.', config.program))) {
      void vscode.window.showErrorMessage(`Harn: there is no file ${config.program}. Correct "program" in launch.json.`);
      return undefined;
    }
    return config;
  },
  provideDebugConfigurations() {
    return [
      { type: 'harn', request: 'launch', name: 'Debug Harn file', program: '${file}', cwd: '${workspaceFolder}' },
    ];
  },
};

const debugAdapters = {
  async createDebugAdapterDescriptor() {
    const name = program('dap.path');
    const command = findProgram(name);
    if (!command) {
      void reportMissing('debug adapter', name, 'harn.dap.path');
      throw new Error(`cannot run '${name}' (setting harn.dap.path)`);
    }
    return new vscode.DebugAdapterExecutable(command, []);
  },
};

async function runFile(uri) {
  const file = uri instanceof vscode.Uri ? uri.fsPath : activeFile();
  const name = program('cli.path');
  const command = findProgram(name);
  if (!command) {
    return reportMissing('command line', name, 'harn.cli.path');
  }
  if (!file) {
    return vscode.window.showErrorMessage('Harn: open the .harn file to run.');
  }
  await vscode.workspace.textDocuments.find((document) => document.uri.fsPath === file)?.save();
  // A task instead of typed shell text: no quoting, and the panel is used again.
  const task = new vscode.Task({ type: 'process' }, vscode.TaskScope.Workspace, path.basename(file), 'Harn',
    new vscode.ProcessExecution(command, ['run', file], { cwd: vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file))?.uri.fsPath ?? path.dirname(file) }));
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true, panel: vscode.TaskPanelKind.Dedicated };
  await vscode.tasks.executeTask(task);
}

function debugFile(uri) {
  const file = uri instanceof vscode.Uri ? uri.fsPath : activeFile();
  return vscode.debug.startDebugging(file ? vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file)) : undefined,
    { type: 'harn', request: 'launch', name: 'Debug Harn file', program: file });
}

exports.activate = async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('harn.restartServer', restartServer),
    vscode.commands.registerCommand('harn.showOutput', () => output?.show()),
    vscode.commands.registerCommand('harn.runFile', runFile),
    vscode.commands.registerCommand('harn.debugFile', debugFile),
    vscode.debug.registerDebugConfigurationProvider('harn', debugConfigurations),
    vscode.debug.registerDebugConfigurationProvider('harn', debugConfigurations, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
    vscode.debug.registerDebugAdapterDescriptorFactory('harn', debugAdapters),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('harn.lsp')) {
        void restartServer();
      }
    }),
    { dispose: () => output?.dispose() },
  );
  void restartServer();
};

exports.deactivate = stopServer;
