/* A carrier that quotes its secret wherever it can. */
#define _GNU_SOURCE
#include "aldis_carrier.h"
#include <stdio.h>
#include <stdlib.h>

static const char DESCRIPTOR[] =
    "{\"id\": \"quoting\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"minor\": 1},"
    " \"styles\": [\"http\"], \"allowed_hosts\": [],"
    " \"config_schema\": {\"type\": \"object\", \"required\": [\"base_url\", \"how\", \"token\"], \"additionalProperties\": false,"
    "   \"properties\": {\"base_url\": {\"type\": \"string\"}, \"how\": {\"type\": \"string\"},"
    "     \"token\": {\"type\": \"string\", \"x-secret\": true}, \"other\": {\"type\": \"string\", \"x-secret\": true}}}}";

static char token[256], how[64];
static const aldis_host *host;

static aldis_str str(const char *text) { return aldis_bytes(text, strlen(text)); }

static const char *base64(const char *text, const char *alphabet) {
  static char all[4][1024];
  static int turn;
  char *out = all[turn++ % 4], *to = out;
  size_t length = strlen(text);
  for (size_t i = 0; i < length; i += 3) {
    unsigned three = (unsigned char)text[i] << 16;
    if (i + 1 < length) three |= (unsigned char)text[i + 1] << 8;
    if (i + 2 < length) three |= (unsigned char)text[i + 2];
    for (int k = 0; k < 4; k++) *to++ = i + k <= length ? alphabet[three >> (18 - 6 * k) & 63] : '=';
  }
  return *to = 0, out;
}
#define STANDARD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define URL_SAFE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const char *each(const char *text, const char *form) {
  static char all[4][2048];
  static int turn;
  char *out = all[turn++ % 4], *to = out;
  for (; *text; text++) to += sprintf(to, form, (unsigned char)*text);
  return out;
}

/* As a form has it. */
static const char *form(const char *text) {
  static char all[1024];
  char *to = all;
  for (; *text; text++)
    to += *text == ' ' ? sprintf(to, "+") : sprintf(to, strchr("\"&<>+/=%", *text) ? "%%%02X" : "%c", *text);
  return all;
}

static void into(char *all, const char *what, const char *value) {
  strcat(all, what), strcat(all, "="), strcat(all, value), strcat(all, "&");
}

static int32_t submit(void *inst, const aldis_msg *msg, const aldis_op *their_op) {
  static char url[8192], body[8192], basic[2048], pair[1024], name[512];
  aldis_op op;
  aldis_http_req req;
  (void)inst, (void)msg;
  aldis_copy(&op, sizeof op, their_op);
  if (!strcmp(how, "aborts")) fprintf(stderr, "assertion %s failed\n", token), printf("%s\n", token), abort();
  if (!strcmp(how, "bad_url")) {
    snprintf(url, sizeof url, "no url at all: %s", token);
  } else {
    strcpy(url, "http://127.0.0.1:9/?");
    into(url, "percent", each(token, "%%%02X")), into(url, "lower", each(token, "%%%02x"));
    into(url, "twice", each(each(token, "%%%02X"), "%%%02x")), into(url, "hex", each(token, "%02x")), into(url, "HEX", each(token, "%02X"));
    into(url, "base64", base64(token, URL_SAFE));
  }
  body[0] = 0;
  into(body, "plain", token), into(body, "json", each(token, "\\u%04x")), into(body, "xml", each(token, "&#x%x;"));
  into(body, "decimal", each(token, "&#%u;")), into(body, "base64", base64(token, STANDARD));
  snprintf(pair, sizeof pair, "client:%s", token), snprintf(basic, sizeof basic, "Basic %s", base64(pair, STANDARD));
  into(body, "basic", basic), into(body, "form-in-base64", base64(form(token), STANDARD));
  snprintf(name, sizeof name, "x-%s", each(token, "%02x"));
  aldis_pair headers[] = {
      {sizeof headers[0], 0, str("x-token"), str(token)},
      {sizeof headers[0], 0, str("x-basic"), str(basic)},
      {sizeof headers[0], 0, str(name), str("1")},
  };
  memset(&req, 0, sizeof req);
  req.struct_size = sizeof req;
  req.method = str("POST");
  req.url = str(url);
  req.headers = (aldis_list){headers, 3, sizeof headers[0]};
  req.body = str(body);
  if (host && host->log) host->log(1, ALDIS_LOG_ERROR, str(token), NULL);
  return op.http(op.ctx, &req);
}

static int32_t on_response(void *inst, const aldis_msg *msg, const aldis_http_resp *resp, const aldis_op *their_op) {
  static char id[1024], code[512];
  aldis_op op;
  aldis_outcome end;
  (void)inst, (void)msg, (void)resp;
  aldis_copy(&op, sizeof op, their_op);
  snprintf(id, sizeof id, "id-%s", token), snprintf(code, sizeof code, "code-%s", base64(token, STANDARD));
  aldis_str one = str(id);
  memset(&end, 0, sizeof end);
  end.struct_size = sizeof end;
  end.outcome_class = ALDIS_INVALID_NUMBER;
  end.code = str(code), end.detail = str(id);
  end.carrier_ids = (aldis_list){&one, 1, sizeof one};
  return op.complete(op.ctx, &end);
}

static void keep(char *to, size_t size, aldis_str from) { snprintf(to, size, "%.*s", (int)from.len, (const char *)from.ptr); }

static int32_t create(const aldis_host *theirs, const aldis_instance_cfg *their_cfg, void **out) {
  static char reason[1024];
  aldis_instance_cfg cfg;
  aldis_copy(&cfg, sizeof cfg, their_cfg);
  host = theirs;
  keep(how, sizeof how, aldis_json_text(cfg.config_json, "how"));
  for (size_t i = 0; i < cfg.secrets.len; i++) {
    aldis_pair one;
    aldis_copy(&one, sizeof one, (const char *)cfg.secrets.ptr + i * cfg.secrets.stride);
    if (aldis_is(one.key, "token") || !strcmp(how, "other")) keep(token, sizeof token, one.value);
  }
  if (!strcmp(how, "refuses")) {
    snprintf(reason, sizeof reason, "%s is wrong, as %s is, and %s", token, base64(token, STANDARD), each(token, "%%%02x"));
    return aldis_refuse(&cfg, "token", reason);
  }
  return *out = token, ALDIS_OK;
}

static void destroy(void *inst) { (void)inst; }
static const aldis_http HTTP = {sizeof HTTP, 0, submit, on_response};
static const void *extension(aldis_str id) { return aldis_is(id, ALDIS_HTTP) ? &HTTP : NULL; }
static const aldis_entry ENTRY = {sizeof ENTRY, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, NULL, create, destroy, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { return &ENTRY; }
