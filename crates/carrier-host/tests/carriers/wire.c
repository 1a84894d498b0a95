/* A carrier with connections that stay, which does what its peer tells it in lines: GO <window> <milli per second>,
 * NO, PART, OK <token>, HOLD <token>, END <token> <class>, TELL <id>, ODD, TICK <ms>, FAULT, CRASH; POUR: it writes a MiB without
 * end, GOSSIP: it tells events without end, CHAT <n>: it tells so many at once, of 20 kB each. It says HI <link>, MSG <token> <text>,
 * GOT <id>, AGAIN <id>, TOCK and BYE. Of the texts early<class>, before<class> and timed<class> it says how the message ended
 * without waiting for an answer: after it wrote it, before, and when a timer runs out; sleepy takes it 300 ms, and behind flood
 * it writes three million bytes. With the setting "failing" its first open, or its making, fails after it wrote a
 * handle; "flooding": its first open wants too much. It aborts when a handle is destroyed that was not made. */
#define _DEFAULT_SOURCE
#include <unistd.h>
#define ID "wire"
#define DESCRIPTOR "{\"id\":\"wire\",\"version\":\"1.0.0\",\"styles\":[\"session\"],\"allowed_hosts\":[\"carrier.example\"]}"
#include "border.h"

typedef aldis_sess sess;
typedef struct { size_t len; char line[256]; uint64_t timed; uint32_t timed_class; } session;
typedef struct { char *host, *port, *links, *tls, *failing; uint32_t opened; } settings;

/* What a call that failed left behind. */
static session unmade;

static int32_t create(const host_table *host, const instance_cfg *cfg, void **out) {
    settings *made = calloc(1, sizeof *made);
    (void)host;
    made->host = setting(cfg->config_json, "link_host");
    if (!made->host) made->host = setting(cfg->config_json, "host");
    made->port = setting(cfg->config_json, "port");
    made->links = setting(cfg->config_json, "links");
    made->tls = setting(cfg->config_json, "tls");
    made->failing = setting(cfg->config_json, "failing");
    *out = made;
    if (!made->failing || strcmp(made->failing, "create")) return 0;
    free(made);
    *out = &unmade;
    return -1;
}

static int32_t links(void *inst, const aldis_link_sink *sink) {
    settings *self = inst;
    char *names = self->links ? self->links : "main", name[64];
    for (size_t at = 0; names[at]; at += strlen(name) + (names[at + strlen(name)] == ',')) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(names + at, ","), names + at);
        aldis_link link = { .struct_size = sizeof link, .flags = self->tls ? ALDIS_LINK_TLS : 0, .name = text(name),
            .host = text(self->host), .server_name = text(self->tls ? self->tls : ""), .port = atoi(self->port) };
        if (sink->link(sink->ctx, &link)) return -1;
    }
    return 0;
}

static int32_t tell(const sess *s, const char *format, const char *what) {
    char line[300];
    snprintf(line, sizeof line, format, what);
    return s->write(s->ctx, text(line));
}

static int32_t open_one(void *inst, const sess *s, const aldis_sess_info *info, void **st) {
    settings *self = inst;
    char *name = owned(info->name);
    if (self->failing && self->opened++ == 0 && !strcmp(self->failing, "open")) {
        *st = &unmade;
        free(name);
        tell(s, "NEVER %s\n", "");
        return -1;
    }
    *st = calloc(1, sizeof(session));
    int32_t answer = tell(s, "HI %s\n", name);
    free(name);
    if (self->failing && self->opened == 1 && !strcmp(self->failing, "flooding")) s->close(s->ctx, NULL);
    return answer;
}

static void gone(void *handle) {
    if (handle == &unmade) abort();
    free(handle);
}

/* Timers that are set again when they run out. */
enum { POURS = 9, GOSSIPS };

static char much[1 << 20];

static int32_t chat(const sess *s, int count) {
    event e = { .struct_size = sizeof e, .kind = 1, .state = 4, .carrier_id = text("id"), .text = aldis_bytes(much, 20000) };
    memset(much, 'x', sizeof much);
    for (int i = 0; i < count; i++) s->event(s->ctx, &e, text(""), text(""));
    return 0;
}

static int32_t without_end(const sess *s, uint32_t id) {
    memset(much, 'x', sizeof much);
    if (id == POURS) s->write(s->ctx, aldis_bytes(much, sizeof much));
    if (id == GOSSIPS) chat(s, 100);
    return s->timer(s->ctx, id, 1);
}

static int32_t obey(const sess *s, char *line) {
    char verb[16] = "", first[64] = "", second[64] = "";
    sscanf(line, "%15s %63s %63s", verb, first, second);
    str ids = text(first);
    outcome o = { .struct_size = sizeof o, .code = text("said"), .carrier_ids = { &ids, 1, sizeof ids } };
    if (!strcmp(verb, "GO")) return s->ready(s->ctx, atoi(first), atoi(second));
    if (!strcmp(verb, "TICK")) return s->timer(s->ctx, 7, atoi(first));
    if (!strcmp(verb, "POUR")) return s->timer(s->ctx, POURS, 1);
    if (!strcmp(verb, "GOSSIP")) return s->timer(s->ctx, GOSSIPS, 1);
    if (!strcmp(verb, "CHAT")) return chat(s, atoi(first));
    if (!strcmp(verb, "FAULT")) return -1;
    if (!strcmp(verb, "CRASH")) abort();
    if (!strcmp(verb, "HOLD")) return s->hold(s->ctx, strtoull(first, NULL, 10));
    if (!strcmp(verb, "OK") || !strcmp(verb, "END")) {
        o.outcome_class = atoi(second);
        return s->complete(s->ctx, strtoull(first, NULL, 10), &o);
    }
    if (!strcmp(verb, "TELL") || !strcmp(verb, "ODD")) {
        char got[80], again[80];
        event e = { .struct_size = sizeof e, .kind = *verb == 'O' ? 99 : 1, .state = 4, .is_final = 1, .carrier_id = text(first) };
        snprintf(got, sizeof got, "GOT %s\n", first), snprintf(again, sizeof again, "AGAIN %s\n", first);
        return s->event(s->ctx, &e, text(got), text(again));
    }
    if (!strcmp(verb, "PART")) s->write(s->ctx, text("BYE\n"));
    o = (outcome){ .struct_size = sizeof o, .outcome_class = strcmp(verb, "NO") ? ALDIS_TEMPORARY : ALDIS_UNAUTHORIZED,
        .code = text(verb) };
    return s->close(s->ctx, &o);
}

static int32_t on_bytes(void *st, const sess *s, str bytes) {
    session *self = st;
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] != '\n') {
            if (self->len < sizeof self->line - 1) self->line[self->len++] = bytes.ptr[i];
            continue;
        }
        self->line[self->len] = 0;
        self->len = 0;
        if (obey(s, self->line)) return -1;
    }
    return 0;
}

static int32_t ended(const sess *s, uint64_t token, uint32_t cls) {
    outcome o = { .struct_size = sizeof o, .outcome_class = cls, .code = text("guessed") };
    return s->complete(s->ctx, token, &o);
}

static int32_t on_timer(void *st, const sess *s, uint32_t id) {
    session *self = st;
    if (id == POURS || id == GOSSIPS) return without_end(s, id);
    if (id == 8) return ended(s, self->timed, self->timed_class);
    return id == 7 ? s->write(s->ctx, text("TOCK\n")) : -1;
}

static int32_t submit(void *st, const sess *s, uint64_t token, const msg *m) {
    char line[400], *said = owned(m->text);
    session *self = st;
    unsigned cls = 0;
    int early = sscanf(said, "early%u", &cls), before = sscanf(said, "before%u", &cls), timed = sscanf(said, "timed%u", &cls);
    free(said);
    snprintf(line, sizeof line, "MSG %llu %.*s\n", (unsigned long long)token, (int)m->text.len, (const char *)m->text.ptr);
    if (is(m->text, "local")) {
        outcome o = { .struct_size = sizeof o, .outcome_class = ALDIS_BAD_REQUEST, .code = text("local") };
        return s->complete(s->ctx, token, &o);
    }
    if (is(m->text, "crash")) abort();
    if (is(m->text, "sleepy")) usleep(300000);
    if (before == 1) ended(s, token, cls);
    s->write(s->ctx, text(line));
    if (early == 1) ended(s, token, cls);
    if (timed == 1) self->timed = token, self->timed_class = cls, s->timer(s->ctx, 8, 100);
    if (is(m->text, "flood")) {
        static char flood[3000000];
        memset(flood, '#', sizeof flood);
        s->write(s->ctx, aldis_bytes(flood, sizeof flood));
    }
    if (is(m->text, "narrow")) s->ready(s->ctx, 1, 0);
    return is(m->text, "fault") ? -1 : 0;
}

static int32_t drain(void *st, const sess *s) {
    outcome o = { .struct_size = sizeof o, .outcome_class = ALDIS_TEMPORARY };
    (void)st;
    s->write(s->ctx, text("BYE\n"));
    return s->close(s->ctx, &o);
}

static const aldis_session table = { sizeof table, 0, links, open_one, on_bytes, on_timer, submit, drain, gone };

static const void *extension(str id) { return is(id, ALDIS_SESSION) ? &table : NULL; }

const entry *aldis_carrier_entry_v1(void) {
    static entry e = { .struct_size = sizeof e, .magic = ALDIS_MAGIC, .abi_major = 1, .instance_create = create,
        .instance_destroy = gone, .get_extension = extension };
    e.descriptor_json = text(DESCRIPTOR);
    return &e;
}
