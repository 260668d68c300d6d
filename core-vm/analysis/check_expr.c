/* Expressions without calls, and the functions whose bodies hold them. */
#include <string.h>

#include "analysis/check_int.h"
#include "base/limits.h"

static ChDiagnosticList *diagnostics(ChChecker *checker)
{
    return &checker->analysis->diagnostics;
}

/* ---- operators ------------------------------------------------------------------------ */

static bool is_number(const ChTypeStore *types, const ChType *type)
{
    return type == types->int_ || type == types->float_;
}

static bool is_dict_like(const ChTypeStore *types, const ChType *type)
{
    return type == types->dict || type->kind == CH_TYPE_DICT || type->kind == CH_TYPE_SHAPE;
}

static const ChType *number_result(const ChTypeStore *types, const ChType *left,
                                   const ChType *right)
{
    if (!is_number(types, left) || !is_number(types, right))
        return NULL;
    return left == types->float_ || right == types->float_ ? types->float_ : types->int_;
}

static const ChType *coalesce_result(ChTypeStore *types, const ChType *left, const ChType *right)
{
    if (!left || left == types->nil)
        return right;
    if (left->kind == CH_TYPE_ANY || left->kind == CH_TYPE_UNKNOWN)
        return left;
    if (!ch_type_contains_nil(types, left))
        return left;
    left = ch_type_without_nil(types, left);
    if (!left)
        return right;
    return right ? ch_type_union2(types, left, right) : NULL;
}

const ChType *ch__binary_type(ChChecker *checker, ChOperator op, const ChType *left,
                              const ChType *right)
{
    ChTypeStore *types = checker->types;
    left = ch__type_resolve(checker, left);
    right = ch__type_resolve(checker, right);
    switch (op) {
    case CH_OPERATOR_EQUAL:
    case CH_OPERATOR_NOT_EQUAL:
    case CH_OPERATOR_LESS:
    case CH_OPERATOR_GREATER:
    case CH_OPERATOR_LESS_EQUAL:
    case CH_OPERATOR_GREATER_EQUAL:
    case CH_OPERATOR_IN:
    case CH_OPERATOR_NOT_IN:
    case CH_OPERATOR_AND:
    case CH_OPERATOR_OR: return types->bool_;
    case CH_OPERATOR_COALESCE: return coalesce_result(types, left, right);
    default: break;
    }
    if (!left || !right)
        return NULL;
    switch (op) {
    case CH_OPERATOR_ADD:
        if (left == types->string && right == types->string)
            return types->string;
        if (is_dict_like(types, left) && is_dict_like(types, right))
            return types->dict;
        if (left->kind == CH_TYPE_LIST && left == right)
            return left;
        if ((left == types->list || left->kind == CH_TYPE_LIST) &&
            (right == types->list || right->kind == CH_TYPE_LIST))
            return types->list;
        return number_result(types, left, right);
    case CH_OPERATOR_MULTIPLY:
        if ((left == types->string && right == types->int_) ||
            (left == types->int_ && right == types->string))
            return types->string;
        return number_result(types, left, right);
    case CH_OPERATOR_SUBTRACT:
    case CH_OPERATOR_DIVIDE:
    case CH_OPERATOR_MODULO: return number_result(types, left, right);
    case CH_OPERATOR_POWER:
        /* An int to a negative int is no int. */
        return left == types->int_ && right == types->int_ ? NULL
                                                           : number_result(types, left, right);
    default: return NULL;
    }
}

/* "text" + value is better said as "text${value}". False where the text is no plain literal. */
static bool add_interpolation_fix(ChChecker *checker, ChDiagnostic *diagnostic, const ChNode *node,
                                  bool text_is_left)
{
    const ChSource *source = checker->analysis->tree->source;
    const ChNode *text_node = text_is_left ? node->as.binary.left : node->as.binary.right;
    const ChNode *other_node = text_is_left ? node->as.binary.right : node->as.binary.left;
    ChStr text = ch_source_text(source, ch_node_range(text_node));
    ChStr other = ch_source_text(source, ch_node_range(other_node));
    bool is_plain = text.length >= 2 && text.data[0] == '"' && text.data[text.length - 1] == '"' &&
                    !ch_str_starts_with(text, CH_STR("\"\"\""));
    if (!is_plain || ch_str_find(other, CH_STR("}"), 0) >= 0 ||
        ch_str_find(other, CH_STR("\""), 0) >= 0)
        return false;
    ChArena *arena = &checker->analysis->arena;
    ChStr inner = ch_str_slice(text.data + 1, text.length - 2);
    ChStr replacement = text_is_left
                            ? ch_str_format(arena, "\"%.*s${%.*s}\"", CH_STR_ARG(inner),
                                            CH_STR_ARG(other))
                            : ch_str_format(arena, "\"${%.*s}%.*s\"", CH_STR_ARG(other),
                                            CH_STR_ARG(inner));
    ChFix *fix = ch_diagnostic_fix(diagnostics(checker), diagnostic, "write it as interpolation");
    ch_fix_edit(diagnostics(checker), fix, ch_node_range(node), replacement);
    return true;
}

/* Only plain names are judged: int, string, dict ..., not unions or generics. */
static bool is_judged(const ChType *type)
{
    return type && type->kind == CH_TYPE_NAME;
}

static bool adds(const ChTypeStore *types, const ChType *left, const ChType *right)
{
    return (is_number(types, left) && is_number(types, right)) ||
           (left == right && (left == types->string || left == types->list || left == types->dict));
}

/* Names that operators are defined for or surely not; a type that nobody declared may
 * be anything. */
static bool is_certain(const ChTypeStore *types, const ChType *type)
{
    return is_number(types, type) || type == types->string || type == types->bool_ ||
           type == types->nil || type == types->list || type == types->dict ||
           type == types->closure || ch__type_declares(type, CH_TYPE_DECL_STRUCT) ||
           ch__type_declares(type, CH_TYPE_DECL_ENUM);
}

static void check_operands(ChChecker *checker, const ChNode *node, const ChType *left,
                           const ChType *right)
{
    const ChTypeStore *types = checker->types;
    left = ch__type_resolve(checker, left);
    right = ch__type_resolve(checker, right);
    if (!is_judged(left) || !is_judged(right) || !is_certain(types, left) ||
        !is_certain(types, right))
        return;
    ChRange range = ch_node_range(node);
    ChOperator op = node->as.binary.op;
    bool are_numbers = is_number(types, left) && is_number(types, right);
    switch (op) {
    case CH_OPERATOR_ADD:
        if (!adds(types, left, right)) {
            bool has_text = left == types->string || right == types->string;
            ChDiagnostic *diagnostic = ch_diagnostic_add(
                diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-002", range, "can't add %.*s and %.*s",
                CH_STR_ARG(left->text), CH_STR_ARG(right->text));
            if (has_text && add_interpolation_fix(checker, diagnostic, node, left == types->string))
                diagnostic->code = CH_STR("HARN-TYP-003");
        }
        break;
    case CH_OPERATOR_SUBTRACT:
    case CH_OPERATOR_DIVIDE:
    case CH_OPERATOR_MODULO:
    case CH_OPERATOR_POWER:
        if (!are_numbers)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-002", range,
                              "can't use '%s' on %.*s and %.*s (needs numeric operands)",
                              ch_operator_text(op), CH_STR_ARG(left->text),
                              CH_STR_ARG(right->text));
        break;
    case CH_OPERATOR_MULTIPLY:
        if (!are_numbers && !(left == types->string && right == types->int_) &&
            !(left == types->int_ && right == types->string))
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-002", range,
                              "can't multiply %.*s and %.*s (try string * int)",
                              CH_STR_ARG(left->text), CH_STR_ARG(right->text));
        break;
    case CH_OPERATOR_LESS:
    case CH_OPERATOR_GREATER:
    case CH_OPERATOR_LESS_EQUAL:
    case CH_OPERATOR_GREATER_EQUAL: {
        bool are_texts = left == types->string && right == types->string;
        bool comparable = (is_number(types, left) || left == types->string) &&
                          (is_number(types, right) || right == types->string);
        if (!comparable)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-TYP-002", range,
                              "Comparison '%s' may not be meaningful for types %.*s and %.*s",
                              ch_operator_text(op), CH_STR_ARG(left->text),
                              CH_STR_ARG(right->text));
        else if (!are_numbers && !are_texts)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-TYP-002", range,
                              "Comparing %.*s with %.*s using '%s' may give unexpected results",
                              CH_STR_ARG(left->text), CH_STR_ARG(right->text),
                              ch_operator_text(op));
        break;
    }
    default: break;
    }
}

/* `a && b`, `a || b`: the right side runs where the left one was true, or false. */
static ChStep check_logic(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    bool is_and = node->as.binary.op == CH_OPERATOR_AND;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.binary.left);
    case 1:
        frame->refs = checker->refs;
        frame->mark = ch__flow_mark(checker);
        ch__refs_apply(checker, is_and ? frame->refs.truthy : frame->refs.falsy);
        CH_VISIT(checker, node->as.binary.right);
    default: {
        ChRefinements right = checker->refs, refs = {0};
        ch__flow_restore(checker, frame->mark);
        if (is_and)
            refs.truthy = ch__refs_join(checker, frame->refs.truthy, right.truthy);
        else
            refs.falsy = ch__refs_join(checker, frame->refs.falsy, right.falsy);
        ch__done(checker, frame,
                 ch__binary_type(checker, node->as.binary.op,
                                 ch__type_at(checker, node->as.binary.left),
                                 ch__type_at(checker, node->as.binary.right)));
        checker->refs = refs;
        return CH_STEP_DONE;
    }
    }
}

static ChStep check_binary(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    ChOperator op = node->as.binary.op;
    if (op == CH_OPERATOR_AND || op == CH_OPERATOR_OR)
        return check_logic(checker, frame);
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.binary.left);
    case 1: CH_VISIT(checker, node->as.binary.right);
    default: break;
    }
    const ChType *left = ch__type_at(checker, node->as.binary.left);
    const ChType *right = ch__type_at(checker, node->as.binary.right);
    check_operands(checker, node, left, right);
    ch__done(checker, frame, ch__binary_type(checker, op, left, right));
    if (op == CH_OPERATOR_EQUAL || op == CH_OPERATOR_NOT_EQUAL)
        checker->refs = ch__refine_equality(checker, node);
    return CH_STEP_DONE;
}

static ChStep check_unary(ChChecker *checker, ChFrame *frame)
{
    if (frame->stage++ == 0)
        CH_VISIT(checker, frame->node->as.unary.operand);
    ChRefinements refs = checker->refs;
    if (frame->node->as.unary.op == CH_OPERATOR_NOT) {
        ch__done(checker, frame, checker->types->bool_);
        checker->refs = (ChRefinements){.truthy = refs.falsy, .falsy = refs.truthy};
        return CH_STEP_DONE;
    }
    const ChType *type = checker->type;
    if (type && type->kind == CH_TYPE_INT)
        type = checker->types->int_;
    return ch__done(checker, frame, type);
}

/* ---- literals --------------------------------------------------------------------------- */

static ChStep check_list(ChChecker *checker, ChFrame *frame)
{
    const ChNodeList *items = &frame->node->as.list.items;
    if (frame->index < items->count)
        CH_VISIT(checker, items->items[frame->index++]);
    ChTypeStore *types = checker->types;
    const ChType *kept[CH_TYPE_UNION_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *item = items->items[i];
        const ChType *type = item->kind == CH_NODE_SPREAD ? NULL : ch__type_at(checker, item);
        if (!type)
            return ch__done(checker, frame, types->list);
        uint32_t at = 0;
        while (at < count && kept[at] != type)
            at++;
        if (at == CH_TYPE_UNION_MAX)
            return ch__done(checker, frame, types->list);
        if (at == count)
            kept[count++] = type;
    }
    const ChType *type =
        count ? ch_type_of(types, CH_TYPE_LIST, ch_type_union(types, kept, count)) : NULL;
    return ch__done(checker, frame, type ? type : types->list);
}

static ChStep check_dict(ChChecker *checker, ChFrame *frame)
{
    const ChNodeList *items = &frame->node->as.list.items;
    /* Each entry takes two visits, a computed key and the value; a spread one. */
    while (frame->index < items->count * 2) {
        const ChNode *item = items->items[frame->index / 2];
        bool is_second = frame->index++ % 2;
        if (item->kind == CH_NODE_SPREAD && is_second)
            CH_VISIT(checker, item);
        if (item->kind == CH_NODE_DICT_ENTRY && is_second)
            CH_VISIT(checker, item->as.dict_entry.value);
        if (item->kind == CH_NODE_DICT_ENTRY && (item->flags & CH_FLAG_COMPUTED))
            CH_VISIT(checker, item->as.dict_entry.key);
    }
    ChTypeStore *types = checker->types;
    bool is_shape = items->count > 0 && items->count <= CH_TYPE_WEIGHT_MAX / 2;
    for (uint32_t i = 0; i < items->count && is_shape; i++)
        is_shape = items->items[i]->kind == CH_NODE_DICT_ENTRY &&
                   !(items->items[i]->flags & CH_FLAG_COMPUTED) &&
                   items->items[i]->as.dict_entry.key &&
                   items->items[i]->as.dict_entry.key->kind == CH_NODE_STRING;
    if (!is_shape)
        return ch__done(checker, frame, types->dict);
    ChTypeField *fields = ch_alloc_zero(items->count, sizeof *fields);
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *entry = items->items[i];
        fields[i].name = entry->as.dict_entry.key->as.string.text;
        fields[i].type = ch__type_at(checker, entry->as.dict_entry.value);
    }
    const ChType *type = ch_type_shape(types, fields, items->count);
    ch_free(fields);
    return ch__done(checker, frame, type ? type : types->dict);
}

static ChStep check_interpolation(ChChecker *checker, ChFrame *frame)
{
    const ChNodeList *items = &frame->node->as.list.items;
    if (frame->index < items->count)
        CH_VISIT(checker, items->items[frame->index++]);
    return ch__done(checker, frame, checker->types->string);
}

/* ---- names and parts ------------------------------------------------------------------------ */

static const ChType *type_of_symbol(ChChecker *checker, uint32_t index)
{
    const ChSymbol *symbol = &checker->analysis->symbols.items[index];
    switch (symbol->kind) {
    case CH_SYMBOL_VARIABLE:
    case CH_SYMBOL_PARAMETER:
    case CH_SYMBOL_CONSTANT: {
        const ChState *state = &checker->states[index];
        if (!state->is_known)
            return symbol->is_annotated || symbol->module ? symbol->type : NULL;
        /* A function may run when the file's or the outer variable has another value. */
        bool is_outer = state->function != checker->function->number;
        if (is_outer && state->is_nil_widenable)
            return NULL;
        return state->current;
    }
    case CH_SYMBOL_FUNCTION: return symbol->type;
    default: return NULL;
    }
}

static ChStep check_identifier(ChChecker *checker, ChFrame *frame)
{
    uint32_t symbol = ch__symbol_at(checker, frame->node);
    const ChType *type = symbol == CH_SYMBOL_NONE ? NULL : type_of_symbol(checker, symbol);
    ch__done(checker, frame, type);
    checker->refs = ch__refine_truth(checker, frame->node);
    return CH_STEP_DONE;
}

static ChStep check_member(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    if (frame->stage++ == 0)
        CH_VISIT(checker, node->as.member.object);
    const ChNode *object = node->as.member.object;
    const ChSymbol *symbol =
        object && object->kind == CH_NODE_IDENTIFIER ? ch__symbol_of(checker, object) : NULL;
    if (symbol && symbol->kind == CH_SYMBOL_ENUM)
        return ch__done(checker, frame,
                        ch__enum_value(checker, symbol->decl, node, node->as.member.name, NULL));
    if (object && object->kind == CH_NODE_IDENTIFIER && !symbol &&
        ch_str_is(object->as.name.name.text, "Result"))
        return ch__done(checker, frame,
                        ch__enum_value(checker, checker->types->result_decl, node,
                                       node->as.member.name, NULL));
    const ChType *type = ch__type_at(checker, object);
    ch__link_member(checker, node, type, node->as.member.name, CH_REFERENCE_READ);
    ch__check_member(checker, node);
    return ch__done(checker, frame,
                    ch__field_type(checker, type, node->as.member.name.text,
                                   node->flags & CH_FLAG_OPTIONAL));
}

static const ChType *subscript_type(ChChecker *checker, const ChType *type, const ChNode *index,
                                    bool is_optional)
{
    ChTypeStore *types = checker->types;
    type = ch__type_resolve(checker, type);
    if (!type)
        return NULL;
    switch (type->kind) {
    case CH_TYPE_LIST: return type->items[0];
    case CH_TYPE_DICT: return type->items[1];
    case CH_TYPE_SHAPE:
        return index && index->kind == CH_NODE_STRING
                   ? ch__field_type(checker, type, index->as.string.text, false)
                   : NULL;
    case CH_TYPE_UNION:
        if (is_optional && ch_type_contains_nil(types, type)) {
            const ChType *rest = ch_type_without_nil(types, type);
            if (rest && rest->kind != CH_TYPE_UNION)
                return ch_type_union2(types, subscript_type(checker, rest, index, false),
                                      types->nil);
        }
        return NULL;
    default: return type == types->string ? types->string : NULL;
    }
}

static ChStep check_index(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.index.object);
    case 1: CH_VISIT(checker, node->as.index.index);
    default:
        return ch__done(checker, frame,
                        subscript_type(checker, ch__type_at(checker, node->as.index.object),
                                       node->as.index.index, node->flags & CH_FLAG_OPTIONAL));
    }
}

static ChStep check_slice(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.slice.object);
    case 1: CH_VISIT(checker, node->as.slice.first);
    case 2: CH_VISIT(checker, node->as.slice.last);
    default: break;
    }
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, node->as.slice.object));
    bool keeps = type && (type->kind == CH_TYPE_LIST || type == checker->types->list ||
                          type == checker->types->string);
    return ch__done(checker, frame, keeps ? type : NULL);
}

static ChStep check_ternary(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.ternary.condition);
    case 1:
        frame->refs = checker->refs;
        frame->mark = ch__flow_mark(checker);
        ch__refs_apply(checker, frame->refs.truthy);
        CH_VISIT(checker, node->as.ternary.then_value);
    case 2:
        frame->type = checker->type;
        ch__flow_restore(checker, frame->mark);
        ch__refs_apply(checker, frame->refs.falsy);
        CH_VISIT(checker, node->as.ternary.else_value);
    default: {
        const ChType *other = checker->type;
        ch__flow_restore(checker, frame->mark);
        return ch__done(checker, frame, ch_type_union2(checker->types, frame->type, other));
    }
    }
}

static ChStep check_range(ChChecker *checker, ChFrame *frame)
{
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, frame->node->as.range.first);
    case 1: CH_VISIT(checker, frame->node->as.range.last);
    default: return ch__done(checker, frame, checker->types->range);
    }
}

/* spread, postfix `?`, try* */
static ChStep check_wrapper(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    if (frame->stage++ == 0) {
        if (node->kind == CH_NODE_TRY_STAR && !checker->function->is_function)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-RCV-002",
                              ch_node_range(node),
                              "try* requires an enclosing function (fn, tool, or pipeline) so the "
                              "rethrow has a target");
        CH_VISIT(checker, node->as.unary.operand);
    }
    const ChType *type = ch__type_resolve(checker, checker->type);
    if (node->kind == CH_NODE_PROPAGATE)
        type = type && type->kind == CH_TYPE_APPLIED && type->count == 2 &&
                       type->decl == checker->types->result_decl &&
                       type->items[0]->kind != CH_TYPE_WILDCARD
                   ? type->items[0]
                   : NULL;
    else if (node->kind == CH_NODE_SPREAD)
        type = NULL;
    return ch__done(checker, frame, type);
}

ChStep ch__check_expression(ChChecker *checker, ChFrame *frame)
{
    const ChTypeStore *types = checker->types;
    switch (frame->node->kind) {
    case CH_NODE_NIL: return ch__done(checker, frame, types->nil);
    case CH_NODE_BOOL: return ch__done(checker, frame, types->bool_);
    case CH_NODE_INT: return ch__done(checker, frame, types->int_);
    case CH_NODE_FLOAT: return ch__done(checker, frame, types->float_);
    case CH_NODE_DURATION: return ch__done(checker, frame, NULL);
    case CH_NODE_STRING: return ch__done(checker, frame, types->string);
    case CH_NODE_INTERPOLATION: return check_interpolation(checker, frame);
    case CH_NODE_IDENTIFIER: return check_identifier(checker, frame);
    case CH_NODE_LIST: return check_list(checker, frame);
    case CH_NODE_DICT: return check_dict(checker, frame);
    case CH_NODE_UNARY: return check_unary(checker, frame);
    case CH_NODE_BINARY: return check_binary(checker, frame);
    case CH_NODE_TERNARY: return check_ternary(checker, frame);
    case CH_NODE_RANGE: return check_range(checker, frame);
    case CH_NODE_MEMBER: return check_member(checker, frame);
    case CH_NODE_INDEX: return check_index(checker, frame);
    case CH_NODE_SLICE: return check_slice(checker, frame);
    default: return check_wrapper(checker, frame);
    }
}

/* ---- functions ---------------------------------------------------------------------------------- */

static const ChNodeList *params_of(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_FN: return &node->as.fn.params;
    case CH_NODE_TOOL: return &node->as.tool.params;
    case CH_NODE_PIPELINE: return &node->as.pipeline.params;
    case CH_NODE_OVERRIDE: return &node->as.override.params;
    default: return &node->as.closure.params;
    }
}

static const ChNode *result_of(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_FN: return node->as.fn.return_type;
    case CH_NODE_TOOL: return node->as.tool.return_type;
    case CH_NODE_PIPELINE: return node->as.pipeline.return_type;
    case CH_NODE_CLOSURE: return node->as.closure.return_type;
    default: return NULL;
    }
}

static const ChNode *body_of(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_FN: return node->as.fn.body;
    case CH_NODE_TOOL: return node->as.tool.body;
    case CH_NODE_PIPELINE: return node->as.pipeline.body;
    case CH_NODE_OVERRIDE: return node->as.override.body;
    default: return node->as.closure.body;
    }
}

static void enter_function(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    ChAnalysis *analysis = checker->analysis;
    ChFunction *function = CH_ARENA_NEW(&analysis->arena, ChFunction);
    function->is_function = true;
    const ChNode *written = result_of(node);
    const ChType *result = ch__type_lower(analysis, written);
    if (written)
        function->result_range = ch_node_range(written);
    const ChType *resolved = ch__type_resolve(checker, result);
    if (node->kind == CH_NODE_FN && (node->flags & CH_FLAG_GEN)) {
        function->is_gen = true;
        if (resolved && resolved->kind == CH_TYPE_STREAM)
            function->emits = resolved->items[0];
        else if (resolved && resolved != checker->types->stream &&
                 resolved->kind != CH_TYPE_ANY)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-004",
                              function->result_range,
                              "`gen fn` must return Stream<T>, found %.*s",
                              CH_STR_ARG(ch_type_text(&analysis->arena, result)));
    } else if (!ch__body_yields((ChNode *)body_of(node))) {
        function->result = result;
    }
    const ChSymbol *symbol = node->kind == CH_NODE_FN ? ch__symbol_of(checker, node) : NULL;
    if (symbol && symbol->signature) {
        function->where = symbol->signature->where;
        function->where_count = symbol->signature->where_count;
    }
    ch__function_enter(checker, function);
    frame->mark = ch__flow_mark(checker);
}

static const ChType *closure_type(ChChecker *checker, const ChNode *node, const ChType *body)
{
    ChTypeStore *types = checker->types;
    const ChNodeList *params = &node->as.closure.params;
    const ChType *result =
        node->as.closure.return_type ? ch__type_lower(checker->analysis, node->as.closure.return_type)
                                     : body;
    if (params->count == 0 || !result || result->kind == CH_TYPE_NEVER)
        return types->closure;
    const ChType **items = ch_alloc_zero(params->count, sizeof *items);
    bool is_typed = true;
    for (uint32_t i = 0; i < params->count && is_typed; i++) {
        const ChNode *param = params->items[i];
        items[i] = ch__type_lower(checker->analysis, param->as.param.type);
        is_typed = items[i] && !param->as.param.default_value && !(param->flags & CH_FLAG_REST);
    }
    const ChType *type = is_typed ? ch_type_fn(types, items, params->count, result) : NULL;
    ch_free(items);
    return type ? type : types->closure;
}

/* The program's entry takes the harness, by this name and type. */
static void check_main(ChChecker *checker, const ChNode *fn)
{
    const ChNodeList *params = &fn->as.fn.params;
    const ChNode *param = params->count == 1 ? params->items[0] : NULL;
    ChStr name = param ? param->as.param.name.text : (ChStr){0};
    const ChNode *type = param ? param->as.param.type : NULL;
    bool is_name = ch_str_is(name, "harness") || ch_str_is(name, "_harness");
    bool is_type = type && type->kind == CH_NODE_TYPE_NAME && ch_str_is(type->as.name.name.text, "Harness");
    if (is_name && is_type && !param->as.param.default_value && !(param->flags & CH_FLAG_REST))
        return;
    ChBuffer text = {0};
    if (params->count == 0)
        ch_buffer_add_text(&text, "`main` must take a single `harness: Harness` parameter");
    else if (!param)
        ch_buffer_printf(&text, "`main` must take exactly one parameter (`harness: Harness`), found %u", params->count);
    else if (!is_name)
        ch_buffer_printf(&text, "`main` parameter is named `%.*s`, expected `harness` or `_harness`", CH_STR_ARG(name));
    else if (!type)
        ch_buffer_add_text(&text, "`main(harness: Harness)` requires an explicit `Harness` type annotation");
    else
        ch_buffer_printf(&text, "`main(harness: …)` parameter type must be `Harness`, found `%.*s`",
                         CH_STR_ARG(ch_source_text(checker->analysis->tree->source, ch_node_range(type))));
    ChDiagnosticList *list = &checker->analysis->diagnostics;
    ChDiagnostic *diagnostic = ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-NAM-101", ch_node_range(fn), "%.*s",
                                                 (int)text.length, text.data);
    ch_diagnostic_help(list, diagnostic,
                       "write `fn main(harness: Harness) { ... }`: what the program may do comes with this parameter");
    ch_buffer_release(&text);
}

ChStep ch__check_callable(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    const ChNodeList *params = params_of(node);
    if (frame->stage == 0) {
        frame->stage = 1;
        if (node->kind != CH_NODE_CLOSURE)
            ch__check_attributes(checker, node);
        enter_function(checker, frame);
    }
    /* A parameter can be named in the defaults of those behind it. */
    while (frame->stage == 1 && frame->index < params->count * 2) {
        const ChNode *param = params->items[frame->index / 2];
        if (frame->index++ % 2 == 0) {
            if (param->as.param.default_value)
                CH_VISIT(checker, param->as.param.default_value);
            continue;
        }
        uint32_t symbol = ch__symbol_at(checker, param);
        if (symbol != CH_SYMBOL_NONE)
            ch__state_declare(checker, symbol, checker->analysis->symbols.items[symbol].type);
    }
    if (frame->stage == 1) {
        frame->stage = 2;
        CH_VISIT(checker, body_of(node));
    }
    const ChType *body = checker->type;
    ch__function_leave(checker);
    /* What a function assigns to is its own copy: nothing of it shows outside. */
    while (checker->trail.count > frame->mark) {
        ChTrailEntry entry = ch_array_pop(&checker->trail);
        checker->states[entry.symbol] = entry.before;
    }
    if (node->kind == CH_NODE_CLOSURE)
        return ch__done(checker, frame, closure_type(checker, node, body));
    if (node->kind == CH_NODE_FN) {
        const ChSymbol *symbol = ch__symbol_of(checker, node);
        if (symbol && !symbol->module)
            ch__variance_check(checker->analysis, symbol);
        if (symbol && symbol->is_top_level && symbol->kind == CH_SYMBOL_FUNCTION && ch_str_is(symbol->name, "main"))
            check_main(checker, node);
    }
    return ch__done(checker, frame, NULL);
}
