/* What the fixtures share: the contract in shorter words, and the parts they do alike. */
#pragma once
#include "aldis_carrier.h"
#include <stdio.h>
#include <stdlib.h>

typedef aldis_str str;
typedef aldis_list list;
typedef aldis_pair pair;
typedef aldis_msg msg;
typedef aldis_http_req http_req;
typedef aldis_http_resp http_resp;
typedef aldis_outcome outcome;
typedef aldis_event event;
typedef aldis_webhook_req webhook_req;
typedef aldis_op op_sink;
typedef aldis_webhook_sink webhook_sink;
typedef aldis_http http_table;
typedef aldis_webhook webhook_table;
typedef aldis_host host_table;
typedef aldis_instance_cfg instance_cfg;
typedef aldis_entry entry;
#define text(value) aldis_text(value)
#define is(lent, value) aldis_is(lent, value)

/* Copies what is lent, with a NUL. */
static inline char *owned(str s) {
    char *copy = calloc(1, s.len + 1);
    if (s.len) memcpy(copy, s.ptr, s.len);
    return copy;
}

/* The text value of a key in flat JSON. */
static inline char *setting(str json, const char *key) {
    char *all = owned(json), needle[64], *found, *value = NULL;
    snprintf(needle, sizeof needle, "\"%s\":\"", key);
    if ((found = strstr(all, needle))) {
        found += strlen(needle);
        value = owned(aldis_bytes(found, strcspn(found, "\"")));
    }
    free(all);
    return value;
}

/* What each instance of these fixtures is. */
typedef struct { const host_table *host; uint64_t id; char *base_url, *token; } carrier;

static inline int32_t make(const host_table *host, const instance_cfg *cfg, void **out) {
    carrier *made = calloc(1, sizeof *made);
    made->host = host;
    made->id = cfg->instance_id;
    made->base_url = setting(cfg->config_json, "base_url");
    for (size_t i = 0; i < cfg->secrets.len; i++) {
        const pair *p = (const pair *)((const char *)cfg->secrets.ptr + i * cfg->secrets.stride);
        if (is(p->key, "token") && p->flags == ALDIS_PAIR_SECRET) made->token = owned(p->value);
    }
    *out = made;
    return 0;
}

static inline void end(void *inst) {
    carrier *self = inst;
    free(self->base_url);
    free(self->token);
    free(self);
}

static inline int32_t done(const op_sink *op, uint32_t cls, const char *id, const char *code, const char *detail) {
    str ids = text(id);
    outcome o = { .struct_size = sizeof o, .outcome_class = cls, .code = text(code), .detail = text(detail) };
    if (*id) o.carrier_ids = (list){ &ids, 1, sizeof ids };
    return op->complete(op->ctx, &o);
}

/* POSTs a body to base_url + path, with the token as a secret header. */
static inline int32_t post_as(carrier *self, const op_sink *op, uint32_t flags, const char *path, str body,
    const char *state) {
    char url[256], bearer[256];
    snprintf(url, sizeof url, "%s%s", self->base_url ? self->base_url : "", path);
    snprintf(bearer, sizeof bearer, "Bearer %s", self->token ? self->token : "");
    pair headers[] = {
        { sizeof(pair), ALDIS_PAIR_SECRET, text("Authorization"), text(bearer) },
        { sizeof(pair), 0, text("Content-Type"), text("text/plain") },
    };
    http_req r = {
        .struct_size = sizeof r, .flags = flags, .method = text("POST"), .url = text(url), .body = body,
        .state = text(state), .headers = { headers, 2, sizeof(pair) },
    };
    return op->http(op->ctx, &r);
}

static inline int32_t post(carrier *self, const op_sink *op, const char *path, str body, const char *state) {
    return post_as(self, op, 0, path, body, state);
}

#ifndef ID
#define ID "fixture"
#endif
#ifndef DESCRIPTOR
#define DESCRIPTOR "{\"id\":\"" ID "\",\"version\":\"1.2.3\",\"styles\":[\"http\"],\"unheard_of\":{}}"
#endif
