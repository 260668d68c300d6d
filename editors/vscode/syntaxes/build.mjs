// Writes harn.tmLanguage.json, the TextMate grammar: `npm run grammar`. The JSON is committed, and a test compares the two.
// TextMate matches one line at a time and knows no syntax tree, so this colours by shape alone; the language server's
// semantic tokens and, in Neovim, tree-sitter know better. What it must get right: strings with interpolation, nested
// comments, and brackets, since a mistake there spoils the rest of the file. Order matters: the first pattern wins.
import fs from 'node:fs';

const R = String.raw;
const id = R`[\p{Alphabetic}_][\p{Alphabetic}\p{N}_]*`;
const prim = 'int|float|string|bool|list|dict|set|bytes|any|unknown|never|closure|duration|iter|pair|range|nil';
const m = (match, name, captures) => ({ match, ...(name ? { name } : {}), ...(captures ? { captures: caps(captures) } : {}) });
const caps = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, typeof v === 'string' ? { name: v } : v]));
const be = (begin, end, name, beginCaptures, endCaptures, patterns) => ({
  ...(name ? { name } : {}), begin, ...(beginCaptures ? { beginCaptures: caps(beginCaptures) } : {}),
  end, ...(endCaptures ? { endCaptures: caps(endCaptures) } : {}), patterns });
const inc = (...names) => names.map((n) => ({ include: n.startsWith('$') ? n : '#' + n }));
const brace = { 0: 'punctuation.section.block.begin.harn' }, braceEnd = { 0: 'punctuation.section.block.end.harn' };

const head = (keyword, scope, entity, extra = []) => be(
  R`\b(?:(gen)\s+)?(${keyword})\b(?:\s+(${id}))?(?=\s*[(<{\s]|$)`, R`(?=[{}),=;])|$`, 'meta.' + scope + '.harn',
  { 1: 'storage.modifier.harn', 2: 'storage.type.' + scope + '.harn', 3: entity }, null,
  inc('comments', 'type-parameters', 'parameters', 'return-shape', 'return-type', 'where', ...extra));

const grammar = {
  name: 'Harn', scopeName: 'source.harn', fileTypes: ['harn'],
  patterns: [ m(R`\A#!.*$`, 'comment.line.shebang.harn'), ...inc('code') ],
  repository: {
    code: { patterns: inc('comments', 'continuation', 'attribute', 'declarations', 'binding', 'for', 'catch', 'select', 'strings', 'numbers',
      'closure', 'block', 'brackets', 'keywords', 'constants', 'members', 'calls', 'keys', 'operators', 'types-by-name', 'punctuation', 'names') },
    comments: { patterns: [
      m(R`(///)(?!/).*$`, 'comment.line.documentation.harn', { 1: 'punctuation.definition.comment.harn' }),
      m(R`(//).*$`, 'comment.line.double-slash.harn', { 1: 'punctuation.definition.comment.harn' }),
      be(R`/\*\*(?![*/])`, R`\*/`, 'comment.block.documentation.harn', { 0: 'punctuation.definition.comment.begin.harn' }, { 0: 'punctuation.definition.comment.end.harn' }, inc('comment-nested')),
      be(R`/\*`, R`\*/`, 'comment.block.harn', { 0: 'punctuation.definition.comment.begin.harn' }, { 0: 'punctuation.definition.comment.end.harn' }, inc('comment-nested')),
    ] },
    'comment-nested': be(R`/\*`, R`\*/`, null, null, null, inc('comment-nested')),
    continuation: m(R`\\$`, 'punctuation.separator.continuation.harn'),
    attribute: { patterns: [
      be(R`(@)(${id})(\()`, R`\)`, 'meta.attribute.harn', { 1: 'punctuation.definition.attribute.harn', 2: 'entity.name.function.decorator.harn', 3: 'punctuation.section.arguments.begin.harn' }, { 0: 'punctuation.section.arguments.end.harn' },
        [ ...inc('comments', 'strings', 'numbers', 'constants'), m(R`(${id})\s*(:)`, null, { 1: 'variable.parameter.attribute.harn', 2: 'punctuation.separator.key-value.harn' }), m(id, 'constant.other.harn'), ...inc('block', 'brackets', 'punctuation', 'operators') ]),
      m(R`(@)(${id})`, 'meta.attribute.harn', { 1: 'punctuation.definition.attribute.harn', 2: 'entity.name.function.decorator.harn' }),
    ] },
    declarations: { patterns: [
      be(R`\b(import)\b\s*(\{)`, R`\}`, 'meta.import.harn', { 1: 'keyword.control.import.harn', 2: 'punctuation.section.braces.begin.harn' }, { 0: 'punctuation.section.braces.end.harn' }, [ ...inc('comments'), m(id, 'variable.other.import.harn'), ...inc('punctuation') ]),
      m(R`\b(import)\b`, null, { 1: 'keyword.control.import.harn' }),
      m(R`\b(from)\b(?=\s*")`, null, { 1: 'keyword.control.import.harn' }),
      m(R`\bpub\b`, 'storage.modifier.harn'),
      head('fn', 'function', 'entity.name.function.harn'),
      head('pipeline', 'pipeline', 'entity.name.function.pipeline.harn', ['extends']),
      head('tool', 'tool', 'entity.name.function.tool.harn'),
      head('override', 'override', 'entity.name.function.pipeline.harn'),
      be(R`\b(skill)\s+(${id})\s*(\{)`, R`\}`, 'meta.skill.harn', { 1: 'storage.type.skill.harn', 2: 'entity.name.type.skill.harn', 3: 'punctuation.section.block.begin.harn' }, braceEnd,
        [ m(R`(?:^|;)\s*(${id})(?=[ \t]+[^\s=.:])`, null, { 1: 'variable.other.property.harn' }), ...inc('code') ]),
      be(R`\b(eval_pack)\b(?:\s+(${id}))?`, R`(?=\{)|$`, 'meta.eval-pack.harn', { 1: 'storage.type.eval-pack.harn', 2: 'entity.name.type.eval-pack.harn' }, null, inc('comments', 'strings')),
      m(R`^\s*(summarize)(?=\s*\{)`, null, { 1: 'keyword.other.harn' }),
      m(R`^\s*(description)(?=\s+")`, null, { 1: 'variable.other.property.harn' }),
      be(R`\b(struct|enum|interface)\s+(${id})`, R`(?=\{)|$`, 'meta.type-declaration.harn', { 1: 'storage.type.$1.harn', 2: 'entity.name.type.$1.harn' }, null, inc('comments', 'type-parameters')),
      m(R`\b(impl)\s+(${id})`, 'meta.impl.harn', { 1: 'storage.type.impl.harn', 2: 'entity.name.type.harn' }),
      be(R`\b(type)\s+(${id})`, R`$|(?=;)`, 'meta.type-alias.harn', { 1: 'storage.type.type.harn', 2: 'entity.name.type.alias.harn' }, null,
        [ ...inc('comments', 'type-parameters'), be('=', R`$|(?=;)`, null, { 0: 'keyword.operator.assignment.harn' }, null, inc('type')) ]),
      m(R`\b(extends)\s+(${id})`, null, { 1: 'storage.modifier.harn', 2: 'entity.other.inherited-class.harn' }),
    ] },
    extends: m(R`\b(extends)\s+(${id})`, null, { 1: 'storage.modifier.harn', 2: 'entity.other.inherited-class.harn' }),
    where: be(R`\bwhere\b`, R`(?=\{)|$`, null, { 0: 'keyword.other.where.harn' }, null,
      [ m(R`(${id})\s*(:)\s*(${id})`, null, { 1: 'entity.name.type.parameter.harn', 2: 'punctuation.separator.type.harn', 3: 'entity.name.type.harn' }), ...inc('comments', 'punctuation') ]),
    'type-parameters': be(R`<`, R`>`, 'meta.type-parameters.harn', { 0: 'punctuation.definition.typeparameters.begin.harn' }, { 0: 'punctuation.definition.typeparameters.end.harn' },
      [ ...inc('comments'), m(R`\b(in|out)\b(?=\s+${id})`, 'storage.modifier.variance.harn'), m(id, 'entity.name.type.parameter.harn'), ...inc('punctuation') ]),
    parameters: be(R`\(`, R`\)`, 'meta.parameters.harn', { 0: 'punctuation.section.parameters.begin.harn' }, { 0: 'punctuation.section.parameters.end.harn' }, inc('parameter-list')),
    'parameter-list': { patterns: [
      ...inc('comments'),
      be(R`:`, R`(?=[,)=]|->)`, 'meta.type.annotation.harn', { 0: 'punctuation.separator.type.harn' }, null, inc('type')),
      be(R`=(?!=)`, R`(?=[,)]|->)`, null, { 0: 'keyword.operator.assignment.harn' }, null, inc('code')),
      m(R`\bself\b`, 'variable.language.self.harn'),
      m(R`\.\.\.`, 'keyword.operator.rest.harn'),
      m(id, 'variable.parameter.harn'),
      ...inc('punctuation'),
    ] },
    'return-shape': be(R`(->)\s*(\{)`, R`\}`, 'meta.return-type.harn', { 1: 'keyword.operator.arrow.harn', 2: 'punctuation.section.braces.begin.harn' }, { 0: 'punctuation.section.braces.end.harn' }, inc('shape-fields')),
    'return-type': be(R`->|(?<=\})\s*(?=\|)`, R`(?=[{}),=;]|\bwhere\b|\bextends\b)|$`, 'meta.return-type.harn', { 0: 'keyword.operator.arrow.harn' }, null, inc('type')),
    type: { patterns: [
      ...inc('comments'),
      be(R`\{`, R`\}`, 'meta.shape-type.harn', { 0: 'punctuation.section.braces.begin.harn' }, { 0: 'punctuation.section.braces.end.harn' }, inc('shape-fields')),
      be(R`\[`, R`\]`, null, { 0: 'punctuation.section.brackets.begin.harn' }, { 0: 'punctuation.section.brackets.end.harn' }, inc('type')),
      be(R`<`, R`>`, 'meta.type-arguments.harn', { 0: 'punctuation.definition.typeparameters.begin.harn' }, { 0: 'punctuation.definition.typeparameters.end.harn' }, inc('type')),
      be(R`\b(fn)\s*(\()`, R`\)`, null, { 1: 'storage.type.function.harn', 2: 'punctuation.section.parameters.begin.harn' }, { 0: 'punctuation.section.parameters.end.harn' }, inc('type')),
      be(R`\(`, R`\)`, null, { 0: 'punctuation.section.parens.begin.harn' }, { 0: 'punctuation.section.parens.end.harn' }, inc('type')),
      m('->', 'keyword.operator.arrow.harn'),
      m(R`[|&?]`, 'keyword.operator.type.harn'),
      m(R`\bself\b`, 'variable.language.self.harn'),
      m(R`\b(?:${prim})\b`, 'support.type.primitive.harn'),
      m(R`\b(?:true|false)\b`, 'constant.language.boolean.harn'),
      ...inc('strings', 'numbers'),
      m(id, 'entity.name.type.harn'),
      ...inc('punctuation'),
    ] },
    'shape-fields': { patterns: [
      ...inc('comments'),
      be(R`(${id})\s*(\?)?\s*(:)`, R`(?=[,}])|$`, null, { 1: 'variable.other.property.harn', 2: 'keyword.operator.optional.harn', 3: 'punctuation.separator.type.harn' }, null, inc('type')),
      m(R`\.\.\.`, 'keyword.operator.rest.harn'),
      ...inc('type'),
    ] },
    binding: { patterns: [
      be(R`\b(let|var)\b(?:\s+(${id}))?\s*(:)`, R`(=)(?!=)|$|(?=;)`, 'meta.binding.harn', { 1: 'storage.type.$1.harn', 2: 'variable.other.definition.harn', 3: 'punctuation.separator.type.harn' }, { 1: 'keyword.operator.assignment.harn' }, inc('type')),
      m(R`\b(let|var)\b(?:\s+(${id}))?`, 'meta.binding.harn', { 1: 'storage.type.$1.harn', 2: 'variable.other.definition.harn' }),
    ] },
    for: { patterns: [
      m(R`\b(for)\s+(${id})\s+(in)\b`, null, { 1: 'keyword.control.loop.harn', 2: 'variable.other.definition.harn', 3: 'keyword.control.loop.harn' }),
      be(R`\b(for)\s*(\()`, R`(\))(?:\s*(in)\b)?`, null, { 1: 'keyword.control.loop.harn', 2: 'punctuation.section.parens.begin.harn' }, { 1: 'punctuation.section.parens.end.harn', 2: 'keyword.control.loop.harn' }, [ m(id, 'variable.other.definition.harn'), ...inc('punctuation') ]),
    ] },
    catch: { patterns: [
      be(R`\b(catch)\s*(\()`, R`\)`, null, { 1: 'keyword.control.exception.harn', 2: 'punctuation.section.parens.begin.harn' }, { 0: 'punctuation.section.parens.end.harn' }, inc('parameter-list')),
      m(R`\b(catch)\s+(${id})(?=\s*\{)`, null, { 1: 'keyword.control.exception.harn', 2: 'variable.parameter.harn' }),
    ] },
    select: be(R`\b(select)\s*(\{)`, R`\}`, 'meta.select.harn', { 1: 'keyword.control.conditional.harn', 2: 'punctuation.section.block.begin.harn' }, braceEnd,
      [ m(R`(?:^|\{|;|\})\s*(timeout)\b`, null, { 1: 'keyword.control.conditional.harn' }), m(R`\b(default)\b(?=\s*\{)`, null, { 1: 'keyword.control.conditional.harn' }),
        m(R`(${id})\s+(from)\b`, null, { 1: 'variable.other.definition.harn', 2: 'keyword.control.conditional.harn' }), ...inc('code') ]),
    strings: { patterns: [
      // Inside an interpolation quotes may be escaped, as in "${f(\"x\")}".
      be(R`\\"`, R`\\"|$`, 'string.quoted.double.harn', null, null, inc('interpolation')),
      be(R`\b(r)(")`, R`(")|$`, 'string.quoted.double.raw.harn', { 1: 'storage.type.string.harn', 2: 'punctuation.definition.string.begin.harn' }, { 1: 'punctuation.definition.string.end.harn' }, []),
      be(R`"""`, R`"""`, 'string.quoted.triple.harn', { 0: 'punctuation.definition.string.begin.harn' }, { 0: 'punctuation.definition.string.end.harn' }, inc('escape', 'interpolation')),
      be(R`"`, R`(")|$`, 'string.quoted.double.harn', { 0: 'punctuation.definition.string.begin.harn' }, { 1: 'punctuation.definition.string.end.harn' }, inc('escape', 'interpolation')),
    ] },
    escape: { patterns: [ m(R`\\u\{[0-9a-fA-F]{1,6}\}|\\[nrt0\\"$]`, 'constant.character.escape.harn') ] },
    interpolation: be(R`\$\{`, R`\}`, 'meta.interpolation.harn', { 0: 'punctuation.section.interpolation.begin.harn' }, { 0: 'punctuation.section.interpolation.end.harn' }, inc('code')),
    numbers: { patterns: [
      m(R`\b[0-9]+(ms|s|m|h|d|w)\b`, 'constant.numeric.duration.harn', { 1: 'keyword.other.unit.harn' }),
      m(R`\b[0-9]+\.[0-9]+\b`, 'constant.numeric.float.harn'),
      m(R`\b[0-9]+\b`, 'constant.numeric.integer.harn'),
    ] },
    // Commas part the parameters here, so that a dict of many entries is looked at once.
    closure: be(R`\{(?=\s*(?:(?:\.\.\.)?${id}\s*(?:[:=][^{},\n]*)?(?:,\s*(?:\.\.\.)?${id}\s*(?:[:=][^{},\n]*)?)*)?->)`, R`\}`, 'meta.closure.harn', brace, braceEnd,
      [ be(R`\G`, R`->`, 'meta.parameters.harn', null, { 0: 'keyword.operator.arrow.harn' }, inc('parameter-list')), ...inc('code') ]),
    block: be(R`\{`, R`\}`, null, brace, braceEnd, inc('code')),
    brackets: { patterns: [
      be(R`\(`, R`\)`, null, { 0: 'punctuation.section.parens.begin.harn' }, { 0: 'punctuation.section.parens.end.harn' }, inc('code')),
      be(R`(\?)?(\[)`, R`\]`, null, { 1: 'keyword.operator.optional.harn', 2: 'punctuation.section.brackets.begin.harn' }, { 0: 'punctuation.section.brackets.end.harn' }, inc('code')),
    ] },
    keywords: { patterns: [
      m(R`(?<![.\w])(try)(\*)`, null, { 1: 'keyword.control.exception.harn', 2: 'keyword.operator.rethrow.harn' }),
      m(R`(?<![.])\b(?:if|else|match|guard|require)\b(?!\s*:(?!:))`, 'keyword.control.conditional.harn'),
      m(R`(?<![.])\b(?:for|while|retry)\b(?!\s*:)`, 'keyword.control.loop.harn'),
      m(R`(?<![.])\b(?:return|break|continue|yield|emit)\b(?!\s*:)`, 'keyword.control.flow.harn'),
      m(R`(?<![.])\b(?:try|catch|throw|finally)\b(?!\s*:)`, 'keyword.control.exception.harn'),
      m(R`(?<![.])\b(?:spawn|parallel|each|settle|deadline|mutex|defer)\b(?=\s*[\w({"\[])`, 'keyword.control.concurrency.harn'),
      m(R`\b(as)\s+(stream)\b`, null, { 1: 'keyword.control.concurrency.harn', 2: 'keyword.control.concurrency.harn' }),
      m(R`\bwith\b(?=\s*\{)`, 'keyword.control.concurrency.harn'),
      m(R`\bnot\s+in\b`, 'keyword.operator.membership.harn'),
      m(R`(?<![.])\bin\b(?!\s*:)`, 'keyword.operator.membership.harn'),
      m(R`(?<![.])\b(?:to|exclusive)\b(?!\s*[:=(,)])`, 'keyword.operator.range.harn'),
      m(R`\bwhere\b`, 'keyword.other.where.harn'),
    ] },
    constants: { patterns: [
      m(R`(?<![.])\b(?:true|false)\b`, 'constant.language.boolean.harn'),
      m(R`(?<![.])\bnil\b(?!\s*:)`, 'constant.language.nil.harn'),
      m(R`\bself\b`, 'variable.language.self.harn'),
      m(R`\b_\b`, 'variable.language.placeholder.harn'),
    ] },
    members: { patterns: [
      m(R`(\?)?(\.)(?!\.)\s*(${id})(?=\s*\()`, null, { 1: 'keyword.operator.optional.harn', 2: 'punctuation.accessor.harn', 3: 'entity.name.function.member.harn' }),
      m(R`(\?)?(\.)(?!\.)\s*([A-Z][\p{Alphabetic}\p{N}_]*)`, null, { 1: 'keyword.operator.optional.harn', 2: 'punctuation.accessor.harn', 3: 'variable.other.enummember.harn' }),
      m(R`(\?)?(\.)(?!\.)\s*(${id})`, null, { 1: 'keyword.operator.optional.harn', 2: 'punctuation.accessor.harn', 3: 'variable.other.property.harn' }),
    ] },
    calls: { patterns: [
      be(R`\b(${id})(<)(?=[^<>()\n=;&]*(?:<[^<>()\n=;&]*>[^<>()\n=;&]*)*>\()`, R`>`, null, { 1: 'entity.name.function.harn', 2: 'punctuation.definition.typeparameters.begin.harn' }, { 0: 'punctuation.definition.typeparameters.end.harn' }, inc('type')),
      m(R`\b([A-Z][\p{Alphabetic}\p{N}_]*)(?=\s*\()`, null, { 1: 'entity.name.type.harn' }),
      m(R`\b(${id})(?=\s*\()`, null, { 1: 'entity.name.function.harn' }),
    ] },
    keys: m(R`(?<![.?\w])(${id})(\?)?(:)(?!:)`, null, { 1: 'variable.other.property.harn', 2: 'keyword.operator.optional.harn', 3: 'punctuation.separator.key-value.harn' }),
    operators: { patterns: [
      m(R`\|>`, 'keyword.operator.pipe.harn'),
      m(R`\.\.\.`, 'keyword.operator.spread.harn'),
      m(R`->`, 'keyword.operator.arrow.harn'),
      m(R`\?\?`, 'keyword.operator.nil-coalescing.harn'),
      m(R`==|!=|<=|>=|<|>`, 'keyword.operator.comparison.harn'),
      m(R`&&|\|\||!`, 'keyword.operator.logical.harn'),
      m(R`\*\*`, 'keyword.operator.arithmetic.harn'),
      m(R`[-+*/%]=`, 'keyword.operator.assignment.compound.harn'),
      m(R`=`, 'keyword.operator.assignment.harn'),
      m(R`[-+*/%]`, 'keyword.operator.arithmetic.harn'),
      m(R`\?|\||:`, 'keyword.operator.other.harn'),
    ] },
    'types-by-name': { patterns: [ m(R`\b[A-Z][\p{Alphabetic}\p{N}_]*\b`, 'entity.name.type.harn') ] },
    punctuation: { patterns: [ m(',', 'punctuation.separator.comma.harn'), m(';', 'punctuation.terminator.statement.harn'), m(R`[)\]}]`, 'invalid.illegal.unmatched.harn') ] },
    names: m(id, 'variable.other.harn'),
  },
};

// One line for each thing that fits, so that a change shows as a change.
function write(value, depth = 0) {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || flat.length <= 150) {
    return flat;
  }
  const pad = '  '.repeat(depth + 1);
  const parts = Array.isArray(value)
    ? value.map((item) => pad + write(item, depth + 1))
    : Object.entries(value).map(([key, item]) => pad + JSON.stringify(key) + ': ' + write(item, depth + 1));
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return open + '\n' + parts.join(',\n') + '\n' + '  '.repeat(depth) + close;
}

const target = process.argv[2] ?? new URL('harn.tmLanguage.json', import.meta.url);
fs.writeFileSync(target, write(grammar) + '\n');
