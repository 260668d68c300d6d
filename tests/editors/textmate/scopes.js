// The TextMate grammar, as VS Code's own tokenizer reads it: the scopes of constructs.harn, and for other files that every
// string, comment and bracket ends where it should (the last line leaves nothing open, and nothing is marked invalid).
'use strict';
const fs = require('fs');
const path = require('path');
const modules = path.join(process.env.CHARN_TEST_CACHE, 'clients', 'node_modules');
const oniguruma = require(path.join(modules, 'vscode-oniguruma'));
const textmate = require(path.join(modules, 'vscode-textmate'));

const grammarFile = process.env.CHARN_TEST_GRAMMAR_FILE;
const LINE_MS = 1000;

function ok(condition, name, why = '') {
  fs.appendFileSync(process.env.CHARN_TEST_REPORT, condition ? `ok ${name}\n` : `not ok ${name}: ${String(why).replace(/\n/g, '\\n').slice(0, 900)}\n`);
}

/** Tokens of each line: [{text, scopes, start}]; and what is left open behind the last one. */
function tokenize(grammar, lines) {
  let stack = textmate.INITIAL;
  let slowest = 0;
  const tokens = lines.map((line) => {
    const started = Date.now();
    const result = grammar.tokenizeLine(line, stack);
    slowest = Math.max(slowest, Date.now() - started);
    stack = result.ruleStack;
    return result.tokens.map((token) => ({ start: token.startIndex, text: line.slice(token.startIndex, token.endIndex), scopes: token.scopes }));
  });
  return { tokens, depth: stack.depth, slowest };
}

/** The scopes at the n-th place where `text` stands in the line as a word of its own (or as it is, when it is no word). */
function scopesAt(line, tokens, text, n) {
  const edge = /^[\p{L}\p{N}_]+$/u.test(text) ? (at) => !/[\p{L}\p{N}_]/u.test(line[at - 1] ?? ' ') && (/^\d+$/.test(text) || !/[\p{L}\p{N}_]/u.test(line[at + text.length] ?? ' ')) : () => true;
  let at = -1;
  for (let seen = 0; seen < n;) {
    at = line.indexOf(text, at + 1);
    if (at < 0) {
      return undefined;
    }
    seen += edge(at) ? 1 : 0;
  }
  return [...tokens].reverse().find((token) => token.start <= at).scopes;
}

function checkConstructs(grammar, file) {
  const lines = [], claims = [];
  for (const line of fs.readFileSync(file, 'utf8').replace(/\n$/, '').split('\n')) {
    if (line.startsWith('//~ ')) {
      for (const claim of line.slice(4).split(/ ; (?=\S+ !?=)/)) {
        const [, text, nth, not, scope] = /^(\S+?)(?:#(\d+))? (!?)= ?(\S+)$/.exec(claim.trim());
        claims.push({ line: lines.length - 1, text, nth: Number(nth ?? 1), not: not === '!', scope });
      }
    } else {
      lines.push(line);
    }
  }
  const { tokens, depth } = tokenize(grammar, lines);
  for (const claim of claims) {
    const scopes = scopesAt(lines[claim.line], tokens[claim.line], claim.text, claim.nth);
    const has = scopes?.some((scope) => scope === claim.scope || scope.startsWith(claim.scope + '.'));
    ok(scopes && has !== claim.not, `${claim.text}${claim.nth > 1 ? ' (' + claim.nth + ')' : ''} is ${claim.not ? 'not ' : ''}${claim.scope} in '${lines[claim.line].trim().slice(0, 50).replace(/: /g, ':')}'`,
      scopes ? scopes.join(' ') : 'it is not there');
  }
  ok(depth === 1, 'nothing is left open at the end of constructs.harn', `depth ${depth}`);
}

function checkFiles(grammar, folder) {
  const files = fs.statSync(folder).isFile() ? [folder] : fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.harn')).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
  const wrong = [];
  for (const file of files) {
    // A file that exists to be wrong may end anywhere.
    if (/error|unclosed|broken|unfinished|wrong|invalid/.test(path.basename(file)) || fs.existsSync(file.replace(/\.harn$/, '.error'))) {
      continue;
    }
    const { tokens, depth } = tokenize(grammar, fs.readFileSync(file, 'utf8').replace(/\n$/, '').split(/\r?\n/));
    const invalid = tokens.flatMap((line, at) => line.filter((token) => token.scopes.some((scope) => scope.startsWith('invalid'))).map((token) => `${at + 1}:${token.start} '${token.text}'`));
    if (depth !== 1 || invalid.length > 0) {
      wrong.push(`${file}: ${depth === 1 ? '' : `${depth - 1} left open; `}${invalid.slice(0, 2).join(', ')}`);
    }
  }
  ok(wrong.length === 0, `all ${files.length} files below ${path.basename(folder)} end with nothing open and nothing invalid`, `${wrong.length}: ${wrong.slice(0, 8).join('\n')}`);
}

(async () => {
  await oniguruma.loadWASM(fs.readFileSync(path.join(modules, 'vscode-oniguruma/release/onig.wasm')).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({ createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns), createOnigString: (text) => new oniguruma.OnigString(text) }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(grammarFile, 'utf8'), grammarFile),
  });
  const grammar = await registry.loadGrammar('source.harn');
  checkConstructs(grammar, process.env.CHARN_TEST_CONSTRUCTS);
  for (const folder of process.env.CHARN_TEST_FILES.split(path.delimiter).filter((one) => one && fs.existsSync(one))) {
    checkFiles(grammar, folder);
  }
  const long = { 'a dict of 20,000 entries': '{' + 'a: 1, '.repeat(20000) + '}', '20,000 names and commas': 'f(' + 'abc, '.repeat(20000) + ')',
    '2,000 open brackets': '('.repeat(2000), '20,000 comparisons': 'x = ' + 'a < b '.repeat(20000), 'one open string': '"' + 'x'.repeat(100000) };
  for (const [name, line] of Object.entries(long)) {
    const { slowest } = tokenize(grammar, [line]);
    ok(slowest < LINE_MS, `${name} in one line take less than a second`, `${slowest} ms`);
  }
  fs.appendFileSync(process.env.CHARN_TEST_REPORT, 'end\n');
})();
