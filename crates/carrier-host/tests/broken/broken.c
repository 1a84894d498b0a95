/* A carrier that keeps the contract, but for the one fault it is compiled with: cc -DFAULT_<name>.
 * `aldis carrier check` must name each; see crates/cli/tests/the_kit_names_each_fault.rs. */
#define _GNU_SOURCE
#include "aldis_carrier.h"
#include "trouble.h"

#ifdef FAULT_schema
#define STRING "strong"
#else
#define STRING "string"
#endif
#ifdef LEGAL_no_settings
#define SETTINGS "{\"type\": \"object\", \"additionalProperties\": false}"
#else
#define SETTINGS "{\"type\": \"object\", \"additionalProperties\": false," \
    " \"required\": [\"base_url\", \"token\"], \"properties\": {\"base_url\": {\"type\": \"" STRING "\"}," \
    " \"token\": {\"type\": \"string\", \"x-secret\": true}}}"
#endif
static const char DESCRIPTOR[] =
    "{\"id\": \"broken\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"minor\": 1},"
#ifdef FAULT_styles
    " \"styles\": [\"http\"],"
#else
    " \"styles\": [\"http\", \"webhook\"],"
#endif
    " \"allowed_hosts\": [\"sms.example.com\"], \"config_schema\": " SETTINGS "}";

typedef struct { char url[256], token[64]; const aldis_host *host; aldis_host own; uint64_t id; } instance;
#if defined(FAULT_undefined)
extern int nobody_has_this(void);
#endif
#if defined(FAULT_panic)
extern void rust_panics(void);
#endif
static void use(aldis_str s) { for (size_t i = 0; i < s.len; i++) sum += s.ptr[i]; }
static int has(aldis_str body, const char *word) { return memmem(body.ptr, body.len, word, strlen(word)) != NULL; }

static int32_t end(const aldis_op *op, uint32_t cls, aldis_str code, aldis_str *id) {
  aldis_outcome o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  o.outcome_class = cls;
  o.code = code;
  if (id) o.carrier_ids = (aldis_list){id, 1, sizeof *id};
#ifdef FAULT_outcome_size
  o.struct_size = 32;
#endif
#ifdef FAULT_stride
  o.carrier_ids = (aldis_list){&code, 1, 8};
#endif
#ifdef FAULT_class
  o.outcome_class = 99;
#endif
#ifdef FAULT_unzeroed
  o.pad = 7;
#endif
#ifdef FAULT_two_words
  op->complete(op->ctx, &o);
#endif
  return op->complete(op->ctx, &o);
}

static void keep(void *ctx, aldis_str value) { if (value.len) *(uint8_t *)ctx = 'y'; }

static int32_t submit(void *inst, const aldis_msg *theirs, const aldis_op *their_op) {
  instance *self = inst;
  aldis_msg msg;
  aldis_op op;
#ifdef FAULT_oversize_copy
  memcpy(&msg, theirs, theirs->struct_size);
#else
  aldis_copy(&msg, sizeof msg, theirs);
#endif
  aldis_copy(&op, sizeof op, their_op);
#ifdef FAULT_host_in_place
  uint8_t dice;
  self->host->random(&dice, 1);
#endif
#ifdef FAULT_op_in_place
  sum += their_op->wait != NULL;
#endif
#ifdef FAULT_in_place
  sum += theirs->attrs.len;
#endif
#ifdef FAULT_keeps_text
  static aldis_str kept;
  use(kept), kept = msg.text;
#endif
#ifdef FAULT_keeps_struct
  static const aldis_msg *kept;
  if (kept) sum += kept->attempt;
  kept = theirs;
#endif
#ifdef FAULT_keeps_sink
  static aldis_op before;
  aldis_outcome late;
  memset(&late, 0, sizeof late), late.struct_size = sizeof late;
  if (before.complete) before.complete(before.ctx, &late);
  before = op;
#endif
#ifdef FAULT_past_text
  if (msg.text.len) sum += msg.text.ptr[msg.text.len];
#endif
#ifdef FAULT_writes_lent
  if (msg.text.len) ((uint8_t *)msg.text.ptr)[0] = 'x';
#endif
#ifdef IN_submit
  trouble();
#endif
#ifdef FAULT_panic
  rust_panics();
#endif
#ifdef LEGAL_slow
  busy(4);
#endif
#ifdef FAULT_no_word
  return ALDIS_OK;
#endif
#ifdef FAULT_error
  return -77;
#endif
#ifdef FAULT_contained_panic
  return ALDIS_E_PANIC;
#endif
#ifdef FAULT_logs
  if (self->own.log) self->own.log(self->id, ALDIS_LOG_INFO, msg.to, NULL);
#endif
#ifdef FAULT_logs_text
  if (self->own.log) self->own.log(self->id, ALDIS_LOG_DEBUG, msg.text, NULL);
#endif
  char url[300], token[100];
#ifdef FAULT_shared_buffer
  static char body[2048];
#else
  char body[2048];
#endif
  size_t take = msg.text.len < 1500 ? msg.text.len : 1500, len = 0;
#ifdef FAULT_own_stride
  const aldis_pair *attrs = msg.attrs.ptr;
  for (size_t i = 0; i < msg.attrs.len; i++)
    if (attrs[i].struct_size >= 24 && attrs[i].struct_size < 1000 && attrs[i].key.len < 100) len += attrs[i].key.len;
#endif
  len = (size_t)snprintf(body, 400, "%zu %.*s ", len, (int)msg.to.len, (const char *)msg.to.ptr);
#ifdef LEGAL_kv
  uint8_t known = 0;
  if (self->own.kv_get(self->id, aldis_text("word"), &known, keep) != ALDIS_OK) known = 'n';
  self->own.kv_put(self->id, aldis_text("word"), aldis_text("secret word"));
  body[len++] = (char)known;
#endif
#ifdef FAULT_shared_buffer
  for (int i = 0; i < 3000; i++) sum += (unsigned)i;
#endif
#ifdef FAULT_clock
  len += (size_t)snprintf(body + len, 40, "%ld ", (long)time(NULL));
#endif
  if (take) memcpy(body + len, msg.text.ptr, take);
#ifdef FAULT_other_host
  snprintf(url, sizeof url, "https://elsewhere.example/messages");
#else
  snprintf(url, sizeof url, "%s/messages", self->url);
#endif
  snprintf(token, sizeof token, "Bearer %s", self->token);
#ifdef FAULT_logs_secret
  if (self->own.log) self->own.log(self->id, ALDIS_LOG_DEBUG, aldis_text(token), NULL);
#endif
  aldis_pair header = {sizeof header, ALDIS_PAIR_SECRET, aldis_text("authorization"), aldis_text(token)};
#ifdef FAULT_pair_size
  header.struct_size = 16;
#endif
#ifdef FAULT_unmarked_secret
  header.flags = 0;
#endif
  aldis_http_req req;
  memset(&req, 0, sizeof req);
  req.struct_size = sizeof req;
  req.method = aldis_text("POST");
  req.url = aldis_text(url);
  req.headers = (aldis_list){&header, 1, sizeof header};
  req.body = aldis_bytes(body, len + take);
#ifdef FAULT_bad_url
  req.url = aldis_text("messages");
#endif
  return op.http(op.ctx, &req);
}

static int32_t on_response(void *inst, const aldis_msg *msg, const aldis_http_resp *theirs, const aldis_op *their_op) {
  aldis_http_resp r;
  aldis_op op;
  aldis_str id = aldis_text("m-1");
  (void)inst, (void)msg;
  aldis_copy(&r, sizeof r, theirs), aldis_copy(&op, sizeof op, their_op);
#ifdef IN_on_response
  trouble();
#endif
#ifdef FAULT_slow_when_large
  if (r.body.len > 1000000) busy(700);
#endif
#ifdef FAULT_leaks_when_limited
  if (r.status == 429) sum += malloc(100) != NULL;
#endif
#ifdef FAULT_header_stride
  const aldis_pair *headers = r.headers.ptr;
  for (size_t i = 0; i < r.headers.len; i++)
    if (headers[i].struct_size >= 24 && headers[i].key.len == 11 && headers[i].key.ptr[0] == 'r') return end(&op, ALDIS_RATE_LIMITED, aldis_text("later"), NULL);
#endif
#ifdef FAULT_resp_in_place
  use(theirs->body);
#endif
#ifdef FAULT_torn_json
  if (r.body.len && r.body.ptr[0] == '{') for (size_t i = 0; r.body.ptr[i] != '}'; i++) sum++;
#endif
#ifdef FAULT_believes_all
  if (has(r.body, "id")) return end(&op, ALDIS_ACCEPTED, id, &id);
#endif
#ifdef FAULT_resends
  if (r.status == 0) return end(&op, ALDIS_TEMPORARY, id, NULL);
#endif
#ifdef FAULT_gateways
  if (r.status >= 500) return end(&op, ALDIS_TEMPORARY, aldis_text("5xx"), NULL);
#endif
#ifdef FAULT_asks_again
  return submit(inst, msg, their_op);
#endif
  if (r.status == 0) return end(&op, r.request_written ? ALDIS_AMBIGUOUS : ALDIS_TEMPORARY, aldis_text("none"), NULL);
  if (r.status == 401) return end(&op, ALDIS_UNAUTHORIZED, aldis_text("401"), NULL);
  if (r.status == 429) return end(&op, ALDIS_RATE_LIMITED, aldis_text("429"), NULL);
  if (r.status >= 500) return end(&op, aldis_class_of_status(r.status), aldis_text("5xx"), NULL);
  if (r.status >= 400) return end(&op, aldis_class_of_status(r.status), aldis_text("4xx"), NULL);
  if (r.status >= 300 || !has(r.body, "\"id\":") || r.body.ptr[r.body.len - 1] != '}') return end(&op, ALDIS_AMBIGUOUS, aldis_text(""), NULL);
  return end(&op, ALDIS_ACCEPTED, aldis_text(""), &id);
}

static int32_t handle(void *inst, const aldis_webhook_req *theirs, const aldis_webhook_sink *their_sink) {
  aldis_webhook_req req;
  (void)inst;
#ifdef FAULT_req_copied_whole
  memcpy(&req, theirs, theirs->struct_size);
#else
  aldis_copy(&req, sizeof req, theirs);
#endif
  sum += (unsigned)req.now_unix_ms;
#ifdef IN_handle
  trouble();
#endif
#ifdef FAULT_req_in_place
  sum += (unsigned)theirs->now_unix_ms;
#endif
#ifdef FAULT_keeps_body
  static aldis_str kept;
  use(kept), kept = req.body;
#endif
#ifdef FAULT_keeps_webhook_sink
  static aldis_webhook_sink before;
  if (before.reply) before.reply(before.ctx, 200, NULL, aldis_bytes(NULL, 0));
  aldis_copy(&before, sizeof before, their_sink);
#endif
#ifdef FAULT_event_kind
  aldis_webhook_sink sink;
  aldis_event event;
  aldis_copy(&sink, sizeof sink, their_sink);
  memset(&event, 0, sizeof event), event.struct_size = sizeof event, event.kind = 77;
  sink.event(sink.ctx, &event);
#endif
#ifdef LEGAL_key
  for (size_t i = 0; i < req.headers.len; i++) {
    aldis_pair header = aldis_pair_at(req.headers, i);
    if (aldis_is(header.key, "x-key") && aldis_is(header.value, "made-up")) return ALDIS_VERIFIED;
  }
#endif
#ifdef FAULT_believes_callers
  return has(req.body, "delivered") ? ALDIS_VERIFIED : ALDIS_REJECT;
#endif
  return ALDIS_UNVERIFIED;
}

static void copy_text(char *to, size_t room, aldis_str from) {
  size_t len = from.len < room - 1 ? from.len : room - 1;
  if (len) memcpy(to, from.ptr, len);
  to[len] = 0;
}

static int32_t create(const aldis_host *host, const aldis_instance_cfg *theirs, void **out) {
  aldis_instance_cfg cfg;
  aldis_copy(&cfg, sizeof cfg, theirs);
#ifdef IN_create
  trouble();
#endif
#ifdef FAULT_global
  static instance the_one;
  instance *self = &the_one;
#else
  instance *self = calloc(1, sizeof *self);
#endif
  const uint8_t *at = has(cfg.config_json, "\"base_url\":\"") ? memmem(cfg.config_json.ptr, cfg.config_json.len, "\"base_url\":\"", 12) : NULL;
  for (size_t i = 0; i < cfg.secrets.len; i++) {
    aldis_pair secret;
    aldis_copy(&secret, sizeof secret, (const uint8_t *)cfg.secrets.ptr + i * cfg.secrets.stride);
    if (aldis_is(secret.key, "token")) copy_text(self->token, sizeof self->token, secret.value);
  }
#ifdef LEGAL_no_settings
  copy_text(self->url, sizeof self->url, aldis_text("https://sms.example.com")), copy_text(self->token, sizeof self->token, aldis_text("none"));
  at = NULL;
#elif !defined(FAULT_takes_anything)
  if (!at || !self->token[0]) {
    const char *key = at ? "token" : "base_url";
#ifdef FAULT_silent_refusal
    return ALDIS_E_INVALID;
#endif
    if (cfg.fault) cfg.fault(cfg.fault_ctx, aldis_text(key), aldis_text("is missing"));
#ifndef FAULT_global
    free(self);
#endif
    return ALDIS_E_INVALID;
  }
#endif
  if (at) {
    at += 12;
    const uint8_t *stop = memchr(at, '"', (size_t)(cfg.config_json.ptr + cfg.config_json.len - at));
    copy_text(self->url, sizeof self->url, aldis_bytes(at, stop ? (size_t)(stop - at) : 0));
  }
#ifdef FAULT_first_wins
  static char first[256];
  if (!first[0]) memcpy(first, self->url, sizeof first);
  memcpy(self->url, first, sizeof first);
#endif
  aldis_copy(&self->own, sizeof self->own, host);
  self->host = host, self->id = cfg.instance_id;
#ifdef FAULT_logs_at_create
  if (self->own.log) self->own.log(self->id, ALDIS_LOG_DEBUG, aldis_text(self->token), NULL);
#endif
#ifdef FAULT_undefined
  sum += (unsigned)nobody_has_this();
#endif
  return *out = self, ALDIS_OK;
}

static void destroy(void *inst) {
#ifdef IN_destroy
  trouble();
#endif
#if !defined(FAULT_global) && !defined(FAULT_leaks_instance)
  free(inst);
#endif
}

static int32_t load(const aldis_host *host) {
  (void)host;
#ifdef IN_load
  trouble();
#endif
  return ALDIS_OK;
}

#ifdef IN_constructor
__attribute__((constructor)) static void begin(void) { trouble(); }
#endif

static const aldis_http HTTP = {sizeof HTTP, 0, submit, on_response};
static const aldis_webhook WEBHOOK = {sizeof WEBHOOK, 0, handle};
static const void *extension(aldis_str id) {
#ifdef FAULT_prefix_id
  if (id.len >= 10 && !memcmp(id.ptr, ALDIS_HTTP, 10)) return &HTTP;
#endif
  return aldis_is(id, ALDIS_HTTP) ? (const void *)&HTTP : aldis_is(id, ALDIS_WEBHOOK) ? &WEBHOOK : NULL;
}
#ifdef FAULT_entry_size
#define SIZE 88
#else
#define SIZE sizeof ENTRY
#endif
static const aldis_entry ENTRY = {SIZE, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, load, create, destroy, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { (void)trouble; return &ENTRY; }
