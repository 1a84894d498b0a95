/* A carrier in C that is called back: posts JSON to {base_url}/messages, and reads signed receipts. */
#include "aldis_carrier.h"
#include <stdlib.h>

static const char DESCRIPTOR[] =
    "{\"id\": \"webhook\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"minor\": 1},"
    " \"styles\": [\"http\", \"webhook\"], \"allowed_hosts\": [],"
    " \"config_schema\": {\"type\": \"object\", \"required\": [\"base_url\", \"user\", \"password\"], \"additionalProperties\": false,"
    "   \"properties\": {\"base_url\": {\"type\": \"string\"}, \"user\": {\"type\": \"string\"},"
    "     \"password\": {\"type\": \"string\", \"x-secret\": true}}}}";

typedef struct {
  char url[512], basic[512], key[256];
  size_t url_len, basic_len, key_len;
  aldis_host_crypto crypto;
} instance;

static int32_t submit(void *inst, const aldis_msg *their_msg, const aldis_op *their_op) {
  const instance *self = inst;
  char json[16384];
  aldis_buffer body = {json, sizeof json, 0};
  aldis_pair headers[] = {
      {sizeof(aldis_pair), 0, aldis_text("content-type"), aldis_text("application/json")},
      {sizeof(aldis_pair), ALDIS_PAIR_SECRET, aldis_text("authorization"), aldis_bytes(self->basic, self->basic_len)},
  };
  aldis_msg msg;
  aldis_op op;
  aldis_http_req req;
  aldis_copy(&msg, sizeof msg, their_msg), aldis_copy(&op, sizeof op, their_op);
  aldis_put(&body, aldis_text("{\"to\":")), aldis_put_json(&body, msg.to);
  aldis_put(&body, aldis_text(",\"text\":")), aldis_put_json(&body, msg.text);
  if (msg.from.len > 0) aldis_put(&body, aldis_text(",\"from\":")), aldis_put_json(&body, msg.from);
  if (msg.callback_url.len > 0) aldis_put(&body, aldis_text(",\"callback\":")), aldis_put_json(&body, msg.callback_url);
  aldis_put(&body, aldis_text("}"));
  if (body.len > body.size) return aldis_end(&op, ALDIS_TOO_LONG, aldis_text("json"), aldis_bytes(NULL, 0));
  memset(&req, 0, sizeof req);
  req.struct_size = sizeof req;
  req.method = aldis_text("POST");
  req.url = aldis_bytes(self->url, self->url_len);
  req.headers = (aldis_list){headers, 2, sizeof headers[0]};
  req.body = aldis_put_all(&body);
  return op.http(op.ctx, &req);
}

static int32_t on_response(void *inst, const aldis_msg *msg, const aldis_http_resp *their_resp, const aldis_op *op) {
  char memory[256];
  aldis_buffer room = {memory, sizeof memory, 0};
  aldis_http_resp resp;
  aldis_str id, code;
  (void)inst, (void)msg;
  aldis_copy(&resp, sizeof resp, their_resp);
  id = aldis_json_unescaped(resp.body, "id", &room);
  if (resp.status >= 200 && resp.status < 300 && id.len > 0) return aldis_end(op, ALDIS_ACCEPTED, aldis_bytes(NULL, 0), id);
  code = aldis_json_digits(resp.body, "code");
  if (aldis_is(code, "21211")) return aldis_end(op, ALDIS_INVALID_NUMBER, code, aldis_bytes(NULL, 0));
  return aldis_fallback(op, &resp);
}

/* [any] The body is {"id": "m-1", "state": "delivered", "time": 1700000000}; X-Signature holds its HMAC-SHA256. */
static int32_t handle(void *inst, const aldis_webhook_req *their_req, const aldis_webhook_sink *their_sink) {
  const instance *self = inst;
  aldis_webhook_req req;
  aldis_webhook_sink sink;
  aldis_event event;
  aldis_str signature, state;
  uint8_t mac[32];
  char memory[64];
  aldis_buffer ours = {memory, sizeof memory, 0};
  int64_t time = 0, now;
  aldis_copy(&req, sizeof req, their_req), aldis_copy(&sink, sizeof sink, their_sink);
  signature = aldis_header(req.headers, "x-signature");
  if (signature.len == 0) return ALDIS_UNVERIFIED;
  if (self->crypto.hmac(ALDIS_HASH_SHA256, aldis_bytes(self->key, self->key_len), req.body, mac, sizeof mac) != ALDIS_OK) return ALDIS_E_INVALID;
  aldis_put_hex(&ours, aldis_bytes(mac, sizeof mac));
  if (!aldis_same(signature, aldis_put_all(&ours))) return ALDIS_REJECT;
  now = (int64_t)(req.now_unix_ms / 1000);
  aldis_json_number(req.body, "time", &time);
  if (time < now - 300 || time > now + 300) return ALDIS_REJECT;
  state = aldis_json_text(req.body, "state");
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.kind = ALDIS_EVENT_RECEIPT;
  event.carrier_id = aldis_json_text(req.body, "id");
  event.state = aldis_is(state, "delivered") ? ALDIS_STATE_DELIVERED : aldis_is(state, "failed") ? ALDIS_STATE_UNDELIVERED : ALDIS_STATE_UNKNOWN;
  event.is_final = event.state != ALDIS_STATE_UNKNOWN;
  return sink.event(sink.ctx, &event) == ALDIS_OK ? ALDIS_VERIFIED : ALDIS_E_INVALID;
}

static int32_t create(const aldis_host *host, const aldis_instance_cfg *their_cfg, void **out) {
  char plain[256];
  aldis_buffer pair = {plain, sizeof plain, 0}, url, basic, key;
  aldis_instance_cfg cfg;
  aldis_str base, user, password;
  instance *self;
  aldis_copy(&cfg, sizeof cfg, their_cfg);
  base = aldis_json_text(cfg.config_json, "base_url"), user = aldis_json_text(cfg.config_json, "user");
  password = aldis_find(cfg.secrets, "password");
  if (base.len == 0) return aldis_refuse(&cfg, "base_url", "is missing");
  if (user.len == 0) return aldis_refuse(&cfg, "user", "is missing");
  if (password.len == 0) return aldis_refuse(&cfg, "password", "is missing");
  if ((self = calloc(1, sizeof *self)) == NULL) return ALDIS_E_LIMIT;
  if (!aldis_host_table(host, ALDIS_HOST_CRYPTO, &self->crypto, sizeof self->crypto) || self->crypto.hmac == NULL)
    return free(self), aldis_refuse(&cfg, "", "this host has no aldis.host.crypto/1");
  url = (aldis_buffer){self->url, sizeof self->url, 0}, basic = (aldis_buffer){self->basic, sizeof self->basic, 0};
  key = (aldis_buffer){self->key, sizeof self->key, 0};
  aldis_put(&url, base), aldis_put(&url, aldis_text("/messages"));
  aldis_put(&pair, user), aldis_put(&pair, aldis_text(":")), aldis_put(&pair, password);
  aldis_put(&basic, aldis_text("Basic ")), aldis_put_base64(&basic, aldis_put_all(&pair)), aldis_put(&key, password);
  if (url.len > url.size || pair.len > pair.size || basic.len > basic.size || key.len > key.size)
    return free(self), aldis_refuse(&cfg, "", "base_url, user or password is too long");
  self->url_len = url.len, self->basic_len = basic.len, self->key_len = key.len;
  return *out = self, ALDIS_OK;
}

static const aldis_http HTTP = {sizeof HTTP, 0, submit, on_response};
static const aldis_webhook WEBHOOK = {sizeof WEBHOOK, 0, handle};

static const void *extension(aldis_str id) {
  if (aldis_is(id, ALDIS_WEBHOOK)) return &WEBHOOK;
  return aldis_is(id, ALDIS_HTTP) ? &HTTP : NULL;
}

static const aldis_entry ENTRY = {sizeof ENTRY, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, NULL, create, free, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { return &ENTRY; }
