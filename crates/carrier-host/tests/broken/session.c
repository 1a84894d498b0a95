/* A session carrier that keeps the contract, but for the one fault it is compiled with: cc -DFAULT_<name>, some with
 * -DIN_<call> besides. `aldis carrier check` must name each; see crates/cli/tests/the_kit_names_each_fault.rs.
 *
 * It writes LOGIN <user> <password>, SEND <token> <to> <text>, PING, GOT <id>, RETRY <id> and QUIT; the other side says
 * WELCOME, DENIED, DONE <token> <id>, FAIL <token> <code>, PONG and RECEIPT <id> <state>. */
#define _GNU_SOURCE
#include "aldis_carrier.h"
#include "trouble.h"

static const char DESCRIPTOR[] =
    "{\"id\": \"broken\", \"version\": \"0.1.0\", \"abi\": {\"major\": 1, \"minor\": 1}, \"styles\": [\"session\"],"
    " \"allowed_hosts\": [],"
    " \"config_schema\": {\"type\": \"object\", \"required\": [\"host\", \"user\", \"password\"],"
    "   \"additionalProperties\": false, \"properties\": {"
    "     \"host\": {\"type\": \"string\", \"description\": \"Where the carrier is; its port is 2775.\"},"
    "     \"user\": {\"type\": \"string\", \"description\": \"The user.\"},"
    "     \"password\": {\"type\": \"string\", \"x-secret\": true, \"description\": \"The user's password.\"}}}}";

enum { PORT = 2775, WINDOW = 10, SILENCE = 1, PING = 2, PATIENCE_MS = 10000, PAUSE_MS = 30000, LONGEST = 4096 };

/* Everything about one instance: there may be several. */
typedef struct {
  char host[256], login[512];
  size_t host_len, login_len;
  const aldis_host *table;
  uint64_t id;
} instance;

/* One connection: what has arrived of a line so far. */
typedef struct {
  size_t len;
  uint8_t line[LONGEST];
  aldis_sess sess;
  const instance *inst;
  aldis_str before;
} session;

static aldis_str nothing(void) { return aldis_bytes(NULL, 0); }

static aldis_outcome outcome(uint32_t outcome_class, aldis_str code) {
  aldis_outcome made;
  memset(&made, 0, sizeof made);
  made.struct_size = sizeof made;
  made.outcome_class = outcome_class;
  made.code = code;
  return made;
}

static int32_t end(const aldis_sess *sess, uint32_t outcome_class, const char *code) {
  aldis_outcome why = outcome(outcome_class, aldis_text(code));
  return sess->close(sess->ctx, &why);
}

/* The next word of a line, and the rest. */
static aldis_str word(aldis_str *rest) {
  size_t len = 0;
  aldis_str found;
  while (len < rest->len && rest->ptr[len] != ' ') len++;
  found = aldis_bytes(rest->ptr, len);
  *rest = len < rest->len ? aldis_bytes(rest->ptr + len + 1, rest->len - len - 1) : nothing();
  return found;
}

/* 1 if it is one of our tokens. */
static int number(aldis_str text, uint64_t *token) {
  *token = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9' || *token > (UINT64_MAX - 9) / 10) return 0;
    *token = *token * 10 + (uint64_t)(text.ptr[i] - '0');
  }
  return text.len > 0;
}

static int32_t receipt(const aldis_sess *sess, aldis_str id, aldis_str state) {
  char got_room[LONGEST + 8], retry_room[LONGEST + 8];
  aldis_buffer got = {got_room, sizeof got_room, 0}, retry = {retry_room, sizeof retry_room, 0};
  aldis_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.kind = ALDIS_EVENT_RECEIPT;
  event.carrier_id = id;
  event.state = aldis_is(state, "delivered") ? ALDIS_STATE_DELIVERED : aldis_is(state, "undelivered") ? ALDIS_STATE_UNDELIVERED : ALDIS_STATE_UNKNOWN;
#ifdef FAULT_event_kind
  event.kind = 77;
#endif
#ifdef FAULT_event_pad
  event.pad = 9;
#endif
  event.is_final = event.state != ALDIS_STATE_UNKNOWN;
  aldis_put(&got, aldis_text("GOT ")), aldis_put(&got, id), aldis_put(&got, aldis_text("\n"));
  aldis_put(&retry, aldis_text("RETRY ")), aldis_put(&retry, id), aldis_put(&retry, aldis_text("\n"));
  /* The host writes the first once the receipt is stored, the second if it cannot be. */
  return sess->event(sess->ctx, &event, aldis_put_all(&got), aldis_put_all(&retry));
}

#ifdef FAULT_gives_up
static uint64_t the_last;
#endif

/* 1 if that was the end. */
static int on_line(const aldis_sess *sess, aldis_str line) {
  aldis_str verb = word(&line), first = word(&line), second = word(&line);
  aldis_outcome done;
  uint64_t token;
#ifdef FAULT_gives_up
  the_last = 0;
#endif
  if (aldis_is(verb, "WELCOME") || aldis_is(verb, "PONG")) {
    sess->timer(sess->ctx, SILENCE, ALDIS_TIMER_OFF);
    sess->timer(sess->ctx, PING, PAUSE_MS);
    if (aldis_is(verb, "WELCOME")) sess->ready(sess->ctx, WINDOW, 0);
  } else if (aldis_is(verb, "DONE") && number(first, &token) && second.len > 0) {
    done = outcome(ALDIS_ACCEPTED, nothing());
    done.carrier_ids.ptr = &second, done.carrier_ids.len = 1, done.carrier_ids.stride = sizeof second;
    sess->complete(sess->ctx, token, &done);
#ifdef FAULT_twice
    sess->complete(sess->ctx, token, &done);
#endif
  } else if (aldis_is(verb, "FAIL") && number(first, &token)) {
    done = outcome(aldis_is(second, "bad_number") ? ALDIS_INVALID_NUMBER : aldis_is(second, "slow_down") ? ALDIS_RATE_LIMITED : ALDIS_BAD_REQUEST, second);
    sess->complete(sess->ctx, token, &done);
  } else if (aldis_is(verb, "RECEIPT") && first.len > 0) {
    receipt(sess, first, second);
  } else {
    int denied = aldis_is(verb, "DENIED");
    end(sess, denied ? ALDIS_UNAUTHORIZED : ALDIS_TEMPORARY, denied ? "denied" : "not understood");
    return 1;
  }
  return 0;
}

/* [any] */
static int32_t links(void *inst, const aldis_link_sink *their_sink) {
  const instance *self = inst;
  aldis_link_sink sink;
  aldis_link link;
  aldis_copy(&sink, sizeof sink, their_sink);
  memset(&link, 0, sizeof link);
  link.struct_size = sizeof link;
  link.name = aldis_text("main");
  link.host = aldis_bytes(self->host, self->host_len);
  link.port = PORT;
#ifdef FAULT_port
  link.port = 0;
#endif
#ifdef FAULT_link_flags
  link.flags = 64;
#endif
  return sink.link(sink.ctx, &link);
}

/* [any] Connected: begin. */
static int32_t open_session(void *inst, const aldis_sess *their_sess, const aldis_sess_info *info, void **st) {
  const instance *self = inst;
  aldis_sess sess;
#ifdef FAULT_one_session
  static session the_one;
  session *made = &the_one;
#else
  session *made = calloc(1, sizeof *made);
#endif
  (void)info;
#ifdef IN_open
  trouble();
#endif
#ifdef FAULT_info_in_place
  sum += info->name.len;
#endif
#ifdef FAULT_keeps_info
  static const aldis_sess_info *kept_info;
  if (kept_info) sum += kept_info->link;
  kept_info = info;
#endif
  if (made == NULL) return ALDIS_E_LIMIT;
  aldis_copy(&sess, sizeof sess, their_sess);
  *st = made;
#ifdef FAULT_keeps_sess
  made->sess = sess;
#endif
#if defined(FAULT_logs) || defined(FAULT_logs_login)
  made->inst = self;
#endif
#ifdef FAULT_timers
  for (uint32_t id = 10; id < 200; id++) sess.timer(sess.ctx, id, 1000);
#endif
#ifdef FAULT_floods
  static char flood[5 << 20];
  sess.write(sess.ctx, aldis_bytes(flood, sizeof flood));
#endif
  sess.write(sess.ctx, aldis_bytes(self->login, self->login_len));
  sess.timer(sess.ctx, SILENCE, PATIENCE_MS);
  return ALDIS_OK;
}

/* [once] Bytes come cut anywhere: keep what is not a whole line yet. */
static int32_t on_bytes(void *st, const aldis_sess *their_sess, aldis_str bytes) {
  session *self = st;
  aldis_sess sess;
  aldis_copy(&sess, sizeof sess, their_sess);
#ifdef FAULT_deaf
  return ALDIS_OK;
#endif
#ifdef FAULT_forgets
  self->len = 0;
#endif
#ifdef IN_on_bytes
  trouble();
#endif
#ifdef FAULT_writes_lent
  *(volatile uint8_t *)bytes.ptr = bytes.ptr[0];
#endif
#ifdef FAULT_past_bytes
  sum += bytes.ptr[bytes.len];
#endif
#ifdef FAULT_keeps_bytes
  if (self->before.len) sum += self->before.ptr[0];
  self->before = bytes;
#endif
#ifdef FAULT_keeps_sess
  self->sess.timer(self->sess.ctx, PING, 1);
#endif
  for (size_t i = 0; i < bytes.len; i++) {
    if (bytes.ptr[i] == '\n') {
      int over = on_line(&sess, aldis_bytes(self->line, self->len));
      self->len = 0;
      if (over) return ALDIS_OK;
    } else if (self->len < sizeof self->line) {
      self->line[self->len++] = bytes.ptr[i];
    } else {
      return end(&sess, ALDIS_TEMPORARY, "endless line"), ALDIS_OK;
    }
  }
  return ALDIS_OK;
}

/* [once] */
static int32_t on_timer(void *st, const aldis_sess *their_sess, uint32_t id) {
  aldis_sess sess;
  (void)st;
#ifdef IN_on_timer
  trouble();
#endif
  aldis_copy(&sess, sizeof sess, their_sess);
#ifdef FAULT_gives_up
  aldis_outcome late = outcome(ALDIS_TEMPORARY, aldis_text("late"));
  if (the_last) sess.complete(sess.ctx, the_last, &late), the_last = 0;
#endif
  if (id != PING) return end(&sess, ALDIS_TEMPORARY, "silence");
  sess.write(sess.ctx, aldis_text("PING\n"));
  return sess.timer(sess.ctx, SILENCE, PATIENCE_MS);
}

/* [once] */
static int32_t submit(void *st, const aldis_sess *their_sess, uint64_t token, const aldis_msg *their_msg) {
  char room[16384], digits[20];
  size_t at = sizeof digits;
  aldis_buffer line = {room, sizeof room, 0};
  aldis_sess sess;
  aldis_msg msg;
  uint64_t rest = token;
  (void)st;
#ifdef IN_submit
  trouble();
#endif
#ifdef FAULT_sess_in_place
  sum += their_sess->close != NULL;
#endif
#ifdef FAULT_oversize_copy
  memcpy(&sess, their_sess, *(const uint32_t *)their_sess);
#else
  aldis_copy(&sess, sizeof sess, their_sess);
#endif
  aldis_copy(&msg, sizeof msg, their_msg);
#ifdef FAULT_logs
  const instance *self = ((session *)st)->inst;
  if (self->table->log) self->table->log(self->id, ALDIS_LOG_INFO, msg.to, NULL);
#endif
#ifdef FAULT_logs_login
  const instance *self = ((session *)st)->inst;
  if (self->table->log) self->table->log(self->id, ALDIS_LOG_INFO, aldis_bytes(self->login, self->login_len), NULL);
#endif
#ifdef FAULT_ends_twice
  aldis_outcome early = outcome(ALDIS_BLOCKED, nothing());
  sess.complete(sess.ctx, token, &early);
  return sess.complete(sess.ctx, token, &early);
#endif
#ifdef FAULT_ends_others
  aldis_outcome theirs = outcome(ALDIS_BLOCKED, nothing());
  sess.complete(sess.ctx, token + 1000, &theirs);
#endif
  do digits[--at] = (char)('0' + rest % 10); while ((rest /= 10) > 0);
  aldis_put(&line, aldis_text("SEND ")), aldis_put(&line, aldis_bytes(digits + at, sizeof digits - at));
  aldis_put(&line, aldis_text(" ")), aldis_put(&line, msg.to);
  aldis_put(&line, aldis_text(" ")), aldis_put_encoded(&line, msg.text), aldis_put(&line, aldis_text("\n"));
  if (line.len > line.size) {
    aldis_outcome done = outcome(ALDIS_TOO_LONG, aldis_text("line"));
    return sess.complete(sess.ctx, token, &done);
  }
#if defined(FAULT_guesses) || defined(FAULT_writes_refused)
  aldis_outcome guess = outcome(ALDIS_TEMPORARY, aldis_text("guess"));
#endif
#ifdef FAULT_writes_refused
  sess.complete(sess.ctx, token, &guess);
#endif
  sess.write(sess.ctx, aldis_put_all(&line));
#ifdef FAULT_guesses
  sess.complete(sess.ctx, token, &guess);
#endif
#ifdef FAULT_gives_up
  the_last = token;
#endif
  return ALDIS_OK;
}

/* [once] No message will follow, and none is in flight. */
static int32_t drain(void *st, const aldis_sess *their_sess) {
  aldis_sess sess;
  (void)st;
  aldis_copy(&sess, sizeof sess, their_sess);
#ifdef IN_drain
  trouble();
#endif
#ifdef FAULT_stays
  return ALDIS_OK;
#endif
  sess.write(sess.ctx, aldis_text("QUIT\n"));
  return end(&sess, ALDIS_TEMPORARY, "drained");
}

static int32_t create(const aldis_host *host, const aldis_instance_cfg *their_cfg, void **out) {
  aldis_instance_cfg cfg;
  aldis_str where, user, password;
  aldis_buffer kept, login;
  instance *self;
  (void)host;
  aldis_copy(&cfg, sizeof cfg, their_cfg);
  where = aldis_json_text(cfg.config_json, "host");
  user = aldis_json_text(cfg.config_json, "user");
  password = aldis_find(cfg.secrets, "password");
  if (where.len == 0) return aldis_refuse(&cfg, "host", "is missing");
  if (user.len == 0) return aldis_refuse(&cfg, "user", "is missing");
  if (password.len == 0) return aldis_refuse(&cfg, "password", "is missing");
#ifdef FAULT_global
  static instance the_one;
  self = &the_one;
#else
  self = calloc(1, sizeof *self);
#endif
  if (self == NULL) return ALDIS_E_LIMIT;
  kept = (aldis_buffer){self->host, sizeof self->host, 0};
  aldis_put(&kept, where);
  login = (aldis_buffer){self->login, sizeof self->login, 0};
  aldis_put(&login, aldis_text("LOGIN ")), aldis_put(&login, user), aldis_put(&login, aldis_text(" "));
  aldis_put(&login, password), aldis_put(&login, aldis_text("\n"));
  if (kept.len > kept.size || login.len > login.size) {
    free(self);
    return aldis_refuse(&cfg, "", "host, user or password is too long");
  }
  self->table = host, self->id = cfg.instance_id;
  self->host_len = kept.len;
  self->login_len = login.len;
  *out = self;
  return ALDIS_OK;
}

static void destroy_session(void *st) {
#if !defined(FAULT_one_session) && !defined(FAULT_leaks_session)
  free(st);
#endif
}

static void destroy(void *inst) {
#ifndef FAULT_global
  free(inst);
#endif
}

static const aldis_session SESSION = {sizeof SESSION, 0, links, open_session, on_bytes, on_timer, submit, drain, destroy_session};

static const void *extension(aldis_str id) { return aldis_is(id, ALDIS_SESSION) ? &SESSION : NULL; }

static const aldis_entry ENTRY = {sizeof ENTRY, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, NULL, create, destroy, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { return (void)trouble, &ENTRY; }
