/* Does what the message's text says, "submit:how" or "response:how", and what no library may: it crashes, hangs, and
   tries the walls of its process. */
#include "border.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *p) { return p; }

#ifdef PEEKS
/* What was tried before anybody called: 0 or the error. */
static int saw_memory, saw_environment, saw_file, unbound, opened;

static int seen(const char *path) {
    char one;
    int file = open(path, O_RDONLY), read_at = file < 0 ? -1 : pread(file, &one, 1, 0);
    int error = file < 0 || (read_at < 0 && errno != EIO) ? errno : 0; /* EIO: address 0 of a memory that is open */
    if (file >= 0) close(file);
    return error;
}

__attribute__((constructor)) static void peek(int argc, char **argv) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/mem", argc > 1 ? argv[1] : "self"), saw_memory = seen(path);
    snprintf(path, sizeof path, "/proc/%s/environ", argc > 1 ? argv[1] : "self"), saw_environment = seen(path);
    saw_file = seen("/etc/passwd");
    unbound = prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) ? errno : 0;
    opened = open("/etc/ld.so.cache", O_RDONLY) < 0 ? errno : 0;
}

static int peeked(const char *what) {
    if (!strcmp(what, "memory")) return saw_memory;
    if (!strcmp(what, "environment")) return saw_environment;
    if (!strcmp(what, "file")) return saw_file;
    if (!strcmp(what, "unbind")) return unbound;
    return strcmp(what, "opened") ? -1 : opened;
}
#else
static int peeked(const char *what) { return (void)what, -1; }
#endif

/* The page that tells which call this is holds one small number and nothing else. It is to say 0. */
static void hide(void) {
    uintptr_t here = (uintptr_t)hide & ~(uintptr_t)4095, reach = (uintptr_t)64 << 20;
    for (uintptr_t page = here - reach; page < here + reach; page += 4096) {
        unsigned char resident;
        if (mincore((void *)page, 4096, &resident)) continue;
        /* Whether it can be read: EFAULT comes before the word that this is no way to set a mask. */
        if (syscall(SYS_rt_sigprocmask, 99, page, NULL, 8) && errno == EFAULT) continue;
        uint64_t *words = (uint64_t *)page, rest = 0;
        for (int i = 1; i < 512; i++) rest |= words[i];
        if (rest || !words[0] || words[0] > 10000) continue;
        /* Whether it can be written. */
        if (!syscall(SYS_clock_gettime, 0, page + 8)) words[0] = words[1] = words[2] = 0;
    }
}

/* 0 or the error of what was tried. */
static int tried(const char *what) {
    errno = 0;
    if (!strcmp(what, "open")) return open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
    if (!strcmp(what, "create")) return open("/tmp/aldis-was-here", O_WRONLY | O_CREAT, 0600) < 0 ? errno : 0;
    if (!strcmp(what, "socket")) return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
    if (!strcmp(what, "fork")) {
        pid_t child = fork();
        if (!child) _exit(0);
        return child < 0 ? errno : 0;
    }
    if (!strcmp(what, "exec")) return execl("/bin/true", "true", NULL), errno;
    if (!strcmp(what, "kill")) return kill(getppid(), SIGTERM) ? errno : 0;
    if (!strcmp(what, "thread")) {
        pthread_t thread;
        int failed = pthread_create(&thread, NULL, nothing, NULL);
        return failed ? failed : pthread_join(thread, NULL);
    }
    if (!strncmp(what, "peek:", 5)) return peeked(what + 5);
    if (!strcmp(what, "descriptors")) {
        struct stat about;
        int open = 0;
        for (int file = 0; file < 4096; file++) open += !syscall(SYS_fstat, file, &about);
        return open;
    }
    if (!strcmp(what, "memory")) {
        char *much = malloc((size_t)8 << 30);
        return much ? 0 : errno;
    }
    return -1;
}

static void crash(const char *how) {
    if (!strcmp(how, "segv")) *(volatile int *)8 = 1;
    if (!strcmp(how, "abort")) abort();
    if (!strcmp(how, "loop")) for (volatile int on = 1; on;) {}
    if (!strcmp(how, "hide")) for (hide();;) sleep(1000);
    if (!strcmp(how, "sleep")) for (;;) sleep(1000);
    if (!strcmp(how, "nap")) usleep(300000);
    if (!strcmp(how, "exit")) exit(0);
}

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    char *how = owned(m->text);
    if (!strncmp(how, "submit:", 7)) crash(how + 7);
#ifdef CRASHES_ON
    if (strstr(how, CRASHES_ON)) crash("segv");
#endif
    if (!strncmp(how, "try:", 4)) {
        char code[16];
        snprintf(code, sizeof code, "%d", tried(how + 4));
        free(how);
        return done(op, ALDIS_BAD_REQUEST, "", code, "");
    }
    free(how);
    return post(inst, op, "/messages", m->id, "");
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    (void)inst;
    char *how = owned(m->text);
    if (!strncmp(how, "response:", 9)) crash(how + 9);
    free(how);
    return done(op, r->status == 201 ? ALDIS_ACCEPTED : ALDIS_TEMPORARY, "id", "", "");
}

static int32_t handle(void *inst, const webhook_req *r, const webhook_sink *sink) {
    (void)inst, (void)sink;
    char *how = owned(r->body);
    crash(how);
    free(how);
    return ALDIS_VERIFIED;
}

static const http_table http = { sizeof http, 0, submit, on_response };
static const webhook_table webhook = { sizeof webhook, 0, handle };

static const void *extension(str id) {
    if (is(id, "aldis.webhook/1")) return &webhook;
    return is(id, "aldis.http/1") ? &http : NULL;
}

#ifdef WHILE_LOADING
__attribute__((constructor)) static void constructed(void) { crash(WHILE_LOADING); }
#endif

static int32_t created(const host_table *h, const instance_cfg *cfg, void **out) {
#ifdef WHILE_CREATED
    crash(WHILE_CREATED);
#endif
    return make(h, cfg, out);
}

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = created,
        .instance_destroy = end, .get_extension = extension };
    e.descriptor_json = text(DESCRIPTOR);
    return &e;
}
