/* Fetches a token first and keeps it; then waits a little, once; then sends. */
#include "border.h"

static void keep(void *ctx, str value) { *(char **)ctx = owned(value); }

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    carrier *self = inst;
    char *token = NULL;
    if (is(m->text, "for ever")) return post(self, op, "/for-ever", text(""), "0");
    if (is(m->text, "wait for ever")) return op->wait(op->ctx, 0);
    if (self->host->kv_get(self->id, text("token"), &token, keep)) return post(self, op, "/token", text(""), "token");
    if (self->host->kv_get(self->id + 1, text("token"), &token, keep) != ALDIS_E_INVALID) return ALDIS_E_INVALID;
    int32_t answer = post(self, op, "/messages", text(token), "send");
    free(token);
    return answer;
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    carrier *self = inst;
    char step[16];
    uint8_t dice[16] = { 0 }, zeros[16] = { 0 };
    if (is(m->text, "for ever")) {
        snprintf(step, sizeof step, "%u", r->step);
        return post(self, op, "/for-ever", text("again"), step);
    }
    if (is(r->state, "token")) {
        self->host->kv_put(self->id, text("token"), r->body);
        return op->wait(op->ctx, 20);
    }
    if (self->host->random(dice, sizeof dice) || !memcmp(dice, zeros, sizeof dice)) return ALDIS_E_INVALID;
    if (self->host->now_unix_ms() != 1700000000123u || m->now_unix_ms < 5000) return ALDIS_E_INVALID;
    self->host->metric(self->id, text("sent"), 0, 1.0, NULL);
    return done(op, r->status == 201 ? ALDIS_ACCEPTED : ALDIS_BAD_REQUEST, "id", "", "");
}

static const http_table http = { sizeof http, 0, submit, on_response };

static const void *extension(str id) { return is(id, "aldis.http/1") ? &http : NULL; }

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = make,
        .instance_destroy = end, .get_extension = extension };
    e.descriptor_json = text(DESCRIPTOR);
    return &e;
}
