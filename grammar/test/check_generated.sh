#!/bin/sh
# Proves that the committed parser is what grammar.js generates. Exit status 77: the generator is not
# installed (npm install -g tree-sitter-cli, or cargo install tree-sitter-cli), nothing was proved.
set -eu
cd "$(dirname "$0")/.."

# The text of the generated parser depends on the generator; this is the one the parser was made with.
version=0.27.1
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

if ! command -v tree-sitter >/dev/null 2>&1; then
    echo "SKIPPED: tree-sitter is not installed, so whether src/parser.c is up to date is NOT KNOWN" >&2
    exit 77
fi
found=$(tree-sitter --version | cut -d' ' -f2)
if [ "$found" != "$version" ]; then
    echo "SKIPPED: tree-sitter is $found and not $version, so whether src/parser.c is up to date is NOT KNOWN" >&2
    exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tree-sitter generate --abi 14 --output "$folder/src" grammar.js >/dev/null
status=0
for file in parser.c grammar.json node-types.json tree_sitter/parser.h tree_sitter/alloc.h tree_sitter/array.h; do
    if ! cmp -s "src/$file" "$folder/src/$file"; then
        echo "grammar/src/$file is not what grammar.js generates: run 'tree-sitter generate --abi 14' in grammar/" >&2
        status=1
    fi
done
exit $status
