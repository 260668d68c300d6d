" Plain autocommands: vim.filetype.add is only an option in Neovim 0.7.
autocmd BufRead,BufNewFile *.harn setfiletype harn
autocmd BufRead * if !did_filetype() && getline(1) =~# '^#!.*\<c\?harn\>' | setfiletype harn | endif
