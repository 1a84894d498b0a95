/* Reads call-backs: the first header is the signature, the body says what to do. */
#include "border.h"

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    (void)inst, (void)m;
    return done(op, ALDIS_BAD_REQUEST, "", "", "");
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    (void)inst, (void)m, (void)r;
    return done(op, ALDIS_BAD_REQUEST, "", "", "");
}

static int32_t handle(void *inst, const webhook_req *r, const webhook_sink *sink) {
    carrier *self = inst;
    const pair *signature = r->headers.ptr;
    pair kind = { sizeof kind, 0, text("kind"), text("final") };
    pair header = { sizeof header, 0, text("content-type"), text("text/xml") };
    list headers = { &header, 1, sizeof header };
    event e = { .struct_size = sizeof e, .kind = 0, .state = 4, .is_final = 1, .carrier_id = text("SM1"),
        .to = text("+12025550100"), .code = text("0"), .carrier_time_ms = r->now_unix_ms - 1, .price_micros = 7500,
        .currency = "USD", .attrs = { &kind, 1, sizeof kind } };
    if (is(r->body, "crash")) abort();
    if (r->headers.len != 1 || !is(signature->key, "X-Signature") || !is(r->method, "POST")) return 2;
    if (!is(r->external_url, "https://sms.example.com/carriers/c/receipts?a=b") || !is(r->remote_address, "10.0.0.1"))
        return 2;
    if (!is(signature->value, self->token)) return 2;
    if (is(r->body, "unsure")) return sink->event(sink->ctx, &e), 1;
    if (is(r->body, "odd")) return 7;
    if (is(r->body, "null")) return sink->event(sink->ctx, NULL), 0;
    if (is(r->body, "kind")) e.kind = 9;
    if (is(r->body, "state")) e.state = 99;
    if (is(r->body, "class")) e.outcome_class = ALDIS_PLUGIN_FAULT;
    sink->event(sink->ctx, &e);
    if (is(r->body, "quiet")) return 0;
    sink->reply(sink->ctx, is(r->body, "status") ? 42 : 202, &headers, text("<Response/>"));
    if (is(r->body, "twice")) sink->reply(sink->ctx, 200, NULL, text(""));
    return 0;
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
    e.descriptor_json = text(DESCRIPTOR);
    return &e;
}
