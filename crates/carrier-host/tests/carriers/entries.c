/* Libraries that are old, new or wrong; -D says how. */
#include "border.h"

#ifndef ENTRY_MAGIC
#define ENTRY_MAGIC ALDIS_MAGIC
#endif
#ifndef MAJOR
#define MAJOR 1
#endif
#ifndef MINOR
#define MINOR 0
#endif
#ifndef MIN_HOST
#define MIN_HOST 0
#endif
#ifndef FEATURES
#define FEATURES 0
#endif
#ifndef LOAD_ANSWER
#define LOAD_ANSWER 0
#endif

static int32_t submit(void *inst, const msg *m, const op_sink *op) {
    (void)inst, (void)m;
    return done(op, ALDIS_ACCEPTED, "id", "", "");
}

static int32_t on_response(void *inst, const msg *m, const http_resp *r, const op_sink *op) {
    (void)inst, (void)m, (void)r;
    return done(op, ALDIS_ACCEPTED, "id", "", "");
}

/* A newer author's tables: more functions at the end, which this host must not see. */
static const struct { http_table table; void (*newer[4])(void); } http = {
#ifdef OLD_HTTP
    /* An older author's table ended before on_response; what lies behind it is not a function. */
    { offsetof(http_table, on_response), 0, submit, (void *)0x10 },
#else
    { sizeof http, 0, submit, on_response },
#endif
    { (void *)0x10, (void *)0x10, (void *)0x10, (void *)0x10 },
};

static const void *extension(str id) {
#ifdef NO_HTTP
    (void)id;
    return NULL;
#else
    return is(id, "aldis.http/1") ? &http : NULL;
#endif
}

static int32_t load(const host_table *host) {
    /* The host must be as large as it says, and offer what version 1.0 has. */
    if (host->struct_size < sizeof *host || !host->log || !host->kv_put) return ALDIS_E_INVALID;
    return LOAD_ANSWER;
}

#ifdef NO_ENTRY
const entry *another_name(void) {
#else
const entry *aldis_carrier_entry_v1(void) {
#endif
    static struct { entry e; uint64_t newer[4]; } all;
    all.e = (entry){ .struct_size = sizeof all, .magic = ENTRY_MAGIC, .abi_major = MAJOR, .abi_minor = MINOR,
        .min_host_minor = MIN_HOST, .required_features = FEATURES, .load = load, .instance_create = make,
        .instance_destroy = end, .get_extension = extension };
    all.e.descriptor_json = text(DESCRIPTOR);
#ifdef OLD_ENTRY
    /* Ends before get_extension, and what lies behind it is not a function. */
    all.e.struct_size = offsetof(entry, get_extension);
    all.e.get_extension = (void *)0x10;
#endif
#ifdef NULL_ENTRY
    return NULL;
#endif
    return &all.e;
}
