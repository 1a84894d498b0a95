/*
 * aldis_carrier.h: the border between Aldis and a carrier library. ABI 1.0.
 *
 * A carrier library turns messages into HTTP requests, or into the bytes of a connection that
 * stays, and answers into outcomes. Aldis, the host, owns sockets, TLS, timers, retries and
 * threads. This header is all a carrier
 * needs; it compiles as C11 and as C++17. THE COMMENTS ARE THE CONTRACT: what they say holds
 * even where a compiler would accept something else.
 *
 * Shape
 *   The library exports ONE function, aldis_carrier_entry_v1, which returns a static table.
 *   Everything optional is a further table, asked for by a string id, in both directions;
 *   an unknown id gives null. The library links against nothing of the host: all it may call
 *   is handed to it as function pointers.
 *
 * Ownership
 *   Borrow only, in both directions. Every pointer is valid until the call that handed it over
 *   returns; the receiver copies what it keeps. No memory is freed across the border, ever.
 *   Two exceptions outlive a call: static tables (entry, extensions, the host table), which
 *   are valid for the life of the process, and the handles of instances and sessions, which
 *   belong to the library from create (open) to destroy. Results are not returned but emitted
 *   into sinks; a sink only records, and is dead once the call returns.
 *   A call that returns an error has done nothing: what it said to its sink is dropped, and a
 *   handle it wrote to *out or *st is forgotten. What was not made is not destroyed: a failed
 *   instance_create or open frees by itself what it had allocated.
 *
 * Sizes
 *   Every struct but aldis_str and aldis_list begins with `struct_size`, set by its WRITER to
 *   its own sizeof. A reader copies min(struct_size, its own sizeof) bytes into a zeroed
 *   struct of its own (aldis_copy below) and never reads a peer's struct in place, because an
 *   older peer's is shorter. Fields are only ever appended, so what is missing reads as zero,
 *   and zero always means "not given". In arrays of structs the writer's size is the list's
 *   `stride`; step by that, never by your own sizeof.
 *   Padding is explicit (`pad`) and zero. Zero every struct before you fill it.
 *
 * Numbers
 *   Unknown flag bits are ignored. An unknown number in a field that says what happened is
 *   never guessed at: the host treats it as a fault of the library.
 *
 * Threads
 *   [any]    any thread, several calls at once on one instance.
 *   [once]   never at the same time as another call for the same thing; no fixed thread.
 *   The host never calls into the library from inside one of the library's calls to the host.
 *
 * A carrier must not block, sleep, do I/O, start threads, fork, install signal handlers, write
 * to stdout or stderr, change directory, environment, locale or umask, or exit. No exception,
 * longjmp or signal may cross the border: C++ carriers catch everything at each entry and
 * return ALDIS_E_PANIC. A call has 5 ms; the host counts longer ones and rests a library that
 * breaks this contract repeatedly. There must be no state for "the" instance: one library
 * serves many.
 *
 * Phone numbers, texts and secrets go into requests and nowhere else: not into log lines,
 * details, codes, faults or metrics.
 *
 * Extension ids in use: "aldis.http/1", "aldis.session/1", "aldis.webhook/1" and "aldis.test/1" of
 * the library, "aldis.host.crypto/1" of the host. Reserved: "aldis.driver/1", "aldis.precheck/1", "aldis.health/1",
 * "aldis.poll/1", "aldis.batch/1", and every id that begins "aldis.host.".
 */
#ifndef ALDIS_CARRIER_H
#define ALDIS_CARRIER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define ALDIS_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define ALDIS_EXPORT __attribute__((visibility("default")))
#else
#define ALDIS_EXPORT
#endif

/* ---- Versions -------------------------------------------------------------------------- */

#define ALDIS_MAGIC UINT32_C(0x43444C41) /* "ALDC" in little-endian memory */
#define ALDIS_ABI_MAJOR 1                /* must be equal on both sides */
#define ALDIS_ABI_MINOR 1                /* grows with every appended field or extension */

/* A library has one of these two styles: */
#define ALDIS_HTTP "aldis.http/1"       /* aldis_http: a request for each message */
#define ALDIS_SESSION "aldis.session/1" /* aldis_session: a connection that stays */
#define ALDIS_WEBHOOK "aldis.webhook/1" /* aldis_webhook: optional, beside either */
#define ALDIS_TEST "aldis.test/1"       /* aldis_test: optional; asked for by `aldis carrier check` */

/* What the host offers besides: */
#define ALDIS_HOST_CRYPTO "aldis.host.crypto/1" /* aldis_host_crypto: hashes and signatures */

/* ---- What functions return ------------------------------------------------------------- */

#define ALDIS_OK 0
#define ALDIS_E_INVALID (-1) /* an argument or a setting is wrong */
#define ALDIS_E_PANIC (-2)   /* the library failed inside and contained it */
#define ALDIS_E_LIMIT (-3)   /* there is no room, or no such key */

/* aldis_webhook.handle only: */
#define ALDIS_VERIFIED 0   /* the carrier sent it */
#define ALDIS_UNVERIFIED 1 /* it cannot be proved who sent it */
#define ALDIS_REJECT 2     /* it is forged, stale, or not a call-back */

/* ---- Flags ----------------------------------------------------------------------------- */

#define ALDIS_PAIR_SECRET UINT32_C(1)      /* aldis_pair: the value is shown nowhere */
#define ALDIS_MSG_WANT_RECEIPT UINT32_C(1) /* aldis_msg: a receipt is wanted at callback_url */
#define ALDIS_HTTP_IDEMPOTENT UINT32_C(1)  /* aldis_http_req: twice does what once does, so the host sends it once
                                            * more if its connection breaks */
#define ALDIS_LINK_TLS UINT32_C(1)         /* aldis_link: over TLS */

/* aldis_event.flags, of receipts */
#define ALDIS_RECEIPT_UNPROVEN UINT32_C(1)   /* anybody may have written it: it counts only for a message to `from`
                                              * whose sender is `to`; else it is an inbound message */
#define ALDIS_RECEIPT_TO_DEFAULT UINT32_C(2) /* `to` is also that of messages without a sender of their own */
#define ALDIS_RECEIPT_TO_ANY UINT32_C(4)     /* `to` proves nothing at this carrier, `from` alone does */

/* ---- Limits ---------------------------------------------------------------------------- */

#define ALDIS_STATE_LIMIT 4096 /* bytes of aldis_http_req.state */
#define ALDIS_STEP_LIMIT 4     /* requests in one attempt */
#define ALDIS_WAIT_LIMIT 8     /* waits in one attempt */
#define ALDIS_LINK_LIMIT 64    /* connections of one instance */
#define ALDIS_TIMER_LIMIT 64   /* timers of one session */
#define ALDIS_WRITE_LIMIT 4194304 /* bytes of one session that wait for the socket */

/* aldis_sess.timer: the timer is not wanted any more. */
#define ALDIS_TIMER_OFF UINT32_C(0xFFFFFFFF)

/* ---- Words ----------------------------------------------------------------------------- */

/* aldis_outcome.outcome_class: alone decides what the host does next. */
#define ALDIS_ACCEPTED 0           /* taken: ids are stored, receipts awaited */
#define ALDIS_TEMPORARY 1          /* failed for now, not sent: later, then the next carrier */
#define ALDIS_RATE_LIMITED 2       /* `scope` pauses for retry_after_ms, no attempt charged */
#define ALDIS_INVALID_NUMBER 3     /* final, no other carrier is asked */
#define ALDIS_OPTED_OUT 4          /* final, no other carrier is asked */
#define ALDIS_SENDER_NOT_ALLOWED 5 /* another carrier may */
#define ALDIS_BLOCKED 6            /* content, country or fraud filter: elsewhere by policy */
#define ALDIS_TOO_LONG 7           /* final */
#define ALDIS_BAD_REQUEST 8        /* our fault: another carrier may */
#define ALDIS_UNAUTHORIZED 9       /* our credentials: the instance rests, somebody is told */
#define ALDIS_NO_FUNDS 10          /* as unauthorised */
#define ALDIS_AMBIGUOUS 11         /* the answer was lost after sending: never resent blindly */
#define ALDIS_UNSUPPORTED 12       /* a feature is lacking: another carrier */
#define ALDIS_EXPIRED 13           /* the deadline passed before anything was sent: final */
#define ALDIS_PLUGIN_FAULT 14      /* the host's own word; a carrier cannot say it */

/* aldis_outcome.scope: what a refusal is about. */
#define ALDIS_SCOPE_MESSAGE 0
#define ALDIS_SCOPE_SENDER 1
#define ALDIS_SCOPE_RECIPIENT 2
#define ALDIS_SCOPE_INSTANCE 3

/* aldis_http_resp.transport: how far the exchange got. */
#define ALDIS_TRANSPORT_OK 0        /* there is an answer */
#define ALDIS_TRANSPORT_DNS 1       /* the name could not be resolved */
#define ALDIS_TRANSPORT_CONNECT 2   /* no connection */
#define ALDIS_TRANSPORT_TLS 3       /* no secure connection */
#define ALDIS_TRANSPORT_TIMEOUT 4   /* no answer in time */
#define ALDIS_TRANSPORT_RESET 5     /* the connection broke */
#define ALDIS_TRANSPORT_TOO_LARGE 6 /* the answer is larger than the host takes */
#define ALDIS_TRANSPORT_BLOCKED 7   /* the instance may not talk to that address */

/* aldis_msg.from_kind */
#define ALDIS_SENDER_ALPHANUMERIC 0
#define ALDIS_SENDER_LONG_NUMBER 1
#define ALDIS_SENDER_SHORT_CODE 2
#define ALDIS_SENDER_TOLL_FREE 3

/* aldis_msg.encoding */
#define ALDIS_ENCODING_AUTO 0   /* the carrier decides */
#define ALDIS_ENCODING_GSM7 1   /* the GSM 03.38 default alphabet is enough */
#define ALDIS_ENCODING_UCS2 2
#define ALDIS_ENCODING_BINARY 3 /* bytes, in `parts` */

/* aldis_event.kind */
#define ALDIS_EVENT_RECEIPT 0 /* the fate of a message we sent */
#define ALDIS_EVENT_INBOUND 1 /* a message to us */
#define ALDIS_EVENT_OPT_OUT 2
#define ALDIS_EVENT_SESSION 3

/* aldis_event.state */
#define ALDIS_STATE_UNKNOWN 0
#define ALDIS_STATE_QUEUED 1
#define ALDIS_STATE_SENT 2
#define ALDIS_STATE_EN_ROUTE 3
#define ALDIS_STATE_DELIVERED 4
#define ALDIS_STATE_UNDELIVERED 5
#define ALDIS_STATE_EXPIRED 6
#define ALDIS_STATE_REJECTED 7
#define ALDIS_STATE_DELETED 8
#define ALDIS_STATE_READ 9

/* aldis_outcome.price_kind */
#define ALDIS_PRICE_NONE 0
#define ALDIS_PRICE_CHARGED 1
#define ALDIS_PRICE_ESTIMATED 2

/* aldis_host.log: level */
#define ALDIS_LOG_ERROR 1
#define ALDIS_LOG_WARN 2
#define ALDIS_LOG_INFO 3
#define ALDIS_LOG_DEBUG 4
#define ALDIS_LOG_TRACE 5

/* aldis_host.metric: kind */
#define ALDIS_METRIC_COUNTER 0 /* adds */
#define ALDIS_METRIC_GAUGE 1   /* sets */

/* aldis_host_crypto: algorithm */
#define ALDIS_HASH_SHA1 1   /* 20 bytes; only where an old API insists on it */
#define ALDIS_HASH_SHA256 2 /* 32 bytes */
#define ALDIS_HASH_SHA512 3 /* 64 bytes */

/* ---- Building blocks ------------------------------------------------------------------- */

/* Text (UTF-8) or bytes. Never NUL-terminated; ptr is null when len is 0. Never grows. */
typedef struct aldis_str {
  const uint8_t *ptr;
  size_t len;
} aldis_str;

/* An array. Element i begins at (const uint8_t *)ptr + i * stride. Never grows. */
typedef struct aldis_list {
  const void *ptr; /* null when len is 0 */
  size_t len;      /* elements; a reader may stop after 4096 */
  size_t stride;   /* sizeof one element, as its writer knows it */
} aldis_list;

/* A header, an attribute, a secret, a label. */
typedef struct aldis_pair {
  uint32_t struct_size;
  uint32_t flags; /* ALDIS_PAIR_* */
  aldis_str key;
  aldis_str value;
} aldis_pair;

/* ---- Host to library ------------------------------------------------------------------- */

/* How an instance is configured. */
typedef struct aldis_instance_cfg {
  uint32_t struct_size;
  uint32_t pad;
  uint64_t instance_id;       /* names the instance in calls to the host */
  aldis_str name;             /* the operator's name for it */
  aldis_str config_json;      /* its settings without the secrets: a JSON object */
  aldis_list secrets;         /* aldis_pair; key = dotted path into the settings */
  aldis_str webhook_base_url; /* where the carrier can reach us; empty if it cannot */
  aldis_str locale_region;    /* ISO 3166 region of the operator; may be empty */
  void *fault_ctx;            /* first argument of `fault` */
  /* Says which setting is wrong and why; call it, then return ALDIS_E_INVALID. `key` is a
   * dotted path, empty for the whole. Never quote a value. May be null. */
  void (*fault)(void *ctx, aldis_str key, aldis_str reason);
} aldis_instance_cfg;

/* One part of a long text, when the host splits it. */
typedef struct aldis_part {
  uint32_t struct_size;
  uint32_t dcs; /* data coding scheme, 3GPP TS 23.038 section 4 */
  aldis_str udh;
  aldis_str data;
} aldis_part;

/* A message to send. */
typedef struct aldis_msg {
  uint32_t struct_size;
  uint32_t flags;            /* ALDIS_MSG_* */
  aldis_str id;              /* Aldis's id: safe to log and to hand on */
  aldis_str to;              /* E.164, with + */
  aldis_str from;            /* empty: use the instance's default */
  uint32_t from_kind;        /* ALDIS_SENDER_*; says nothing when `from` is empty */
  uint32_t encoding;         /* ALDIS_ENCODING_* */
  aldis_str text;            /* UTF-8 */
  aldis_list parts;          /* aldis_part; empty: the carrier splits */
  uint32_t segments_est;     /* segments the host counts */
  uint32_t attempt;          /* 1 for the first */
  uint32_t validity_s;       /* how long the carrier may keep trying; 0: its default */
  uint32_t pad;
  uint64_t deadline_unix_ms; /* not to be sent after this moment */
  uint64_t schedule_unix_ms; /* not to be sent before this moment; 0: now */
  uint64_t now_unix_ms;      /* now; take time from here, so that tests can stop it */
  aldis_str callback_url;    /* where receipts shall go; may be empty */
  aldis_str idempotency_key; /* the same for every attempt of this message here */
  aldis_list attrs;          /* aldis_pair: the caller's own, for the carrier to use or not */
  uint64_t until_unix_ms;    /* nothing of it is to be written after this moment: its deadline,
                              * or its caller has an answer. Since 1.1; 0 in an older host */
} aldis_msg;

/* What came of a request. */
typedef struct aldis_http_resp {
  uint32_t struct_size;
  uint32_t status;          /* 0 without an answer */
  uint32_t transport;       /* ALDIS_TRANSPORT_* */
  uint32_t request_written; /* 0: nothing can have reached the carrier. 1: it may have */
  aldis_list headers;       /* aldis_pair; names in small letters. aldis_header finds one */
  aldis_str body;           /* at most 256 KiB, unless the host was told otherwise */
  uint32_t elapsed_ms;
  uint32_t step;            /* 1 for the answer to the attempt's first request */
  aldis_str state;          /* what the request left */
  uint64_t now_unix_ms;
} aldis_http_resp;

/* A call-back of a carrier, as it arrived. */
typedef struct aldis_webhook_req {
  uint32_t struct_size;
  uint32_t pad;
  aldis_str external_url;   /* exactly as the carrier called it: signatures cover it */
  aldis_str method;
  aldis_list headers;       /* aldis_pair; the case of names is the caller's: aldis_header */
  aldis_str body;           /* untouched */
  aldis_str remote_address; /* may be empty */
  uint64_t now_unix_ms;     /* a stale signature is one by this clock */
} aldis_webhook_req;

/* What a session is told of its connection. */
typedef struct aldis_sess_info {
  uint32_t struct_size;
  uint32_t link; /* which one of `links`, from 0 */
  aldis_str name;
} aldis_sess_info;

/* ---- Library to host ------------------------------------------------------------------- */

/* A request the host shall make. Redirects are not followed. A body of more than 1 MiB, more than 256
 * headers, CONNECT, or one of the headers by which the host runs the connection (connection,
 * content-length, expect, host, keep-alive, te, trailer, transfer-encoding, upgrade) is a fault of
 * the library. */
typedef struct aldis_http_req {
  uint32_t struct_size;
  uint32_t flags;      /* ALDIS_HTTP_* */
  aldis_str method;    /* "GET", "POST", ... */
  aldis_str url;       /* absolute, as it goes out: what a URL cannot hold (RFC 3986) is percent-encoded;
                        * the host must be in allowed_hosts or that of base_url */
  aldis_list headers;  /* aldis_pair; credentials with ALDIS_PAIR_SECRET */
  aldis_str body;
  uint32_t timeout_ms; /* 0: the host's limit, which caps it anyway */
  uint32_t pad;
  aldis_str state;     /* at most ALDIS_STATE_LIMIT bytes, given back with the answer */
} aldis_http_req;

/* The end of an attempt. */
typedef struct aldis_outcome {
  uint32_t struct_size;
  uint32_t outcome_class;  /* ALDIS_ACCEPTED ... */
  uint32_t scope;          /* ALDIS_SCOPE_* */
  uint32_t flags;          /* zero */
  uint64_t retry_after_ms; /* the carrier's own advice; 0: none */
  uint32_t segments;       /* segments the carrier counted; 0: it did not say */
  uint32_t price_kind;     /* ALDIS_PRICE_* */
  int64_t price_micros;    /* millionths of the currency's unit */
  uint8_t currency[4];     /* ISO 4217 and a zero */
  uint32_t pad;
  aldis_list carrier_ids;  /* aldis_str: one for each part, or one for all */
  /* The carrier's own code; always give it if there is one. It is shown to people, so at most 40
   * of A-Z a-z 0-9 . _ : - / and no more than 7 digits in a row: anything else shows as "withheld". */
  aldis_str code;
  aldis_str detail;        /* a sentence for the operator: no numbers, text or secrets */
} aldis_outcome;

/* Something a carrier tells. */
typedef struct aldis_event {
  uint32_t struct_size;
  uint32_t kind;            /* ALDIS_EVENT_* */
  uint32_t state;           /* ALDIS_STATE_* */
  uint32_t outcome_class;   /* ALDIS_INVALID_NUMBER ...: why it failed; 0: it did not */
  uint32_t is_final;        /* 1 if the state will not change any more */
  uint32_t part_index;      /* which part, from 0 */
  aldis_str carrier_id;     /* the id that `carrier_ids` gave, spelled the same way */
  aldis_str from;
  aldis_str to;
  aldis_str text;
  aldis_str code;           /* the carrier's own code */
  uint64_t carrier_time_ms; /* Unix time by the carrier's clock; 0: it did not say */
  aldis_str mccmnc;         /* mobile country and network code */
  int64_t price_micros;
  uint8_t currency[4];      /* zeros: no price */
  uint32_t pad;
  aldis_list attrs;         /* aldis_pair */
  uint32_t flags;           /* ALDIS_RECEIPT_*; since 1.1 */
  uint32_t pad2;
} aldis_event;

/* A connection the host shall keep up. */
typedef struct aldis_link {
  uint32_t struct_size;
  uint32_t flags;        /* ALDIS_LINK_* */
  aldis_str name;        /* the library's name for it, for logs and metrics */
  aldis_str host;        /* the value of the setting `host`, or one of allowed_hosts: that with
                          * TLS, or to the port that is listed with it */
  aldis_str server_name; /* the name in the certificate; empty: `host` */
  uint32_t port;         /* TCP */
  uint32_t pad;
} aldis_link;

/* ---- Sinks: owned by the host, dead once the call that lent them returns ---------------- */

/* What is next in an attempt. EXACTLY ONE call of one function in each submit or on_response;
 * none, or two, is a fault of the library. The functions copy what they are given and return
 * ALDIS_OK, or ALDIS_E_INVALID for a null or broken argument. */
typedef struct aldis_op {
  uint32_t struct_size;
  uint32_t pad;
  void *ctx; /* first argument of each function */
  /* Make this request, then call on_response. */
  int32_t (*http)(void *ctx, const aldis_http_req *request);
  /* The attempt ends like this. */
  int32_t (*complete)(void *ctx, const aldis_outcome *outcome);
  /* Call submit again after this many milliseconds; ALDIS_WAIT_LIMIT times at most. */
  int32_t (*wait)(void *ctx, uint32_t wait_ms);
} aldis_op;

/* What a call-back holds. Read only if handle returns ALDIS_VERIFIED. */
typedef struct aldis_webhook_sink {
  uint32_t struct_size;
  uint32_t pad;
  void *ctx;
  /* One thing the carrier tells; any number of times. */
  int32_t (*event)(void *ctx, const aldis_event *event);
  /* The answer the carrier expects; at most once, default 200 without a body. Sent once the
   * events are durable; if they cannot be stored, 503 is sent instead. */
  int32_t (*reply)(void *ctx, uint32_t status, const aldis_list *headers, aldis_str body);
} aldis_webhook_sink;

/* What a session wants. Any number of calls in any order; the host acts on them, in that
 * order, after the call returned. Each returns ALDIS_OK, or ALDIS_E_INVALID. */
typedef struct aldis_sess {
  uint32_t struct_size;
  uint32_t pad;
  void *ctx;
  uint64_t now_unix_ms;
  /* Write these bytes. More than ALDIS_WRITE_LIMIT waiting ones are a fault. */
  int32_t (*write)(void *ctx, aldis_str bytes);
  /* So many messages may be in flight on this link (0: none), and so many thousandths of a
   * message handed over in a second (0: as fast as they come). Holds until said anew; a new
   * session begins with 0 in flight. */
  int32_t (*ready)(void *ctx, uint32_t window, uint32_t milli_per_second);
  /* The message of this token ended like this; once for each token. A token whose time ran
   * out is not announced: completing it late is harmless. Of a message whose bytes were written,
   * any class but ALDIS_ACCEPTED is the carrier's to say, in on_bytes, after they left: said
   * otherwise it counts as ALDIS_AMBIGUOUS. After ALDIS_AMBIGUOUS the carrier's own answer may
   * follow once, on the same connection, within a minute. */
  int32_t (*complete)(void *ctx, uint64_t token, const aldis_outcome *outcome);
  /* Something the carrier tells. The host writes `ack` once it is durable, or `nack` if it
   * could not be stored; either may be empty. It reads no further while too many wait. */
  int32_t (*event)(void *ctx, const aldis_event *event, aldis_str ack, aldis_str nack);
  /* Call on_timer with this id after this many milliseconds; said again: instead of before.
   * ALDIS_TIMER_OFF: not at all. */
  int32_t (*timer)(void *ctx, uint32_t id, uint32_t after_ms);
  /* End this connection once everything is written. ALDIS_TEMPORARY: connect again with
   * back-off; ALDIS_UNAUTHORIZED, ALDIS_NO_FUNDS: rest long, somebody is told. After the call
   * that said it no other follows but destroy. */
  int32_t (*close)(void *ctx, const aldis_outcome *outcome);
  /* The message of this token has left in part, and nobody else can send the rest: its attempt
   * lasts until aldis_msg.until_unix_ms, after which nothing of it is to be written. Since
   * 1.1: null in an older host, which ends the attempt in its time. */
  int32_t (*hold)(void *ctx, uint64_t token);
} aldis_sess;

/* Which connections the host shall keep up: one call for each. */
typedef struct aldis_link_sink {
  uint32_t struct_size;
  uint32_t pad;
  void *ctx;
  int32_t (*link)(void *ctx, const aldis_link *link);
} aldis_link_sink;

/* ---- Tables of the host ---------------------------------------------------------------- */

/* What the host offers. Valid for the life of the process. Call its functions [any] only from
 * inside a call of the host. Check each for null: an older host has fewer. */
typedef struct aldis_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  /* A line in the log of aldis-delivery, with the carrier's name and without what it knows as a
   * number, text or secret; shown from ALDIS_LOG_INFO on, or as RUST_LOG says: aldis_carrier=debug.
   * `fields`: aldis_pair, or null. */
  void (*log)(uint64_t instance_id, uint32_t level, aldis_str text, const aldis_list *fields);
  /* Wall clock. Prefer now_unix_ms of the message, answer or call-back. */
  uint64_t (*now_unix_ms)(void);
  /* A clock that never goes back. */
  uint64_t (*now_mono_ms)(void);
  /* Fills a buffer with random bytes fit for keys; ALDIS_E_LIMIT if there are none. */
  int32_t (*random)(uint8_t *buffer, size_t len);
  /* `kind` ALDIS_METRIC_*; `labels`: aldis_pair, or null. No numbers, texts or secrets. */
  void (*metric)(uint64_t instance_id, aldis_str name, uint32_t kind, double value,
                 const aldis_list *labels);
  /* Reads a kept value: `sink` is called once with it, before this returns ALDIS_OK;
   * ALDIS_E_LIMIT if there is no such key. */
  int32_t (*kv_get)(uint64_t instance_id, aldis_str key, void *ctx,
                    void (*sink)(void *ctx, aldis_str value));
  /* Keeps a value in memory (an access token, say), 64 KiB for each instance; an empty value
   * removes it. Nothing is kept across a restart. */
  int32_t (*kv_put)(uint64_t instance_id, aldis_str key, aldis_str value);
  /* A table of the host by id, static, or null. */
  const void *(*get_extension)(aldis_str id);
} aldis_host;

/* "aldis.host.crypto/1" of the host, so that a library need not link one. Both functions write the
 * whole digest to `out`, which has `size` bytes, and return ALDIS_OK; ALDIS_E_LIMIT if it has fewer
 * than the digest; ALDIS_E_INVALID for an algorithm the host does not know, or no `out`. An older
 * host lacks the table, or has fewer functions: aldis_host_table below says so. */
typedef struct aldis_host_crypto {
  uint32_t struct_size;
  uint32_t pad;
  /* The hash of `data` (FIPS 180-4). `algorithm` ALDIS_HASH_*. */
  int32_t (*digest)(uint32_t algorithm, aldis_str data, uint8_t *out, size_t size);
  /* HMAC of `data` (RFC 2104). `algorithm` as above. */
  int32_t (*hmac)(uint32_t algorithm, aldis_str key, aldis_str data, uint8_t *out, size_t size);
} aldis_host_crypto;

/* ---- Tables of the library ------------------------------------------------------------- */

/* "aldis.http/1". Both functions return ALDIS_OK, or an error, which is a fault. */
typedef struct aldis_http {
  uint32_t struct_size;
  uint32_t pad;
  /* [any] A message is to be sent. The library keeps nothing about it: what a later step
   * needs travels in aldis_http_req.state. A cancelled attempt is not announced. */
  int32_t (*submit)(void *inst, const aldis_msg *msg, const aldis_op *op);
  /* [any] What came of the request that the last call asked for. Also called when there is
   * no answer. 2xx that cannot be understood is ALDIS_AMBIGUOUS. */
  int32_t (*on_response)(void *inst, const aldis_msg *msg, const aldis_http_resp *resp,
                         const aldis_op *op);
} aldis_http;

/* "aldis.session/1". The host keeps each link connected. `st` is the library's handle of one
 * connection, from open to destroy. A function that does not return ALDIS_OK is at fault, and
 * nothing of what it wanted is done: in submit that costs the one message, in any other call the
 * host ends the connection. When a connection ends, the messages whose bytes may have left are
 * ambiguous, the others are sent elsewhere; the library has no part in that. */
typedef struct aldis_session {
  uint32_t struct_size;
  uint32_t pad;
  /* [any] Says which connections the host shall keep up. */
  int32_t (*links)(void *inst, const aldis_link_sink *sink);
  /* [any] A link is connected: make its session, write its handle to *st, begin. If it fails,
   * destroy is not called. */
  int32_t (*open)(void *inst, const aldis_sess *sess, const aldis_sess_info *info, void **st);
  /* [once] Bytes arrived, cut anywhere. */
  int32_t (*on_bytes)(void *st, const aldis_sess *sess, aldis_str bytes);
  /* [once] A timer ran out. */
  int32_t (*on_timer)(void *st, const aldis_sess *sess, uint32_t id);
  /* [once] A message is to be sent. `token` names it until `complete`. Asked only while
   * fewer than `window` are in flight. What is written here is that message: if its time is
   * over, or its caller has gone, before any of it has left, the host leaves it out, whole. */
  int32_t (*submit)(void *st, const aldis_sess *sess, uint64_t token, const aldis_msg *msg);
  /* [once] No message will follow and none is in flight: take leave, then `close`. */
  int32_t (*drain)(void *st, const aldis_sess *sess);
  /* [once] The connection is gone. The last call for `st`, once for each open that returned
   * ALDIS_OK, also when the instance ends. */
  void (*destroy)(void *st);
} aldis_session;

/* "aldis.webhook/1". */
typedef struct aldis_webhook {
  uint32_t struct_size;
  uint32_t pad;
  /* [any] Verifies a call-back, then reads it. Returns ALDIS_VERIFIED, ALDIS_UNVERIFIED or
   * ALDIS_REJECT, or an error, which is a fault. Compare signatures in constant time. */
  int32_t (*handle)(void *inst, const aldis_webhook_req *req, const aldis_webhook_sink *sink);
} aldis_webhook;

/* "aldis.test/1". For languages that can panic or throw: lets the conformance kit see that
 * nothing of it crosses the border. No host asks for it. */
typedef struct aldis_test {
  uint32_t struct_size;
  uint32_t pad;
  /* [any] Panics (throws) with this text inside an entry of `inst`, and returns what that
   * entry returns then: ALDIS_E_PANIC. */
  int32_t (*panic)(void *inst, aldis_str text);
} aldis_test;

/* What aldis_carrier_entry_v1 returns. Static. */
typedef struct aldis_entry {
  uint32_t struct_size;
  uint32_t magic;             /* ALDIS_MAGIC */
  uint16_t abi_major;         /* ALDIS_ABI_MAJOR */
  uint16_t abi_minor;         /* ALDIS_ABI_MINOR; the host may be older or newer */
  uint16_t min_host_minor;    /* it needs a host of at least this minor version */
  uint16_t pad;
  uint64_t required_features; /* zero: none is defined yet */
  /* JSON object, compiled in:
   *   "id"             as the operator says it; the file is libaldis_carrier_<id>.so, '-' as '_'
   *   "version"        the library's own
   *   "abi"            {"major": 1, "minor": 1}
   *   "styles"         "http" or "session", and perhaps "webhook": ["http", "webhook"]
   *   "allowed_hosts"  ["api.example.com", "api.example.com:8443"]; the host of the setting
   *                    base_url (http) or host (session) is allowed besides, nothing else is
   *   "capabilities"   {"idempotent": bool, "max_segments": number (0: no limit)}; a message of
   *                    more segments goes to another carrier
   *   "config_schema"  JSON Schema of the settings; secrets carry "x-secret": true
   * Members the host does not know are ignored. */
  aldis_str descriptor_json;
  /* [once] Before the first instance; perhaps more than once. May be null. */
  int32_t (*load)(const aldis_host *host);
  /* [any] Makes an instance and writes its handle to *out. `host` may be kept. If it fails,
   * instance_destroy is not called. */
  int32_t (*instance_create)(const aldis_host *host, const aldis_instance_cfg *cfg, void **out);
  /* [once] Ends an instance; no other call of it is under way or follows. May be null. */
  void (*instance_destroy)(void *inst);
  /* [any] A table of the library by id, static, or null. */
  const void *(*get_extension)(aldis_str id);
} aldis_entry;

/* The one exported symbol. Its suffix is the major version: a library may export later ones
 * beside it. Returns a static table, the same one each time. */
ALDIS_EXPORT const aldis_entry *aldis_carrier_entry_v1(void);

/* ---- Conveniences, no part of the border ----------------------------------------------- */

/* Those that take a struct of the host copy it first: hand over theirs or your copy, as you like.
 * Those that return an aldis_str lend a piece of what they were given, so it lives as long as
 * that. Everything above is the contract; everything below may grow from release to release. */

/* Copies a peer's struct into `mine`, which has `size` bytes: what the peer lacks is zero. */
static inline void aldis_copy(void *mine, size_t size, const void *peer) {
  uint32_t stated = 0;
  memset(mine, 0, size);
  if (peer != NULL) {
    memcpy(&stated, peer, sizeof stated);
    memcpy(mine, peer, stated < size ? stated : size);
  }
}

/* Copies a table of the host by its id, and says 1 if there is one; `mine` is zero else. */
static inline int aldis_host_table(const aldis_host *host, const char *id, void *mine, size_t size) {
  aldis_host whole;
  aldis_str name;
  const void *table;
  aldis_copy(&whole, sizeof whole, host);
  name.ptr = (const uint8_t *)id, name.len = strlen(id);
  table = whole.get_extension != NULL ? whole.get_extension(name) : NULL;
  aldis_copy(mine, size, table);
  return table != NULL;
}

/* Lends bytes. */
static inline aldis_str aldis_bytes(const void *ptr, size_t len) {
  aldis_str lent = {len ? (const uint8_t *)ptr : NULL, len};
  return lent;
}

/* Lends a C string. */
static inline aldis_str aldis_text(const char *text) { return aldis_bytes(text, strlen(text)); }

/* 1 if a lent text is this C string. */
static inline int aldis_is(aldis_str lent, const char *text) {
  size_t len = strlen(text);
  return lent.len == len && (len == 0 || memcmp(lent.ptr, text, len) == 0);
}

/* Element `i` of a list of pairs. */
static inline aldis_pair aldis_pair_at(aldis_list list, size_t i) {
  aldis_pair pair;
  aldis_copy(&pair, sizeof pair, (const uint8_t *)list.ptr + i * list.stride);
  return pair;
}

/* The value of a pair by its key (case counts); empty if there is none. For secrets and attrs. */
static inline aldis_str aldis_find(aldis_list list, const char *key) {
  for (size_t i = 0; i < list.len; i++) {
    aldis_pair pair = aldis_pair_at(list, i);
    if (aldis_is(pair.key, key)) return pair.value;
  }
  return aldis_bytes(NULL, 0);
}

/* The value of a header by its name, whose case does not count; empty if there is none. */
static inline aldis_str aldis_header(aldis_list headers, const char *name) {
  size_t len = strlen(name);
  for (size_t i = 0; i < headers.len; i++) {
    aldis_pair pair = aldis_pair_at(headers, i);
    size_t same = 0;
    if (pair.key.len != len) continue;
    while (same < len) {
      uint8_t one = pair.key.ptr[same], other = (uint8_t)name[same];
      if (one >= 'A' && one <= 'Z') one = (uint8_t)(one + 32);
      if (other >= 'A' && other <= 'Z') other = (uint8_t)(other + 32);
      if (one != other) break;
      same++;
    }
    if (same == len) return pair.value;
  }
  return aldis_bytes(NULL, 0);
}

/* 1 if two texts are equal, in a time that depends on their lengths alone: for signatures. */
static inline int aldis_same(aldis_str one, aldis_str other) {
  uint8_t differ = 0;
  if (one.len != other.len) return 0;
  for (size_t i = 0; i < one.len; i++) differ = (uint8_t)(differ | (one.ptr[i] ^ other.ptr[i]));
  return differ == 0;
}

/* Says which setting is wrong and why; return what it returns from instance_create. */
static inline int32_t aldis_refuse(const aldis_instance_cfg *cfg, const char *key, const char *reason) {
  aldis_instance_cfg mine;
  aldis_copy(&mine, sizeof mine, cfg);
  if (mine.fault) mine.fault(mine.fault_ctx, aldis_text(key), aldis_text(reason));
  return ALDIS_E_INVALID;
}

/* Ends an attempt, to be repeated after this many milliseconds (0: as the host thinks fit).
 * `code` and `id` may be empty. */
static inline int32_t aldis_end_for(const aldis_op *op, uint32_t outcome_class, aldis_str code, aldis_str id,
                                    uint64_t retry_after_ms) {
  aldis_op mine;
  aldis_outcome outcome;
  aldis_copy(&mine, sizeof mine, op);
  memset(&outcome, 0, sizeof outcome);
  outcome.struct_size = sizeof outcome;
  outcome.outcome_class = outcome_class;
  outcome.retry_after_ms = retry_after_ms;
  outcome.code = code;
  if (id.len > 0) {
    outcome.carrier_ids.ptr = &id;
    outcome.carrier_ids.len = 1;
    outcome.carrier_ids.stride = sizeof id;
  }
  return mine.complete ? mine.complete(mine.ctx, &outcome) : ALDIS_E_INVALID;
}

/* Ends an attempt. `code` and `id` may be empty. */
static inline int32_t aldis_end(const aldis_op *op, uint32_t outcome_class, aldis_str code, aldis_str id) {
  return aldis_end_for(op, outcome_class, code, id, 0);
}

/* The number in `len` digits; -1 if they are none. */
static inline int64_t aldis_digits(const uint8_t *at, size_t len) {
  int64_t number = 0;
  for (size_t i = 0; i < len; i++) {
    if (at[i] < '0' || at[i] > '9' || number > INT64_MAX / 10 - 1) return -1;
    number = number * 10 + (at[i] - '0');
  }
  return len > 0 ? number : -1;
}

/* What an answer's Retry-After asks for, in milliseconds from now: seconds, or a date (RFC 9110
 * sections 10.2.3 and 5.6.7; not its obsolete forms). 0 if there is none, or it has passed. */
static inline uint64_t aldis_retry_after_ms(const aldis_http_resp *resp) {
  static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  aldis_http_resp mine;
  aldis_str value;
  int64_t number, day, month = -1, year, hour, minute, second;
  uint64_t at_ms;
  aldis_copy(&mine, sizeof mine, resp);
  value = aldis_header(mine.headers, "retry-after");
  number = aldis_digits(value.ptr, value.len);
  if (number >= 0) return (uint64_t)(number < INT64_MAX / 1000 ? number * 1000 : INT64_MAX);
  /* Sun, 06 Nov 1994 08:49:37 GMT */
  if (value.len != 29 || memcmp(value.ptr + 3, ", ", 2) != 0 || memcmp(value.ptr + 25, " GMT", 4) != 0) return 0;
  for (int64_t i = 0; i < 12; i++)
    if (memcmp(value.ptr + 8, MONTHS + 3 * i, 3) == 0) month = i + 1;
  day = aldis_digits(value.ptr + 5, 2), year = aldis_digits(value.ptr + 12, 4);
  hour = aldis_digits(value.ptr + 17, 2), minute = aldis_digits(value.ptr + 20, 2), second = aldis_digits(value.ptr + 23, 2);
  if (day < 1 || day > 31 || month < 0 || year < 1970 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60) return 0;
  /* Years that begin in March, so that the leap day comes last; day 719468 is 1970-01-01. */
  if (month <= 2) year--;
  day += year * 365 + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 - 1 - 719468;
  at_ms = (uint64_t)(((day * 24 + hour) * 60 + minute) * 60 + second) * 1000;
  return at_ms > mine.now_unix_ms ? at_ms - mine.now_unix_ms : 0;
}

/* The class of an answer that only its HTTP status tells. The question is whether the message can
 * have been taken; src/status.rs has the sources. */
static inline uint32_t aldis_class_of_status(uint32_t status) {
  switch (status) {
    case 401: case 403: return ALDIS_UNAUTHORIZED;
    case 402: return ALDIS_NO_FUNDS;
    case 429: return ALDIS_RATE_LIMITED;
    /* Not processed; the sender may repeat it. */
    case 408: case 421: case 425: return ALDIS_TEMPORARY;
    /* A gateway was left, while its own request may have been under way. */
    case 460: case 499: return ALDIS_AMBIGUOUS;
    /* The carrier failed, or lacks something. */
    case 500: case 501: case 503: case 505: case 506: case 507: case 508: case 510: case 511: return ALDIS_TEMPORARY;
    /* Cloudflare did not reach the carrier. */
    case 521: case 523: case 525: case 526: return ALDIS_TEMPORARY;
    /* 502, 504, 520, 522, 524, 598, 599 and the like: a gateway before the carrier gave up. */
    default: return status >= 400 && status < 500 ? ALDIS_BAD_REQUEST : ALDIS_AMBIGUOUS;
  }
}

/* Ends an attempt whose reply the carrier has no word for; end every on_response with it.
 * No answer: TEMPORARY if nothing was written, else AMBIGUOUS. 2xx, 3xx: AMBIGUOUS. 401, 403:
 * UNAUTHORIZED. 402: NO_FUNDS. 429: RATE_LIMITED. 408, 421, 425: TEMPORARY. Other 4xx: BAD_REQUEST.
 * 500, 503: TEMPORARY. 502, 504, 520, 522, 524, 598, 599: AMBIGUOUS, since a gateway before the
 * carrier gave up and the carrier may have the message. aldis_class_of_status has all of them. With
 * RATE_LIMITED and TEMPORARY Retry-After is handed on. */
static inline int32_t aldis_fallback(const aldis_op *op, const aldis_http_resp *resp) {
  aldis_http_resp mine;
  uint32_t status, outcome_class;
  char digits[3];
  aldis_str none = aldis_bytes(NULL, 0), code;
  aldis_copy(&mine, sizeof mine, resp);
  status = mine.status;
  if (status == 0 && mine.transport == ALDIS_TRANSPORT_BLOCKED) return aldis_end(op, ALDIS_BAD_REQUEST, aldis_text("blocked"), none);
  if (status == 0 && !mine.request_written) return aldis_end(op, ALDIS_TEMPORARY, aldis_text("not_sent"), none);
  if (status < 100 || status > 999) return aldis_end(op, ALDIS_AMBIGUOUS, aldis_text("no_answer"), none);
  digits[0] = (char)('0' + status / 100), digits[1] = (char)('0' + status / 10 % 10), digits[2] = (char)('0' + status % 10);
  code = aldis_bytes(digits, sizeof digits);
  outcome_class = aldis_class_of_status(status);
  if (outcome_class != ALDIS_RATE_LIMITED && outcome_class != ALDIS_TEMPORARY) return aldis_end(op, outcome_class, code, none);
  return aldis_end_for(op, outcome_class, code, none, aldis_retry_after_ms(&mine));
}

/* Text under construction in memory of your own: aldis_buffer text = {room, sizeof room, 0}. What
 * does not fit is left out, and `len` then exceeds `size`. */
typedef struct aldis_buffer {
  char *at;
  size_t size;
  size_t len;
} aldis_buffer;

/* Appends bytes. */
static inline void aldis_put(aldis_buffer *to, aldis_str bytes) {
  if (to->len <= to->size && bytes.len <= to->size - to->len && bytes.len > 0) memcpy(to->at + to->len, bytes.ptr, bytes.len);
  to->len += bytes.len;
}

/* Appends the value of a form or query field, percent-encoded (RFC 3986 section 2.1). */
static inline void aldis_put_encoded(aldis_buffer *to, aldis_str value) {
  static const char HEX[] = "0123456789ABCDEF";
  for (size_t i = 0; i < value.len; i++) {
    uint8_t byte = value.ptr[i];
    char coded[3];
    int plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                byte == '-' || byte == '.' || byte == '_' || byte == '~';
    coded[0] = '%', coded[1] = HEX[byte >> 4], coded[2] = HEX[byte & 15];
    aldis_put(to, plain ? aldis_bytes(&byte, 1) : aldis_bytes(coded, 3));
  }
}

/* What was put, if all of it fits; else nothing. */
static inline aldis_str aldis_put_all(const aldis_buffer *from) {
  return aldis_bytes(from->at, from->len <= from->size ? from->len : 0);
}

/* Appends a text as a JSON string, with its quotes (RFC 8259 section 7). */
static inline void aldis_put_json(aldis_buffer *to, aldis_str text) {
  static const char HEX[] = "0123456789abcdef";
  aldis_put(to, aldis_text("\""));
  for (size_t i = 0; i < text.len; i++) {
    uint8_t byte = text.ptr[i];
    char coded[] = "\\u0000";
    if (byte < 0x20) {
      coded[4] = HEX[byte >> 4], coded[5] = HEX[byte & 15];
      aldis_put(to, aldis_text(coded));
      continue;
    }
    if (byte == '"' || byte == '\\') aldis_put(to, aldis_text("\\"));
    aldis_put(to, aldis_bytes(&byte, 1));
  }
  aldis_put(to, aldis_text("\""));
}

/* Appends bytes in base64 with padding (RFC 4648 section 4): "Basic " and base64 of user:password. */
static inline void aldis_put_base64(aldis_buffer *to, aldis_str bytes) {
  static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.len; i += 3) {
    size_t left = bytes.len - i;
    uint32_t three = (uint32_t)bytes.ptr[i] << 16 | (uint32_t)(left > 1 ? bytes.ptr[i + 1] : 0) << 8 | (left > 2 ? bytes.ptr[i + 2] : 0);
    char four[4];
    four[0] = DIGITS[three >> 18], four[1] = DIGITS[three >> 12 & 63];
    four[2] = left > 1 ? DIGITS[three >> 6 & 63] : '=', four[3] = left > 2 ? DIGITS[three & 63] : '=';
    aldis_put(to, aldis_bytes(four, 4));
  }
}

/* Appends bytes in small hexadecimal digits. */
static inline void aldis_put_hex(aldis_buffer *to, aldis_str bytes) {
  static const char HEX[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.len; i++) {
    char two[2];
    two[0] = HEX[bytes.ptr[i] >> 4], two[1] = HEX[bytes.ptr[i] & 15];
    aldis_put(to, aldis_bytes(two, 2));
  }
}

/* The query of a URL: what is behind its first '?', up to a '#'. */
static inline aldis_str aldis_query(aldis_str url) {
  size_t begin = 0, end;
  while (begin < url.len && url.ptr[begin] != '?' && url.ptr[begin] != '#') begin++;
  if (begin == url.len || url.ptr[begin] == '#') return aldis_bytes(NULL, 0);
  for (end = ++begin; end < url.len && url.ptr[end] != '#'; end++) {}
  return aldis_bytes(url.ptr + begin, end - begin);
}

/* 0 to 15; 16 for what is no hexadecimal digit. */
static inline uint8_t aldis_hex_digit(uint8_t letter) {
  if (letter >= '0' && letter <= '9') return (uint8_t)(letter - '0');
  letter |= 0x20;
  return letter >= 'a' && letter <= 'f' ? (uint8_t)(letter - 'a' + 10) : 16;
}

/* The first value of a field in a form or a query (application/x-www-form-urlencoded), decoded into
 * memory of your own: `+` is a space, %XX a byte; a `%` without two digits stays. The name is looked
 * for as it is written. Empty if there is none, or if it does not fit. */
static inline aldis_str aldis_form_text(aldis_str form, const char *name, aldis_buffer *room) {
  size_t named = strlen(name), begin = room->len, at = 0, end;
  for (; at < form.len; at = end + 1) {
    for (end = at; end < form.len && form.ptr[end] != '&'; end++) {}
    if (end - at <= named || form.ptr[at + named] != '=' || memcmp(form.ptr + at, name, named) != 0) continue;
    for (at += named + 1; at < end; at++) {
      uint8_t byte = form.ptr[at];
      if (byte == '+') byte = ' ';
      if (byte == '%' && end - at > 2 && aldis_hex_digit(form.ptr[at + 1]) < 16 && aldis_hex_digit(form.ptr[at + 2]) < 16) {
        byte = (uint8_t)(aldis_hex_digit(form.ptr[at + 1]) << 4 | aldis_hex_digit(form.ptr[at + 2]));
        at += 2;
      }
      aldis_put(room, aldis_bytes(&byte, 1));
    }
    return room->len <= room->size ? aldis_bytes(room->at + begin, room->len - begin) : aldis_bytes(NULL, 0);
  }
  return aldis_bytes(NULL, 0);
}

/* Reading JSON: enough for settings, ids and codes; take a JSON library for more. Each looks for
 * the first member `key`, at whatever depth, whose value is of the wanted kind: with
 * {"id": null, "data": {"id": "m-1"}} the text "id" is m-1. White space does not matter. */

/* Behind the JSON string that begins at `at`; json.len if it does not end. */
static inline size_t aldis_json_behind(aldis_str json, size_t at) {
  for (at++; at < json.len && json.ptr[at] != '"'; at++)
    if (json.ptr[at] == '\\') at++;
  return at < json.len ? at + 1 : json.len;
}

/* The first byte from `at` on that is no white space. */
static inline size_t aldis_json_skip(aldis_str json, size_t at) {
  while (at < json.len && (json.ptr[at] == ' ' || json.ptr[at] == '\t' || json.ptr[at] == '\n' || json.ptr[at] == '\r')) at++;
  return at;
}

/* From the value of the first `key` on whose value begins with one of these characters. */
static inline aldis_str aldis_json_value(aldis_str json, const char *key, const char *firsts) {
  size_t at = 0;
  while (at < json.len) {
    size_t end, value;
    if (json.ptr[at] != '"') {
      at++;
      continue;
    }
    end = aldis_json_behind(json, at), value = aldis_json_skip(json, end);
    if (end - at > 1 && aldis_is(aldis_bytes(json.ptr + at + 1, end - at - 2), key) && value < json.len && json.ptr[value] == ':') {
      value = aldis_json_skip(json, value + 1);
      if (value < json.len && json.ptr[value] != 0 && strchr(firsts, json.ptr[value]) != NULL)
        return aldis_bytes(json.ptr + value, json.len - value);
    }
    at = end;
  }
  return aldis_bytes(NULL, 0);
}

/* The text of member `key` as it stands there. Empty if there is none, or if it has escapes
 * (\" or \/ or \u00e4): aldis_json_unescaped reads those too. */
static inline aldis_str aldis_json_text(aldis_str json, const char *key) {
  aldis_str value = aldis_json_value(json, key, "\"");
  size_t end = 1;
  while (end < value.len && value.ptr[end] != '"' && value.ptr[end] != '\\') end++;
  return end < value.len && value.ptr[end] == '"' ? aldis_bytes(value.ptr + 1, end - 1) : aldis_bytes(NULL, 0);
}

/* The number in four hexadecimal digits; 0 if they are none. */
static inline uint32_t aldis_json_hex4(const uint8_t *at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; i++) {
    uint8_t worth = aldis_hex_digit(at[i]);
    if (worth > 15) return 0;
    number = number << 4 | worth;
  }
  return number;
}

/* Appends one character as UTF-8. */
static inline void aldis_put_utf8(aldis_buffer *to, uint32_t point) {
  uint8_t coded[4];
  size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  for (size_t i = more; i > 0; i--, point >>= 6) coded[i] = (uint8_t)(0x80 | (point & 0x3F));
  coded[0] = (uint8_t)(more == 0 ? point : (0xF0u << (3 - more) & 0xFFu) | point);
  aldis_put(to, aldis_bytes(coded, more + 1));
}

/* The text of member `key` without its escapes, written into memory of your own. Empty if there is
 * none, or if it does not fit. */
static inline aldis_str aldis_json_unescaped(aldis_str json, const char *key, aldis_buffer *room) {
  static const char SHORT[] = "b\bf\fn\nr\rt\t";
  aldis_str value = aldis_json_value(json, key, "\"");
  size_t begin = room->len, at = 1;
  for (; at < value.len && value.ptr[at] != '"'; at++) {
    const char *named;
    uint32_t point, low;
    if (value.ptr[at] != '\\') {
      aldis_put(room, aldis_bytes(value.ptr + at, 1));
      continue;
    }
    if (++at >= value.len) break;
    if (value.ptr[at] != 'u') {
      for (named = SHORT; *named != 0 && (uint8_t)*named != value.ptr[at]; named += 2) {}
      aldis_put(room, *named != 0 ? aldis_bytes(named + 1, 1) : aldis_bytes(value.ptr + at, 1));
      continue;
    }
    if (value.len - at < 5) break;
    point = aldis_json_hex4(value.ptr + at + 1), at += 4;
    if ((point & 0xFC00) == 0xD800 && value.len - at > 6 && value.ptr[at + 1] == '\\' && value.ptr[at + 2] == 'u') {
      low = aldis_json_hex4(value.ptr + at + 3);
      if ((low & 0xFC00) == 0xDC00) point = 0x10000 + ((point & 0x3FF) << 10 | (low & 0x3FF)), at += 6;
    }
    aldis_put_utf8(room, (point & 0xF800) == 0xD800 || point == 0 ? 0xFFFD : point);
  }
  if (at >= value.len || room->len > room->size) return aldis_bytes(NULL, 0);
  return aldis_bytes(room->at + begin, room->len - begin);
}

/* The number of member `key` as it stands there (21211); empty if there is none. */
static inline aldis_str aldis_json_digits(aldis_str json, const char *key) {
  aldis_str value = aldis_json_value(json, key, "-0123456789");
  size_t end = 0;
  while (end < value.len && value.ptr[end] > ' ' && strchr(",]}", value.ptr[end]) == NULL) end++;
  return aldis_bytes(value.ptr, end);
}

/* Reads the whole number of member `key`; 0, and `number` stays as it is, if there is none. */
static inline int aldis_json_number(aldis_str json, const char *key, int64_t *number) {
  aldis_str bare = aldis_json_digits(json, key);
  size_t minus = bare.len > 0 && bare.ptr[0] == '-' ? 1 : 0;
  int64_t read = bare.len > minus ? aldis_digits(bare.ptr + minus, bare.len - minus) : -1;
  if (read < 0) return 0;
  *number = minus ? -read : read;
  return 1;
}

/* Reads true (1) or false (0) of member `key`; 0, and `flag` stays as it is, if there is none. */
static inline int aldis_json_bool(aldis_str json, const char *key, int *flag) {
  aldis_str value = aldis_json_value(json, key, "tf");
  if (value.len < 4 || (value.ptr[0] == 'f' && value.len < 5)) return 0;
  if (memcmp(value.ptr, value.ptr[0] == 't' ? "true" : "false", value.ptr[0] == 't' ? 4 : 5) != 0) return 0;
  *flag = value.ptr[0] == 't';
  return 1;
}

#ifdef __cplusplus
}
#endif

#endif /* ALDIS_CARRIER_H */
