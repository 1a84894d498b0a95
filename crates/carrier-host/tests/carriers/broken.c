/* Breaks the contract as the message's text says: "submit:how" or "response:how". */
#include "border.h"
#include <time.h>

static int32_t breaks(const op_sink *op, const char *how) {
    if (!strcmp(how, "silent")) return 0;
    if (!strcmp(how, "twice")) return done(op, ALDIS_ACCEPTED, "id", "", ""), done(op, ALDIS_ACCEPTED, "id", "", ""), 0;
    if (!strcmp(how, "both")) return op->wait(op->ctx, 1), done(op, ALDIS_ACCEPTED, "id", "", ""), 0;
    if (!strcmp(how, "null")) return op->complete(op->ctx, NULL), 0;
    if (!strcmp(how, "panic")) return ALDIS_E_PANIC;
    if (!strcmp(how, "error")) return done(op, ALDIS_ACCEPTED, "id", "", ""), -77;
    if (!strcmp(how, "class")) return done(op, 15, "id", "", "");
    if (!strcmp(how, "host class")) return done(op, 14, "id", "", "");
    outcome o = { .struct_size = sizeof o, .scope = 4 };
    if (!strcmp(how, "scope")) return op->complete(op->ctx, &o);
    http_req r = { .struct_size = sizeof r, .method = text("POST"), .url = text("https://api.example.com/") };
    pair header = { sizeof header, 0, text("content-length"), text("1") };
    static char large[5000];
    memset(large, 'x', sizeof large - 1);
    if (!strcmp(how, "url")) r.url = text("not a url");
    if (!strcmp(how, "method")) r.method = text("P O S T");
    if (!strcmp(how, "state")) r.state = text(large);
    if (!strcmp(how, "header")) r.headers = (list){ &header, 1, sizeof header };
    if (!strcmp(how, "newline")) {
        header = (pair){ sizeof header, 0, text("x"), text("a\r\nb: c") };
        r.headers = (list){ &header, 1, sizeof header };
    }
    return op->http(op->ctx, &r);
}

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    char *how = owned(m->text);
    int32_t answer;
    if (!strncmp(how, "submit:", 7)) answer = breaks(op, how + 7);
    else answer = post(inst, op, "/messages", m->text, "");
    free(how);
    return answer;
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    char *how = owned(m->text);
    int32_t answer;
    (void)inst, (void)r;
    if (!strncmp(how, "response:", 9)) answer = breaks(op, how + 9);
    else {
        if (!strcmp(how, "slow")) {
            struct timespec start, now;
            clock_gettime(CLOCK_MONOTONIC, &start);
            do clock_gettime(CLOCK_MONOTONIC, &now);
            while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <= 300);
        }
        answer = done(op, ALDIS_ACCEPTED, "id", "", "");
    }
    free(how);
    return answer;
}

static int32_t handle(void *inst, const webhook_req *r, const webhook_sink *sink) {
    (void)inst, (void)r, (void)sink;
    return ALDIS_E_PANIC;
}

static const http_table http = { sizeof http, 0, submit, on_response };
static const webhook_table webhook = { sizeof webhook, 0, handle };

static const void *extension(str id) {
    if (is(id, "aldis.webhook/1")) return &webhook;
    return is(id, "aldis.http/1") ? &http : NULL;
}

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = make,
        .instance_destroy = end, .get_extension = extension };
    e.descriptor_json = text("{\"id\":\"broken\",\"version\":\"1\",\"allowed_hosts\":[\"api.example.com\"]}");
    return &e;
}
