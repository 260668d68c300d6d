/* Templates that a program renders by a literal path, `render("x.prompt", …)`: whether they are there, parse, and
 * include what is there. Paths are relative to the file that names them. */
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "analysis/analysis_int.h"
#include "analysis/assets.h"
#include "analysis/manifest.h"
#include "base/path.h"
#include "template/template.h"

typedef struct Templates {
    ChAnalysis *analysis;
    ChArena *arena;
    ChStr folder;        /* of the program, absolute */
    ChStr bundle;        /* where paths are looked for too; may be empty */
    ChSeverity severity;
    ChMap seen;          /* templates that were parsed for this call */
    CH_ARRAY_OF(ChStr) open; /* files that are still to be parsed */
} Templates;

/* The call that names a template, and how the template came there. */
typedef struct Use {
    const char *call;    /* "render" */
    ChRange range;       /* of the path in the program */
    ChStr path;          /* as written */
} Use;

#define ADD(templates, code, use, ...) \
    ch_diagnostic_add(&(templates)->analysis->diagnostics, (templates)->severity, code, (use)->range, __VA_ARGS__)

/* ---- settings -------------------------------------------------------------------------------------------------- */

/* [check] preflight_severity and bundle_root of the nearest harn.toml. False: "off". */
static bool read_settings(Templates *t)
{
    ChStr folder = t->folder;
    bool is_on = true;
    t->severity = CH_SEVERITY_ERROR;
    do {
        ChManifest manifest = ch__manifest_read(t->arena, folder);
        const ChToml *check = ch_toml_get(manifest.root, CH_STR("check"));
        const ChToml *severity = ch_toml_get(check, CH_STR("preflight_severity"));
        const ChToml *bundle = ch_toml_get(check, CH_STR("bundle_root"));
        bool has_severity = severity && severity->kind == CH_TOML_TEXT;
        is_on = !has_severity || !ch_str_is(severity->as.text, "off");
        if (has_severity && ch_str_is(severity->as.text, "warning"))
            t->severity = CH_SEVERITY_WARNING;
        if (bundle && bundle->kind == CH_TOML_TEXT)
            t->bundle = ch_path_join(t->arena, folder, bundle->as.text);
        bool is_there = manifest.is_there;
        ch__manifest_release(&manifest);
        if (is_there)
            break;
    } while (ch__climb(t->arena, &folder));
    return is_on;
}

/* ---- one template ---------------------------------------------------------------------------------------------- */

/* The file that a path means for a file in `folder`; empty, and reported, when it means none. */
static ChStr resolve(Templates *t, const Use *use, ChStr folder, ChStr path)
{
    ChStr why = {0};
    if (!ch_asset_is_rooted(path))
        return ch_path_normalize(t->arena, ch_path_join(t->arena, folder, path));
    ChStr file = ch_asset_resolve(t->arena, folder, path, &why);
    if (file.length == 0) {
        ChDiagnostic *diagnostic = ADD(t, "HARN-IMP-001", use, "preflight: %.*s", CH_STR_ARG(why));
        ch_diagnostic_help(&t->analysis->diagnostics, diagnostic,
                           "`@/…` begins at the folder of harn.toml, `@NAME/…` at the folder that [asset_roots] gives NAME");
    }
    return file;
}

static void note(Templates *t, ChDiagnostic *diagnostic, ChSource *source, uint32_t line, uint32_t column, const char *what)
{
    uint32_t at = ch_source_offset(source, (ChPosition){line, column});
    ChStr rest = ch_str_slice(source->text.data + at, source->text.length - at);
    int64_t end = ch_str_find(rest, CH_STR("}}"), 0);
    ch_diagnostic_note(&t->analysis->diagnostics, diagnostic, source, (ChRange){at, at + (uint32_t)(end < 0 ? 2 : end + 2)}, "%s", what);
    ch_array_push(&t->analysis->templates, ch_source_ref(source));
}

/* Included paths are known where they are texts; what is not there fails only when it is reached. */
static void check_includes(Templates *t, const Use *use, const ChTemplate *template, ChSource *source)
{
    for (uint32_t i = 1; i < template->ops.count; i++) {
        const ChTemplateOp *op = &template->ops.items[i], *before = op - 1;
        if (op->kind != CH_TEMPLATE_PATH || before->kind != CH_TEMPLATE_STRING || ch_str_starts_with(before->text, CH_STR("std/")))
            continue;
        ChStr file = resolve(t, use, ch_path_folder(source->path), before->text);
        if (file.length == 0)
            continue;
        if (ch__is_file(file)) {
            ch_array_push(&t->open, file);
            continue;
        }
        ChDiagnostic *diagnostic = ch_diagnostic_add(
            &t->analysis->diagnostics, CH_SEVERITY_WARNING, "HARN-PRM-007", use->range,
            "preflight: the template includes '%.*s', which does not exist at %.*s", CH_STR_ARG(before->text), CH_STR_ARG(file));
        note(t, diagnostic, source, op->line, op->column, "included here");
    }
}

static void check_template(Templates *t, const Use *use, ChStr file)
{
    bool is_new;
    ch_map_enter(&t->seen, file, &is_new);
    ChSource *source = is_new ? ch_source_read(file, NULL) : NULL;
    if (!source)
        return;
    ChTemplate *template = ch_template_parse(source->text);
    if (template->is_broken) {
        const ChTemplateError *error = &template->error;
        ChDiagnostic *diagnostic =
            ADD(t, "HARN-PRM-001", use, "preflight: template '%.*s' has a syntax error: at %u:%u: %.*s", CH_STR_ARG(use->path),
                error->line, error->column, CH_STR_ARG(error->message));
        note(t, diagnostic, source, error->line, error->column, "here");
    } else {
        check_includes(t, use, template, source);
    }
    ch_template_free(template);
    ch_source_unref(source);
}

/* ---- missing ones ---------------------------------------------------------------------------------------------- */

/* A file of a folder whose name is near; its name, or empty. */
static ChStr near_name(Templates *t, ChStr folder, ChStr name)
{
    ChNearest nearest;
    ch__nearest_init(&nearest, name, 2);
    char *text = ch_str_detach(folder);
    DIR *listing = opendir(text);
    ch_free(text);
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        ch__nearest_offer(&nearest, ch_str_copy(t->arena, ch_str_of(entry->d_name)));
    if (listing)
        closedir(listing);
    return nearest.best;
}

static void report_missing(Templates *t, const Use *use, ChStr file)
{
    bool has_bundle = t->bundle.length > 0;
    ChDiagnostic *diagnostic =
        ADD(t, "HARN-PRM-007", use, "preflight: %s target '%.*s' does not exist at %.*s%s%.*s", use->call, CH_STR_ARG(use->path),
            CH_STR_ARG(file), has_bundle ? " or " : "",
            CH_STR_ARG(has_bundle ? ch_path_join(t->arena, t->bundle, use->path) : (ChStr){0}));
    ChStr name = ch_path_name(use->path), near = near_name(t, ch_path_folder(file), name);
    ChDiagnosticList *list = &t->analysis->diagnostics;
    if (near.length == 0) {
        ch_diagnostic_help(list, diagnostic, "paths are relative to this file; `@/…` begins at the folder of harn.toml");
        return;
    }
    ChStr meant = ch_str_format(t->arena, "%.*s%.*s", (int)(use->path.length - name.length), use->path.data, CH_STR_ARG(near));
    ch_diagnostic_help(list, diagnostic, "did you mean `%.*s`?", CH_STR_ARG(meant));
    ChFix *fix = ch_diagnostic_fix(list, diagnostic, "change to `%.*s`", CH_STR_ARG(meant));
    ch_fix_edit(list, fix, use->range, ch_str_format(t->arena, "\"%.*s\"", CH_STR_ARG(meant)));
}

static void check_use(Templates *t, const Use *use)
{
    if (ch_str_starts_with(use->path, CH_STR("std/"))) {
        ADD(t, "HARN-PRM-007", use, "preflight: %s target '%.*s' is not an embedded stdlib prompt asset", use->call,
            CH_STR_ARG(use->path));
        return;
    }
    ChStr file = resolve(t, use, t->folder, use->path);
    if (file.length == 0)
        return;
    ChStr bundled = t->bundle.length > 0 ? ch_path_join(t->arena, t->bundle, use->path) : (ChStr){0};
    if (!ch__exists(file) && bundled.length > 0 && ch__exists(bundled))
        file = bundled;
    if (!ch__exists(file)) {
        report_missing(t, use, file);
        return;
    }
    ch_map_clear(&t->seen);
    ch_array_push(&t->open, file);
    while (t->open.count > 0)
        check_template(t, use, ch_array_pop(&t->open));
}

static ChWalk enter(ChNode *node, void *data)
{
    Templates *t = data;
    if (node->kind != CH_NODE_CALL || node->as.call.args.count == 0 || node->as.call.callee->kind != CH_NODE_IDENTIFIER)
        return CH_WALK_INTO;
    const ChNode *callee = node->as.call.callee, *path = node->as.call.args.items[0];
    ChStr name = callee->as.name.name.text;
    bool is_prompt = ch_str_is(name, "render_prompt"), is_own = t->analysis->node_symbols[callee->id] != CH_SYMBOL_NONE;
    if ((is_prompt || ch_str_is(name, "render")) && !is_own && path->kind == CH_NODE_STRING && path->as.string.text.length > 0 &&
        memchr(path->as.string.text.data, 0, path->as.string.text.length) == NULL)
        check_use(t, &(Use){is_prompt ? "render_prompt" : "render", ch_node_range(path), path->as.string.text});
    return CH_WALK_INTO;
}

void ch__check_templates(ChAnalysis *analysis)
{
    const ChSource *source = analysis->tree->source;
    char working[PATH_MAX];
    if (ch_str_find(source->text, CH_STR("render"), 0) < 0)
        return;
    Templates t = {.analysis = analysis, .arena = &analysis->arena};
    ChStr path = source->path;
    if (!ch_path_is_absolute(path) && getcwd(working, sizeof working))
        path = ch_path_join(t.arena, ch_str_copy(t.arena, ch_str_of(working)), path);
    t.folder = ch_path_folder(ch_path_normalize(t.arena, path));
    if (read_settings(&t))
        ch_node_walk(analysis->tree->root, enter, NULL, &t);
    ch_map_release(&t.seen);
    ch_array_release(&t.open);
}
