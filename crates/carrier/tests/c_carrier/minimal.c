/* A whole carrier in C: posts a form to {base_url}/messages, expects 2xx and {"id": "..."}.
 * cc -std=c11 -shared -fPIC -fvisibility=hidden -I include minimal.c -o libaldis_carrier_minimal.so */
#include "aldis_carrier.h"
#include <stdlib.h>

static const char DESCRIPTOR[] =
    "{\"id\": \"minimal\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"minor\": 1},"
    " \"styles\": [\"http\"], \"allowed_hosts\": [],"
    " \"config_schema\": {\"type\": \"object\", \"required\": [\"base_url\"], \"additionalProperties\": false,"
    "   \"properties\": {\"base_url\": {\"type\": \"string\"}}}}";

typedef struct { char url[512]; size_t len; } instance;

static int32_t submit(void *inst, const aldis_msg *their_msg, const aldis_op *their_op) {
  const instance *self = inst;
  char form[16384];
  aldis_buffer body = {form, sizeof form, 0};
  aldis_pair type = {sizeof type, 0, aldis_text("content-type"), aldis_text("application/x-www-form-urlencoded")};
  aldis_msg msg;
  aldis_op op;
  aldis_http_req req;
  aldis_copy(&msg, sizeof msg, their_msg), aldis_copy(&op, sizeof op, their_op);
  aldis_put(&body, aldis_text("to=")), aldis_put_encoded(&body, msg.to);
  if (msg.from.len > 0) aldis_put(&body, aldis_text("&from=")), aldis_put_encoded(&body, msg.from);
  aldis_put(&body, aldis_text("&text=")), aldis_put_encoded(&body, msg.text);
  if (body.len > body.size) return aldis_end(&op, ALDIS_TOO_LONG, aldis_text("form"), aldis_bytes(NULL, 0));
  memset(&req, 0, sizeof req);
  req.struct_size = sizeof req;
  req.method = aldis_text("POST");
  req.url = aldis_bytes(self->url, self->len);
  req.headers = (aldis_list){&type, 1, sizeof type};
  req.body = aldis_put_all(&body);
  return op.http(op.ctx, &req);
}

static int32_t on_response(void *inst, const aldis_msg *msg, const aldis_http_resp *their_resp, const aldis_op *their_op) {
  aldis_http_resp resp;
  aldis_op op;
  (void)inst, (void)msg;
  aldis_copy(&resp, sizeof resp, their_resp), aldis_copy(&op, sizeof op, their_op);
  if (resp.status >= 200 && resp.status < 300) {
    aldis_str id = aldis_json_text(resp.body, "id");
    if (id.len > 0) return aldis_end(&op, ALDIS_ACCEPTED, aldis_bytes(NULL, 0), id);
  }
  if (aldis_is(aldis_json_text(resp.body, "error"), "bad_number"))
    return aldis_end(&op, ALDIS_INVALID_NUMBER, aldis_text("bad_number"), aldis_bytes(NULL, 0));
  return aldis_fallback(&op, &resp);
}

static int32_t create(const aldis_host *host, const aldis_instance_cfg *their_cfg, void **out) {
  instance *self;
  aldis_buffer url;
  aldis_instance_cfg cfg;
  (void)host;
  aldis_copy(&cfg, sizeof cfg, their_cfg);
  if (aldis_json_text(cfg.config_json, "base_url").len == 0) return aldis_refuse(&cfg, "base_url", "is missing");
  if (!(self = calloc(1, sizeof *self))) return ALDIS_E_LIMIT;
  url = (aldis_buffer){self->url, sizeof self->url, 0};
  aldis_put(&url, aldis_json_text(cfg.config_json, "base_url")), aldis_put(&url, aldis_text("/messages"));
  self->len = url.len;
  if (url.len > url.size) return free(self), aldis_refuse(&cfg, "base_url", "is too long");
  return *out = self, ALDIS_OK;
}

static const aldis_http HTTP = {sizeof HTTP, 0, submit, on_response};
static const void *extension(aldis_str id) { return aldis_is(id, ALDIS_HTTP) ? &HTTP : NULL; }
static const aldis_entry ENTRY = {sizeof ENTRY, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, NULL, create, free, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { return &ENTRY; }
