/* Says everything it knows, everywhere it can. */
#include "border.h"

static void say(carrier *self, str words) {
    pair fields[] = { { sizeof(pair), 0, text("token"), text(self->token) }, { sizeof(pair), 0, text("words"), words } };
    list all = { fields, 2, sizeof(pair) };
    for (uint32_t level = 0; level < 7; level++) self->host->log(self->id, level, words, &all);
    self->host->metric(self->id, text("said"), 1, 2.0, &all);
}

static int32_t create(const host_table *host, const instance_cfg *cfg, void **out) {
    make(host, cfg, out);
    carrier *self = *out;
    say(self, text("creating"));
    if (!strncmp(self->token, "refuse", 6)) {
        cfg->fault(cfg->fault_ctx, text("token"), text(self->token));
        end(self);
        return ALDIS_E_INVALID;
    }
    return 0;
}

static void destroy(void *inst) {
    say(inst, text("destroyed"));
    end(inst);
}

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    say(inst, m->text);
    say(inst, m->to);
    return post(inst, op, "/messages", m->text, "");
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    char *words = owned(m->text);
    (void)inst, (void)r;
    int32_t answer = done(op, ALDIS_BAD_REQUEST, "", words, words);
    free(words);
    return answer;
}

static const http_table http = { sizeof http, 0, submit, on_response };

static const void *extension(str id) { return is(id, "aldis.http/1") ? &http : NULL; }

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = create,
        .instance_destroy = destroy, .get_extension = extension };
    e.descriptor_json = text(DESCRIPTOR);
    return &e;
}
