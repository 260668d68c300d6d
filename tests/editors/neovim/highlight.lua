-- Highlighting by the compiled parser: :HarnInstallParser, then captures and what the screen shows.
local check = dofile(vim.env.CHARN_TEST_SCRIPTS .. '/check.lua')
local treesitter = require('harn.treesitter')
require('harn').setup({ lsp = { enable = false } })

check.ok(treesitter.parser_file() == nil, 'no parser is installed at first', treesitter.parser_file())
local done, reason = treesitter.install('/nowhere')
check.ok(not done and check.notes[1].text:find('/nowhere', 1, true), 'a wrong grammar folder is told', reason)
check.notes = {}
vim.cmd('HarnInstallParser ' .. vim.fn.fnameescape(vim.env.CHARN_TEST_GRAMMAR))
local file = treesitter.parser_file()
check.ok(file ~= nil, 'the parser is compiled and installed', check.notes)
if not file then
  check.finish()
  return
end
check.ok(treesitter.default_grammar() == vim.fn.resolve(vim.env.CHARN_TEST_GRAMMAR), 'the grammar folder of the checkout is the default', treesitter.default_grammar())

vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace('main.harn')))
local buffer = vim.api.nvim_get_current_buf()
local parser = vim.treesitter.get_parser(buffer, 'harn')
local root = parser:parse()[1]:root()
check.ok(not root:has_error(), 'the fixture parses without an error', root:sexpr())

for _, name in ipairs({ 'highlights', 'locals', 'folds', 'indents', 'injections' }) do
  local get = vim.treesitter.query.get or vim.treesitter.get_query
  local read, query = pcall(get, 'harn', name)
  check.ok(read and query ~= nil, 'the query ' .. name .. ' can be read', query)
end

-- The capture names at a place, from 1.
local function captures_at(line, column)
  local get = vim.treesitter.query.get or vim.treesitter.get_query
  local query = get('harn', 'highlights')
  local names = {}
  for id, node in query:iter_captures(root, buffer, line - 1, line) do
    local l1, c1, l2, c2 = node:range()
    if l1 == line - 1 and l2 == line - 1 and c1 <= column - 1 and column - 1 < c2 then
      table.insert(names, query.captures[id])
    end
  end
  return names
end
local function captured(line, column, family, what)
  local names = captures_at(line, column)
  local found = false
  for _, name in ipairs(names) do
    found = found or name == family or name:find('^' .. family .. '%.') ~= nil
  end
  check.ok(found, what .. ' is captured as ' .. family, names)
end
captured(1, 1, 'keyword', 'import')
captured(1, 22, 'string', 'a path')
captured(3, 4, 'function', 'the name of a function')
captured(5, 3, 'keyword', 'for')
captured(6, 16, 'function', 'a call')
captured(13, 41, 'number', 'a number')

-- What the screen shows: a keyword, a string and plain punctuation differ.
vim.o.termguicolors = true
vim.cmd('highlight clear | highlight Keyword guifg=#ff0000 | highlight String guifg=#00ff00 | highlight Include guifg=#ff0000')
vim.cmd('redraw!')
local keyword, text, space = vim.fn.screenattr(1, 1), vim.fn.screenattr(1, 23), vim.fn.screenattr(2, 1)
check.ok(keyword ~= text and keyword ~= space and text ~= space, 'the screen shows them in different colours', { keyword, text, space })
local lines = {}
for i = 1, 200 do
  lines[i] = string.rep('(', 50)
end
vim.api.nvim_buf_set_lines(buffer, 0, -1, true, lines)
vim.cmd('redraw!')
check.ok(true, '10,000 open brackets are survived')
check.finish()
