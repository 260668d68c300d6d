// The graph of waits: a wait that can never end is found when it begins.
//
// A waiting task goes on when one of those that it waits for acts: an awaited task by ending, the holders of permits by
// giving one back, the parts of a `parallel` by all ending. Everything else (channels, timers, the host) may act at any
// time and counts as free. A task is free when it does not wait, waits for something free, or for a task that is free;
// of a `parallel` all parts must be free. What is found not to be free from the new wait on can never go on: the search
// gathers every task that the new one depends on, then lets freedom spread back until nothing changes.
#include "runtime/sync.h"

#include "base/banned.h"

typedef struct Node {
    ChTask *task;
    uint32_t first, count;   // of its edges: those that it waits for
    bool is_free, needs_all;
} Node;

typedef struct Graph {
    ChVm *vm;
    CH_ARRAY_OF(Node) nodes;
    CH_ARRAY_OF(ChTask *) edges;
} Graph;

static void add_node(Graph *graph, ChTask *task) {
    if (task->graph_mark == graph->vm->scheduler->graph_mark) return;
    task->graph_mark = graph->vm->scheduler->graph_mark;
    task->graph_index = graph->nodes.count;
    ch_array_push(&graph->nodes, ((Node){.task = task}));
}

// Another task may have the permit too and give it back.
static bool is_shared(const ChPermit *permit) { return permit->handle.head.refs > 1 || !permit->holder; }

static void add_holders(Graph *graph, const ChSync *sync) {
    for (const ChPermit *permit = sync->held; permit; permit = permit->next) {
        if (is_shared(permit)) {
            ch_array_last(&graph->nodes).is_free = true;
            continue;
        }
        bool is_known = false;
        for (uint32_t i = ch_array_last(&graph->nodes).first; i < graph->edges.count && !is_known; i++)
            is_known = graph->edges.items[i] == permit->holder;
        if (!is_known) ch_array_push(&graph->edges, permit->holder);
    }
}

// The edges of a task that waits already. False: it is free whatever others do.
static bool add_edges(Graph *graph, Node *node) {
    ChTask *task = node->task;
    if (task->state != CH_TASK_WAITING || task->has_wake || ch__task_deadline(task) != INT64_MAX) return false;
    const ChWait *wait = task->wait;
    switch (wait->kind) {
    case CH_WAIT_JOIN:
    case CH_WAIT_SETTLE: ch_array_push(&graph->edges, (ChTask *)wait->on.as.object); return true;
    case CH_WAIT_SYNC:
        if (wait->has_timeout) return false;
        for (const ChPermit *permit = wait->sync->held; permit; permit = permit->next) {
            if (is_shared(permit)) return false;
            ch_array_push(&graph->edges, permit->holder);
        }
        return true;
    case CH_WAIT_GROUP:
        node->needs_all = true;
        for (ChTask *part = graph->vm->tasks_first; part; part = part->next_all)
            if (part->group == wait->group) ch_array_push(&graph->edges, part);
        return true;
    default: return false;
    }
}

static void add_dependencies(Graph *graph, uint32_t index) {
    for (uint32_t i = index; i < graph->nodes.count; i++) {
        Node node = graph->nodes.items[i];
        if (i) { // node 0 is the task that is about to wait: its edges are there
            node.first = graph->edges.count;
            node.is_free = !add_edges(graph, &node);
            node.count = graph->edges.count - node.first;
            graph->nodes.items[i] = node;
        }
        for (uint32_t k = 0; k < node.count; k++) add_node(graph, graph->edges.items[node.first + k]);
    }
}

static bool becomes_free(const Graph *graph, const Node *node) {
    for (uint32_t k = 0; k < node->count; k++) {
        const ChTask *other = graph->edges.items[node->first + k];
        if (graph->nodes.items[other->graph_index].is_free != node->needs_all) return !node->needs_all;
    }
    return node->needs_all;
}

static void spread(Graph *graph) {
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        for (uint32_t i = graph->nodes.count; i-- > 0;) {
            Node *node = &graph->nodes.items[i];
            if (node->is_free || !becomes_free(graph, node)) continue;
            node->is_free = true;
            has_changed = true;
        }
    }
}

// From the new wait to others that are not free, until one comes again.
static void add_circle(const Graph *graph, ChBuffer *out) {
    CH_ARRAY_OF(uint32_t) path = {0};
    bool *is_seen = ch_alloc_zero(graph->nodes.count, sizeof *is_seen);
    uint32_t at = 0;
    while (!is_seen[at]) {
        is_seen[at] = true;
        ch_array_push(&path, at);
        const Node *node = &graph->nodes.items[at];
        for (uint32_t k = 0; k < node->count; k++) {
            uint32_t next = graph->edges.items[node->first + k]->graph_index;
            if (graph->nodes.items[next].is_free) continue;
            at = next;
            break;
        }
    }
    uint32_t from = 0;
    while (path.items[from] != at) from++;
    for (uint32_t i = from; i < path.count; i++)
        ch_buffer_printf(out, "'vm_task_%u' waits for ", graph->nodes.items[path.items[i]].task->id - 1);
    ch_buffer_printf(out, "'vm_task_%u'", graph->nodes.items[at].task->id - 1);
    ch_array_release(&path);
    ch_free(is_seen);
}

static ChFlow judge(Graph *graph) {
    ChVm *vm = graph->vm;
    add_dependencies(graph, 0);
    spread(graph);
    ChFlow flow = CH_OK;
    if (!graph->nodes.items[0].is_free) {
        ChBuffer circle = {0};
        add_circle(graph, &circle);
        flow = ch_throw_runtime(vm, "HARN-ORC-012: wait-for deadlock detected: tasks wait for each other and none can make "
                                    "progress (%s)", circle.data);
        ch_buffer_release(&circle);
    }
    ch_array_release(&graph->nodes);
    ch_array_release(&graph->edges);
    return flow;
}

static void begin(Graph *graph, ChVm *vm) {
    *graph = (Graph){.vm = vm};
    vm->scheduler->graph_mark++;
    add_node(graph, vm->task);
}

ChFlow ch__wait_check_join(ChVm *vm, ChTask *target) {
    // Nearly always the awaited task runs, or waits for something of its own.
    if (target->state != CH_TASK_WAITING || target->has_wake || ch__task_deadline(vm->task) != INT64_MAX) return CH_OK;
    Graph graph;
    begin(&graph, vm);
    ch_array_push(&graph.edges, target);
    graph.nodes.items[0].count = 1;
    return judge(&graph);
}

ChFlow ch__wait_check_sync(ChVm *vm, const ChSync *sync) {
    if (ch__task_deadline(vm->task) != INT64_MAX) return CH_OK;
    Graph graph;
    begin(&graph, vm);
    add_holders(&graph, sync);
    graph.nodes.items[0].count = graph.edges.count;
    return judge(&graph);
}
