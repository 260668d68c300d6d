// charn doc: what there is to know about a name, and the reference manual.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "doc.h"

#include "base/banned.h"

static bool is_file_name(ChStr name) { return ch_str_ends_with(name, CH_STR(".harn")); }

// ---- the manual as files ----

static bool emit_file(void *folder, const char *name, const ChBuffer *text) {
    ChBuffer path = {0};
    ch_buffer_printf(&path, "%s/%s", (const char *)folder, name);
    FILE *file = fopen(path.data, "w");
    bool is_good = file && fwrite(text->data, 1, text->length, file) == text->length;
    if (file && fclose(file) != 0) is_good = false;
    if (!is_good) fprintf(stderr, "charn doc: cannot write %s: %s\n", path.data, strerror(errno));
    ch_buffer_release(&path);
    return is_good;
}

typedef bool (*Writer)(const ChManual *manual, ChManualEmit emit, void *data);

static bool write_manual(const ChManual *manual, Writer writer, const char *folder) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "charn doc: cannot make the folder %s: %s\n", folder, strerror(errno));
        return false;
    }
    return writer(manual, emit_file, (void *)folder);
}

// ---- names ----

static void add_item(const ChManual *manual, const ChManualItem *item, const CliDocOptions *options, ChBuffer *out) {
    if (options->json) {
        ch_manual_add_json(manual, item, out);
        return;
    }
    if (out->length) ch_buffer_add_byte(out, '\n');
    ch_manual_add_text(manual, item, options->color, out);
}

static void add_page(const ChManual *manual, const ChManualPage *page, const CliDocOptions *options, ChBuffer *out) {
    if (!options->json && out->length) ch_buffer_add_byte(out, '\n');
    if (!options->json) ch_manual_add_contents(manual, page, out);
    for (uint32_t i = page->first; options->json && i < page->first + page->count; i++)
        ch_manual_add_json(manual, &manual->items.items[i], out);
}

// What has exactly this name; else what has it behind the dot. Pages of the name follow.
bool cli_doc_named(const ChManual *manual, ChStr name, const CliDocOptions *options, ChBuffer *out) {
    size_t before = out->length;
    for (uint32_t i = 0; i < manual->items.count; i++)
        if (ch_manual_is_named(&manual->items.items[i], name)) add_item(manual, &manual->items.items[i], options, out);
    for (uint32_t i = 0; i < manual->pages.count; i++)
        if (ch_str_equal(manual->pages.items[i].key, name)) add_page(manual, &manual->pages.items[i], options, out);
    return out->length > before;
}

static bool explain(const ChManual *manual, const char *name, const CliDocOptions *options, ChBuffer *out) {
    if (cli_doc_named(manual, ch_str_of(name), options, out)) return true;
    ChStr nearest = ch_manual_nearest(manual, ch_str_of(name));
    fprintf(stderr, "charn doc: there is nothing called '%s'", name);
    if (nearest.length) fprintf(stderr, " (did you mean '%.*s'?)", CH_STR_ARG(nearest));
    fputs(" (see charn doc)\n", stderr);
    return false;
}

// Of a file every export, as for a name.
static bool explain_file(const char *path, const CliDocOptions *options, ChBuffer *out) {
    ChManual *manual = ch_manual_new();
    bool is_good = ch_manual_add_file(manual, ch_str_of(path));
    if (!is_good) fprintf(stderr, "charn doc: %s cannot be read or has syntax errors (see charn check)\n", path);
    if (is_good && !options->json) add_page(manual, &manual->pages.items[0], options, out);
    for (uint32_t i = 0; i < manual->items.count; i++) add_item(manual, &manual->items.items[i], options, out);
    ch_manual_free(manual);
    return is_good;
}

// Without a name: what names there are.
static void add_overview(const ChManual *manual, const CliDocOptions *options, ChBuffer *out) {
    const char *part = "";
    for (uint32_t i = 0; i < manual->pages.count; i++) {
        const ChManualPage *page = &manual->pages.items[i];
        if (options->json) {
            add_page(manual, page, options, out);
            continue;
        }
        if (strcmp(part, page->part) != 0) ch_buffer_printf(out, "%s%s\n", i ? "\n" : "", page->part);
        part = page->part;
        ch_buffer_printf(out, "  %-24.*s %.*s (%u)\n", CH_STR_ARG(page->key), CH_STR_ARG(page->title), page->count);
    }
    if (!options->json) ch_buffer_add_text(out, "\ncharn doc NAME tells more, of one of these names or what they hold.\n");
}

// The manual of charn, or of the modules that are named.
static int make_manual(const CliDocOptions *options, char **names, int count) {
    ChManual *manual = ch_manual_new();
    bool is_good = true;
    for (int i = 0; i < count && is_good; i++) {
        is_good = ch_manual_add_file(manual, ch_str_of(names[i]));
        if (!is_good) fprintf(stderr, "charn doc: %s is no module: it cannot be read or has syntax errors\n", names[i]);
    }
    if (count == 0) ch_manual_add_all(manual, options->internal ? CH_MANUAL_INTERNAL : CH_MANUAL_PUBLIC);
    if (is_good && options->markdown) is_good = write_manual(manual, ch_manual_markdown, options->markdown);
    if (is_good && options->html) is_good = write_manual(manual, ch_manual_html, options->html);
    ch_manual_free(manual);
    return is_good ? CLI_OK : CLI_FAILED;
}

static int answer(const CliDocOptions *options, char **names, int count) {
    ChManual *manual = ch_manual_new();
    ch_manual_add_all(manual, options->internal ? CH_MANUAL_INTERNAL : CH_MANUAL_PUBLIC);
    ChBuffer out = {0};
    bool is_good = true;
    if (count == 0) add_overview(manual, options, &out);
    for (int i = 0; i < count; i++) {
        bool found = is_file_name(ch_str_of(names[i])) ? explain_file(names[i], options, &out)
                                                       : explain(manual, names[i], options, &out);
        is_good = is_good && found;
    }
    cli_write(STDOUT_FILENO, &out);
    ch_buffer_release(&out);
    ch_manual_free(manual);
    return is_good ? CLI_OK : CLI_FAILED;
}

int cli_doc(int argc, char **argv) {
    CliDocOptions options = {.color = ch_color_mode_of(STDOUT_FILENO)};
    int count = 0; // names are moved to the front
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--json") == 0)
            options.json = true;
        else if (strcmp(arg, "--all") == 0)
            options.internal = true;
        else if (cli_is_option(arg, "--markdown") || cli_is_option(arg, "--html")) {
            const char *name = cli_is_option(arg, "--html") ? "--html" : "--markdown";
            const char *folder = cli_option_value(argc, argv, &i, name);
            if (!folder || !*folder) return cli_usage_error("doc", "%s needs a folder", name);
            if (strcmp(name, "--html") == 0)
                options.html = folder;
            else
                options.markdown = folder;
        } else if (strncmp(arg, "--", 2) == 0 && arg[2])
            return cli_unknown_option("doc", arg);
        else
            argv[count++] = argv[i];
    }
    return options.markdown || options.html ? make_manual(&options, argv, count) : answer(&options, argv, count);
}
