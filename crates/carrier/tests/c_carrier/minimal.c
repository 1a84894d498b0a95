/* A whole carrier in C: posts a form to {base_url}/messages, expects 2xx and {"id": "..."}.
 * cc -std=c11 -shared -fPIC -fvisibility=hidden -I include minimal.c -o libaldis_carrier_minimal.so */
#include "aldis_carrier.h"
#include <stdlib.h>

static const char DESCRIPTOR[] =
    "{\"id\": \"minimal\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"minor\": 0},"
    " \"styles\": [\"http\"], \"allowed_hosts\": [],"
    " \"config_schema\": {\"type\": \"object\", \"required\": [\"base_url\"],"
    "   \"properties\": {\"base_url\": {\"type\": \"string\"}}}}";

typedef struct { size_t len; char url[512]; } instance;
typedef struct { size_t len; char at[16384]; } buffer;

/* The text of a JSON member, as far as the next quote. Real carriers take a JSON library. */
static aldis_str member(aldis_str json, const char *quoted_key) {
  size_t key = strlen(quoted_key), at = 0, end;
  while (at + key <= json.len && memcmp(json.ptr + at, quoted_key, key) != 0) at++;
  for (at += key; at < json.len && json.ptr[at] != '"'; at++) {}
  for (end = ++at; end < json.len && json.ptr[end] != '"'; end++) {}
  return end < json.len ? aldis_bytes(json.ptr + at, end - at) : aldis_bytes(NULL, 0);
}

static void put(buffer *to, const void *bytes, size_t len) {
  if (len <= sizeof to->at - to->len) memcpy(to->at + to->len, bytes, len), to->len += len;
}

static void put_field(buffer *to, const char *key, aldis_str value) {
  static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
  static const char HEX[] = "0123456789ABCDEF";
  put(to, key, strlen(key));
  for (size_t i = 0; i < value.len; i++) {
    uint8_t byte = value.ptr[i];
    char coded[3] = {'%', HEX[byte >> 4], HEX[byte & 15]};
    if (byte != 0 && strchr(PLAIN, byte)) put(to, &byte, 1); else put(to, coded, 3);
  }
}

static int32_t end(const aldis_op *op, uint32_t outcome_class, aldis_str code, aldis_str *id) {
  aldis_outcome outcome;
  memset(&outcome, 0, sizeof outcome), outcome.struct_size = sizeof outcome;
  outcome.outcome_class = outcome_class;
  outcome.code = code;
  if (id) outcome.carrier_ids = (aldis_list){id, 1, sizeof *id};
  return op->complete(op->ctx, &outcome);
}

static int32_t submit(void *inst, const aldis_msg *their_msg, const aldis_op *their_op) {
  const instance *self = inst;
  aldis_msg msg; aldis_op op; aldis_http_req req; buffer url, body;
  aldis_pair type = {sizeof type, 0, aldis_text("content-type"), aldis_text("application/x-www-form-urlencoded")};
  aldis_copy(&msg, sizeof msg, their_msg), aldis_copy(&op, sizeof op, their_op);
  memset(&req, 0, sizeof req), req.struct_size = sizeof req;
  url.len = body.len = 0;
  put(&url, self->url, self->len);
  put(&url, "/messages", 9);
  put_field(&body, "to=", msg.to);
  if (msg.from.len > 0) put_field(&body, "&from=", msg.from);
  put_field(&body, "&text=", msg.text);
  req.method = aldis_text("POST");
  req.url = aldis_bytes(url.at, url.len);
  req.headers = (aldis_list){&type, 1, sizeof type};
  req.body = aldis_bytes(body.at, body.len);
  return op.http(op.ctx, &req);
}

static int32_t on_response(void *inst, const aldis_msg *msg, const aldis_http_resp *their_resp, const aldis_op *their_op) {
  aldis_http_resp resp; aldis_op op; aldis_str id;
  (void)inst, (void)msg;
  aldis_copy(&resp, sizeof resp, their_resp), aldis_copy(&op, sizeof op, their_op);
  if (resp.status == 0) return end(&op, resp.request_written ? ALDIS_AMBIGUOUS : ALDIS_TEMPORARY, aldis_text("no_answer"), NULL);
  if (resp.status == 429) return end(&op, ALDIS_RATE_LIMITED, aldis_text("429"), NULL);
  if (resp.status >= 500) return end(&op, ALDIS_TEMPORARY, aldis_text("5xx"), NULL);
  if (resp.status >= 400) return end(&op, ALDIS_BAD_REQUEST, aldis_text("4xx"), NULL);
  id = member(resp.body, "\"id\"");
  return end(&op, id.len ? ALDIS_ACCEPTED : ALDIS_AMBIGUOUS, aldis_text(""), id.len ? &id : NULL);
}

static int32_t create(const aldis_host *host, const aldis_instance_cfg *their_cfg, void **out) {
  aldis_instance_cfg cfg; aldis_str url; instance *self = calloc(1, sizeof *self);
  (void)host;
  aldis_copy(&cfg, sizeof cfg, their_cfg);
  url = member(cfg.config_json, "\"base_url\"");
  if (!self || url.len == 0 || url.len > sizeof self->url) {
    if (cfg.fault) cfg.fault(cfg.fault_ctx, aldis_text("base_url"), aldis_text("is missing or too long"));
    return free(self), ALDIS_E_INVALID;
  }
  memcpy(self->url, url.ptr, self->len = url.len);
  return *out = self, ALDIS_OK;
}

static const aldis_http HTTP = {sizeof HTTP, 0, submit, on_response};
static const void *extension(aldis_str id) { return aldis_is(id, ALDIS_HTTP) ? &HTTP : NULL; }
static const aldis_entry ENTRY = {sizeof ENTRY, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, NULL, create, free, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { return &ENTRY; }
