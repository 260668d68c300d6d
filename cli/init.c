// charn init, charn new: a project to begin with. Nothing that is there is touched: all files are looked for before the
// first is written.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "cli.h"

#include "base/banned.h"

enum { NAME_LENGTH_MAX = 64 };

typedef struct TemplateFile {
    const char *name, *path, *text;
} TemplateFile;

static const TemplateFile k_files[] = {
#define CLI_TEMPLATE_FILE(template, path, text) {template, path, text},
#include "templates.def"
#undef CLI_TEMPLATE_FILE
};
#define FILE_COUNT (sizeof k_files / sizeof k_files[0])

typedef struct Project {
    const char *command, *folder, *kind;
    ChStr name;
} Project;

static bool is_of(const Project *project, size_t file) { return strcmp(k_files[file].name, project->kind) == 0; }

static bool is_kind(const char *name) {
    for (size_t i = 0; i < FILE_COUNT; i++)
        if (strcmp(k_files[i].name, name) == 0) return true;
    return false;
}

static bool is_good_name(ChStr name) {
    if (name.length == 0 || name.length > NAME_LENGTH_MAX || name.data[0] == '.' || name.data[0] == '-') return false;
    for (uint32_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && c != '-' && c != '_' && c != '.') return false;
    }
    return true;
}

static int complain(const Project *project, const char *path, const char *what) {
    fprintf(stderr, "charn %s: %s: %s\n", project->command, path, what);
    return CLI_FAILED;
}

static char *path_of(const Project *project, const char *path) {
    ChBuffer text = {0};
    ch_buffer_printf(&text, "%s%s%s", project->folder ? project->folder : "", project->folder ? "/" : "", path);
    return ch_buffer_detach(&text);
}

static bool is_empty_folder(const char *path) {
    DIR *stream = opendir(path);
    bool is_empty = stream != NULL;
    for (struct dirent *entry; is_empty && (entry = readdir(stream));)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (stream) closedir(stream);
    return is_empty;
}

// Makes the folders above the file.
static bool make_folders(char *path) {
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        bool is_there = mkdir(path, 0777) == 0 || errno == EEXIST;
        *at = '/';
        if (!is_there) return false;
    }
    return true;
}

static void add_text(const Project *project, const char *text, ChBuffer *out) {
    static const char mark[] = "@NAME@";
    for (const char *next; (next = strstr(text, mark)); text = next + sizeof mark - 1) {
        ch_buffer_add(out, text, (size_t)(next - text));
        ch_buffer_add_str(out, project->name);
    }
    ch_buffer_add_text(out, text);
}

static int write_file(const Project *project, const TemplateFile *file) {
    char *path = path_of(project, file->path);
    ChBuffer text = {0};
    add_text(project, file->text, &text);
    int status = CLI_OK;
    int descriptor = make_folders(path) ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
    if (descriptor < 0 || write(descriptor, text.data, text.length) != (ssize_t)text.length)
        status = complain(project, path, strerror(errno));
    else
        printf("created %s\n", path);
    if (descriptor >= 0) close(descriptor);
    ch_buffer_release(&text);
    ch_free(path);
    return status;
}

static int look_for_files(const Project *project) {
    struct stat info;
    if (project->folder && lstat(project->folder, &info) == 0 && !is_empty_folder(project->folder))
        return complain(project, project->folder, S_ISDIR(info.st_mode) ? "is a folder that is not empty" : "is there already");
    int status = CLI_OK;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (!is_of(project, i)) continue;
        char *path = path_of(project, k_files[i].path);
        if (lstat(path, &info) == 0) status = complain(project, path, "is there already; nothing was written");
        ch_free(path);
    }
    return status;
}

static int make(const Project *project) {
    int status = look_for_files(project);
    for (size_t i = 0; i < FILE_COUNT && status == CLI_OK; i++)
        if (is_of(project, i)) status = write_file(project, &k_files[i]);
    if (status != CLI_OK) return status;
    fputs("\n", stdout);
    if (project->folder) printf("  cd %s\n", project->folder);
    fputs("  charn run main.harn\n  charn test\n", stdout);
    return CLI_OK;
}

// In the working folder the project is called what the folder is.
static ChStr name_of_folder(ChBuffer *text) {
    char *folder = getcwd(NULL, 0);
    if (folder) ch_buffer_add_str(text, ch_path_name(ch_str_of(folder)));
    free(folder);
    return is_good_name(ch_buffer_view(text)) ? ch_buffer_view(text) : CH_STR("my-project");
}

int cli_init(int argc, char **argv) {
    Project project = {.command = argv[0], .kind = "basic"};
    for (int i = 1; i < argc; i++) {
        if (cli_is_option(argv[i], "--template")) {
            const char *kind = cli_option_value(argc, argv, &i, "--template");
            if (!kind || !is_kind(kind)) return cli_usage_error(argv[0], "--template takes basic, agent or package");
            project.kind = kind;
        } else if (argv[i][0] == '-')
            return cli_unknown_option(argv[0], argv[i]);
        else if (project.folder)
            return cli_usage_error(argv[0], "one name at a time");
        else
            project.folder = argv[i];
    }
    ChBuffer text = {0};
    if (project.folder) {
        size_t length = strlen(project.folder);
        while (length > 1 && project.folder[length - 1] == '/') length--;
        ch_buffer_add(&text, project.folder, length);
        project.folder = text.data;
        project.name = ch_path_name(ch_buffer_view(&text));
    } else
        project.name = name_of_folder(&text);
    int status = !is_good_name(project.name)
                     ? cli_usage_error(argv[0], "'%.*s' cannot be the name of a project: letters, digits, - _ and . can stand in it",
                                       CH_STR_ARG(project.name))
                     : make(&project);
    ch_buffer_release(&text);
    return status;
}
