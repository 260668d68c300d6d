-- Opens files (CHARN_TEST_OPEN, one path per line) as a user would and writes down what the server says of each: the
-- diagnostics with byte offsets, and the number of symbols. run_neovim.py compares that with `charn check --json`.
local check = dofile(vim.env.CHARN_TEST_SCRIPTS .. '/check.lua')
local quiet_ms = 400
local published = {} -- uri -> time of the latest publication

local handler = vim.lsp.handlers['textDocument/publishDiagnostics']
vim.lsp.handlers['textDocument/publishDiagnostics'] = function(err, result, context, config)
  published[result.uri] = vim.loop.now()
  return handler(err, result, context, config)
end

local function offset(buffer, line, column)
  if line >= vim.api.nvim_buf_line_count(buffer) then
    return vim.api.nvim_buf_get_offset(buffer, vim.api.nvim_buf_line_count(buffer))
  end
  return vim.api.nvim_buf_get_offset(buffer, line) + column
end

local found = {}
for path in vim.gsplit(vim.env.CHARN_TEST_OPEN, '\n', true) do
  vim.cmd('edit ' .. vim.fn.fnameescape(path))
  local buffer = vim.api.nvim_get_current_buf()
  local uri = vim.uri_from_bufnr(buffer)
  local answered = check.wait(function()
    return published[uri] and vim.loop.now() - published[uri] > quiet_ms
  end)
  if not answered then
    check.note('no diagnostics came for ' .. path)
  end
  local list = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
    table.insert(list, {
      start = offset(buffer, diagnostic.lnum, diagnostic.col),
      ['end'] = offset(buffer, diagnostic.end_lnum, diagnostic.end_col),
      severity = diagnostic.severity,
      message = diagnostic.message,
    })
  end
  local answers = vim.lsp.buf_request_sync(buffer, 'textDocument/documentSymbol',
    { textDocument = vim.lsp.util.make_text_document_params(buffer) }, check.deadline_ms)
  local symbols = 0
  for _, answer in pairs(answers or {}) do
    symbols = #(answer.result or {})
  end
  table.insert(found, { path = path, answered = answered, diagnostics = list, symbols = symbols })
end
local out = io.open(vim.env.CHARN_TEST_OPENED, 'w')
out:write(vim.fn.json_encode(found))
out:close()
check.finish()
