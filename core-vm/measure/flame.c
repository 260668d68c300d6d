// A profile as a picture: one box per node of the tree of calls, callers above, width by weight.
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "measure/profile_int.h"

#include "base/banned.h"

enum { WIDTH = 1200, MARGIN = 10, TOP = 48, ROW = 18, GLYPH = 7, COLORS = 6 };
#define BOX_MIN 0.2 // narrower ones are left out

typedef struct Box {
    uint32_t node, depth;
    double x, width;
} Box;

typedef struct Order {
    const ChProfile *profile;
    uint32_t node;
} Order;

static int by_parent_and_name(const void *a, const void *b) {
    const Order *l = a, *r = b;
    const ChCallNode *x = &l->profile->nodes.items[l->node], *y = &r->profile->nodes.items[r->node];
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    int order = ch_str_compare(l->profile->called.items[x->called].name, l->profile->called.items[y->called].name);
    return order ? order : l->node < r->node ? -1 : l->node > r->node;
}

// Places every node: a parent's number is smaller than its children's, so it was placed before.
static Box *place(const ChProfile *profile, uint32_t *depth_max) {
    uint32_t count = profile->nodes.count;
    Box *boxes = ch_alloc_zero(count, sizeof *boxes);
    double *cursor = ch_alloc_zero(count, sizeof *cursor), all = profile->total ? (double)profile->total : 1;
    Order *order = ch_alloc_zero(count, sizeof *order);
    for (uint32_t i = 0; i < count; i++) order[i] = (Order){profile, i};
    qsort(order + 1, count - 1, sizeof *order, by_parent_and_name);
    boxes[0] = (Box){0, 0, MARGIN, WIDTH - 2 * MARGIN};
    cursor[0] = MARGIN;
    *depth_max = 0;
    for (uint32_t i = 1; i < count; i++) {
        uint32_t node = order[i].node, parent = profile->nodes.items[node].parent;
        double width = (double)profile->nodes.items[node].total / all * (WIDTH - 2 * MARGIN);
        boxes[node] = (Box){node, boxes[parent].depth + 1, cursor[parent], width};
        cursor[node] = cursor[parent];
        cursor[parent] += width;
        if (width >= BOX_MIN && boxes[node].depth > *depth_max) *depth_max = boxes[node].depth;
    }
    ch_free(cursor);
    ch_free(order);
    return boxes;
}

static void add_xml(ChBuffer *out, ChStr text) {
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '<') ch_buffer_add_text(out, "&lt;");
        else if (c == '>') ch_buffer_add_text(out, "&gt;");
        else if (c == '&') ch_buffer_add_text(out, "&amp;");
        else if (c == '"') ch_buffer_add_text(out, "&quot;");
        else if (c >= 0x20) ch_buffer_add_byte(out, (char)c);
    }
}

static void add_box(const ChProfile *profile, const Box *box, ChBuffer *out) {
    const ChCallNode *node = &profile->nodes.items[box->node];
    const ChCalled *called = &profile->called.items[node->called];
    static const char kinds[] = {'u', 'r', 'b', 't'}; // by ChCalledKind
    uint32_t y = TOP + box->depth * ROW, color = 0;
    if (called->kind == CH_CALLED_PROGRAM) color = (uint32_t)(ch_str_hash(called->name) % COLORS);
    ch_buffer_add_text(out, "<g><title>");
    add_xml(out, called->name);
    if (called->file.length) {
        ch_buffer_add_text(out, " (");
        add_xml(out, called->file);
        ch_buffer_printf(out, ":%u)", called->line);
    }
    ch_buffer_add_text(out, "\n");
    ch__profile_add_weight(profile, node->total, out);
    ch_buffer_printf(out, ", %.2f %%; itself ", profile->total ? 100.0 * (double)node->total / (double)profile->total : 0.0);
    ch__profile_add_weight(profile, node->self, out);
    ch_buffer_printf(out, "</title><rect class=\"%c%u\" x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\"/>", kinds[called->kind],
                     color, box->x, y, box->width, ROW - 1);
    size_t fits = box->width > GLYPH * 3 ? (size_t)(box->width - 6) / GLYPH : 0;
    size_t runes = ch_utf8_count(called->name.data, called->name.length);
    if (fits > 0) {
        ch_buffer_printf(out, "<text x=\"%.2f\" y=\"%u\">", box->x + 3, y + 13);
        if (runes <= fits) {
            add_xml(out, called->name);
        } else {
            size_t bytes = ch_utf8_offset_of_rune(called->name.data, called->name.length, fits - 1);
            add_xml(out, ch_str_slice(called->name.data, bytes));
            ch_buffer_add_text(out, "\xE2\x80\xA6");
        }
        ch_buffer_add_text(out, "</text>");
    }
    ch_buffer_add_text(out, "</g>\n");
}

// Boxes are light enough for dark letters in both schemes; what stands outside of them follows the scheme.
static const char style[] =
    "<style>\n"
    "svg{background:#fff;font:12px ui-monospace,Menlo,Consolas,monospace}\n"
    "text{fill:#1b1b1f;pointer-events:none}.h{fill:#1b1b1f}.s{fill:#5a5a66}\n"
    ".u0{fill:#f6b26b}.u1{fill:#f9cb9c}.u2{fill:#ffd966}.u3{fill:#f4a582}.u4{fill:#fbd08a}.u5{fill:#eebf74}\n"
    ".r0{fill:#9fc5e8}.b0{fill:#b6d7a8}.t0{fill:#cfcfd6}\n"
    "g:hover rect{stroke:#1b1b1f;stroke-width:1.5}\n"
    "@media (prefers-color-scheme:dark){svg{background:#1b1b1f}.h{fill:#f0f0f4}.s{fill:#a8a8b4}g:hover rect{stroke:#fff}}\n"
    "</style>\n";

void ch_profile_flame_graph(ChProfile *profile, ChBuffer *out) {
    ch__profile_sum(profile);
    uint32_t depth_max;
    Box *boxes = place(profile, &depth_max);
    uint32_t height = TOP + (depth_max + 1) * ROW + MARGIN;
    ch_buffer_printf(out,
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\">\n%s",
                     WIDTH, height, WIDTH, height, style);
    ch_buffer_printf(out, "<text class=\"h\" x=\"%d\" y=\"20\">%s: ", MARGIN,
                     profile->kind == CH_PROFILE_CPU ? "CPU time" : "allocated memory");
    ch__profile_add_weight(profile, profile->total, out);
    ch_buffer_printf(out,
                     "</text>\n<text class=\"s\" x=\"%d\" y=\"38\">%llu samples; the program is orange, the prelude and std are "
                     "blue, builtins are green</text>\n",
                     MARGIN, (unsigned long long)profile->looks);
    for (uint32_t i = 0; i < profile->nodes.count; i++)
        if (boxes[i].width >= BOX_MIN) add_box(profile, &boxes[i], out);
    ch_buffer_add_text(out, "</svg>\n");
    ch_free(boxes);
}
