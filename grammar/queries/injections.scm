; Other languages inside Harn.

([(comment) (doc_comment)] @injection.content
  (#set! injection.language "comment"))

; regex_match(r"\d+", text) and its kin take the pattern first.
((call_expression
  function: (identifier) @_function
  arguments: (arguments . [(string (string_content) @injection.content) (raw_string) @injection.content]))
  (#match? @_function "^regex_")
  (#set! injection.language "regex"))
