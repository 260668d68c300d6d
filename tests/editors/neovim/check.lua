-- What the Neovim scripts share: the report, waiting with a deadline, and the plugin's settings from the environment.
local M = { deadline_ms = 15000 }

local report = io.open(vim.env.CHARN_TEST_REPORT, 'w')
report:setvbuf('line')

function M.ok(condition, name, why)
  if condition then
    report:write('ok ' .. name .. '\n')
  else
    local text = type(why) == 'string' and why or vim.inspect(why)
    report:write('not ok ' .. name .. ': ' .. text:gsub('\n', '\\n'):sub(1, 500) .. '\n')
  end
  return condition
end

function M.note(text)
  report:write('note ' .. text .. '\n')
end

function M.wait(condition, milliseconds)
  return (vim.wait(milliseconds or M.deadline_ms, condition, 20))
end

function M.finish()
  report:write('end\n')
  report:close()
  vim.cmd('qall!')
end

function M.workspace(file)
  return vim.env.CHARN_TEST_WORKSPACE .. '/' .. file
end

local file = io.open(vim.env.CHARN_TEST_FIXTURE .. '/expected.json')
M.expected = vim.fn.json_decode(file:read('*a'))
file:close()

-- Messages that the plugin shows with vim.notify.
M.notes = {}
vim.notify = function(text, level)
  table.insert(M.notes, { text = text, level = level })
end

if vim.env.CHARN_TEST_LSP then
  require('harn').setup({ lsp = { cmd = vim.fn.json_decode(vim.env.CHARN_TEST_LSP) } })
end

return M
