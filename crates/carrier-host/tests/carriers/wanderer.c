/* Sends to whatever URL the message's text is. */
#include "border.h"

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    (void)inst;
    http_req r = { .struct_size = sizeof r, .method = text("GET"), .url = m->text };
    return op->http(op->ctx, &r);
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    char code[16];
    (void)inst, (void)m;
    snprintf(code, sizeof code, "%u", r->transport);
    return done(op, r->request_written ? ALDIS_ACCEPTED : ALDIS_TEMPORARY, "", code, "");
}

static const http_table http = { sizeof http, 0, submit, on_response };

static const void *extension(str id) { return is(id, "aldis.http/1") ? &http : NULL; }

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = make,
        .instance_destroy = end, .get_extension = extension };
    e.descriptor_json = text("{\"id\":\"wanderer\",\"version\":\"1\",\"allowed_hosts\":[\"api.example.com\"]}");
    return &e;
}
