/* What the header's conveniences promise, said in C. Each text is lent from memory that ends where it ends. */
#include "aldis_carrier.h"
#include <stdio.h>
#include <stdlib.h>

static int failures;
#define EXPECT(holds) do { if (!(holds)) failures++, printf("line %d: %s\n", __LINE__, #holds); } while (0)

/* Lends a copy without a NUL behind it. Never freed: the program is short. */
static aldis_str lent(const char *text) {
  size_t len = strlen(text);
  uint8_t *copy = malloc(len > 0 ? len : 1);
  if (copy == NULL) exit(2);
  memcpy(copy, text, len);
  return aldis_bytes(copy, len);
}

static void texts(void) {
  EXPECT(aldis_is(aldis_json_text(lent("{\"host\":\"user\",\"user\":\"me\"}"), "user"), "me"));
  EXPECT(aldis_is(aldis_json_text(lent("{\"id\" :\n\t \"m\"}"), "id"), "m"));
  EXPECT(aldis_is(aldis_json_text(lent("{\"id\":null,\"data\":{\"id\":\"m\"}}"), "id"), "m"));
  EXPECT(aldis_is(aldis_json_text(lent("{\"id\":7,\"list\":[{\"id\":\"m\"}]}"), "id"), "m"));
  EXPECT(aldis_is(aldis_json_text(lent("{\"text\":\"say \\\"id\\\": \\\"x\\\"\",\"id\":\"m\"}"), "id"), "m"));
  EXPECT(aldis_is(aldis_json_text(lent("{\"a\":\"\\\\\",\"id\":\"m\"}"), "id"), "m"));
  EXPECT(aldis_is(aldis_json_text(lent("{\"valid\":\"x\",\"id\":\"m\"}"), "id"), "m"));
  static const char *const NONE[] = {"", "{", "\"", "\"id", "\"id\"", "\"id\":", "\"id\": ", "\"id\":\"", "{\"id\":\"m", "{\"id\":\"\"}",
      "{\"id\":\"m\\", "{\"id\":\"2024\\/01\"}", "[\"id\",\"m\"]", "{\"other\":\"id\"}", "<html>\"id\"</html>"};
  for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) EXPECT(aldis_json_text(lent(NONE[i]), "id").len == 0);
}

static int reads(const char *json, const char *as) {
  char memory[32];
  aldis_buffer room = {memory, sizeof memory, 0};
  aldis_str read = aldis_json_unescaped(lent(json), "id", &room);
  return aldis_is(read, as);
}

static void escapes(void) {
  char memory[4];
  aldis_buffer small = {memory, sizeof memory, 0};
  EXPECT(reads("{\"id\":\"2024\\/01\"}", "2024/01"));
  EXPECT(reads("{\"id\":\"plain\"}", "plain"));
  EXPECT(reads("{\"id\":\"\\\"\\\\\\b\\f\\n\\r\\t\"}", "\"\\\b\f\n\r\t"));
  EXPECT(reads("{\"id\":\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"}", "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT(reads("{\"id\":\"\\ud83d!\"}", "\xEF\xBF\xBD!"));
  EXPECT(reads("{\"id\":\"\\u12\"}", "") && reads("{\"id\":\"\\u004", "") && reads("{\"id\":\"\\", "") && reads("{}", ""));
  EXPECT(aldis_json_unescaped(lent("{\"id\":\"12345\"}"), "id", &small).len == 0);
}

static void numbers(void) {
  int64_t port = 2775;
  int tls = 1;
  EXPECT(!aldis_json_number(lent("{\"host\":\"port\"}"), "port", &port) && port == 2775);
  EXPECT(!aldis_json_number(lent("{\"port\":\"80\"}"), "port", &port) && port == 2775);
  EXPECT(!aldis_json_number(lent("{\"port\":1.5}"), "port", &port) && !aldis_json_number(lent("{\"port\":1e9}"), "port", &port));
  EXPECT(!aldis_json_number(lent("{\"port\":-}"), "port", &port) && port == 2775);
  EXPECT(!aldis_json_number(lent("{\"port\":99999999999999999999}"), "port", &port) && port == 2775);
  EXPECT(aldis_json_number(lent("{\"port\" : 8443 }"), "port", &port) && port == 8443);
  EXPECT(aldis_json_number(lent("{\"port\":-3}"), "port", &port) && port == -3);
  EXPECT(aldis_json_number(lent("{\"port\":0"), "port", &port) && port == 0);
  EXPECT(aldis_is(aldis_json_digits(lent("{\"code\": 21211, \"x\": 1}"), "code"), "21211"));
  EXPECT(!aldis_json_bool(lent("{\"tls\":\"false\"}"), "tls", &tls) && !aldis_json_bool(lent("{\"tls\":fals"), "tls", &tls) && tls == 1);
  EXPECT(aldis_json_bool(lent("{\"tls\":\tfalse}"), "tls", &tls) && tls == 0);
  EXPECT(aldis_json_bool(lent("{\"tls\":true}"), "tls", &tls) && tls == 1);
}

static int puts_as(void (*put)(aldis_buffer *, aldis_str), const char *text, const char *as) {
  char memory[64];
  aldis_buffer room = {memory, sizeof memory, 0};
  put(&room, lent(text));
  return aldis_is(aldis_put_all(&room), as);
}

static void writing(void) {
  EXPECT(puts_as(aldis_put_json, "say \"\\\"\n\x01\xC3\xA4", "\"say \\\"\\\\\\\"\\u000a\\u0001\xC3\xA4\""));
  /* RFC 4648 section 10 */
  EXPECT(puts_as(aldis_put_base64, "f", "Zg==") && puts_as(aldis_put_base64, "fo", "Zm8="));
  EXPECT(puts_as(aldis_put_base64, "foobar", "Zm9vYmFy") && puts_as(aldis_put_base64, "\xFB\xFF", "+/8="));
  EXPECT(puts_as(aldis_put_hex, "\x01\xAB", "01ab"));
  EXPECT(aldis_same(lent("abc"), lent("abc")) && !aldis_same(lent("abc"), lent("abd")) && !aldis_same(lent("abc"), lent("ab")));
}

static int has(const char *form, const char *as) {
  char memory[16];
  aldis_buffer room = {memory, sizeof memory, 0};
  return aldis_is(aldis_form_text(lent(form), "id", &room), as);
}

static void forms(void) {
  char memory[4];
  aldis_buffer small = {memory, sizeof memory, 0};
  EXPECT(has("id=m-1", "m-1") && has("a=b&id=m-1&c", "m-1") && has("id=1&id=2", "1") && has("xid=0&id=1", "1"));
  EXPECT(has("id=a+b%2Bc%e2%82%ac", "a b+c\xE2\x82\xAC") && has("id=%", "%") && has("id=%4", "%4") && has("id=%zz%4", "%zz%4"));
  EXPECT(has("", "") && has("id", "") && has("id=", "") && has("i=1", "") && has("&&", "") && has("Id=1", "") && has("id%3D1", ""));
  EXPECT(aldis_form_text(lent("id=12345"), "id", &small).len == 0);
  EXPECT(aldis_is(aldis_query(lent("https://x/?a=b?c#d")), "a=b?c") && aldis_is(aldis_query(lent("/y?")), ""));
  EXPECT(aldis_query(lent("/y#?a")).len == 0 && aldis_query(lent("/y")).len == 0 && aldis_query(lent("")).len == 0);
}

static aldis_outcome heard;
static int32_t hear(void *ctx, const aldis_outcome *outcome) { return (void)ctx, heard = *outcome, ALDIS_OK; }

/* As an older host would lend it: shorter, and nothing readable behind it. */
static void *shorter(const void *whole, size_t size) {
  void *copy = malloc(size);
  uint32_t stated = (uint32_t)size;
  if (copy == NULL) exit(2);
  memcpy(copy, whole, size);
  memcpy(copy, &stated, sizeof stated);
  return copy;
}

static uint64_t after(uint32_t status, const char *value) {
  aldis_pair header = {sizeof header, 0, aldis_text("Retry-After"), lent(value)};
  aldis_http_resp resp;
  aldis_op op = {sizeof op, 0, NULL, NULL, hear, NULL};
  memset(&resp, 0, sizeof resp), memset(&heard, 0, sizeof heard);
  resp.struct_size = sizeof resp, resp.status = status, resp.now_unix_ms = 784111777000u - 1500;
  resp.headers.ptr = &header, resp.headers.len = 1, resp.headers.stride = sizeof header;
  EXPECT(aldis_fallback(&op, &resp) == ALDIS_OK);
  return heard.retry_after_ms;
}

static void outcomes(void) {
  aldis_op op = {sizeof op, 0, NULL, NULL, hear, NULL};
  aldis_http_resp resp;
  aldis_instance_cfg cfg;
  EXPECT(after(429, "7") == 7000 && heard.outcome_class == ALDIS_RATE_LIMITED);
  EXPECT(after(503, "120") == 120000 && heard.outcome_class == ALDIS_TEMPORARY);
  EXPECT(after(408, "7") == 7000 && heard.outcome_class == ALDIS_TEMPORARY);
  EXPECT(after(504, "120") == 0 && heard.outcome_class == ALDIS_AMBIGUOUS);
  EXPECT(after(400, "7") == 0 && after(429, "soon") == 0 && after(429, "-1") == 0);
  EXPECT(after(429, "Sun, 06 Nov 1994 08:49:37 GMT") == 1500);
  EXPECT(after(429, "Sun, 06 Nov 1994 08:49:35 GMT") == 0);
  EXPECT(after(429, "Tue, 29 Feb 2000 00:00:00 GMT") == 951782400000u - (784111777000u - 1500));
  EXPECT(after(429, "Sun, 06 Nox 1994 08:49:37 GMT") == 0 && after(429, "Sun, 06 Nov 1994 24:49:37 GMT") == 0);
  memset(&resp, 0, sizeof resp), memset(&cfg, 0, sizeof cfg);
  resp.status = 503;
  /* Theirs, not a copy: what lies beyond its end is not read. */
  EXPECT(aldis_fallback(shorter(&op, offsetof(aldis_op, wait)), shorter(&resp, offsetof(aldis_http_resp, headers))) == ALDIS_OK);
  EXPECT(heard.outcome_class == ALDIS_TEMPORARY && heard.retry_after_ms == 0);
  EXPECT(aldis_end(shorter(&op, offsetof(aldis_op, complete)), ALDIS_BLOCKED, aldis_text("x"), aldis_text("")) == ALDIS_E_INVALID);
  EXPECT(aldis_refuse(shorter(&cfg, offsetof(aldis_instance_cfg, fault_ctx)), "key", "reason") == ALDIS_E_INVALID);
}

/* The whole table, for whoever compares it. */
static void statuses(void) {
  for (uint32_t status = 0; status <= 1000; status++) printf("%u %u\n", status, aldis_class_of_status(status));
}

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) return statuses(), 0;
  texts(), escapes(), numbers(), writing(), forms(), outcomes();
  return failures != 0;
}
