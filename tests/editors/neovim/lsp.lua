-- The language server as a user of Neovim meets it: attach, diagnostics, hover, definition, symbols, completion.
local check = dofile(vim.env.CHARN_TEST_SCRIPTS .. '/check.lua')
local expected = check.expected
if vim.env.CHARN_TEST_DEADLINE_MS then
  check.deadline_ms = tonumber(vim.env.CHARN_TEST_DEADLINE_MS)
end

local function clients(bufnr)
  return (vim.lsp.get_clients or vim.lsp.buf_get_clients)(vim.lsp.get_clients and { bufnr = bufnr } or bufnr)
end

local function first_client(bufnr)
  for _, client in pairs(clients(bufnr)) do
    return client
  end
end

local function open(name)
  vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace(name)))
  return vim.api.nvim_get_current_buf()
end

-- Byte column (from 0) of a place given in UTF-16 columns (from 1).
local function byte_column(place)
  local line = vim.api.nvim_buf_get_lines(0, place.line - 1, place.line, true)[1]
  if vim.fn.has('nvim-0.11') == 1 then
    return vim.str_byteindex(line, 'utf-16', place.column - 1)
  end
  return vim.str_byteindex(line, place.column - 1, true)
end

local function go_to(place)
  open(place.file)
  vim.api.nvim_win_set_cursor(0, { place.line, byte_column(place) })
end

local function request(method, params)
  local answers, reason = vim.lsp.buf_request_sync(0, method, params, check.deadline_ms)
  for _, answer in pairs(answers or {}) do
    if answer.err or answer.error then
      return nil, answer.err or answer.error
    end
    return answer.result
  end
  return nil, reason or 'no server answered'
end

local function position_params()
  local client = first_client(0)
  return vim.lsp.util.make_position_params(0, client and client.offset_encoding or 'utf-16')
end

local function errors(bufnr)
  return vim.diagnostic.get(bufnr, { severity = vim.diagnostic.severity.ERROR })
end

-- Attach
local wrong = expected.diagnostic
local buffer = open(wrong.file)
check.ok(vim.bo.filetype == 'harn', 'a .harn file has the filetype harn', vim.bo.filetype)
check.ok(vim.bo.commentstring == '// %s', 'comments are //', vim.bo.commentstring)
local attached = check.wait(function()
  local client = first_client(buffer)
  return client and client.initialized ~= false and client.server_capabilities ~= nil
end)
check.ok(attached, 'the server attaches', { notes = check.notes })
if not attached then
  check.finish()
  return
end

-- Diagnostics
local found = check.wait(function()
  return #errors(buffer) > 0
end)
check.ok(found, 'the error is shown', 'no diagnostic came')
local first = errors(buffer)[1] or {}
local start = byte_column(wrong)
check.ok(
  #errors(buffer) == 1 and first.lnum == wrong.line - 1 and first.col == start and first.end_lnum == wrong.line - 1
    and first.end_col == start + #wrong.text,
  'it underlines exactly the wrong word',
  { want = { line = wrong.line - 1, col = start, to = start + #wrong.text }, got = errors(buffer) }
)
check.ok((first.message or ''):find(wrong.says, 1, true), 'its message names the word', first.message)

local line = vim.api.nvim_buf_get_lines(buffer, wrong.line - 1, wrong.line, true)[1]
local mended = line:gsub(wrong.mend.from, wrong.mend.to)
vim.api.nvim_buf_set_lines(buffer, wrong.line - 1, wrong.line, true, { mended })
check.ok(
  check.wait(function()
    return #errors(buffer) == 0
  end),
  'mending the word clears the error',
  errors(buffer)
)
vim.api.nvim_buf_set_lines(buffer, wrong.line - 1, wrong.line, true, { line })
check.ok(
  check.wait(function()
    return #errors(buffer) == 1 and errors(buffer)[1].col == start
  end),
  'undoing the mend brings it back',
  errors(buffer)
)
vim.cmd('edit!')

local broken = open(expected.syntax.file)
check.wait(function()
  return #errors(broken) > 0
end)
local between = #errors(broken) > 0
for _, diagnostic in ipairs(errors(broken)) do
  between = between and diagnostic.lnum + 1 >= expected.syntax.lines[1] and diagnostic.lnum + 1 <= expected.syntax.lines[2]
end
check.ok(between, 'half-typed code has its error where it is half-typed', errors(broken))

-- Hover
go_to(expected.hover)
check.wait(function()
  return first_client(0) ~= nil
end)
local hover, reason = request('textDocument/hover', position_params())
local text = hover and vim.inspect(hover.contents) or ''
local says = hover ~= nil
for _, word in ipairs(expected.hover.says) do
  says = says and text:find(word, 1, true) ~= nil
end
check.ok(says, 'hover tells the signature', hover or reason or 'nothing')
vim.lsp.buf.hover()
local float
check.wait(function()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      float = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    end
  end
  return float ~= nil
end)
check.ok(float and float:find(expected.hover.text, 1, true), 'hover opens a window with it', float or 'no window')
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative ~= '' then
    vim.api.nvim_win_close(window, true)
  end
end

-- Definition
local function jumps(place, name)
  go_to(place)
  vim.lsp.buf.definition()
  local arrived = check.wait(function()
    local cursor = vim.api.nvim_win_get_cursor(0)
    return vim.fn.expand('%:t') == place.to.file and cursor[1] == place.to.line and cursor[2] == place.to.column - 1
  end)
  check.ok(arrived, name, { vim.fn.expand('%:t'), vim.api.nvim_win_get_cursor(0), want = place.to })
end
jumps(expected.local_definition, 'definition jumps inside the file')
jumps(expected.definition, 'definition jumps to the imported function')

-- Symbols
open(expected.symbols.file)
local symbols = request('textDocument/documentSymbol', { textDocument = vim.lsp.util.make_text_document_params() })
local named = {}
for _, symbol in ipairs(symbols or {}) do
  named[symbol.name] = true
end
local all = true
for _, name in ipairs(expected.symbols.names) do
  all = all and named[name] == true
end
check.ok(all, 'the symbols of the file are listed', named)

-- Completion
go_to(expected.completion)
local completion, why = request('textDocument/completion', position_params())
local labels = {}
for _, item in ipairs(completion and (completion.items or completion) or {}) do
  labels[item.label] = true
end
local missing = {}
for _, name in ipairs(expected.completion.names) do
  if not labels[name] then
    table.insert(missing, name)
  end
end
check.ok(completion and #missing == 0, 'completion offers the names in scope', { missing = missing, why = why })

-- Semantic tokens, decoded by hand: Neovim shows them from 0.9 on.
local semantic = expected.semantic
go_to(semantic)
local tokens, refusal = request('textDocument/semanticTokens/full', { textDocument = vim.lsp.util.make_text_document_params() })
local client = first_client(0)
local legend = client and client.server_capabilities.semanticTokensProvider
legend = legend and legend.legend.tokenTypes or {}
local kind
do
  local at_line, at_column = 0, 0
  local data = tokens and tokens.data or {}
  for i = 1, #data, 5 do
    at_column = data[i] == 0 and at_column + data[i + 1] or data[i + 1]
    at_line = at_line + data[i]
    if at_line == semantic.line - 1 and at_column == semantic.column - 1 then
      kind = legend[data[i + 3] + 1]
    end
  end
end
check.ok(kind == semantic.type, 'semantic tokens tell functions', { kind = kind, refusal = refusal })

-- A clean end
if vim.fn.has('nvim-0.11') == 1 then
  client:stop()
else
  client.stop()
end
check.ok(
  check.wait(function()
    return client.is_stopped()
  end, 5000),
  'the server stops when asked',
  'still running'
)
vim.wait(100)
check.ok(#check.notes == 0, 'nothing was complained about', check.notes)
check.finish()
