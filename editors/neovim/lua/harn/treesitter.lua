-- Highlighting by the project's own parser. :HarnInstallParser compiles grammar/src into one shared object and links
-- grammar/queries beside it, both under stdpath('data')/site, which Neovim searches by itself. There is one grammar and one
-- set of queries: nothing of them is copied into this plugin.
local M = {}

local plugin = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h:h:h')

--- The grammar folder of the checkout that this plugin lies in.
function M.default_grammar()
  return vim.fn.fnamemodify(vim.fn.resolve(plugin) .. '/../../grammar', ':p'):gsub('/$', '')
end

local function site()
  return vim.fn.stdpath('data') .. '/site'
end

--- Where the compiled parser is, or nil.
function M.parser_file()
  return vim.api.nvim_get_runtime_file('parser/harn.so', false)[1]
end

local function compiler()
  for _, name in ipairs({ vim.env.CC or '', 'cc', 'gcc', 'clang' }) do
    if name ~= '' and vim.fn.executable(name) == 1 then
      return name
    end
  end
end

--- Compiles the parser and links the queries; returns true, or false and the reason. `grammar` defaults to the checkout's.
function M.install(grammar)
  grammar = grammar or M.default_grammar()
  local function fail(reason)
    vim.notify('harn: ' .. reason, vim.log.levels.ERROR)
    return false, reason
  end
  local source = grammar .. '/src/parser.c'
  if vim.fn.filereadable(source) == 0 then
    return fail(('no parser in %s: give the grammar folder, as in :HarnInstallParser ~/charn/grammar'):format(grammar))
  end
  local cc = compiler()
  if not cc then
    return fail('no C compiler found. Install one (apt-get install gcc), or set $CC')
  end
  vim.fn.mkdir(site() .. '/parser', 'p')
  vim.fn.mkdir(site() .. '/queries', 'p')
  local words = { cc, '-shared', '-fPIC', '-O2', '-std=c11', '-I' .. grammar .. '/src', '-o', site() .. '/parser/harn.so.new', source }
  if vim.fn.filereadable(grammar .. '/src/scanner.c') == 1 then
    table.insert(words, grammar .. '/src/scanner.c')
  end
  local output = vim.fn.system(words)
  if vim.v.shell_error ~= 0 then
    return fail(cc .. ' could not compile the parser:\n' .. output)
  end
  -- Renamed into place: a Neovim that has the old parser mapped keeps it until it ends.
  os.rename(site() .. '/parser/harn.so.new', site() .. '/parser/harn.so')
  local link = site() .. '/queries/harn'
  os.remove(link)
  local linked, reason = vim.loop.fs_symlink(grammar .. '/queries', link)
  if not linked then
    return fail(('cannot link %s to the queries: %s'):format(link, reason))
  end
  -- Neovim remembers which folders of 'runtimepath' exist; setting it makes it look again.
  vim.o.runtimepath = vim.o.runtimepath
  vim.notify('harn: parser and queries installed in ' .. site(), vim.log.levels.INFO)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype == 'harn' then
      M.highlight(bufnr)
    end
  end
  return true
end

-- Neovim 0.7 knows the capture names of its day; these are newer ones that the queries use.
local newer_captures = {
  ['attribute'] = 'PreProc',
  ['constant.builtin'] = 'Constant',
  ['function.call'] = 'Function',
  ['function.method'] = 'Function',
  ['keyword.conditional'] = 'Conditional',
  ['keyword.directive'] = 'PreProc',
  ['keyword.exception'] = 'Exception',
  ['keyword.import'] = 'Include',
  ['keyword.operator'] = 'Operator',
  ['keyword.repeat'] = 'Repeat',
  ['module'] = 'Include',
  ['namespace'] = 'Include',
  ['number.float'] = 'Float',
  ['string.special'] = 'SpecialChar',
  ['variable'] = 'Identifier',
  ['variable.builtin'] = 'Special',
  ['variable.member'] = 'Identifier',
  ['variable.parameter'] = 'Identifier',
}

--- Turns highlighting on for a buffer when the parser is there and can be loaded. Returns true, or false and the reason.
function M.highlight(bufnr)
  if not M.parser_file() then
    return false, 'the parser is not installed: :HarnInstallParser'
  end
  if vim.treesitter.start then
    return pcall(vim.treesitter.start, bufnr, 'harn')
  end
  return pcall(function()
    local highlighter = require('vim.treesitter.highlighter')
    for capture, group in pairs(newer_captures) do
      if not rawget(highlighter.hl_map, capture) then
        highlighter.hl_map[capture] = group
      end
    end
    highlighter.new(vim.treesitter.get_parser(bufnr, 'harn'))
  end)
end

return M
