/* The table of a carrier whose calls are Go's. */
#include "_cgo_export.h"

static const char DESCRIPTOR[] =
    "{\"id\": \"gopher\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"minor\": 0},"
    " \"styles\": [\"http\"], \"allowed_hosts\": []}";

static const aldis_http HTTP = {sizeof HTTP, 0, (void *)carrierSubmit, (void *)carrierOnResponse};
static const void *extension(aldis_str id) { return aldis_is(id, ALDIS_HTTP) ? &HTTP : NULL; }
static const aldis_entry ENTRY = {sizeof ENTRY, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, NULL, (void *)carrierCreate, (void *)carrierDestroy, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { return &ENTRY; }

int32_t carrier_post(const aldis_op *op, aldis_str url, aldis_str body) {
  static const char POST[] = "POST", TYPE[] = "content-type", FORM[] = "application/x-www-form-urlencoded";
  aldis_pair type = {sizeof type, 0, aldis_text(TYPE), aldis_text(FORM)};
  aldis_http_req req = {sizeof req, 0, aldis_text(POST), url, {&type, 1, sizeof type}, body, 0, 0, {NULL, 0}};
  return op->http(op->ctx, &req);
}
