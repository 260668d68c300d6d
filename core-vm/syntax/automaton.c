/* See automaton_int.h. The lexing follows the runtime: the external scanner first,
 * then the generated lexer, then keywords among the names; if nothing fits the state,
 * once more as if every token could come. */
#include "syntax/automaton_int.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

/* Behind api.h, whose types it uses when they are there. */
#include "../../grammar/src/tree_sitter/parser.h"

#include "base/banned.h"

/* ---- the table */

static uint16_t lookup(const TSLanguage *language, TSStateId state, TSSymbol symbol) {
    if (state < language->large_state_count)
        return language->parse_table[(size_t)state * language->symbol_count + symbol];
    const uint16_t *data =
        &language->small_parse_table[language->small_parse_table_map[state - language->large_state_count]];
    uint16_t groups = *data++;
    for (uint16_t i = 0; i < groups; i++) {
        uint16_t value = *data++, count = *data++;
        for (uint16_t j = 0; j < count; j++)
            if (*data++ == symbol) return value;
    }
    return 0;
}

/* The action of a state for a token; NULL when there is none. The grammar has no
 * conflicts, so that one action is left when repetitions, which the runtime takes for a
 * hint only, are not counted. */
static const TSParseAction *action_of(const TSLanguage *language, TSStateId state, TSSymbol symbol) {
    uint16_t index = lookup(language, state, symbol);
    if (!index) return NULL;
    const TSParseActionEntry *entry = &language->parse_actions[index];
    for (uint8_t i = 0; i < entry->entry.count; i++) {
        const TSParseAction *action = &entry[i + 1].action;
        if (action->type == TSParseActionTypeShift && action->shift.repetition) continue;
        if (action->type != TSParseActionTypeRecover) return action;
    }
    return NULL;
}

bool ch__automaton_knows(const ChAutomaton *automaton, TSStateId state, TSSymbol symbol) {
    return action_of(automaton->language, state, symbol) != NULL;
}

TSSymbol ch__automaton_symbol(const TSLanguage *language, const char *name, bool is_named) {
    for (uint32_t i = 1; i < language->token_count; i++)
        if (strcmp(language->symbol_names[i], name) == 0 && language->symbol_metadata[i].named == is_named)
            return (TSSymbol)i;
    return 0;
}

/* ---- the lexer */

typedef struct Lexer {
    TSLexer base; /* first: the generated code gets a pointer to it */
    const char *text;
    uint32_t length, position, width;
    uint32_t token_start, token_end;
    bool has_end;
} Lexer;

static Lexer *lexer_of(const TSLexer *base) {
    return (Lexer *)(void *)base;
}

static void load(Lexer *lexer) {
    if (lexer->position >= lexer->length) {
        lexer->base.lookahead = 0;
        lexer->width = 0;
        return;
    }
    lexer->base.lookahead = (int32_t)ch_utf8_decode(lexer->text + lexer->position,
                                                    lexer->length - lexer->position, &lexer->width);
}

static void lexer_advance(TSLexer *base, bool skip) {
    Lexer *lexer = lexer_of(base);
    lexer->position += lexer->width;
    if (skip) lexer->token_start = lexer->position;
    load(lexer);
}

static void lexer_mark_end(TSLexer *base) {
    Lexer *lexer = lexer_of(base);
    lexer->token_end = lexer->position;
    lexer->has_end = true;
}

static uint32_t lexer_column(TSLexer *base) {
    Lexer *lexer = lexer_of(base);
    uint32_t start = lexer->position;
    while (start > 0 && lexer->text[start - 1] != '\n')
        start--;
    return (uint32_t)ch_utf8_count(lexer->text + start, lexer->position - start);
}

static bool lexer_at_range_start(const TSLexer *base) {
    (void)base;
    return false;
}

static bool lexer_eof(const TSLexer *base) {
    const Lexer *lexer = lexer_of(base);
    return lexer->position >= lexer->length;
}

static void lexer_log(const TSLexer *base, const char *format, ...) {
    (void)base;
    (void)format;
}

static void lexer_start(Lexer *lexer, ChStr text, uint32_t position) {
    *lexer = (Lexer){.base = {.advance = lexer_advance,
                              .mark_end = lexer_mark_end,
                              .get_column = lexer_column,
                              .is_at_included_range_start = lexer_at_range_start,
                              .eof = lexer_eof,
                              .log = lexer_log},
                     .text = text.data,
                     .length = text.length,
                     .position = position,
                     .token_start = position};
    load(lexer);
}

static void lexer_finish(Lexer *lexer) {
    if (!lexer->has_end) lexer_mark_end(&lexer->base);
    if (lexer->token_end < lexer->token_start) lexer->token_start = lexer->token_end;
}

static TSLexMode lex_mode_of(const TSLanguage *language, TSStateId state) {
    /* Before version 15 the modes were two numbers wide. */
    if (language->abi_version < 15) return ((const TSLexMode *)(const void *)language->lex_modes)[state];
    return (TSLexMode){language->lex_modes[state].lex_state, language->lex_modes[state].external_lex_state};
}

static bool read_in_mode(ChAutomaton *automaton, TSStateId state, ChToken *token) {
    const TSLanguage *language = automaton->language;
    TSLexMode mode = lex_mode_of(language, state);
    TSStateId top = ch_array_last(&automaton->stack).state;
    Lexer lexer;
    if (mode.external_lex_state) {
        lexer_start(&lexer, automaton->text, automaton->position);
        language->external_scanner.deserialize(automaton->scanner, NULL, 0);
        const bool *valid = language->external_scanner.states +
                            (size_t)mode.external_lex_state * language->external_token_count;
        if (language->external_scanner.scan(automaton->scanner, &lexer.base, valid)) {
            lexer_finish(&lexer);
            TSSymbol symbol = language->external_scanner.symbol_map[lexer.base.result_symbol];
            /* A token of no width that the state does not take would come for ever. */
            if (lexer.token_end > automaton->position || action_of(language, top, symbol)) {
                *token = (ChToken){symbol, lexer.token_start, lexer.token_end, false};
                return true;
            }
        }
    }
    lexer_start(&lexer, automaton->text, automaton->position);
    if (!language->lex_fn(&lexer.base, mode.lex_state)) return false;
    lexer_finish(&lexer);
    *token = (ChToken){lexer.base.result_symbol, lexer.token_start, lexer.token_end, false};
    if (token->symbol == language->keyword_capture_token && token->symbol) {
        lexer_start(&lexer, automaton->text, token->start);
        if (language->keyword_lex_fn(&lexer.base, 0)) {
            lexer_finish(&lexer);
            if (lexer.token_end == token->end && action_of(language, top, lexer.base.result_symbol))
                token->symbol = lexer.base.result_symbol;
        }
    }
    return true;
}

static ChToken unknown_at(ChAutomaton *automaton) {
    Lexer lexer;
    lexer_start(&lexer, automaton->text, automaton->position);
    while (lexer.base.lookahead == ' ' || lexer.base.lookahead == '\t' || lexer.base.lookahead == '\r' ||
           lexer.base.lookahead == '\n')
        lexer_advance(&lexer.base, true);
    return (ChToken){0, lexer.position, lexer.position + lexer.width, lexer.width > 0};
}

ChToken ch__automaton_read(ChAutomaton *automaton) {
    ChToken token;
    TSStateId top = ch_array_last(&automaton->stack).state;
    if (read_in_mode(automaton, top, &token) || read_in_mode(automaton, 0, &token)) return token;
    return unknown_at(automaton);
}

ChToken ch__automaton_peek(ChAutomaton *automaton, uint32_t offset) {
    ChToken token;
    uint32_t position = automaton->position;
    automaton->position = offset;
    if (!read_in_mode(automaton, 0, &token)) token = unknown_at(automaton);
    automaton->position = position;
    return token;
}

uint32_t ch__automaton_token_count(const TSLanguage *language) {
    return language->token_count;
}

/* ---- the machine */

/* Steps are tried on the spare stack, which lies over the first `base` items of the
 * real one: what is popped below only lowers `base`. So a trial costs what it does, not
 * what the stack holds, and a token that does not fit leaves everything as it was. */
typedef struct Trial {
    ChAutomaton *automaton;
    uint32_t base;
} Trial;

static Trial trial_begin(ChAutomaton *automaton) {
    automaton->spare.count = 0;
    return (Trial){automaton, automaton->stack.count};
}

static const ChStackItem *trial_top(const Trial *trial) {
    const ChAutomaton *automaton = trial->automaton;
    return automaton->spare.count ? &ch_array_last(&automaton->spare)
                                  : &automaton->stack.items[trial->base - 1];
}

/* Replace the topmost `count` items by one for the symbol. */
static void trial_reduce(Trial *trial, TSSymbol symbol, uint32_t count, uint32_t position) {
    ChAutomaton *automaton = trial->automaton;
    ChStackItem item = {.symbol = symbol, .start = position, .end = position};
    if (count) {
        item.end = trial_top(trial)->end;
        if (count <= automaton->spare.count) {
            automaton->spare.count -= count;
            item.start = automaton->spare.items[automaton->spare.count].start;
        } else {
            trial->base -= count - automaton->spare.count;
            automaton->spare.count = 0;
            item.start = automaton->stack.items[trial->base].start;
        }
    }
    item.state = lookup(automaton->language, trial_top(trial)->state, symbol);
    ch_array_push(&automaton->spare, item);
}

static ChStep trial_run(Trial *trial, ChToken token) {
    for (;;) {
        const TSParseAction *action =
            action_of(trial->automaton->language, trial_top(trial)->state, token.symbol);
        if (!action) return CH_STEP_ERROR;
        if (action->type == TSParseActionTypeAccept) return CH_STEP_ACCEPTED;
        if (action->type == TSParseActionTypeReduce) {
            trial_reduce(trial, action->reduce.symbol, action->reduce.child_count, token.start);
            continue;
        }
        if (action->shift.extra) return CH_STEP_EXTRA;
        ChStackItem item = {action->shift.state, token.symbol, token.start, token.end};
        ch_array_push(&trial->automaton->spare, item);
        return CH_STEP_SHIFTED;
    }
}

ChStep ch__automaton_feed(ChAutomaton *automaton, ChToken token) {
    if (token.is_unknown) return CH_STEP_ERROR;
    Trial trial = trial_begin(automaton);
    ChStep step = trial_run(&trial, token);
    if (step == CH_STEP_ERROR) return step;
    automaton->position = token.end;
    automaton->stack.count = trial.base;
    for (uint32_t i = 0; i < automaton->spare.count; i++)
        ch_array_push(&automaton->stack, automaton->spare.items[i]);
    return step;
}

bool ch__automaton_accepts(ChAutomaton *automaton, TSSymbol symbol, TSSymbol then) {
    ChToken token = {.symbol = symbol};
    Trial trial = trial_begin(automaton);
    ChStep step = trial_run(&trial, token);
    if (step == CH_STEP_ERROR || !then) return step != CH_STEP_ERROR;
    token.symbol = then;
    return trial_run(&trial, token) != CH_STEP_ERROR;
}

void ch__automaton_init(ChAutomaton *automaton, const TSLanguage *language, ChStr text) {
    *automaton = (ChAutomaton){.language = language, .text = text};
    automaton->scanner = language->external_scanner.create();
    ChStackItem start = {.state = 1};
    ch_array_push(&automaton->stack, start);
}

void ch__automaton_release(ChAutomaton *automaton) {
    automaton->language->external_scanner.destroy(automaton->scanner);
    ch_array_release(&automaton->stack);
    ch_array_release(&automaton->spare);
}
