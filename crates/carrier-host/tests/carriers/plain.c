/* A carrier in the simplest words: one POST, and it believes that whatever is not an answer can be repeated. */
#include "border.h"

#ifdef MARK
__attribute__((used)) static const char mark[] = MARK;
#endif

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    char body[4096];
    int length = snprintf(body, sizeof body, "%.*s|%.*s|%.*s|%u|%u|%u|%.*s", (int)m->to.len, (const char *)m->to.ptr,
        (int)m->from.len, (const char *)m->from.ptr, (int)m->text.len, (const char *)m->text.ptr, m->encoding,
        m->segments_est, m->validity_s, (int)m->idempotency_key.len, (const char *)m->idempotency_key.ptr);
    return post_as(inst, op, is(m->text, "idempotent") ? ALDIS_HTTP_IDEMPOTENT : 0, "/messages", aldis_bytes(body, length),
        "remember me");
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    char code[16], *body = owned(r->body);
    int32_t answer;
    (void)inst, (void)m;
    snprintf(code, sizeof code, "%u", r->transport ? 1000 + r->transport : r->status);
    if (!is(r->state, "remember me") || r->step != 1) answer = done(op, ALDIS_BAD_REQUEST, "", "state", "");
    else if (r->transport) answer = done(op, ALDIS_TEMPORARY, "", code, r->request_written ? "written" : "not written");
    else if (r->status == 201) answer = done(op, ALDIS_ACCEPTED, body, code, "");
    else if (r->status == 429) {
        outcome o = { .struct_size = sizeof o, .outcome_class = ALDIS_RATE_LIMITED, .scope = 3, .retry_after_ms = 1500,
            .code = text(code), .segments = 2, .price_kind = 2, .price_micros = -7500, .currency = "USD" };
        answer = op->complete(op->ctx, &o);
    } else answer = done(op, ALDIS_BAD_REQUEST, "", code, body);
    free(body);
    return answer;
}

static const http_table http = { sizeof http, 0, submit, on_response };

static const void *extension(str id) { return is(id, "aldis.http/1") ? &http : NULL; }

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = make,
        .instance_destroy = end, .get_extension = extension };
    e.descriptor_json = text(DESCRIPTOR);
    return &e;
}
