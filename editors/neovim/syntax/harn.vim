" Highlighting by patterns, for a Neovim that has no compiled parser. Where the parser is there, tree-sitter takes over.
if exists('b:current_syntax')
  finish
endif

syntax case match
syntax keyword harnKeyword fn pipeline tool skill eval_pack struct enum interface impl type extends override let var
syntax keyword harnKeyword emit yield spawn defer mutex deadline guard require where as with
syntax keyword harnStorage pub
syntax keyword harnConditional if else match select
syntax keyword harnRepeat for while in to exclusive parallel each settle retry
syntax keyword harnStatement return break continue
syntax keyword harnException try catch finally throw
syntax keyword harnInclude import from
syntax keyword harnBoolean true false
syntax keyword harnConstant nil
syntax keyword harnType int float string bool list dict set bytes any unknown never closure duration iter
syntax keyword harnTodo TODO FIXME NOTE contained
syntax match harnGen /\<gen\ze\s\+fn\>/
syntax match harnNot /\<not\ze\s\+in\>/
syntax match harnAttribute /@\h\w*/
syntax match harnNumber /\<\d\+\(\.\d\+\)\?\>/
syntax match harnDuration /\<\d\+\(ms\|[smhdw]\)\>/
syntax match harnFunction /\<\h\w*\ze\s*(/
syntax match harnTypeName /\<\u\w*\>/
syntax match harnOperator /[-+*/%<>=!&|?]\+/
syntax match harnComment +//.*$+ contains=harnTodo,@Spell
syntax match harnDocComment +////\@!.*$+ contains=harnTodo,@Spell
syntax region harnComment start=+/\*+ end=+\*/+ contains=harnComment,harnTodo,@Spell
syntax region harnDocComment start=+/\*\*\%([*/]\)\@!+ end=+\*/+ contains=harnComment,harnTodo,@Spell
syntax region harnString start=+"+ skip=+\\.+ end=+"+ oneline contains=harnEscape,harnInterpolation,@Spell
syntax region harnString start=+"""+ end=+"""+ keepend contains=harnEscape,harnInterpolation,@Spell
syntax region harnRawString start=+\<r"+ end=+"+ oneline
syntax match harnEscape +\\[nt\\"$r0]+ contained
syntax region harnInterpolation matchgroup=harnEscape start=+${+ end=+}+ contained contains=TOP
syntax match harnShebang /\%^#!.*/
syntax sync minlines=100

highlight default link harnAttribute PreProc
highlight default link harnBoolean Boolean
highlight default link harnComment Comment
highlight default link harnConditional Conditional
highlight default link harnConstant Constant
highlight default link harnDocComment SpecialComment
highlight default link harnDuration Number
highlight default link harnEscape SpecialChar
highlight default link harnException Exception
highlight default link harnFunction Function
highlight default link harnGen Keyword
highlight default link harnInclude Include
highlight default link harnKeyword Keyword
highlight default link harnNot Operator
highlight default link harnNumber Number
highlight default link harnOperator Operator
highlight default link harnRawString String
highlight default link harnRepeat Repeat
highlight default link harnShebang PreProc
highlight default link harnStatement Statement
highlight default link harnStorage StorageClass
highlight default link harnString String
highlight default link harnTodo Todo
highlight default link harnType Type
highlight default link harnTypeName Type

let b:current_syntax = 'harn'
