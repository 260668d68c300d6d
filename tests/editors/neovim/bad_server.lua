-- A server that ends at once, or that never answers: the editor says so, or stays usable, and the script ends by itself.
local check = dofile(vim.env.CHARN_TEST_SCRIPTS .. '/check.lua')
vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace('main.harn')))

if vim.env.CHARN_STUB_FAULT == 'exit' then
  local told = check.wait(function()
    return #check.notes > 0
  end)
  check.ok(told and check.notes[1].text:find('ended with code 3', 1, true), 'the user is told that the server ended', check.notes)
  check.ok(told and check.notes[1].level == vim.log.levels.ERROR, 'as an error', check.notes)
elseif vim.env.CHARN_STUB_FAULT == 'silent' then
  local answers = vim.lsp.buf_request_sync(0, 'textDocument/hover', vim.lsp.util.make_position_params(), 500)
  check.ok(answers == nil or vim.tbl_isempty(answers), 'a request is given up after its time', answers)
else
  check.ok(#check.notes == 1 and check.notes[1].text:find('cannot run the language server', 1, true),
    'the user is told once that there is no server', check.notes)
  vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace('geometry.harn')))
  check.ok(#check.notes == 1, 'and not for each file', check.notes)
end

vim.api.nvim_buf_set_lines(0, 0, 0, true, { '// typed' })
check.ok(vim.api.nvim_buf_get_lines(0, 0, 1, true)[1] == '// typed', 'typing still works')
check.finish()
