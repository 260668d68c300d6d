" A plain autocommand: vim.filetype.add is only an option in Neovim 0.7.
autocmd BufRead,BufNewFile *.harn setfiletype harn
