/* Does what no library may, and what its worker cannot keep it from: it finds the worker's socket and writes frames of
   its own, starts threads, and computes though nobody asks. A message's text says what. */
#include "border.h"
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A frame being made: postcard, after four bytes of length. */
typedef struct { unsigned char *at; size_t len, room; } frame;

static void put(frame *f, const void *bytes, size_t len) {
    if (f->len + len > f->room) f->room = (f->len + len) * 2, f->at = realloc(f->at, f->room);
    memcpy(f->at + f->len, bytes, len), f->len += len;
}

static void number(frame *f, uint64_t value) {
    do {
        unsigned char seven = value & 127;
        value >>= 7;
        if (value) seven |= 128;
        put(f, &seven, 1);
    } while (value);
}

static void begin(frame *f) { memset(f, 0, sizeof *f), put(f, "\0\0\0", 4); }

static int its_socket(void) {
    struct stat about;
    for (int file = 3; file < 64; file++) if (!syscall(SYS_fstat, file, &about) && S_ISSOCK(about.st_mode)) return file;
    return -1;
}

static void all(const void *bytes, size_t len) {
    int file = its_socket();
    if (file < 0) abort();
    for (const char *at = bytes; len;) {
        ssize_t written = write(file, at, len);
        if (written <= 0) return;
        at += written, len -= (size_t)written;
    }
}

static void send_it(frame *f, int announce) {
    uint32_t length = announce ? (uint32_t)announce : (uint32_t)(f->len - 4);
    memcpy(f->at, &length, 4);
    all(f->at, f->len);
}

/* Said::Answer(id, 0 us, Ok(Answer::..)) */
static void answer(frame *f, uint64_t id, unsigned kind) {
    begin(f), number(f, 4), number(f, id), number(f, 0), number(f, 0), number(f, kind);
}

enum { WORD, VERDICT, ACTS, HELD };

/* 16 million writes of nothing, in two bytes each: 32 MB that were 2.8 GiB. */
static void amplify(uint64_t writes) {
    frame f;
    answer(&f, 1u << 20, ACTS), number(&f, writes);
    for (uint64_t i = 0; i < writes; i++) put(&f, "\0\0", 2);
    send_it(&f, 0);
}

/* Empty ids in one outcome after the other: one byte each, and 24 in memory. */
static void ids(void) {
    frame f;
    answer(&f, 1u << 20, ACTS), number(&f, 1000);
    for (int i = 0; i < 1000; i++) {
        number(&f, 2), number(&f, 1);
        put(&f, "\0\0\0\0\0\0\0\0\0\0", 10);
        number(&f, 4096);
        for (int id = 0; id < 4096; id++) put(&f, "", 1);
        put(&f, "\0\0", 2);
    }
    send_it(&f, 0);
}

static void invent(uint64_t id) {
    frame f;
    answer(&f, id, HELD), send_it(&f, 0);
}

/* Log lines without end, told apart from any call. */
static void *flood(void *line_length) {
    static char line[60000];
    size_t len = (size_t)line_length;
    frame f, many;
    memset(line, 'x', sizeof line);
    begin(&f), number(&f, 3), number(&f, 0), number(&f, 0), number(&f, 1), number(&f, len), put(&f, line, len);
    uint32_t length = (uint32_t)(f.len - 4);
    memcpy(f.at, &length, 4);
    memset(&many, 0, sizeof many);
    while (many.len < 1 << 20) put(&many, f.at, f.len);
    for (;;) all(many.at, many.len);
    return NULL;
}

static void *burn(void *p) {
    for (volatile int on = 1; on;) {}
    return p;
}

static void *rest(void *p) {
    for (;;) sleep(1000);
    return p;
}

static void start(void *(*what)(void *), void *with) {
    pthread_t thread;
    pthread_create(&thread, NULL, what, with);
}

/* How many threads there may be besides this one. */
static int threads(int most) {
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small), pthread_attr_setstacksize(&small, 16384);
    for (int count = 0; count < most; count++) if (pthread_create(&thread, &small, rest, NULL)) return count;
    return most;
}

static void chatter(carrier *self, int lines) {
    static char line[1500];
    memset(line, 'x', sizeof line);
    pair labels[] = { { sizeof(pair), 0, text("a"), aldis_bytes(line, sizeof line) } };
    list too_long = { labels, 1, sizeof(pair) };
    for (int i = 0; i < lines; i++) {
        self->host->log(self->id, ALDIS_LOG_ERROR, aldis_bytes(line, sizeof line), NULL);
        self->host->metric(self->id, text("m"), 0, 1.0, &too_long);
    }
}

static int32_t end_with(const op_sink *op, size_t id_length, size_t detail_length) {
    char *id = malloc(id_length + 1), *detail = malloc(detail_length + 1);
    memset(id, 'i', id_length), memset(detail, 'd', detail_length), id[id_length] = detail[detail_length] = 0;
    int32_t answer = done(op, ALDIS_ACCEPTED, id, "", detail);
    free(id), free(detail);
    return answer;
}

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    char *how = owned(m->text), code[16] = "";
    int count = 0, second = 0;
    if (!strcmp(how, "amplify")) amplify(16000000);
    if (!strcmp(how, "amplify a little")) amplify(2000000);
    if (!strcmp(how, "ids")) ids();
    if (!strcmp(how, "invent")) invent(1u << 20);
    if (!strcmp(how, "again")) invent(1);
    if (!strcmp(how, "flood")) start(flood, (void *)10);
    if (!strcmp(how, "flood of bytes")) start(flood, (void *)60000);
    if (!strcmp(how, "burn")) start(burn, NULL), start(burn, NULL);
    if (!strcmp(how, "long")) { frame f; begin(&f), send_it(&f, 64 << 20); }
    if (sscanf(how, "threads %d", &count) == 1) snprintf(code, sizeof code, "%d", threads(count));
    if (sscanf(how, "chatter %d", &count) == 1) chatter(inst, count);
    if (sscanf(how, "outcome %d %d", &count, &second) == 2) {
        free(how);
        return end_with(op, (size_t)count, (size_t)second);
    }
    free(how);
    return done(op, ALDIS_ACCEPTED, "id", code, "");
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    (void)inst, (void)m, (void)r;
    return done(op, ALDIS_ACCEPTED, "id", "", "");
}

#ifdef THREADS_WHILE_LOADING
__attribute__((constructor)) static void constructed(void) { if (threads(1000) > 100) rest(NULL); }
#endif

static const http_table http = { sizeof http, 0, submit, on_response };

static const void *extension(str id) { return is(id, "aldis.http/1") ? &http : NULL; }

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = make,
        .instance_destroy = end, .get_extension = extension };
    e.descriptor_json = text(DESCRIPTOR);
    return &e;
}
